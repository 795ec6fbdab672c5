"""The classroom on a phone, on the instructor's laptop and on the projector."""

import os
import re
from pathlib import Path

import pytest

from workshop import ports

from ..classroom.conftest import Room, result
from .browsing import expect
from .test_looks import OUTSIDE, PHONE, THEMES, Axe

HOSTILE = '<img src="x" onerror="alert(1)"><b>hello</b>'
PICTURES = os.environ.get("WORKSHOP_PICTURES")  # a folder, to look at the pages


@pytest.fixture
def classroom(tmp_path):
    room = Room(tmp_path / "room", ports.any_free()).start()
    yield room
    room.stop()


def join(visit, room: Room, of: str, name: str = ""):
    """As the QR code leads there."""
    page = visit(room.url, f"/{room.code}", of=of, viewport=PHONE, reduced_motion="reduce")
    page.get_by_label("Name, if you like").fill(name)
    page.get_by_role("button", name="Join").click()
    expect(page.locator("#connection")).to_have_text("Connected")
    return page


def open_board(visit, room: Room):
    board = visit(room.board_url, of="Instructor", reduced_motion="reduce")
    expect(board.locator("#connection")).to_have_text("Connected")
    assert "token" not in board.url
    screen = visit(room.url, "/screen/", of="Instructor", reduced_motion="reduce")
    expect(screen.locator("#connection")).to_have_text("Connected")
    return board, screen


def has_no_barrier(page, name: str) -> None:
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}-{theme}.png", full_page=True)
        results = Axe().run(page)
        assert not results.response["violations"], results.generate_report()
    assert page.evaluate(OUTSIDE) == []


def test_a_room_from_the_first_seat_to_a_shared_diagnosis(visit, classroom):
    board, screen = open_board(visit, classroom)
    expect(screen.locator(".code")).to_have_text(classroom.code)
    has_no_barrier(visit(classroom.url, f"/{classroom.code}", of="Guest", viewport=PHONE), "join")
    ana = join(visit, classroom, "Ana", name="Ana <b>")
    ben = join(visit, classroom, "Ben")
    expect(screen.locator("#seats")).to_have_text("2 seats are taken")
    who = ben.locator("#who").inner_text()

    # The shared room: text is text.
    ana.get_by_label("Message to the room").fill(HOSTILE)
    ana.get_by_role("button", name="Send").click()
    for page in (ana, ben):
        expect(page.locator("li.message .text")).to_have_text(HOSTILE)
        expect(page.locator("li.message dd")).to_have_text("Ana <b>")
    expect(ana.locator("#waiting")).to_have_text("")

    # The exercise, hands, results.
    board.get_by_label("Step").select_option("step2")
    assert board.get_by_label("Minutes").input_value() == "30"
    board.get_by_role("button", name="Start the countdown").click()
    expect(ana.locator("#countdown")).to_have_text(re.compile(r"\d+:\d\d"))
    ben.get_by_role("button", name="stuck").click()
    expect(ben.get_by_role("button", name="stuck")).to_have_attribute("aria-pressed", "true")
    expect(board.locator("#hands li")).to_contain_text(who)
    for _ in range(2):
        classroom.join().send(result())
    classroom.join().send(result(passed=[f"test_{n}" for n in range(7)], diagnosis=None))
    expect(board.locator("#shared li")).to_contain_text("2: connect without accept()")
    expect(screen.locator("#done-count")).to_have_text("1 of 5 have passed")
    board.get_by_role("button", name="Put it on the screen").click()
    expect(screen.locator("#shown-sentence")).to_contain_text("connect without accept()")

    # A poll.
    board.get_by_label("Question").fill("What does await do here?")
    board.get_by_label("Choices").fill("It lets others run\nIt starts a thread\n<i>Nothing</i>")
    board.get_by_role("button", name="Open the poll").click()
    ana.get_by_role("button", name="It lets others run").click()
    ben.get_by_role("button", name="It lets others run").click()
    ben.get_by_role("button", name="<i>Nothing</i>").click()
    expect(screen.locator("#poll-note")).to_have_text("2 answers so far")
    for page, name in ((ana, "phone"), (board, "board"), (screen, "screen")):
        has_no_barrier(page, name)
    board.get_by_role("button", name="Close, and show the result").click()
    for page in (ana, screen):
        expect(page.locator("#poll-choices .count")).to_have_text(["1", "0", "1"])
    has_no_barrier(screen, "screen-closed")
    has_no_barrier(ana, "phone-closed")
    for label in (who, "Ana"):
        assert label not in screen.locator("body").inner_text()
    board.get_by_role("button", name="Put it away").click()
    expect(ana.locator("#poll")).to_be_hidden()

    board.get_by_role("button", name="Helped").click()
    expect(ben.get_by_role("button", name="stuck")).to_have_attribute("aria-pressed", "false")

    # Leaving.
    ben.get_by_text("Your name, your laptop, leaving").click()
    expect(ben.locator("pre")).to_contain_text(f"workshop join {classroom.url}/{classroom.code}/")
    ben.get_by_role("button", name="Leave, and remove").click()
    expect(ben.get_by_role("status")).to_contain_text("was removed")
    expect(screen.locator("#seats")).to_have_text("4 seats are taken")


def test_pages_come_back_after_the_server_and_miss_nothing(visit, classroom):
    board, screen = open_board(visit, classroom)
    ana = join(visit, classroom, "Ana", name="Ana")
    ben = join(visit, classroom, "Ben", name="Ben")
    ana.get_by_label("Message to the room").fill("before")
    ana.keyboard.press("Enter")
    expect(ben.locator("li.message .text")).to_have_text(["before"])
    classroom.stop()
    for page in (ana, ben, board, screen):
        expect(page.locator("#connection")).to_contain_text("It comes back by itself")
    ana.get_by_label("Message to the room").fill("meanwhile")
    ana.keyboard.press("Enter")
    expect(ana.locator("#waiting")).to_have_text("1 not sent yet")
    classroom.start()
    for page in (ana, ben, board, screen):
        expect(page.locator("#connection")).to_have_text("Connected")
    for page in (ana, ben):
        expect(page.locator("li.message .text")).to_have_text(["before", "meanwhile"])
    expect(ana.locator("#waiting")).to_have_text("")


def test_a_wrong_code_says_so_and_a_stranger_sees_no_board(visit, classroom):
    page = visit(classroom.url, "/AAAAAA", of="Eve", viewport=PHONE)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("alert")).to_contain_text("not the room's code")
    page.goto(f"{classroom.url}/board/")
    expect(page.get_by_role("status")).to_contain_text("instructor's terminal")
    visit.watch.excuse("403")
