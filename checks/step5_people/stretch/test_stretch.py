"""The stretch task of step 5: a message to one person."""

from checks.step5_people.observers.tabs import entered
from workshop.checking.failures import Closed, Silent, StretchMissing

SECRET = "only for you"
ABSENT = "cleo"


async def test_a_whisper_reaches_one_person(
    server, second_server, room, other_room, logged_in, accounts
):
    """What is said to one person reaches all tabs of that person in this room, and nobody else."""
    await server.starts()
    await second_server.starts()
    ana, ben = await logged_in("ana"), await logged_in("ben")
    cleo = await entered(room.on(second_server), "Cleo", await logged_in("cleo"))
    elsewhere = await entered(other_room, "Ben in another room", ben)
    bens = [await entered(place, "Ben", ben) for place in (room, room.on(second_server))]
    speaker = await entered(room, "Ana", ana)
    await speaker.sees("ana", "ben", "cleo")
    asked = f'Ana sent {{"message": "{SECRET}", "to": "ben"}}'
    await speaker.says(SECRET, to="ben", author="cleo")
    for tab in bens:
        frame = await _whisper(tab, asked)
        if frame["whisper"] != SECRET or frame.get("author") != "ana":
            raise StretchMissing(
                "Ben",
                f'{asked}. Ben got {frame}. "whisper" is what was said, and "author" who is '
                "logged in.",
            )
    if accounts.messages(room.name):
        raise StretchMissing(
            "Ana",
            f"{asked}, and it was saved: whoever comes later is told it. Send it on before "
            "anything is saved, and return.",
        )
    await speaker.says("to everyone")
    for tab in (speaker, cleo):
        await _hears_no_whisper(tab, "to everyone")
    await elsewhere.says("to this room")
    await _hears_no_whisper(elsewhere, "to this room")


async def test_who_is_not_here_is_told(room, other_room, logged_in, accounts):
    """Someone who whispers to a person who isn't in this room is told so."""
    await entered(other_room, "Cleo", await logged_in("cleo"))
    ana = await entered(room, "Ana", await logged_in("ana"))
    await ana.sees("ana")
    await ana.says(SECRET, to=ABSENT)
    try:
        await ana.is_told_an_error()
    except (Silent, Closed):
        raise StretchMissing(
            "Ana",
            f"Ana whispered to {ABSENT}, who is in another room, and got no frame with the key "
            '"error". Ask Presence who is in this room; where nobody is found, answer with an '
            "error.",
        ) from None


async def _whisper(tab, asked):
    """The next frame with the key "whisper"; StretchMissing where none comes."""
    try:
        while True:
            frame = await tab.browser.hears_frame()
            if isinstance(frame, dict) and "whisper" in frame:
                return frame
    except (Silent, Closed):
        raise StretchMissing(
            "Ben",
            f'{asked}, and one of Ben\'s two tabs got no frame with the key "whisper". Presence '
            "has the channel of each tab: send an event to each, with "
            "`await self.channel_layer.send(channel, event)`.",
        ) from None


async def _hears_no_whisper(tab, text):
    """Take frames until this message comes."""
    frame = {}
    while frame.get("message") != text:
        frame = await tab.browser.hears_frame()
        if "whisper" in frame:
            raise StretchMissing(
                tab.name,
                f"{tab.name} got what was for Ben, in Ana's room, alone. An event to the group "
                "reaches everyone: send it to the channels of that person in this room.",
            )
