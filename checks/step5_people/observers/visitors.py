"""Visitors: browsers with cookies, which log in as a reader does."""

import asyncio
import http.client
import http.cookies
from urllib.parse import urlencode

from checks.step5_people.failures import NotLoggedIn
from workshop.checking import patience
from workshop.checking.failures import BadPage
from workshop.checking.processes.server import Server

ANSWERS_WITHIN = patience.seconds(10)  # only a check that fails waits for them
LOGIN, LOGOUT = "/accounts/login/", "/accounts/logout/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Visitor:
    """Somebody's browser at a server: its cookies, and what it asks for with them."""

    def __init__(self, server: Server):
        self.server = server
        self.cookies: dict[str, str] = {}

    async def logs_in(self, name: str, password: str) -> "Visitor":
        """Fill in the login page's form. Raises BadPage and NotLoggedIn."""
        await self.loads(LOGIN)
        status, _ = await self._posts(LOGIN, username=name, password=password)
        if status != 302 or "sessionid" not in self.cookies:
            message = f"{name} filled in the login page, and was answered with HTTP {status}."
            raise NotLoggedIn(name, message)
        return self

    async def logs_out(self) -> None:
        status, _ = await self._posts(LOGOUT)
        if status != 302:
            raise BadPage(LOGOUT, status, f"{LOGOUT} was answered with HTTP {status}.")

    async def loads(self, path: str) -> str:
        """The page at `path`. Raises BadPage where its status is not 200."""
        status, body = await self.asks(path)
        if status != 200:
            raise BadPage(path, status, f"{path} was answered with HTTP {status}.")
        return body

    async def asks(self, path: str) -> tuple[int, str]:
        return await self._sends("GET", path)

    async def _posts(self, path: str, **fields: str) -> tuple[int, str]:
        token = self.cookies.get("csrftoken", "")
        return await self._sends(
            "POST", path, urlencode({**fields, "csrfmiddlewaretoken": token}), FORM
        )

    async def _sends(self, method, path, body=None, headers=None) -> tuple[int, str]:
        try:
            return await asyncio.to_thread(self._sent, method, path, body, headers or {})
        except (OSError, http.client.HTTPException) as error:
            message = f"{path} was not answered: {error or type(error).__name__}."
            raise BadPage(path, None, message) from None

    def _sent(self, method, path, body, headers) -> tuple[int, str]:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.server.port, timeout=ANSWERS_WITHIN
        )
        try:
            if self.cookies:
                cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
                headers = {**headers, "Cookie": cookies}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
            for line in answer.headers.get_all("Set-Cookie", []):
                for name, morsel in http.cookies.SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
            return answer.status, text
        finally:
            connection.close()
