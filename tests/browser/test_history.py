"""A chat with a history, in its page: what was said before, and an outbox that loses nothing."""

from workshop.checking.processes.program import Program
from workshop.manifest import find

from .browsing import expect

STEP4 = find("step4")


def test_who_comes_late_and_who_was_away_hear_everything_once(enter, serve, database):
    server = serve(STEP4.solution, **database)
    ana = enter(server, "memory")
    ana.say("before")
    ana.hears("before")
    waiting = ana.page.locator("#waiting")
    expect(waiting).to_be_empty()
    ben = enter(server, "memory", of="Ben")
    ben.hears("before")
    expect(ben.page.locator("#messages li.message")).to_contain_text([ana.name])

    Program.stop(server)  # its port stays taken
    expect(ana.state).to_have_text("Closed 1006")
    ana.say("is anybody there?")
    expect(ana.input).to_have_value("")
    expect(waiting).to_contain_text("1 not acknowledged yet.")
    ana.hears("before")

    serve(STEP4.solution, server.port, **database)
    ana.is_open()
    ben.is_open()
    for tab in (ana, ben):
        tab.hears("before", "is anybody there?")
    expect(waiting).to_be_empty()
    # After a reload it is all there; nothing is sent again.
    ana.page.reload()
    ana.is_open()
    ana.hears("before", "is anybody there?")


def test_what_waits_survives_a_reload(enter, serve, database):
    server = serve(STEP4.solution, **database)
    ana = enter(server, "reload")
    # What was sent and not answered is in the outbox: as if the answer had been lost.
    frame = '{"message": "kept", "author": "Ana", "client_id": "c1"}'
    ana.page.evaluate("frame => sessionStorage.setItem('outbox reload', `[${frame}]`)", frame)
    ana.page.reload()
    ana.is_open()
    ana.hears("kept")
    expect(ana.page.locator("#waiting")).to_be_empty()
