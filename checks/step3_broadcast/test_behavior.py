"""What must be true of step 3: a message reaches everyone in its room, over all servers."""

import asyncio
from collections import Counter

from workshop.checking.failures import Heard, HeardTwice

UNCHANGED = ["hello", "  “quotes”, <b>tags</b> & a ♟️  ", "two\nlines\n", "42", " ", ""]


async def test_the_server_starts(server, pages):
    """The server starts, and the chat page loads."""
    await server.starts()
    await server.speaks_asgi()
    await pages.loads("/chat/lobby/")


async def test_the_sender_hears_itself(room):
    """The sender hears its own message."""
    ana = await room.open("Ana")
    for number, message in enumerate(UNCHANGED):
        await ana.say(message)
        try:
            await ana.hears(message)
        except Heard as failure:
            if failure.heard in UNCHANGED[:number]:
                raise HeardTwice(ana.name, failure.heard, message) from None
            raise


async def test_everyone_in_the_room_hears_it(room):
    """Everyone in the room hears every message once, all in the same order."""
    everyone = [await room.open(name) for name in ("Ana", "Ben", "Cleo")]
    ana, ben, cleo = everyone

    await ana.say("hello")
    for browser in everyone:
        await browser.hears("hello")

    # A second "hello" would come before what Ben says now.
    await ben.say("hi Ana")
    for browser in everyone:
        heard = await browser.hears()
        if heard != "hi Ana":
            raise (HeardTwice if heard == "hello" else Heard)(browser.name, heard, "hi Ana")

    said = {f"{browser.name} {number}": browser for number in range(3) for browser in everyone}
    await asyncio.gather(*(browser.say(message) for message, browser in said.items()))
    heard = {browser.name: [await browser.hears() for _ in said] for browser in everyone}
    for name, messages in heard.items():
        for message in Counter(messages) - Counter(said.keys()):
            # A second "hello" may have come as late as here.
            twice = message in said or message in ("hello", "hi Ana")
            raise (HeardTwice if twice else Heard)(name, message, "what was said since")
    assert heard["Ana"] == heard["Ben"] == heard["Cleo"], f"They heard different things: {heard}"


async def test_another_room_hears_nothing(room, other_room):
    """Other rooms don't receive it."""
    ana = await room.open("Ana")
    dan = await other_room.open("Dan, in another room,")
    await ana.say("for this room")
    await ana.hears("for this room")
    # What Dan hears first is his own, so nothing came before it.
    await dan.say("is anybody here?")
    heard = await dan.hears()
    if heard != "is anybody here?":
        what = "what Ana said in another room" if heard == "for this room" else repr(heard)
        raise Heard("Dan", heard, "is anybody here?", f"Dan heard {what}.")


async def test_who_left_is_gone(room, groups):
    """Someone who has left gets no more messages and is removed from the group."""
    async with groups.of(room) as group:
        ana, ben = await room.open("Ana"), await room.open("Ben")
        await group.is_filled()
        await ben.leaves()
        await room.has_let_go(1)
        await ana.say("goodbye Ben")
        await ana.hears("goodbye Ben")
        await ana.leaves()
        await room.has_let_go(2)
        await group.is_empty()


async def test_two_servers_share_the_room(room, second_server):
    """Ana on one server and Ben on another hear each other."""
    await second_server.starts()  # it has had the time of the other checks
    ana = await room.open("Ana")
    ben = await room.on(second_server).open("Ben")
    await ana.say("hello from the first server")
    await ana.hears("hello from the first server")
    await ben.hears("hello from the first server")
    await ben.say("hello from the second")
    await ana.hears("hello from the second")
    await ben.hears("hello from the second")
    # Five wait for Ben at once, because his server is too busy to handle them; none is lost.
    waiting = [f"waits for Ben {number}" for number in range(5)]
    async with second_server.held_up():
        for message in waiting:
            await ana.say(message)
            await ana.hears(message)
    for message in waiting:
        await ben.hears(message)
