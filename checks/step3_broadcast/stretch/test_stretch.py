"""The stretch task of step 3: names, who joined, and a whisper to one channel."""

from workshop.checking.failures import Closed, Silent, StretchMissing


async def test_the_room_hears_who_joined(server, room):
    """A browser says its name, and the room hears who joined."""
    await server.starts()
    ben = await room.open("Ben")
    ana = await introduced(room, "Ana")
    for browser in (ben, ana):
        await hears_with(
            browser,
            "notice",
            'has not heard that Ana joined. In receive(), a frame with the key "name" has no '
            "message: keep the name on self, and send the group an event of a type of its own, "
            'whose handler sends the browser {"notice": "Ana joined"}.',
            lambda frame: "Ana" in str(frame["notice"]),
            leads_to=("KeyError",),  # a frame without "message"
        )


async def test_a_message_has_the_name_of_its_sender(room):
    """A message has the name of the browser that said it."""
    ben = await introduced(room, "Ben")
    ana = await introduced(room, "Ana")
    await ana.say("hello")
    for browser in (ben, ana):
        frame = await hears_with(browser, "message", "has not heard what Ana said.")
        if frame.get("name") != "Ana":
            raise StretchMissing(
                browser.name,
                f"{browser.name} heard Ana's message without her name. Put self.name into the "
                'event, and in chat_message() send it along under the key "name".',
            )


async def test_a_whisper_reaches_one_browser(room):
    """A whisper to one channel reaches that browser and no other."""
    ana, ben, cleo = [await introduced(room, name) for name in ("Ana", "Ben", "Cleo")]
    await ben.say("where am I?")
    frame = await hears_with(ana, "message", "has not heard what Ben said.")
    channel = frame.get("channel")
    if not channel or not isinstance(channel, str):
        raise StretchMissing(
            "Ana",
            "Ana heard Ben's message without his channel, so she cannot whisper to him. Put "
            'self.channel_name into the event, and send it along under the key "channel".',
        )
    await hears_with(cleo, "message", "has not heard what Ben said.")
    await hears_with(ben, "message", "has not heard what he said.")

    await ana.say("for Ben alone", to=channel)
    await ana.say("for everyone")
    first = await hears_with(ben, "message", "has not heard the whisper.")
    if first["message"] != "for Ben alone":
        raise StretchMissing(
            "Ben",
            'Ben has not heard what Ana whispered to him. Where a frame has the key "to", call '
            "self.channel_layer.send(channel, event) instead of group_send().",
        )
    for_all = await hears_with(cleo, "message", "has not heard what Ana said to everyone.")
    if for_all["message"] == "for Ben alone":
        raise StretchMissing(
            "Cleo",
            "Cleo heard what Ana whispered to Ben. Send a whisper with "
            "self.channel_layer.send(channel, event), and return before group_send().",
        )


async def introduced(room, name):
    """A browser that has said its name."""
    browser = await room.open(name)
    await browser.send(f'{{"name": "{name}"}}')
    return browser


async def hears_with(browser, key, missing, is_meant=lambda frame: True, leads_to=()) -> dict:
    """The next frame with that key that is meant; StretchMissing where none comes."""
    try:
        while True:
            frame = await browser.hears_frame()
            if isinstance(frame, dict) and key in frame and is_meant(frame):
                return frame
    except (Silent, Closed):
        raise StretchMissing(browser.name, f"{browser.name} {missing}", leads_to) from None
