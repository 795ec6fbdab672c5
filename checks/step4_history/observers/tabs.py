"""Tabs: browsers that do what the page of step 4 does."""

from collections import deque
from uuid import uuid4

from checks.step4_history.failures import NoId, NotAnswered, NotInOrder
from workshop.checking.failures import Heard, Silent, brief
from workshop.checking.observers.browser import Browser
from workshop.checking.observers.room import Room

TRIES = 10  # a busy machine keeps a writer waiting for longer than DATABASE_TIMEOUT


class Tab:
    """A browser that gives what it says a client_id, and tells answers from messages."""

    def __init__(self, browser: Browser, last_id: int = 0):
        self.browser = browser
        self.name = browser.name
        self.last_id = last_id  # of the newest message that it has heard
        self._answers: dict[str, dict] = {}
        self._answered: dict | None = None  # the last answer, whatever its client_id
        self._messages: deque[dict] = deque()

    async def say(self, text: str, client_id: str | None = None) -> str:
        """Say it under a new client_id or the one given. Returns the client_id."""
        client_id = client_id or uuid4().hex
        await self.browser.say(text, client_id=client_id, author=self.name)
        return client_id

    async def says_bare(self, text: str) -> int:
        """Say it without a client_id, as the page of step 3 does. Returns its id."""
        self._answered = None
        await self.browser.say(text)
        while self._answered is None:
            await self._take_answer()
        return self._id_in(self._answered)

    async def answer(self, client_id: str) -> dict:
        """The answer to what was said under this client_id: it has an "id" or an "error". Raises
        NotAnswered where none comes."""
        while client_id not in self._answers:
            await self._take_answer()
        return self._answers.pop(client_id)

    async def saved(self, client_id: str) -> int:
        """The id of what was said under this client_id. Raises NotAnswered."""
        return self._id_in(await self.answer(client_id))

    def _id_in(self, answer: dict) -> int:
        number = answer.get("id")
        if type(number) is not int:
            what = f"{self.name} said something and was answered {brief(answer)}, without an id."
            raise NotAnswered(self.name, what)
        return number

    async def says(self, text: str) -> int:
        """Say it until it is saved: again after an error, as the page does. Returns its id."""
        client_id = await self.say(text)
        for _ in range(TRIES - 1):
            answer = await self.answer(client_id)
            if "error" not in answer:
                self._answers[client_id] = answer
                break
            await self.say(text, client_id)
        return await self.saved(client_id)

    async def hears(self, text: str | None = None) -> dict:
        """The next message. Raises NoId, NotInOrder, and Heard where it is not the expected one."""
        while not self._messages:
            await self._take()
        frame = self._messages.popleft()
        number = frame.get("id")
        if type(number) is not int:
            raise NoId(self.name, f"{self.name} heard {brief(frame['message'])} without an id.")
        if number <= self.last_id:
            what = "the same message twice" if number == self.last_id else "an older one"
            raise NotInOrder(
                self.name,
                f"{self.name} had heard message {self.last_id}, and then came message {number}, "
                f"{brief(frame['message'])}: {what}.",
            )
        self.last_id = number
        self.browser.heard.append(frame["message"])
        if text is not None and frame["message"] != text:
            raise Heard(self.name, frame["message"], text)
        return frame

    async def leaves(self) -> None:
        await self.browser.leaves()

    async def _take_answer(self) -> None:
        """Take the next frame; an answer is awaited."""
        try:
            await self._take()
        except Silent:
            if self._messages:
                what = f'{self.name} heard the message, but was not told its "id".'
            else:
                what = f"{self.name} said something and got no answer."
            raise NotAnswered(self.name, what) from None

    async def _take(self) -> None:
        """Take the next frame, whatever it is."""
        frame = await self.browser.hears_frame()
        if not isinstance(frame, dict):
            return
        if isinstance(frame.get("client_id"), str):
            self._answers[frame["client_id"]] = frame
        if "client_id" in frame or not frame.keys() & {"message", "type"}:
            self._answered = frame
        if "message" in frame:
            self._messages.append(frame)


async def opened(room: Room, name: str, after: int | None = None) -> Tab:
    """A tab in the room: a new one, or one that comes back and has heard all up to `after`."""
    path = room.path if after is None else f"{room.path}?after={after}"
    return Tab(await room.open(name, path), after or 0)
