"""What must be true of step 4: nothing said is lost, nothing is heard twice."""

import asyncio
from functools import partial

from checks.step4_history.failures import (
    ErrorNotTold,
    LoopStopped,
    Lost,
    Missed,
    NotFromHere,
    StoredTwice,
    TakenForOne,
    ToldBeforeSaved,
)
from checks.step4_history.observers.tabs import opened
from workshop.checking import patience
from workshop.checking.events import Handles, LayerCall
from workshop.checking.failures import Silent
from workshop.checking.observers.room import together
from workshop.checking.processes.program import becomes

LATEST = 50  # what a browser hears that has not been here before
READERS = ("Cleo", "Dan", "Eve", "Finn")
RECONNECTS = 5  # of each of them
JOINS_WITHIN = patience.seconds(3)
ROUNDS = 8  # on a busy machine a page may be later than the answer: then it is tried once more
SAVES_WITHIN = patience.seconds(3)
BURST = 12


async def test_the_server_starts(server, second_server, pages):
    """The server starts, and the chat page loads."""
    await server.starts()
    await second_server.starts()
    await server.speaks_asgi()
    await pages.loads("/chat/lobby/")


async def test_what_is_said_is_saved(room, other_room, database):
    """What is said is saved, and its sender is told the id."""
    said = {}
    for place, name in ((room, "Ana"), (other_room, "Dan")):
        number = await (await opened(place, name)).says("hello")
        if number in said:
            message = f"{said[number]} and {name} said something, and both were given id {number}."
            raise TakenForOne(name, message)
        said[number] = name
        if (count := database.count(place.name)) != 1:
            message = f"{name} was told an id, but of one message the database has {count}."
            raise Lost(name, message)


async def test_everyone_hears_it_once_and_in_order(room, second_server):
    """Everyone in the room hears every message once, with its id and in the order of the ids."""
    ana, ben = await together(opened(room, "Ana"), opened(room.on(second_server), "Ben"))
    cleo = await opened(room, "Cleo")
    number = await ana.says("hello")
    for tab in (ana, ben, cleo):
        frame = await tab.hears("hello")
        if frame["id"] != number:
            raise Missed(tab.name, f"Ana was told the id {number}; {tab.name}, {frame['id']}.")
    for speaker in (ana, ben, ana, ben):
        text = f"{speaker.name} after {number}"
        number = await speaker.says(text)
        for tab in (ana, ben, cleo):
            await tab.hears(text)


async def test_a_latecomer_hears_the_latest(room, second_server, database):
    """Someone who comes late hears the last 50 messages, oldest first."""
    ana = await opened(room, "Ana")
    texts = [f"message {n}" for n in range(LATEST + 5)]
    database.fill(room.name, texts[:-1])
    await ana.says(texts[-1])
    ben = await opened(room.on(second_server), "Ben")
    first = await ben.hears()
    if first["message"] != texts[-LATEST]:
        position = texts.index(first["message"]) if first["message"] in texts else 0
        heard = len(texts) - position
        raise NotFromHere(
            "Ben",
            f"{len(texts)} messages were said before Ben came. The first that he heard was number "
            f"{position + 1}, {first['message']!r}: the last {heard} instead of the last {LATEST}.",
        )
    for text in texts[-LATEST + 1 :]:
        await ben.hears(text)
    await ana.say("welcome, Ben")
    await ben.hears("welcome, Ben")


async def test_a_slow_server_costs_nobody_a_message(room, second_server, database):
    """A message that was saved first is heard first, even if its server is slow to tell."""
    ana, ben = await together(opened(room, "Ana"), opened(room.on(second_server), "Ben"))
    cleo = await opened(room, "Cleo")
    async with second_server.layer_held_up():
        await ben.say("from the slow server")
        if not await becomes(lambda: database.count(room.name), SAVES_WITHIN):
            message = "What Ben said had not been saved when his server began to tell the others."
            raise ToldBeforeSaved("Ben", message)
        await ana.says("from the quick one")
        heard = [(await cleo.hears())["message"]]
        back = await opened(room, "Cleo", after=cleo.last_id)
    for tab in (cleo, back):
        texts = list(heard)
        while len(texts) < 2:
            try:
                texts.append((await tab.hears())["message"])
            except Silent:
                raise Missed(
                    "Cleo",
                    "Ben spoke first, and his server was slow to tell the others. Cleo heard what "
                    "Ana said after him, and never what he said.",
                ) from None


async def test_nothing_is_missed_while_joining(room, server, database):
    """What is saved while someone comes in is heard as well."""
    async with server.layer_held_up():
        opening = asyncio.ensure_future(opened(room, "Cleo"))
        await server.event(lambda events: _joins(events, room.path), JOINS_WITHIN)
        # Whoever reads first has read by now. Nobody is told of this message any more.
        (number,) = database.fill(room.name, ["while you came in"])
    try:
        cleo = await opening
        await cleo.hears("while you came in")
    except Silent:
        raise Missed(
            "Cleo",
            f"Message {number} was saved while Cleo came in, before she was in the group. She "
            "never heard it.",
        ) from None


def _joins(events, path: str) -> bool:
    return any(
        isinstance(event, LayerCall) and event.call == "group_add" and event.path == path
        for event in events
    )


async def test_the_same_client_id_twice(room, second_server):
    """What is sent twice under one client_id is saved once and heard once."""
    ana, ben = await together(opened(room, "Ana"), opened(room.on(second_server), "Ben"))
    client_id = await ana.say("once")
    number = await ana.saved(client_id)
    await ben.hears("once")
    # As after a connection that was lost before the answer came: to another server, too.
    ana_again = await opened(room.on(second_server), "Ana", after=number)
    for tab in (ana, ana_again):
        again = await tab.saved(await tab.say("once", client_id))
        if again != number:
            message = f"Ana said it twice under one client_id; it has the ids {number} and {again}."
            raise StoredTwice("Ana", message)
    await ana.says("the next one")
    for tab in (ben, ana_again):
        await tab.hears("the next one")


async def test_messages_without_a_client_id(room):
    """What is said without a client_id is saved, answered and heard; said twice, it is two."""
    ana, ben = await opened(room, "Ana"), await opened(room, "Ben")
    numbers = [await ana.says_bare("hello") for _ in range(2)]
    if numbers[0] == numbers[1]:
        raise TakenForOne(
            "Ana",
            "Ana said two messages without a client_id, and both were given the id "
            f"{numbers[0]}: the second is lost.",
        )
    for number in numbers:
        frame = await ben.hears("hello")
        if frame["id"] != number:
            raise Missed("Ben", f"Ana was told the id {number}; Ben, {frame['id']}.")


async def test_a_query_does_not_stop_the_server(room, server, pages, database):
    """While a message waits for the database, the server answers others."""
    ana = await opened(room, "Ana")
    for number in range(1, ROUNDS + 1):
        with database.locked():
            answer = asyncio.ensure_future(ana.answer(await ana.say("this one waits")))
            begun = partial(_has_begun, server.log.events, room.path, number, answer)
            await becomes(begun, SAVES_WITHIN)
            # Two: before the query, the consumer may wait for something else.
            page = asyncio.ensure_future(_loads_twice(pages))
            await asyncio.wait([answer, page], return_when=asyncio.FIRST_COMPLETED)
            waited = not answer.done()
            await page
        await answer
        if waited:
            return
    raise LoopStopped("Ana", "While Ana's message waited, no page was answered.")


def _has_begun(events, path, number, answer):
    """Whether the consumers here have begun to handle so many frames, or have even answered."""
    handled = [one for one in events if isinstance(one, Handles) and one.path == path]
    return answer.done() or sum(one.type == "websocket.receive" for one in handled) >= number


async def _loads_twice(pages):
    for _ in range(2):
        await pages.loads("/chat/lobby/")


async def test_a_locked_database_is_told(room, database):
    """When a message cannot be saved, its sender is told, and stays connected."""
    ana = await opened(room, "Ana")
    with database.locked():
        answer = await ana.answer(await ana.say("nobody can save this"))
    if "error" not in answer:
        raise ErrorNotTold("Ana", f"Nothing can be saved now, but Ana was answered {answer}.")
    number = await ana.says("now they can")
    frame = await ana.hears()
    if frame["message"] == "nobody can save this":
        raise NotFromHere("Ana", "Ana was told an error, but her message came all the same.")
    assert frame["id"] == number


async def test_rooms_keep_apart(room, other_room):
    """Other rooms don't receive it, neither now nor later."""
    ana, dan = await opened(room, "Ana"), await opened(other_room, "Dan")
    number = await ana.says("for this room")
    await dan.say("is anybody here?")
    frame = await dan.hears()
    if frame["message"] == "for this room":
        raise NotFromHere("Dan", "Dan heard what Ana said in another room.")
    for after in (None, number - 1):
        late = await opened(other_room, "Dan", after)
        frame = await late.hears()
        if frame["message"] == "for this room":
            message = "Dan came late, and heard what Ana had said in another room."
            raise NotFromHere("Dan", message)


async def test_who_comes_back_hears_what_was_missed(room, second_server):
    """Someone who comes back again and again hears exactly what was said in the meantime."""
    rooms = (room, room.on(second_server))
    writers = await together(opened(rooms[0], "Ana"), opened(rooms[1], "Ben"))
    start = await writers[0].says("first")
    said: dict[int, str] = {}
    heard: dict[str, set[int]] = {name: set() for name in READERS}
    last_id = dict.fromkeys(READERS, start)
    done = asyncio.Event()

    async def write(tab):
        while not done.is_set():
            text = f"{tab.name} {len(said)}"
            said[await tab.says(text)] = text

    async def come_and_go(number, name):
        for visit in range(number, number + RECONNECTS):
            tab = await opened(rooms[visit % 2], name, after=last_id[name])
            heard[name].add((await tab.hears())["id"])
            last_id[name] = tab.last_id
            await tab.leaves()

    async def come_to_stay(number, name):
        tab = await opened(rooms[number % 2], name, after=last_id[name])
        while tab.last_id < max(said):
            heard[name].add((await tab.hears())["id"])

    writing = asyncio.gather(*map(write, writers))
    try:
        await asyncio.gather(*(come_and_go(*reader) for reader in enumerate(READERS)))
    finally:
        done.set()
        await writing
    await together(*(come_to_stay(*reader) for reader in enumerate(READERS)))
    for name in READERS:
        if missed := sorted(said.keys() - heard[name]):
            raise Missed(
                name,
                f"{name} left {RECONNECTS} times, and came back with ?after= and the id that came "
                f"last. Of {len(said)} messages {name} missed {len(missed)}; the first is number "
                f"{missed[0]}, {said[missed[0]]!r}.",
            )


async def test_a_killed_server_loses_nothing(room, second_server):
    """A server is killed in the middle of a burst: whatever it has acknowledged is there."""
    ana = await opened(room.on(second_server), "Ana")
    said = {await ana.say(f"burst {n}"): f"burst {n}" for n in range(BURST)}
    acknowledged = {}
    for client_id in list(said)[: BURST // 4]:
        acknowledged[await ana.saved(client_id)] = said[client_id]
    second_server.kill()

    # The page comes back to the other server, and says again what was not acknowledged.
    again = await opened(room, "Ana", after=min(acknowledged) - 1)
    for client_id, text in said.items():
        await again.say(text, client_id)
    numbers = {await again.saved(client_id): text for client_id, text in said.items()}
    for number, text in acknowledged.items():
        if numbers.get(number) != text:
            message = f"{text!r} was acknowledged as number {number}, and is lost."
            raise Lost("Ana", message)
    heard = [(await again.hears())["message"] for _ in said]
    if sorted(heard) != sorted(said.values()):
        raise Missed("Ana", f"Of {BURST} messages, the room has {len(set(heard))}.")
