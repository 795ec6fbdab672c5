"""A server that goes away: the page says so, keeps what was written, reconnects and goes on."""

import re

from workshop.checking.processes.program import Program
from workshop.checking.processes.server import Server
from workshop.manifest import find, finished_chat

from .browsing import expect


def kill(server: Server) -> None:
    """End the server but keep its port, so that nothing else takes it before the next one."""
    Program.stop(server)


def test_a_server_is_killed_and_started_again(enter, serve, finished):
    """Nothing is touched in the page: it comes back by itself."""
    folder = finished_chat().solution
    server = serve(folder)
    ana, ben = enter(server, "outage"), enter(finished, "outage", of="Ben")
    ana.say("before")
    for tab in (ana, ben):
        tab.hears("before")

    kill(server)
    expect(ana.state).to_have_text("Closed 1006")
    # At first that it stopped; after the first try that it does not answer.
    expect(ana.meaning).to_have_text(re.compile("no longer answers|does not answer"))
    expect(ana.page.locator("#countdown")).to_have_text(re.compile(r"Trying again in \d+\.\d s"))
    expect(ana.page.locator("#messages .remark.closed")).to_contain_text(
        "Closed 1006. No close frame came, and the server no longer answers"
    )
    ana.say("is anybody there?")
    expect(ana.problem).to_contain_text("Not sent: the connection is not open.")
    expect(ana.input).to_have_value("is anybody there?")
    ben.say("while Ana was away")
    ben.hears("before", "while Ana was away")

    serve(folder, port=server.port)
    ana.is_open()
    expect(ana.problem).to_be_empty()
    expect(ana.page.locator("#messages .remark.opened")).to_contain_text("Open again.")
    ana.input.press("Enter")
    ben.hears("before", "while Ana was away", "is anybody there?")
    # A channel layer stores nothing for those who come later.
    ana.hears("before", "is anybody there?")


def test_try_now_takes_the_reader_back_to_the_message(enter, serve):
    folder = find("step2").solution
    server = serve(folder)
    tab = enter(server)
    kill(server)
    expect(tab.state).to_contain_text("Closed")
    try_now = tab.page.get_by_role("button", name="Try now")
    serve(folder, port=server.port)
    # The page may be quicker than this test: then there is nothing left to press.
    tab.page.evaluate("() => document.getElementById('try-now').focus()")
    tab.page.keyboard.press("Enter")
    tab.is_open()
    expect(try_now).to_be_hidden()
    expect(tab.input).to_be_focused()
    tab.say("back")
    tab.hears("back")


def test_a_server_without_websockets_is_named(visit, serve):
    """The starter of step 2: Django's own server, which speaks no WebSocket."""
    page = visit(serve(find("step2").starter), "/chat/lobby/")
    expect(page.locator("#state")).to_have_text("Closed 1006")
    expect(page.locator("#meaning")).to_contain_text("Starting ASGI/Daphne")
