"""The stretch task of step 1: a limit for slow opponents."""

import asyncio
import http.client
from contextlib import AsyncExitStack

import pytest

from workshop.checking import patience
from workshop.checking.failures import StretchMissing
from workshop.checking.observers.pages import Pages, connection
from workshop.checking.processes.server import Server

BROWSERS = 3
THINKS = "60"  # seconds: nobody waits for these opponents
ANSWERS_WITHIN = patience.seconds(6)  # the limit is to be 2 s; only a check that fails waits longer


@pytest.fixture
def slow_hall(checking_session):
    """A server whose opponents are too slow."""
    server = Server(checking_session.folder, THINKING_SECONDS=THINKS)
    checking_session.prepared.servers.append(server)  # its log may explain a failure
    yield server
    server.stop()


async def test_a_quick_opponent_answers(server):
    """An opponent who is quick enough still answers with a move."""
    await server.starts()
    answer = await Pages(server).loads("/awaiting/")
    if "move" not in answer.body.decode(errors="replace"):
        raise StretchMissing(
            "hall", "/awaiting/ answers without a move, although the opponent needs only 0.23 s."
        )


async def test_slow_opponents_are_not_waited_for(slow_hall):
    """Browsers whose opponents are too slow get HTTP 504, all at the same moment."""
    await slow_hall.starts()
    async with AsyncExitStack() as stack:
        browsers = [await stack.enter_async_context(connection(slow_hall)) for _ in range(BROWSERS)]
        for browser in browsers:
            browser.ask("/awaiting/")
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                answers = [await browser.answer() for browser in browsers]
        except TimeoutError:
            raise StretchMissing(
                "hall",
                f"The opponents take a minute, and after {ANSWERS_WITHIN:g} s the {BROWSERS} "
                "browsers that asked /awaiting/ together are not all answered. In `awaiting` of "
                "hall/views.py, wait inside of `async with asyncio.timeout(2):`.",
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise StretchMissing("hall", f"/awaiting/ was not answered: {error!r}") from None
    for answer in answers:
        if answer.status != 504:
            raise StretchMissing(
                "hall",
                "The opponent was too slow, and the browser was answered with HTTP "
                f"{answer.status}. Catch the TimeoutError around the `async with`, and return a "
                "response with status_code 504.",
                leads_to=("TimeoutError", "CancelledError"),
            )
