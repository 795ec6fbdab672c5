"""Who means harm, or has a broken program: refused, and nobody else notices."""

import contextlib
import json
import os
import time
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from classroom import limits

from .conftest import HANGS, result


def is_limited(room, ask) -> bool:
    """Whether `ask` is told to wait right after too many wrong codes. Several attempts: an address
    may try again after some seconds, which a busy machine needs for a single request."""
    for _ in range(20):
        while room.ask(code="AAAAAA").status_code != 429:
            pass
        if ask().status_code == 429:
            return True
    return False


def test_codes_cannot_be_tried_one_after_the_other(new_room):
    room = new_room()
    seat = room.join()
    began = time.monotonic()
    statuses = [room.ask(code="AAAAAA").status_code for _ in range(50)]
    seconds = time.monotonic() - began
    assert statuses[:10] == [403] * 10 and set(statuses) <= {403, 429}
    assert statuses.count(403) <= 11 + seconds / limits.wrong_codes.own.seconds
    assert is_limited(room, room.ask)  # with the right code
    assert is_limited(room, lambda: room.ask(pair="ABCDEFGH"))
    with httpx.Client(base_url=room.url, timeout=HANGS) as browser:
        assert is_limited(room, lambda: room.enter(browser))
        assert is_limited(room, lambda: browser.get("/board/?token=x"))
    assert seat.send(result()).json() == {"stored": 1}  # whoever has a seat goes on
    assert "wrong code from 127.0.0.1" in (room.folder / "log.txt").read_text(encoding="utf-8")


def test_pairs_count_as_codes_do(new_room):
    room = new_room()
    began = time.monotonic()
    statuses = [room.ask(pair="ABCDEFGH").status_code for _ in range(50)]
    seconds = time.monotonic() - began
    assert statuses[:10] == [403] * 10 and set(statuses) <= {403, 429}
    assert statuses.count(403) <= 11 + seconds / limits.wrong_codes.own.seconds


@pytest.mark.skipif(os.name == "nt", reason="server processes cannot share a port there")
def test_wrong_codes_count_for_all_processes_together(new_room):
    room = new_room("--processes", "4")
    limit = limits.wrong_codes
    began = time.monotonic()
    statuses = [room.ask(code="AAAAAA").status_code for _ in range(100)]
    windows = 2 + (time.monotonic() - began) // limit.period
    assert set(statuses) == {403, 429}
    assert 10 <= statuses.count(403) <= windows * limit.own.burst


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "null", None])
@pytest.mark.parametrize("path", ["/ws/seat/", "/ws/board/", "/ws/screen/"])
def test_a_page_from_elsewhere_gets_no_connection(room, origin, path):
    with pytest.raises(InvalidStatus) as refused, room.page(None, path, origin=origin):
        pass
    assert refused.value.response.status_code == 403


def test_another_name_of_this_machine_is_refused(room):
    for host in ("evil.example", f"localhost:{room.port}"):
        answer = httpx.get(room.url, headers={"Host": host}, timeout=HANGS)
        assert answer.status_code == 400 and "Traceback" not in answer.text


def test_a_form_of_another_page_is_refused(room):
    with httpx.Client(base_url=room.url, timeout=HANGS) as browser:
        assert browser.post("/", data={"code": room.code}).status_code == 403
        browser.get("/")
        token = {"csrfmiddlewaretoken": browser.cookies["classroom-csrf"]}
        evil = {"Origin": "http://evil.example"}
        form = {"code": room.code, **token}
        assert browser.post("/", data=form, headers=evil).status_code == 403
        assert browser.post("/leave/", headers=evil).status_code == 403
    simple = {"Content-Type": "text/plain"}  # what a form may send without being asked first
    body = json.dumps({"type": "join", "code": room.code})
    asked = httpx.post(f"{room.url}/seats/", content=body, headers=simple, timeout=HANGS)
    assert asked.status_code == 415


def test_without_the_token_there_is_no_board(room):
    seat = room.join()
    with httpx.Client(base_url=room.url, timeout=HANGS) as browser:
        room.enter(browser, pair=seat.pair)
        for path in ("/board/", "/screen/"):
            assert browser.get(path).status_code == 403
        for path in ("/ws/board/", "/ws/screen/"):
            with pytest.raises(ConnectionClosed) as closed, room.page(browser, path) as page:
                page.hear("board_state")
            assert closed.value.rcvd.code == 4403
    assert httpx.get(f"{room.url}/board/?token=x", timeout=HANGS).status_code == 403


def test_the_token_does_not_stay_in_the_address(room):
    with httpx.Client(timeout=HANGS) as browser:
        assert browser.get(room.board_url).headers["Location"] == "/board/"


@pytest.mark.parametrize("key", ["none", "1", "1:x", "x" * 200, "1:" + "A" * 43])
def test_a_seat_cannot_be_stolen_without_its_key(room, key):
    seat = room.join()
    assert seat.send(result(), key=key).status_code == 401
    with httpx.Client(base_url=room.url, cookies={"classroom": key}, timeout=HANGS) as browser:
        with pytest.raises(ConnectionClosed), room.page(browser, "/ws/seat/") as page:
            page.hear("seat_state")


def test_a_message_that_is_too_large_is_refused_and_a_huge_one_ends_the_connection(room):
    seat = room.join()
    with seat.page() as page:
        page.tell("say", text="x" * 9000, client_id=uuid4().hex)
        assert "8192 bytes" in page.hear("refused")["why"]
        page.socket.send(b"\x00" * 10)
        assert "a text" in page.hear("refused")["why"]
        with pytest.raises(ConnectionClosed):
            page.socket.send("x" * 1024 * 1024)
            page.hear("nothing more")
    large = json.dumps({"type": "results", "results": [result()] * 100})
    headers = {"Authorization": f"Seat {seat.key}", "Content-Type": "application/json"}
    answer = httpx.post(f"{room.url}/results/", content=large, headers=headers, timeout=HANGS)
    assert answer.status_code == 400


def test_a_flood_ends_the_connection_and_nobody_else_notices(room):
    eve, ana = room.join(), room.join()
    with eve.page() as flooding, ana.page() as page:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(1000):
                flooding.tell("raise", kind="stuck")
        with pytest.raises(ConnectionClosed) as closed:
            flooding.hear("nothing more")
        assert closed.value.rcvd.code == 4429
        page.tell("say", text="hello", client_id=uuid4().hex)
        page.hear("stored")


def test_an_address_that_is_not_there_is_closed(room):
    with pytest.raises(InvalidStatus), room.page(None, "/ws/elsewhere/"):
        pass
    assert httpx.get(f"{room.url}/admin/", timeout=HANGS).status_code == 404
