"""What must be true of step 2: a consumer that echoes to one browser."""

from workshop.checking.failures import Heard

UNCHANGED = [
    "hello",
    "She said \"hi\", he said 'hi' \\ and \t left",
    "♟️ 🏁 👩🏽‍💻",
    "שלום, مرحبا",
    "ten thousand bytes " + "x" * 10_000,
    "  blanks around it  ",
    "two\nlines\n",
    "<b>bold</b> & &amp; <script>alert(1)</script>",
    "42",
    '{"message": "inside"}',
    " ",
    "",
]


async def test_the_server_starts(server):
    """The server starts and speaks ASGI."""
    await server.starts()
    await server.speaks_asgi()


async def test_the_page_loads(pages):
    """The chat page loads."""
    await pages.loads("/chat/")
    await pages.loads("/chat/lobby/")


async def test_the_websocket_opens(room):
    """A browser can open the WebSocket."""
    await room.open("Ana")


async def test_a_message_comes_back(room):
    """A message comes back to the browser that sent it, unchanged."""
    ana = await room.open("Ana")
    for message in UNCHANGED:
        await ana.say(message)
        await ana.hears(message)


async def test_messages_come_back_in_order(room):
    """Twenty messages come back in order."""
    ana = await room.open("Ana")
    messages = [f"message {number}" for number in range(20)]
    for message in messages:
        await ana.say(message)
    for message in messages:
        await ana.hears(message)


async def test_another_browser_hears_nothing(room):
    """Other browsers don't receive it."""
    ana = await room.open("Ana")
    ben = await room.open("Ben")
    await ana.say("for me alone")
    await ana.hears("for me alone")
    # What Ben hears first is his own, so nothing came before it.
    await ben.say("and this is mine")
    heard = await ben.hears()
    if heard == "for me alone":
        raise Heard("Ben", heard, "and this is mine", "Ben heard what Ana said to herself.")
    assert heard == "and this is mine"


async def test_who_leaves_disturbs_nobody(room):
    """Leaving doesn't affect anyone else."""
    ana = await room.open("Ana")
    ben = await room.open("Ben")
    await ana.leaves()
    await room.has_let_go()
    await ben.say("still here")
    await ben.hears("still here")
