"""What must be true of step 5: names that the server knows, and frames that it does not believe."""

import asyncio
import time
from functools import partial

from checks.step5_people.failures import (
    Disturbed,
    LetIn,
    NotRefused,
    StillOpen,
    TooMuch,
    WrongAuthor,
    WrongPeople,
)
from checks.step5_people.observers.tabs import entered
from checks.step5_people.observers.visitors import Visitor
from workshop.checking import patience
from workshop.checking.events import Ended
from workshop.checking.failures import BadPage, Closed, Heard, Refused, Silent
from workshop.checking.observers.room import together
from workshop.checking.processes.program import becomes

FLOOD = 60  # frames at once: thousands a second …
DRAINED_WITHIN = patience.seconds(5)  # what has been sent when she is stopped
ENDS_WITHIN = patience.seconds(2)  # a server that was killed
GET_THROUGH = 40  # … and so many of them may, on a machine that is slow: the contract says 20
ROUNDS = 20  # on a busy machine a tab may be late to say that it is here: then it is tried again
CRASHED, CUT = 1011, 1006  # close codes: after an exception; without a close frame

HOSTILE = {  # fewer than the 20 that the contract allows in 5 seconds
    "what is not JSON": "hello",
    "nothing": "",
    "a list": "[]",
    "null": "null",
    "an object without a message": "{}",
    "a message that is a number": '{"message": 3}',
    "a message that is null": '{"message": null}',
    "a message that is a list": '{"message": ["hello"]}',
    "a list nested 1,000 deep": '{"message": ' + "[" * 1000 + "]" * 1000 + "}",
    "a list nested 100,000 deep": "[" * 100_000,
    "a million quotes": '"' * 1_000_000,
    "a message of 100,000 characters": '{"message": "' + "x" * 100_000 + '"}',
    "a character that UTF-8 does not have": '{"message": "\\ud800"}',
    "a binary frame": b'{"message": "hello"}',
}
TOO_LARGE = "x" * 2 * 2**20  # Daphne takes 1 MiB


async def test_the_server_starts(server, second_server, logged_in):
    """The server starts, and its pages are for those who are logged in."""
    await server.starts()
    await server.speaks_asgi()
    status, _ = await Visitor(server).asks("/chat/lobby/")
    if status not in (302, 403):
        message = f"/chat/lobby/ was answered with HTTP {status} to somebody who is not logged in."
        raise BadPage("/chat/lobby/", status, message)
    await (await logged_in("ana")).loads("/chat/lobby/")
    await second_server.starts()  # in the meantime


async def test_one_who_is_logged_in_is_heard(room, second_server, logged_in):
    """Someone who is logged in gets in, on either server, and is heard."""
    ana, ben = await _both(room, second_server, logged_in)
    await ana.says("hello")
    for tab in (ana, ben):
        await tab.hears("hello")


async def _both(room, second_server, logged_in):
    """A tab of Ana's, and one of Ben's on the second server."""
    return await together(
        entered(room, "Ana", await logged_in("ana")),
        entered(room.on(second_server), "Ben", await logged_in("ben")),
    )


async def test_the_anonymous_are_refused(room, accounts):
    """Someone who is not logged in is refused."""
    strangers = (("Somebody", {}), ("Mallory", {"sessionid": "a" * 32}))
    for number, (who, cookies) in enumerate(strangers, 1):
        await _is_refused(room, who, cookies, accounts)
        await room.has_let_go(number)


async def _is_refused(room, who, cookies, accounts):
    """Refused before or after the connection was accepted, without an exception."""
    try:
        browser = await room.open(who, cookies=cookies)
    except Refused as refused:
        if refused.status != 403:
            raise
        return
    try:
        await browser.say("may I?")
        while True:
            frame = await browser.hears_frame()
            if isinstance(frame, dict) and "message" in frame:
                break
    except Closed as closed:
        if closed.code in (CRASHED, CUT):
            raise
        if not accounts.messages(room.name):
            return
    except Silent:
        pass
    raise LetIn(who, f"{who} is not logged in, and could open the WebSocket all the same.")


async def test_a_page_of_another_site_is_refused(room, logged_in):
    """A page of another site is refused, even with the cookie of someone who is logged in."""
    try:
        await entered(room, "Ana", await logged_in("ana"), origin="http://evil.example")
    except Refused as refused:
        if refused.status != 403:
            raise
        return
    raise LetIn("Ana", "A page of evil.example, open in Ana's browser, could speak as Ana.")


async def test_a_flood_is_stopped(room, server, second_server, logged_in):
    """Someone who sends 60 frames at once is stopped with code 4429, and nobody else is."""
    ana, ben = await _both(room, second_server, logged_in)
    sending = asyncio.ensure_future(_floods(ana))
    try:
        for _ in range(GET_THROUGH):
            await ana.hears()
        raise TooMuch(
            "Ana", f"Ana sent {FLOOD} frames at once; more than {GET_THROUGH} were heard."
        )
    except Closed as closed:
        if closed.code != 4429:
            raise
    except Silent:
        message = f"Ana sent {FLOOD} frames at once, and her WebSocket was not closed."
        raise TooMuch("Ana", message) from None
    finally:
        sending.cancel()
    # What she sent in the meantime waits for her consumer still: no more of it gets through.
    ended = partial(_has_ended, server.log.events, room.path)
    await becomes(ended, DRAINED_WITHIN)
    await ben.says("I am still here")
    for _ in range(GET_THROUGH):
        if (await ben.hears())["message"] == "I am still here":
            return
    raise TooMuch("Ana", f"Ana was stopped, but more than {GET_THROUGH} of her frames were heard.")


def _has_ended(events, path):
    return any(isinstance(one, Ended) and one.path == path for one in reversed(events))


async def _floods(tab):
    for number in range(FLOOD):
        await tab.says(f"flood {number}")


async def test_the_author_is_who_is_logged_in(room, second_server, logged_in):
    """The author of a message is who is logged in, whatever the frame says."""
    ana, ben = await _both(room, second_server, logged_in)
    claims = {}, {"author": "ben"}, {"author": {"name": "ben"}}, {"user": "ben"}
    for claimed in claims:
        await ana.says("who says this?", **claimed)
    for claimed in claims:
        for tab in (ana, ben):
            author = (await tab.hears("who says this?")).get("author")
            if author != "ana":
                raise WrongAuthor(
                    tab.name,
                    f"Ana said something, in a frame with {claimed or 'no author'}. "
                    f"{tab.name} received it with the author {author!r} instead of 'ana'.",
                )


async def test_the_list_says_who_is_here(room, other_room, second_server, logged_in, accounts):
    """The list says who is in this room, whichever server they are connected to."""
    _, ben = await together(
        entered(other_room, "Cleo", await logged_in("cleo")),
        entered(room.on(second_server), "Ben", await logged_in("ben")),
    )
    await ben.sees("ben")
    ana = await entered(room, "Ana", await logged_in("ana"))
    for tab in (ana, ben):
        await tab.sees("ana", "ben")
    await ana.leaves()
    await room.has_let_go()
    if "ana" in accounts.present(room.name):
        message = "Ana left, and her row in the table of Presence is still there until it expires."
        raise WrongPeople("Ben", message, ["ben"], ["ana", "ben"])
    await ben.sees("ben")


async def test_two_tabs_are_one_person(room, second_server, logged_in, accounts, expiry):
    """Someone with two tabs is listed once, until the last one is closed."""
    places = (room, room.on(second_server))
    ben = await entered(places[1], "Ben", await logged_in("ben"))
    ana = await logged_in("ana")
    for number in range(ROUNDS):
        is_last = number == ROUNDS - 1
        began = time.monotonic()
        tabs = await together(*(entered(place, "Ana", ana) for place in places))
        await tabs[1].says("here I am twice")  # comes after the event that this tab has arrived
        await ben.hears("here I am twice")
        await ben.sees("ana", "ben")
        before = len(ben.lists)
        with accounts.without(second_server):  # there her other tab would note itself again
            noted = "ana" in accounts.present(room.name)
            await tabs[0].leaves()
            await room.has_let_go(2 * number + 1)
            deleted = noted and "ana" not in accounts.present(room.name)
            if deleted and (is_last or time.monotonic() - began < expiry):
                message = "Ana closed one of two tabs, and the rows of both were deleted."
                raise WrongPeople("Ben", message, ["ana", "ben"], ["ben"])
        await tabs[1].says("I am still here")  # comes after the event that the other tab has left
        await ben.hears("I am still here")
        wrong = [people for people in ben.lists[before:] if people != ["ana", "ben"]]
        # What was noted of Ana since then still holds. Ben may be late himself.
        for_sure = time.monotonic() - began < expiry and any("ben" in people for people in wrong)
        if wrong and (for_sure or is_last):
            message = f"Ana closed one of two tabs, and Ben's list became {wrong[0]}."
            raise WrongPeople("Ben", message, ["ana", "ben"], wrong[0])
        await tabs[1].leaves()
        await ben.sees("ben")
        if not wrong and not deleted:
            return


async def test_after_logging_out_the_socket_closes(room, second_server, logged_in):
    """Someone who logs out is disconnected, with code 4401, in all tabs; nobody else is."""
    home = await logged_in("cleo")
    visitor = await Visitor(second_server).logs_in("cleo", "cleo")
    at_home, *tabs = await together(
        entered(room, "Cleo at home", home),
        entered(room, "Cleo", visitor),
        entered(room.on(second_server), "Cleo", visitor),
    )
    for tab in tabs:
        await tab.sees("cleo")
    await visitor.logs_out()
    for tab in tabs:
        try:
            await tab.is_closed()
        except Closed as closed:
            if closed.code != 4401:
                raise
        except Silent:
            raise StillOpen("Cleo", "Cleo logged out, and her WebSocket is open still.") from None
    # While a consumer ends, the layer may lose what comes for another one of the same server.
    await room.has_let_go(len(tabs))
    await at_home.says("in another browser")
    await at_home.hears("in another browser")


async def test_what_is_not_a_message_is_refused(room, second_server, logged_in):
    """What is not a message is answered with an error, and nobody else notices."""
    ana, ben = await _both(room, second_server, logged_in)
    for what, frame in HOSTILE.items():
        ana = await _is_not_taken(ana, what, frame, room, logged_in)
    await ana.says("this is a message")
    await _hears_next(ben, "this is a message")
    await ana.browser.send(TOO_LARGE)
    try:
        await ana.is_told_an_error()
    except Closed as closed:  # by Daphne, which says no code
        if closed.code == CRASHED:
            raise
    await ben.says("I am still here")
    await _hears_next(ben, "I am still here")


async def _is_not_taken(ana, what, frame, room, logged_in):
    """Answered with an error, or closed with a code of the application's. Returns the tab to go on
    with."""
    await ana.browser.send(frame)
    try:
        await ana.is_told_an_error()
    except Closed as closed:
        if closed.code in (CRASHED, CUT):
            raise
        return await entered(room, "Ana", await logged_in("ana"))
    except Silent:
        message = f"Ana sent {what}, and was not told that this is not a message."
        raise NotRefused("Ana", message) from None
    return ana


async def _hears_next(ben, text):
    try:
        await ben.hears(text)
    except Heard as heard:
        message = f"Ben received something that Ana should not have got through: {heard}"
        raise Disturbed("Ben", message) from None


async def test_a_killed_server_takes_its_people_along(
    room, second_server, logged_in, accounts, expiry
):
    """When a server is killed, its people are gone from the list after a while."""
    ben, _ = await together(
        entered(room, "Ben", await logged_in("ben")),
        entered(room.on(second_server), "Ana", await logged_in("ana")),
    )
    await ben.sees("ana", "ben")
    second_server.kill()
    await second_server.ended(ENDS_WITHIN)
    accounts.time_passes(expiry)  # whoever is here still says so again
    await ben.sees("ben")
