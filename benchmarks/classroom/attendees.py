"""Those who are in the room. A seat has a page, which reconnects as page/socket.js does, and a
laptop whose results wait in an outbox until the classroom has answered."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from uuid import uuid4

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from benchmarks.classroom.running import Classroom

WAITS = 120  # seconds for an answer; only what is lost takes them
REFUSED = (409, 429)


def browser(room: Classroom) -> httpx.AsyncClient:
    """For all attendees: each keeps its cookies itself."""
    nobodys = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
    return httpx.AsyncClient(
        base_url=room.url, cookies=nobodys, limits=limits, timeout=WAITS, verify=False
    )


class Page:
    """A page's WebSocket: opened again whenever it closes."""

    def __init__(self, room: Classroom, path: str, cookie: str, hear: Callable[[dict], None]):
        self.url, self.origin = f"ws://127.0.0.1:{room.port}{path}", room.url
        self.cookie, self.hear = cookie, hear
        self.query = ""
        self.socket = None
        self.awake = asyncio.Event()
        self.awake.set()
        self.heard_at = 0.0
        self.opened: Callable[[], None] = lambda: None
        self.task = asyncio.create_task(self._live())

    async def _live(self) -> None:
        failures = 0
        while True:
            await self.awake.wait()
            began = time.monotonic()
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with connect(
                    self.url + self.query,
                    origin=self.origin,
                    additional_headers={"Cookie": self.cookie},
                    ping_interval=None,
                    open_timeout=WAITS,
                    compression=None,
                    proxy=None,
                ) as self.socket:
                    self.opened()
                    async for text in self.socket:
                        self.heard_at = time.monotonic()
                        self.hear(json.loads(text))
            self.socket = None
            failures = 0 if time.monotonic() - began >= 5 else failures
            await asyncio.sleep(min(10, 2**failures) * random.uniform(0.5, 1))
            failures += 1

    def tell(self, type: str, **fields) -> None:
        if self.socket:
            asyncio.create_task(self._tell(json.dumps({"type": type, **fields})))

    async def _tell(self, text: str) -> None:
        with contextlib.suppress(WebSocketException, OSError, AttributeError):
            await self.socket.send(text)

    async def sleep(self) -> None:
        """The lid is closed."""
        self.awake.clear()
        if self.socket:
            await self.socket.close()


class Attendee:
    def __init__(self, room: Classroom, client: httpx.AsyncClient):
        self.room, self.client = room, client
        self.state: dict = {}
        self.seated = asyncio.Event()  # the page has its first state
        self.page: Page | None = None
        self.outbox: list[dict] = []
        self.sent: list[str] = []  # the uuids of all results
        self.unsaid: dict[str, str] = {}  # client_id: text
        self.said: list[str] = []  # the client_ids of all messages
        self.heard: list[int] = []  # ids of messages
        self.answered: dict[int, int] = {}  # poll: choice
        self.saw_poll: Callable[[dict], None] = lambda poll: None
        self.refused = 0
        self.key = ""

    async def ask(self, method: str, path: str, **options) -> httpx.Response:
        """Until it is answered: what is too much is asked again later, as people do."""
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = await self.client.request(method, path, **options)
                if answer.status_code < 500 and answer.status_code not in REFUSED:
                    return answer
                self.refused += answer.status_code in REFUSED
            await asyncio.sleep(random.uniform(0.5, 1.5))

    async def join(self) -> None:
        code = self.room.keys["code"]
        form = await self.ask("GET", f"/{code}")
        token = form.cookies["classroom-csrf"]
        entered = await self.ask(
            "POST",
            "/",
            data={"code": code, "csrfmiddlewaretoken": token},
            headers={"Cookie": f"classroom-csrf={token}", "Origin": self.room.url},
        )
        cookie = f"classroom={entered.cookies['classroom']}"
        await self.ask("GET", "/", headers={"Cookie": cookie})
        self.page = Page(self.room, "/ws/seat/", cookie, self.hear)
        self.page.opened = self._say_again
        await self.seated.wait()
        asked = {"type": "join", "code": code, "pair": self.state["pair"]}
        self.key = (await self.ask("POST", "/seats/", json=asked)).json()["key"]

    def hear(self, message: dict) -> None:
        match message["type"]:
            case "seat_state":
                before, self.state = self.state.get("poll"), message
                self.seated.set()
                poll = message["poll"]
                if poll and poll["open"] and (not before or before["id"] != poll["id"]):
                    self.saw_poll(poll)
            case "said":
                self.heard += [line["id"] for line in message["lines"]]
                self.page.query = f"?after={self.heard[-1] if self.heard else 0}"
            case "stored":
                self.unsaid.pop(message["client_id"], None)
            case "refused":
                self.refused += 1

    def say(self, text: str) -> None:
        client_id = uuid4().hex
        self.said.append(client_id)
        self.unsaid[client_id] = text
        self.page.tell("say", text=text, client_id=client_id)

    def _say_again(self) -> None:
        for client_id, text in self.unsaid.items():
            self.page.tell("say", text=text, client_id=client_id)

    async def answer(self, poll: dict, choice: int) -> None:
        """Until the page shows it as one's own."""
        self.answered[poll["id"]] = choice
        while self.state["answer"] != choice:
            self.page.tell("answer", poll=poll["id"], choice=choice)
            for _ in range(100):
                if self.state["answer"] == choice or not self.state["poll"]["open"]:
                    return
                await asyncio.sleep(0.05)

    async def send(self, result: dict) -> None:
        """As a check does. What is sent may have arrived, though the answer got lost."""
        self.sent.append(result["uuid"])
        self.outbox.append(result)
        while self.outbox:
            await self.page.awake.wait()
            waiting = self.outbox[:20]
            await self.ask(
                "POST",
                "/results/",
                json={"type": "results", "results": waiting},
                headers={"Authorization": f"Seat {self.key}"},
            )
            if random.random() < 0.9:  # the others send it again
                self.outbox = [one for one in self.outbox if one not in waiting]
