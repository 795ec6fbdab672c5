"""The connections of the pages: those of a seat, the instructor's board, the projector's screen."""

import asyncio
import logging
import time
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from . import actions, limits, messages, signals, state
from .models import Seat

log = logging.getLogger(__name__)
NOT_YOURS = 4403  # the page asks for the code, or says where the board's address is
GONE = 4410  # the seat was left
TOO_MUCH = 4429  # not 1008, policy violation: Daphne sends only 1000 and 3000 to 4999


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

    async def tell(self, message) -> None:
        await self.send(text_data=messages.encode(message))

    async def tell_state(self) -> None:
        self.read_at = time.time()
        await self.tell(await database_sync_to_async(self.state)())

    async def changed(self, event):
        """What had changed before the last reading is known already: of many changes at once, most
        are skipped."""
        if self.closed or event["at"] < self.read_at:
            return
        if (wait := self.read_at + self.pause - time.time()) > 0:
            await asyncio.sleep(wait)
        await self.tell_state()

    async def receive(self, text_data=None, bytes_data=None):
        if self.closed:
            return
        if not limits.messages.allows(self.who()):
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
            self.closed = True
            await self.close(TOO_MUCH)
        else:
            await self.tell(messages.Refused(why))

    async def welcome(self, allowed: bool) -> bool:
        """Accepts, and closes at once where it is not allowed: a refused handshake could not tell
        the page why."""
        if not limits.connections.allows(_address(self.scope)):
            self.closed = True
            await self.close()
            return False
        await self.accept()
        if not allowed:
            self.closed = True
            await self.close(NOT_YOURS)
        return allowed


class SeatConsumer(Page):
    kinds = messages.FROM_SEAT
    groups = [signals.SEATS, signals.CHAT]
    last_id = None  # of the newest message that this page has been sent

    def state(self):
        return state.of_seat(self.seat.id)

    def who(self):
        return self.seat.id

    async def connect(self):
        found = Seat.objects.filter(pk=self.scope["session"].get("seat"))
        self.seat = await found.afirst()
        if not await self.welcome(self.seat is not None):
            return
        await self.channel_layer.group_add(signals.of_seat(self.seat.id), self.channel_name)
        after = parse_qs(self.scope["query_string"].decode(errors="replace")).get("after", [""])[0]
        self.last_id = (
            int(after) if after.isascii() and after.isdigit() and len(after) < 16 else None
        )
        try:
            await self.tell_state()
        except Seat.DoesNotExist:  # it was left since
            return await self.gone({})
        await self.catch_up()

    async def said(self, event):
        if getattr(self, "seat", None) and not self.closed:
            await self.catch_up()

    async def changed(self, event):
        if getattr(self, "seat", None):
            try:
                await super().changed(event)
            except Seat.DoesNotExist:
                await self.gone({})

    async def gone(self, event):
        self.closed = True
        await self.close(GONE)

    async def catch_up(self):
        for said in await database_sync_to_async(state.said_after)(self.last_id):
            await self.tell(said)
            self.last_id = said.id

    async def act(self, message):
        do = database_sync_to_async
        match message:
            case messages.Say():
                stored = await do(actions.say)(self.seat, message.text, message.client_id)
                await self.tell(messages.Stored(stored.id, message.client_id))
                await signals.said()
            case messages.Raise():
                await do(actions.raise_hand)(self.seat, message.kind)
            case messages.Lower():
                await do(actions.lower_hand)(self.seat.id)  # its own, whatever it says
            case messages.Answer():
                await do(actions.answer)(self.seat, message.poll, message.choice)
                await signals.changed(signals.SCREEN)
            case messages.Rename():
                await do(actions.rename)(self.seat, message.name)
        await signals.changed(signals.of_seat(self.seat.id), signals.BOARD)

    async def disconnect(self, close_code):
        if getattr(self, "seat", None):
            await self.channel_layer.group_discard(signals.of_seat(self.seat.id), self.channel_name)


class ForTheInstructor(Page):
    """The cookie says so, which opening the board with its token has set."""

    pause = 0.1

    def who(self):
        return f"instructor {self.channel_name}"

    async def connect(self):
        if await self.welcome(self.scope["session"].get("board") is True):
            self.allowed = True
            await self.tell_state()

    async def changed(self, event):
        if getattr(self, "allowed", False):
            await super().changed(event)


class BoardConsumer(ForTheInstructor):
    kinds = messages.FROM_BOARD
    groups = [signals.BOARD]
    state = staticmethod(state.of_board)

    async def act(self, message):
        do = database_sync_to_async
        match message:
            case messages.OpenPoll():
                await do(actions.open_poll)(message.question, message.choices)
            case messages.ClosePoll():
                await do(actions.close_poll)()
            case messages.PutAwayPoll():
                await do(actions.put_away_poll)()
            case messages.Exercise():
                await do(actions.begin)(message.step, message.minutes)
            case messages.Show():
                await do(actions.show)(message.diagnosis)
            case messages.Lower():
                await do(actions.lower_hand)(message.seat)
        await signals.changed(signals.BOARD, signals.SCREEN, signals.SEATS)


class ScreenConsumer(ForTheInstructor):
    groups = [signals.SCREEN]
    state = staticmethod(state.of_screen)


def _address(scope) -> str:
    return (scope.get("client") or ["?"])[0]
