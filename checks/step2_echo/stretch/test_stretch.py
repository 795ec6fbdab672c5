"""The stretch task of step 2: the server speaks first, and counts."""

from workshop.checking.failures import Silent, StretchMissing, brief


async def test_the_server_speaks_first(server, room):
    """The server speaks first: a notice, before the browser has said anything."""
    await server.starts()
    ana = await room.open("Ana")
    try:
        frame = await ana.hears_frame()
    except Silent as silent:
        raise StretchMissing(
            "Ana",
            f"{silent.message} The server has not spoken yet. In connect(), after accept(), send "
            'JSON with the key "notice" and some words.',
        ) from None
    if not isinstance(frame, dict) or not frame.get("notice"):
        raise StretchMissing(
            "Ana",
            f"The first frame was {brief(frame)}. Let it be JSON with the key "
            '"notice", such as {"notice": "Welcome"}: what has the key "message" is what somebody '
            "said.",
        )


async def test_the_server_counts(room):
    """Each message comes back with its number, and each browser has a count of its own."""
    ana = await room.open("Ana")
    for number in (1, 2, 3):
        await says(ana, f"message {number}", number)
    ben = await room.open("Ben")
    await says(ben, "my first", 1)


async def says(browser, message, number):
    """Say the message, and hear it back with that number."""
    await browser.say(message)
    while True:
        frame = await browser.hears_frame()
        if isinstance(frame, dict) and frame.get("message") == message:
            break
    if "number" not in frame:
        raise StretchMissing(
            browser.name,
            f"{brief(message)} came back without its number. In receive(), count on self, and send "
            'the count along under the key "number".',
        )
    if frame["number"] != number:
        raise StretchMissing(
            browser.name,
            f"{browser.name}'s message {brief(message)} came back with number "
            f"{brief(frame['number'])} instead of {number}. Begin with 0 in connect(), in an "
            "attribute of self: each connection has an object of its own.",
        )
