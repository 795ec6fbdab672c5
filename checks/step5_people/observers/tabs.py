"""Tabs: browsers that do what the page of step 5 does."""

import asyncio
from collections import deque
from uuid import uuid4

from checks.step5_people.failures import WrongPeople
from checks.step5_people.observers.visitors import Visitor
from workshop.checking import patience
from workshop.checking.failures import Heard, Silent, brief
from workshop.checking.observers.browser import Browser
from workshop.checking.observers.room import Room

LISTS_WITHIN = patience.seconds(3)  # for a list of people


class Tab:
    """A browser that tells messages, lists of people, and errors from one another."""

    def __init__(self, browser: Browser):
        self.browser = browser
        self.name = browser.name
        self.lists: list[list] = []  # of people, as they came
        self._messages: deque[dict] = deque()
        self._errors: deque[dict] = deque()

    async def says(self, text: str, **keys) -> None:
        await self.browser.say(text, client_id=uuid4().hex, **keys)

    async def hears(self, text: str | None = None) -> dict:
        """The next message. Raises Heard where it is another than the expected one."""
        frame = await self._next(self._messages)
        self.browser.heard.append(frame["message"])
        if text is not None and frame["message"] != text:
            raise Heard(self.name, frame["message"], text)
        return frame

    async def is_told_an_error(self) -> dict:
        return await self._next(self._errors)

    async def sees(self, *people: str, within: float = LISTS_WITHIN) -> None:
        """Return as soon as these are the people that the page shows. Raises WrongPeople."""
        try:
            async with asyncio.timeout(within):
                while not self.lists or self.lists[-1] != list(people):
                    await self._take()
        except (Silent, TimeoutError):
            here = f"Here {'is' if len(people) == 1 else 'are'} {brief(list(people))}"
            seen = self.lists[-1] if self.lists else None
            told = "no list of people came" if seen is None else f"the list says {brief(seen)}"
            message = f"{here}, but to {self.name} {told}."
            raise WrongPeople(self.name, message, list(people), seen) from None

    async def is_closed(self) -> None:
        """Take all frames, until the server closes: raises Closed. Raises Silent after a while."""
        while True:
            await self._take()

    async def leaves(self) -> None:
        await self.browser.leaves()

    async def _next(self, kind: deque) -> dict:
        while not kind:
            await self._take()
        return kind.popleft()

    async def _take(self) -> None:
        """Take the next frame, whatever it is."""
        frame = await self.browser.hears_frame()
        if not isinstance(frame, dict):
            return
        if "message" in frame:
            self._messages.append(frame)
        elif "error" in frame:
            self._errors.append(frame)
        elif isinstance(frame.get("people"), list):
            self.lists.append(frame["people"])


async def entered(room: Room, name: str, visitor: Visitor, **others) -> Tab:
    """A tab in the room, with this visitor's cookies."""
    return Tab(await room.open(name, cookies=visitor.cookies, **others))
