"""The stretch task of step 4: further back than the last 50 messages."""

from checks.step4_history.observers.tabs import opened
from workshop.checking.failures import Closed, Silent, StretchMissing

PAGE = 50  # messages that come at once
SAID = [f"message {number}" for number in range(2 * PAGE + 20)]


async def test_a_browser_reads_further_back(server, second_server, room, database):
    """A browser that asks for what was said before a message gets the 50 before it, in order."""
    await server.starts()
    await second_server.starts()
    ids = database.fill(room.name, SAID)
    ana, ben = await opened(room, "Ana"), await opened(room, "Ben")
    await hears_earlier(ana, ids[-PAGE], SAID[-2 * PAGE : -PAGE])
    await hears_earlier(ana, ids[-2 * PAGE], SAID[: -2 * PAGE])
    await hears_earlier(ana, ids[0], [])
    # Ben has asked for nothing.
    await ana.says("to everyone")
    frame = {}
    while frame.get("message") != "to everyone":
        frame = await ben.browser.hears_frame()
        if "earlier" in frame:
            raise StretchMissing(
                "Ben",
                "Ben got what Ana had asked for. Answer her alone, with self.send(), and return "
                "before anything goes to the group.",
            )


async def test_other_rooms_stay_closed(room, other_room, database):
    """What is said in another room is not among it."""
    database.fill(other_room.name, ["in the other room"])
    ids = database.fill(room.name, ["one", "two"])
    await hears_earlier(await opened(room, "Ana"), ids[1], ["one"])


async def hears_earlier(tab, number, expected):
    """Ask for what was said before this id; StretchMissing unless that is what comes."""
    await tab.browser.send(f'{{"before": {number}}}')
    asked = f'{tab.name} sent {{"before": {number}}}'
    try:
        frame = {}
        while not isinstance(frame, dict) or "earlier" not in frame:
            frame = await tab.browser.hears_frame()
    except (Silent, Closed):
        raise StretchMissing(
            tab.name,
            f'{asked} and got no frame with the key "earlier". In receive(), a frame with the key '
            '"before" has no message: answer this one browser with {"notice": "…", "earlier": '
            "[…]}, and return.",
            leads_to=("KeyError",),  # a frame without "message"
        ) from None
    texts = [one.get("message") for one in frame["earlier"] if isinstance(one, dict)]
    if texts == expected:
        return
    if texts == expected[::-1]:
        what = "The newest is first. Take the 50 from the end, then turn them around: [::-1]."
    elif "in the other room" in texts:
        what = "There are messages of another room among it: filter by room, too."
    elif len(texts) > PAGE:
        what = f"These are {len(texts)}: a slice of the query, [:50], is enough at once."
    else:
        what = (
            f"{len(expected)} messages should be in it, as message.as_frame() makes them: those "
            "whose id is less (id__lt), from the greatest id on, at most 50."
        )
    raise StretchMissing(tab.name, f"{asked} and got {len(texts)} messages. {what}")
