"""Everything can be done with the keyboard alone, and the focus is always visible."""

import pytest

from .browsing import expect
from .room import Tab

FOCUS = """() => {
    const element = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const name = element.id || element.getAttribute("href") || element.textContent.trim();
    return {
        name: element === document.body ? null : name,
        seen: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
    };
}"""
FROM_THE_START = "() => { document.body.tabIndex = -1; document.body.focus(); }"


def stations(page):
    """Where the Tab key leads from the page's start to its end. Each stop is visible."""
    page.evaluate(FROM_THE_START)
    names = []
    while True:
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus["name"] is None:
            return names
        assert focus["seen"], f"{focus['name']} has the focus, and nothing shows it"
        assert focus["name"] not in names, f"after {names} comes {focus['name']} again"
        names.append(focus["name"])


def test_a_conversation_without_a_mouse(visit, step2):
    page = visit(step2, "/chat/")
    keys = page.keyboard

    # The lobby: the field has the focus, Enter enters, and what is wrong is said.
    expect(page.locator("#name")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(
        "A room needs a name: type one, for example lobby."
    )
    keys.type("tea room")
    keys.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Try tea-room.")
    expect(page.locator("#name")).to_be_focused()
    keys.press("ControlOrMeta+a")
    keys.type("tea_room")
    keys.press("Enter")

    # The room: the message has the focus, and keeps it.
    page.wait_for_url("**/chat/tea_room/")
    tab = Tab(page).is_open()
    expect(tab.input).to_be_focused()
    keys.press("Enter")
    expect(tab.problem).to_contain_text("Nothing to send yet")
    for text in ("one", "two"):
        keys.type(text)
        keys.press("Enter")
    tab.hears("one", "two")
    expect(tab.problem).to_be_empty()
    expect(tab.input).to_be_focused()


def test_every_control_is_reached_and_the_focus_is_seen(enter, step2):
    tab = enter(step2)
    tab.say("something to scroll to")
    tab.hears("something to scroll to")
    places = ["rename", "../", "messages", "text", "Send", "wire-toggle", "frames"]
    assert stations(tab.page) == places


def test_the_lobby_s_controls_are_reached(visit, step2):
    assert stations(visit(step2, "/chat/")) == ["name", "Enter"]


def test_step_1_s_controls_are_reached(visit, step1):
    page = visit(step1, "/")
    assert len(stations(page)) == page.get_by_role("button").count() == 3


@pytest.mark.parametrize("key, name", [("Enter", "Zoë"), ("Escape", None)])
def test_a_tab_is_renamed_or_not(enter, step2, key, name):
    tab = enter(step2)
    before = tab.name
    tab.page.locator("#rename").focus()
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("#new-name")).to_be_focused()
    tab.page.keyboard.type("Zoë")
    tab.page.keyboard.press(key)
    expect(tab.page.locator("#tab-name")).to_have_text(name or before)
    expect(tab.page).to_have_title(f"{name or before} · lobby")
    expect(tab.input if name else tab.page.locator("#rename")).to_be_focused()


def test_the_wire_is_folded_and_unfolded(enter, step2):
    tab = enter(step2)
    toggle = tab.page.locator("#wire-toggle")
    toggle.focus()
    tab.page.keyboard.press("Space")
    expect(toggle).to_have_attribute("aria-expanded", "false")
    expect(tab.page.locator("#frames")).to_be_hidden()
    tab.page.keyboard.press("Space")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    expect(tab.page.locator("#frames")).to_be_visible()
