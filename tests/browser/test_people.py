"""A chat that knows who is logged in, in its page: the login page, and the list of people."""

import pytest

from checks.step5_people.observers.accounts import Accounts
from workshop.manifest import find

from .browsing import expect
from .room import Tab, logged_in

try:
    from axe_playwright_python.sync_playwright import Axe
except ImportError:
    Axe = None

STEP5 = find("step5")
MARKUP = "<img src=/never onerror=alert(1)>"
RIGHT_TO_LEFT = "מרים"
OVERRIDE = "\u202eana"  # shown as "ana" written backwards, and all that follows with it


@pytest.fixture
def variables(accounts) -> dict[str, str]:
    """Those that lead to a database with names that do harm where they are not taken for text."""
    for name in (MARKUP, RIGHT_TO_LEFT, OVERRIDE):
        Accounts(accounts["DATABASE_URL"]).make(name)
    return accounts


@pytest.fixture
def server(serve, variables):
    return serve(STEP5.solution, **variables)


@pytest.fixture
def logs_in(visit, server):
    """logs_in("ana"): a tab of ana's in the room, after the login page has sent her there."""

    def log_in(name: str, theme: str = "light") -> Tab:
        page = visit(server, "/chat/lobby/", locale="en", color_scheme=theme)
        return logged_in(page, name).is_open()

    return log_in


def people(tab: Tab):
    return tab.page.locator("#people li")


def test_who_is_here_and_who_says_what(logs_in):
    ana, ben = logs_in("ana"), logs_in("ben")
    assert ana.name == "ana"
    expect(people(ana)).to_have_text(["ana (you)", "ben"])
    expect(people(ben)).to_have_text(["ana", "ben (you)"])
    ana.say("hello")
    for tab in (ana, ben):
        tab.hears("hello")
        expect(tab.page.locator("#messages li.message")).to_contain_text(["ana"])
    # In another tab of the same browser: no other person, and logging out is for both.
    second = Tab(ana.page.context.new_page())
    second.page.goto(ana.page.url)
    second.is_open()
    expect(people(ben)).to_have_text(["ana", "ben (you)"])
    second.page.get_by_role("button", name="Log out").click()
    expect(second.page.get_by_role("heading")).to_have_text("Log in")
    expect(ana.page.locator(".remark.closed")).to_contain_text(["Closed 4401"])
    expect(people(ana)).to_have_count(0)
    expect(people(ben)).to_have_text(["ben (you)"])
    # What a try after that is told: HTTP 403, of which the page hears nothing.
    expect(ana.meaning).to_contain_text("you are not logged in")


def test_a_wrong_password_is_told(visit, server):
    page = visit(server, "/chat/lobby/", locale="en")
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("nobody of this name")
    expect(page.get_by_label("Name")).to_have_value("ana")


def test_names_are_text_and_do_not_turn_what_is_beside_them(logs_in, visit):
    ana = logs_in("ana")
    for name in (MARKUP, RIGHT_TO_LEFT, OVERRIDE):
        logs_in(name).say(f"I am {name}")
    expected = sorted(["ana", MARKUP, RIGHT_TO_LEFT, OVERRIDE])
    expect(people(ana).locator("bdi")).to_have_text(expected)
    assert ana.page.locator("#people img, #messages img").count() == 0
    assert not [address for address in visit.watch.requests if "never" in address]
    isolated = (
        people(ana)
        .locator("bdi")
        .evaluate_all("all => all.map(one => getComputedStyle(one).unicodeBidi)")
    )
    assert isolated == ["isolate"] * len(expected)
    # The names are in the order of the list, from left to right, whatever is in them.
    boxes = [people(ana).nth(n).bounding_box() for n in range(len(expected))]
    places = [(round(box["y"]), box["x"]) for box in boxes]
    assert places == sorted(places)


def test_an_error_is_shown_between_the_messages(enter, unruly):
    tab = enter(unruly)
    tab.say('text {"error": "<b>This</b> is not a message."}')
    expect(tab.page.locator("#messages .refused")).to_contain_text("<b>This</b> is not a message.")


@pytest.mark.skipif(Axe is None, reason="axe-playwright-python is not installed")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_barriers(logs_in, visit, server, theme):
    ana = logs_in("ana", theme)
    expect(people(ana)).to_have_text(["ana (you)"])
    login = visit(server, "/accounts/login/", locale="en", color_scheme=theme)
    for page in (ana.page, login):
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
