"""The connections of the pages: those of a seat, the instructor's board, the projector's screen."""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qs

from autobahn.exception import Disconnected
from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer

from . import actions, limits, messages, signals, state
from .readings import Reading
from .relay import Relay
from .threads import in_database

log = logging.getLogger(__name__)
GONE = (Disconnected, OSError)  # what a server raises when nothing can be sent any more
NOT_YOURS = 4403  # the page asks for the code, or says where the board's address is
LEFT = 4410  # the seat was left
TOO_MUCH = 4429  # not 1008, policy violation: Daphne sends only 1000 and 3000 to 4999

board = Reading(state.of_board)
screen = Reading(state.of_screen)
seats = Reading(state.of_seats)
chat = Reading(state.latest_said)
everyone = Relay(signals.CHAT)


class Nowhere(AsyncWebsocketConsumer):
    """For an address that is not ours. Without it, the router would raise."""

    async def connect(self):
        await self.close()


class Page(AsyncWebsocketConsumer):
    """A page shows a state that is in the database. It is read when the page connects, and again
    when somebody says that something has changed."""

    pause = 0.0  # seconds between two readings
    groups: list[str] = []  # Channels joins them before connect() is called, and leaves them
    kinds: tuple[type, ...] = ()  # messages that the page may send

    read_at = 0.0
    refusals = 0
    closed = False  # by us: what still comes in is dropped

    async def dispatch(self, message):
        """Channels closes old connections of the database before each event, in a thread that it
        starts for it. Here there are two such connections, which stay: see threads.py."""
        await getattr(self, get_handler_name(message))(message)

    async def send(self, *args, **kwargs):
        """A browser may be gone before disconnect() is called, and after an exception Channels
        would not call it."""
        with suppress(*GONE):
            await super().send(*args, **kwargs)

    async def close(self, *args, **kwargs):
        self.closed = True
        with suppress(*GONE):
            await super().close(*args, **kwargs)

    async def tell(self, message) -> None:
        await self.send(text_data=messages.encode(message))

    async def tell_state(self, at: float, group: str) -> None:
        """Sends what the page shows, as it was at that moment or later, and sets read_at."""
        raise NotImplementedError

    async def changed(self, event):
        """What had changed before the last reading is known already: of many changes at once, most
        are skipped."""
        at = event["at"]
        if self.closed or at < self.read_at:
            return
        if (wait := self.read_at + self.pause - time.time()) > 0:
            await asyncio.sleep(wait)
            at = time.time()
        await self.tell_state(at, event["group"])

    async def receive(self, text_data=None, bytes_data=None):
        if self.closed:
            return
        if not await limits.messages.allows(self.who()):
            return await self.refuse("Too fast. Wait a moment.")
        try:
            message = messages.decode(text_data, self.kinds)
            await self.act(message)
        except (messages.Unfit, actions.No) as error:
            await self.refuse(str(error))

    async def refuse(self, why: str) -> None:
        self.refusals += 1
        if self.refusals >= limits.REFUSALS:
            log.warning("closed after %s refusals: %s", self.refusals, self.who())
            await self.close(TOO_MUCH)
        else:
            await self.tell(messages.Refused(why))

    async def welcome(self, allowed: bool) -> bool:
        """Accepts, and closes at once where it is not allowed: a refused handshake could not tell
        the page why."""
        if not await limits.connections.allows(_address(self.scope)):
            await self.close()
            return False
        await self.accept()
        signals.tell_always()
        if not allowed:
            await self.close(NOT_YOURS)
        return allowed


class SeatConsumer(Page):
    kinds = messages.FROM_SEAT
    groups = [signals.SEATS]
    last_id = None  # of the newest message that this page has been sent
    said_at = heard_at = 0.0  # when something was said last, and up to when this page has heard all
    is_hearing = False
    shown: messages.SeatState | None = None  # by the page, without its time

    def who(self):
        return self.seat.id

    async def connect(self):
        self.seat = await in_database(actions.seat)(self.scope["session"].get("seat"))
        if not await self.welcome(self.seat is not None):
            return
        await self.channel_layer.group_add(signals.of_seat(self.seat.id), self.channel_name)
        after = parse_qs(self.scope["query_string"].decode(errors="replace")).get("after", [""])[0]
        self.last_id = (
            int(after) if after.isascii() and after.isdigit() and len(after) < 16 else None
        )
        now = {"at": time.time(), "group": signals.of_seat(self.seat.id)}
        await self.changed(now)
        await everyone.join(self)
        await self.said(now["at"])

    async def changed(self, event):
        if getattr(self, "seat", None):
            await super().changed(event)

    async def tell_state(self, at, group):
        if group == signals.SEATS:
            found = await seats.since(at)
            self.read_at = seats.began
        else:
            self.read_at = time.time()
            found = await in_database(state.of_seats)(pk=self.seat.id)
        own = found.get(self.seat.id)
        if not own:  # it was left since
            await self.gone({})
        elif replace(own, now=0) != self.shown:
            self.shown = replace(own, now=0)
            await self.tell(own)

    async def gone(self, event):
        await self.close(LEFT)

    async def said(self, at: float):
        """Something was said, until that moment. Whoever is not far behind finds it among the
        latest, which all pages share; others read on from where they were."""
        self.said_at = max(self.said_at, at)
        if self.is_hearing:
            return
        self.is_hearing = True
        try:
            while self.heard_at < self.said_at and not self.closed:
                self.heard_at = self.said_at
                await self._hear(await chat.since(self.said_at))
        finally:
            self.is_hearing = False

    async def _hear(self, latest: state.Lines):
        while self.last_id is not None and latest.lines and self.last_id < latest.lines[0].id - 1:
            missed = await in_database(state.said_after)(self.last_id)
            if not missed.lines or missed.lines[0].id >= latest.lines[0].id:
                break  # what is between was left with its seat
            await self.tell_said(missed)
        await self.tell_said(latest)

    async def tell_said(self, said: state.Lines):
        if new := said.after(self.last_id):
            self.last_id = said.lines[-1].id if said.lines else 0
            await self.send(text_data=new)

    async def act(self, message):
        match message:
            case messages.Say():
                stored = await in_database(actions.say)(self.seat, message.text, message.client_id)
                await self.tell(messages.Stored(stored.id, message.client_id))
                return signals.changed(signals.CHAT, signals.BOARD)
            case messages.Raise():
                await in_database(actions.raise_hand)(self.seat, message.kind)
            case messages.Lower():
                await in_database(actions.lower_hand)(self.seat.id)  # its own, whatever it says
            case messages.Answer():
                await in_database(actions.answer)(self.seat, message.poll, message.choice)
                signals.changed(signals.SCREEN)
            case messages.Rename():
                await in_database(actions.rename)(self.seat, message.name)
        signals.changed(signals.of_seat(self.seat.id), signals.BOARD)

    async def disconnect(self, close_code):
        if getattr(self, "seat", None):
            everyone.leave(self)
            await self.channel_layer.group_discard(signals.of_seat(self.seat.id), self.channel_name)


class ForTheInstructor(Page):
    """The cookie says so, which opening the board with its token has set."""

    pause = 0.1

    def who(self):
        return f"instructor {self.channel_name}"

    async def connect(self):
        if await self.welcome(self.scope["session"].get("board") is True):
            self.allowed = True
            await self.changed({"at": time.time(), "group": self.groups[0]})

    async def changed(self, event):
        if getattr(self, "allowed", False):
            await super().changed(event)

    async def tell_state(self, at, group):
        newest = await self.reading.since(at)
        self.read_at = self.reading.began
        await self.tell(self.news(newest))

    def news(self, newest):
        return newest


class BoardConsumer(ForTheInstructor):
    kinds = messages.FROM_BOARD
    groups = [signals.BOARD]
    reading = board
    seats: dict[int, messages.SeatRow] = {}  # as this page has been told of them

    def news(self, newest):
        """Of five hundred seats, those that have changed."""
        before, self.seats = self.seats, {row.id: row for row in newest.seats}
        changed = [row for row in newest.seats if before.get(row.id) != row]
        return replace(newest, seats=changed, left=[*(before.keys() - self.seats.keys())])

    async def act(self, message):
        match message:
            case messages.OpenPoll():
                await in_database(actions.open_poll)(message.question, message.choices)
            case messages.ClosePoll():
                await in_database(actions.close_poll)()
            case messages.PutAwayPoll():
                await in_database(actions.put_away_poll)()
            case messages.Exercise():
                await in_database(actions.begin)(message.step, message.minutes)
            case messages.Show():
                await in_database(actions.show)(message.diagnosis)
            case messages.Lower():
                await in_database(actions.lower_hand)(message.seat)
        signals.changed(signals.BOARD, signals.SCREEN, signals.SEATS)


class ScreenConsumer(ForTheInstructor):
    groups = [signals.SCREEN]
    reading = screen


def _address(scope) -> str:
    return (scope.get("client") or ["?"])[0]
