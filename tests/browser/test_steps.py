"""Who hears whom: the point of each step's chat, seen in the browser."""

from .browsing import expect


def test_step_2_two_tabs_hear_only_themselves(enter, step2):
    ana = enter(step2, "lobby")
    ben = enter(step2, "lobby")
    ana.say("hello")
    ana.hears("hello")
    ben.say("is anybody here?")
    ben.hears("is anybody here?")
    ana.say("nobody")
    ana.hears("hello", "nobody")


def test_two_tabs_of_one_browser_have_names_of_their_own(enter, step2):
    ana = enter(step2, "lobby")
    ben = enter(step2, "lobby")
    expect(ben.page.locator("#tab-name")).not_to_have_text(ana.name)
    for tab in (ana, ben):
        assert tab.page.title() == f"{tab.name} · lobby"


def test_finished_chat_two_tabs_on_one_server_hear_each_other(enter, finished):
    ana = enter(finished, "one_server")
    ben = enter(finished, "one_server")
    ana.say("hello")
    ben.hears("hello")
    ben.say("hello, Ana")
    for tab in (ana, ben):
        tab.hears("hello", "hello, Ana")


def test_finished_chat_two_browsers_on_two_servers_hear_each_other(enter, finished, finished_too):
    ana = enter(finished, "two_servers")
    ben = enter(finished_too, "two_servers", of="Ben")
    ana.say("hello")
    ben.hears("hello")
    ben.say("hello, Ana")
    for tab in (ana, ben):
        tab.hears("hello", "hello, Ana")


def test_finished_chat_three_rooms_at_once_do_not_mix(enter, finished, finished_too):
    rooms = ("red", "green", "blue")
    pairs = {room: (enter(finished, room), enter(finished_too, room, of="Ben")) for room in rooms}
    for room, (ana, _) in pairs.items():
        ana.say(f"first in {room}")
    for room, (_, ben) in pairs.items():
        ben.hears(f"first in {room}")
        ben.say(f"second in {room}")
    for room, pair in pairs.items():
        for tab in pair:
            tab.hears(f"first in {room}", f"second in {room}")
