"""The classroom, over real sockets: results, hands, polls, the shared room, who may see what."""

import contextlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
from datetime import datetime
from uuid import uuid4

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from workshop import manifest, redis_server
from workshop.kit import addresses

from .conftest import HANGS, POSTGRES, result, row_of

DIAGNOSIS = "not_accepted"


# Results


def test_a_result_is_on_the_board_and_counts_once_however_often_it_is_sent(room):
    seat, sent = room.join(), result()
    with room.instructor() as board:
        assert seat.send(sent).json() == {"stored": 1}
        state = board.hear("board_state", lambda s: row_of(s, seat.label)["standings"])
        (standing,) = row_of(state, seat.label)["standings"]
        assert standing["step"] == "step2" and standing["diagnosis"] == DIAGNOSIS
        assert standing["passed"][0] is True and not any(standing["passed"][1:])
        assert seat.send(sent).json() == {"stored": 0}
        assert seat.send(sent, sent, result()).json() == {"stored": 1}


def test_what_another_seat_has_sent_is_not_counted_again(room):
    ana, eve, sent = room.join(), room.join(), result()
    ana.send(sent)
    assert eve.send(sent).json() == {"stored": 0}
    with room.instructor() as board:
        state = board.hear("board_state")
        assert row_of(state, ana.label)["standings"] and not row_of(state, eve.label)["standings"]


def test_a_step_that_has_passed_stays_done(room):
    seat = room.join()
    checks = [f"test_{number}" for number in range(7)]
    seat.send(result(passed=checks, diagnosis=None), result())
    with room.instructor() as board:
        (standing,) = row_of(board.hear("board_state"), seat.label)["standings"]
    assert standing["done"] and standing["diagnosis"] == DIAGNOSIS


def test_a_full_room_fits_on_the_board(new_room):
    room = new_room()
    for _ in range(45):
        results = [result(step=step.short) for step in manifest.steps()]
        room.join().send(*results)
    with room.instructor() as board:
        state = board.hear("board_state")
    assert len(state["seats"]) == 45
    assert len(json.dumps(state)) > 16384  # what a frame to the server may have


def test_a_shared_diagnosis_has_its_sentence_and_its_slide(new_room):
    room = new_room()
    for _ in range(2):
        room.join().send(result())
    room.join().send(result(diagnosis="no_route"))
    with room.instructor() as board, room.instructor("/ws/screen/") as screen:
        shared = board.hear("board_state")["shared"]
        assert [(one["id"], one["seats"]) for one in shared] == [(DIAGNOSIS, 2), ("no_route", 1)]
        assert "accept()" in shared[0]["sentence"]
        assert shared[0]["slide"] == "A route leads to the consumer"
        board.tell("show", diagnosis=DIAGNOSIS)
        shown = screen.hear("screen_state", lambda s: s["shown"])["shown"]
        assert shown["sentence"] == shared[0]["sentence"]


@pytest.mark.skipif(POSTGRES is not None, reason="it changes the file of SQLite")
def test_what_arrives_late_counts_from_when_it_was_made(new_room):
    room = new_room()
    seat, made = room.join(), "select made from classroom_result where uuid = ?"
    with contextlib.closing(sqlite3.connect(room.folder / "db.sqlite3")) as database:
        an_hour_ago = "update classroom_seat set joined = datetime(joined, '-1 hour')"
        database.execute(an_hour_ago)
        database.commit()
        late = {**result(passed=[f"test_{n}" for n in range(7)], diagnosis=None), "ago": 1800}
        before, now = {**result(), "ago": 86400}, result(diagnosis="no_route")
        for sent in (now, late, before):
            assert seat.send(sent).json() == {"stored": 1}
        (joined,) = database.execute("select joined from classroom_seat").fetchone()
        moments = [database.execute(made, [one["uuid"]]).fetchone()[0] for one in (late, now)]
        late_at, now_at = (datetime.fromisoformat(moment) for moment in moments)
        assert 1790 < (now_at - late_at).total_seconds() < 1800 + HANGS
        # Before the seat was taken there was nothing to tell.
        at = database.execute(made, [before["uuid"]]).fetchone()[0]
        assert datetime.fromisoformat(at) == datetime.fromisoformat(joined)
    with room.instructor() as board:  # what is newer stays
        (standing,) = row_of(board.hear("board_state"), seat.label)["standings"]
    assert standing["diagnosis"] == "no_route" and standing["done"]


@pytest.mark.parametrize(
    "wrong",
    [{"step": "step99"}, {"file": "x.py"}, {"passed": ["<b>"]}, {"seconds": -1}, {"uuid": "1"}],
)
def test_a_result_that_does_not_fit_is_refused(room, wrong):
    answer = room.join().send({**result(), **wrong})
    assert answer.status_code == 400 and answer.json()["type"] == "refused"


# Hands, polls, the room


def test_hands_are_in_the_order_in_which_they_were_raised(new_room):
    room = new_room()
    ana, ben, cleo = (room.join() for _ in range(3))
    with room.instructor() as board, ana.page() as a, ben.page() as b, cleo.page() as c:
        for page, kind in [(b, "stuck"), (c, "done"), (a, "stuck")]:
            page.tell("raise", kind=kind)
            page.hear("seat_state", lambda s, kind=kind: s["raised"] == kind)
        b.tell("raise", kind="stuck")  # again: the place in the line stays
        state = board.hear("board_state", lambda s: len(s["hands"]) == 3)
        ids = {row["id"]: row["label"] for row in state["seats"]}
        labels = [ids[hand["seat"]] for hand in state["hands"]]
        assert labels == [ben.label, cleo.label, ana.label]
        board.tell("lower", seat=state["hands"][0]["seat"])
        b.hear("seat_state", lambda s: s["raised"] is None)
        # A seat lowers its own, whichever it names.
        c.tell("lower", seat=state["hands"][2]["seat"])
        c.hear("seat_state", lambda s: s["raised"] is None)
        left = board.hear("board_state", lambda s: len(s["hands"]) == 1)["hands"]
        assert ids[left[0]["seat"]] == ana.label


def test_a_poll_is_answered_once_by_each_and_shows_its_result_when_it_is_closed(new_room):
    room = new_room()
    ana, ben = room.join(), room.join()
    with room.instructor() as board, ana.page() as a, ben.page() as b:
        board.tell("open_poll", question="Which?", choices=["this", "that"])
        poll = a.hear("seat_state", lambda s: s["poll"])["poll"]
        assert poll["open"] and poll["counts"] is None
        a.tell("answer", poll=poll["id"], choice=0)
        a.tell("answer", poll=poll["id"], choice=1)
        a.hear("seat_state", lambda s: s["answer"] == 1)
        b.tell("answer", poll=poll["id"], choice=1)
        b.tell("answer", poll=poll["id"], choice=5)
        assert "no such choice" in b.hear("refused")["why"]
        board.hear("board_state", lambda s: s["poll"] and s["poll"]["answers"] == 2)
        board.tell("close_poll")
        closed = b.hear("seat_state", lambda s: s["poll"] and not s["poll"]["open"])
        assert closed["poll"]["counts"] == [0, 2] and closed["answer"] == 1
        a.tell("answer", poll=poll["id"], choice=0)
        assert "closed" in a.hear("refused")["why"]


def test_what_is_said_is_heard_once_by_all_with_who_said_it_and_is_there_after_a_reconnect(room):
    ana, ben = room.join(name="Ana"), room.join()
    with ana.page() as a, ben.page() as b:
        said = {"text": "<b>hello</b>", "client_id": uuid4().hex}
        a.tell("say", **said)
        number = a.hear("stored")["id"]
        a.tell("say", **said)  # as after an outage
        assert a.hear("stored")["id"] == number
        b.tell("say", text="me too", client_id=uuid4().hex)
        heard = [b.hear_line(lambda s: s["id"] >= number) for _ in range(2)]
        assert [(one["message"], one["author"]) for one in heard] == [
            ("<b>hello</b>", "Ana"),
            ("me too", ben.label),
        ]
    with ben.page(f"?after={number}") as back:
        assert back.hear_line()["message"] == "me too"


def test_who_was_away_for_long_hears_all_that_was_said_in_order(new_room):
    room = new_room()
    ana, ben = room.join(), room.join()
    seen = []
    with ana.page() as a, ben.page() as b:
        a.tell("say", text="first", client_id=uuid4().hex)
        first = b.hear_line()["id"]
    for _ in range(14):  # a seat may say ten messages at once
        with room.join().page() as page:
            for _ in range(10):
                page.tell("say", text="x", client_id=uuid4().hex)
            for _ in range(10):
                seen.append(page.hear("stored")["id"])
    with ben.page(f"?after={first}") as back:
        heard = [back.hear_line()["id"] for _ in seen]
    assert heard == sorted(seen) and len(seen) > 100  # state.AT_ONCE


def test_who_was_away_since_before_the_first_word_hears_all(new_room):
    """A page that comes back asks for what was said after the last line that it has heard. Here it
    has heard none, but was there: it is no new page, which would get the newest ones."""
    room = new_room()
    ben = room.join()
    with ben.page() as b:
        assert b.hear("said")["lines"] == []
    for _ in range(11):
        with room.join().page() as page:
            for _ in range(10):
                page.tell("say", text="x", client_id=uuid4().hex)
            for _ in range(10):
                page.hear("stored")
    with ben.page("?after=0") as back:
        heard = [back.hear_line()["id"] for _ in range(110)]
    assert heard == sorted(set(heard))


def test_an_exercise_has_a_countdown_and_one_bar_for_the_whole_room(new_room):
    room = new_room()
    seat = room.join()
    room.join()
    with room.instructor() as board, room.instructor("/ws/screen/") as screen, seat.page() as page:
        board.tell("exercise", step="step2", minutes=30)
        state = page.hear("seat_state", lambda s: s["step"])
        assert 0 < state["ends"] - state["now"] <= 30 * 60
        seat.send(result(passed=[f"test_{n}" for n in range(7)], diagnosis=None))
        shown = screen.hear("screen_state", lambda s: s["done"])
        assert shown["part"] == 0.5 and shown["seats"] == 2
        assert seat.label not in str(shown)


# Seats


def test_a_seat_leaves_and_all_that_it_sent_is_gone(new_room):
    room = new_room()
    seat, other = room.join(), room.join()
    seat.send(result())
    with seat.page() as page, other.page() as others, room.instructor() as board:
        page.tell("say", text="bye", client_id=uuid4().hex)
        others.hear_line()
        assert seat.leave().status_code == 200
        with pytest.raises(ConnectionClosed) as closed:
            page.hear("nothing more")
        assert closed.value.rcvd.code == 4410
        # A reading may have begun before the seat had gone: then another one follows.
        board.hear("board_state", lambda s: len(s["seats"]) == 1 and not s["shared"])
    assert seat.send(result()).status_code == 401
    with other.page() as again:
        again.tell("say", text="still here", client_id=uuid4().hex)
        assert again.hear_line()["message"] == "still here"


def test_a_second_device_gets_the_same_seat(room):
    seat = room.join()
    assert room.join(pair=seat.pair.lower()).label == seat.label
    with seat.page() as page:
        assert page.hear("seat_state")["label"] == seat.label


def test_a_seat_sees_no_checks_of_another(room):
    ana, ben = room.join(), room.join()
    with ana.page() as page:
        page.hear("seat_state")
        ben.send(result(diagnosis="no_route"))
        page.tell("rename", name="Ana")
        state = page.hear("seat_state", lambda s: s["name"] == "Ana")
        assert "no_route" not in str(state) and ben.label not in str(state)


# The program


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permission")
def test_the_keys_can_be_read_by_their_owner_only(room):
    assert stat.S_IMODE((room.folder / "keys.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(room.folder.stat().st_mode) == 0o700


def test_after_a_restart_everything_is_as_it_was(new_room):
    room = new_room()
    seat = room.join()
    seat.send(result())
    code = room.code
    said = room.stop()
    assert "What was said is kept" in said or os.name == "nt"  # where a program is ended unheard
    room.start()
    assert room.code == code
    with seat.page() as page, room.instructor() as board:
        assert page.hear("seat_state")["label"] == seat.label
        assert row_of(board.hear("board_state"), seat.label)["standings"]
    room.stop()
    room.options = ("--new",)
    room.start()
    assert room.code != code and seat.send(result()).status_code == 401


@pytest.mark.skipif(os.name == "nt", reason="server processes cannot share a port there")
def test_several_processes_are_one_room(new_room):
    room = new_room("--processes", "3")
    seats = [room.join() for _ in range(6)]
    with room.instructor() as board:
        for seat in seats:
            seat.send(result())
        state = board.hear("board_state", lambda s: all(row["standings"] for row in s["seats"]))
        assert len(state["seats"]) == 6


def test_it_is_on_loopback_unless_it_is_asked_for_in_so_many_words(room):
    assert "Only this machine can reach it" in room.said
    assert f"http://127.0.0.1:{room.port}/{room.code}" in room.said
    assert httpx.get(f"{room.url}/{room.code}", timeout=HANGS).status_code == 200


@pytest.mark.skipif(not addresses.in_the_room(), reason="this machine is in no network")
def test_in_the_room_it_has_exactly_the_addresses_that_it_prints(new_room):
    room = new_room("--lan")
    assert "Anyone in this network can reach it" in room.said
    for address in [*addresses.in_the_room(), "127.0.0.1"]:
        door = f"http://{address}:{room.port}/{room.code}"
        assert door in room.said
        assert httpx.get(door, timeout=HANGS).status_code == 200
    answer = httpx.get(room.url, headers={"Host": f"localhost:{room.port}"}, timeout=HANGS)
    assert answer.status_code == 400


def test_it_works_with_the_pocket_redis_too(new_room):
    """The one for Windows: results, hands, polls and what is said go over its layer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKSHOP_REDIS", "pocket")
        with redis_server.private() as redis:
            room = new_room(REDIS_URL=redis.url)
            ana, ben = room.join(), room.join()
            with ana.page() as a, ben.page() as b, room.instructor() as board:
                a.tell("raise", kind="stuck")
                board.hear("board_state", lambda s: s["hands"])
                ben.send(result())
                board.hear("board_state", lambda s: s["shared"])
                board.tell("open_poll", question="Which?", choices=["this", "that"])
                poll = b.hear("seat_state", lambda s: s["poll"])["poll"]
                b.tell("answer", poll=poll["id"], choice=1)
                board.hear("board_state", lambda s: s["poll"] and s["poll"]["answers"])
                a.tell("say", text="hello", client_id=uuid4().hex)
                assert b.hear_line()["message"] == "hello"
            room.stop()


def test_the_day_is_exported_and_drawn_without_a_name(new_room, tmp_path):
    room = new_room()
    ana, ben = room.join(name="Ana Secret"), room.join()
    for seat in (ana, ben):
        seat.send(result())
    ana.send(result())
    with room.instructor() as board, ana.page() as page:
        board.tell("open_poll", question="=Which?", choices=["this", "that"])
        poll = page.hear("seat_state", lambda s: s["poll"])["poll"]
        page.tell("answer", poll=poll["id"], choice=1)
        page.hear("seat_state", lambda s: s["answer"] == 1)
    folder = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-m", "workshop", "classroom", "--report", str(folder)],
        env={**os.environ, "CLASSROOM_FOLDER": str(room.folder), **room.variables},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((folder / "classroom.json").read_text(encoding="utf-8"))
    assert found["diagnoses"] == [{"step": "step2", "diagnosis": DIAGNOSIS, "times": 3, "seats": 2}]
    assert [row["chosen"] for row in found["answers"]] == [0, 1]
    (check,) = found["minutes"]
    assert check["passed"] == 2 and check["median_minutes"] >= 0
    assert (folder / "classroom.png").read_bytes().startswith(b"\x89PNG")
    (folder / "classroom.png").unlink()
    texts = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}
    assert texts.keys() == {"classroom.json", "minutes.csv", "diagnoses.csv", "answers.csv"}
    assert "'=Which?,that,1" in texts["answers.csv"]
    for secret in ("Secret", ana.label, ben.label, ana.pair):
        assert secret not in "".join(texts.values())


@pytest.mark.skipif(os.name == "nt", reason="on Windows, server processes cannot share a port")
def test_no_server_outlives_a_program_that_is_killed(new_room):
    room = new_room("--processes", "2")
    servers = psutil.Process(room.process.pid).children(recursive=True)
    assert sum("classroom.asgi:application" in one.cmdline() for one in servers) >= 2
    room.process.kill()
    room.process.wait()
    assert psutil.wait_procs(servers, timeout=HANGS)[1] == []
