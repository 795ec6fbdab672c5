"""The classroom on a phone, on the instructor's laptop and on the projector."""

import os
import re
import subprocess
import sys
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
    expect(board.locator("#none")).to_be_visible()  # no diagnosis yet
    for _ in range(2):
        classroom.join().send(result())
    classroom.join().send(result(passed=[f"test_{n}" for n in range(7)], diagnosis=None))
    expect(board.locator("#shared li")).to_contain_text("2: connect without accept()")
    expect(board.locator("#none")).to_be_hidden()
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


def go(deck, kind: str) -> None:
    """To the first slide of that kind."""
    deck.evaluate(
        "kind => Reveal.slide(sections.findIndex(one => one.querySelector(`.slide.${kind}`)))", kind
    )


def test_a_deck_asks_the_room_and_shows_what_it_says(visit, classroom):
    """From the speaker's window: it shows the same and its keys do the same. What the room says
    is no barrier."""
    subprocess.run([sys.executable, "-m", "workshop", "slides", "--no-browser"], check=True)
    ana = join(visit, classroom, "Ana")
    board, _ = open_board(visit, classroom)
    deck = visit(
        classroom.url,
        "/slides/",
        of="Instructor",
        viewport={"width": 1280, "height": 720},
        reduced_motion="reduce",
    )
    deck.locator("section.present").wait_for()
    expect(deck.locator("#connection")).to_have_text("Connected")
    with deck.context.expect_page() as opening:
        deck.keyboard.press("s")
    speaker = opening.value
    desk = speaker.frame_locator("#current-slide iframe")
    expect(desk.locator("#connection")).to_have_text("Connected")

    go(deck, "question")
    question = deck.locator("section.present h2").inner_text()
    expect(ana.locator("#poll-question")).to_have_text(question)
    second = ana.locator("#poll-choices button").nth(1)
    expect(second).to_have_text(deck.locator("section.present ol > li").nth(1).inner_text())
    second.click()
    expect(deck.locator("section.present .room")).to_have_text("1 answer so far")
    expect(desk.locator("section.present .room")).to_have_text("1 answer so far")
    speaker.keyboard.press("c")
    for page in (deck, desk):
        answers = page.locator("section.present ol > li")
        expect(page.locator("section.present .room")).to_have_text("Closed, with 1 answer")
        expect(answers.nth(1)).to_have_attribute("data-count", "1")
        expect(answers.nth(0)).to_have_attribute("data-count", "0")
    expect(ana.locator("#poll-choices .count")).to_have_text(["0", "1", "0"])
    assert Axe().run(deck, context="section.present").response["violations"] == []
    if PICTURES:
        deck.screenshot(path=Path(PICTURES) / "deck-question.png")
        speaker.screenshot(path=Path(PICTURES) / "deck-speaker.png")
    speaker.keyboard.press("ArrowRight")
    expect(ana.locator("#poll")).to_be_hidden()
    speaker.keyboard.press("ArrowLeft")  # seen again, it is not asked again
    expect(deck.locator("section.present h2")).to_have_text(question)

    go(deck, "exercise")
    expect(ana.locator("#exercise-title")).to_have_text("Exercise: step1")
    expect(ana.locator("#poll")).to_be_hidden()
    expect(deck.locator("section.present .room")).to_have_text("0 of 1 have passed")
    passed = result("step1", ["test_a"], total=1, diagnosis=None)
    classroom.join().send(passed)
    expect(desk.locator("section.present .room")).to_have_text("1 of 2 have passed")
    expect(ana.locator("#countdown")).to_have_text("")
    speaker.keyboard.press("t")
    expect(ana.locator("#countdown")).to_have_text(re.compile(r"2[45]:\d\d"))
    assert Axe().run(deck, context="section.present").response["violations"] == []
    if PICTURES:
        deck.screenshot(path=Path(PICTURES) / "deck-exercise.png")
    assert deck.evaluate(OUTSIDE) == []
    speaker.close()


def test_the_board_says_who_has_been_silent_for_five_minutes(visit, classroom):
    classroom.join().send(result())
    page = visit(classroom.url, "/", of="Instructor", reduced_motion="reduce")
    page.clock.install()
    page.goto(classroom.board_url)
    expect(page.locator("#connection")).to_have_text("Connected")
    expect(page.locator("#seats .silence")).to_have_text("")
    page.clock.fast_forward("06:00")
    expect(page.locator("#seats .silence")).to_have_text(re.compile(r"\d+ min"))


def test_a_wrong_code_says_so_and_a_stranger_sees_no_board(visit, classroom):
    page = visit(classroom.url, "/AAAAAA", of="Eve", viewport=PHONE)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("alert")).to_contain_text("not the room's code")
    page.goto(f"{classroom.url}/board/")
    expect(page.get_by_role("status")).to_contain_text("instructor's terminal")
    visit.watch.excuse("403")
