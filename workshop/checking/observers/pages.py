"""The pages of a step's server, asked for over HTTP."""

import httpx

from workshop.checking import failures, patience
from workshop.checking.processes.server import Server

ANSWERS_WITHIN = patience.seconds(5)  # only a check that fails waits for them


class Pages:
    def __init__(self, server: Server):
        self.server = server

    async def get(self, path: str) -> httpx.Response:
        """The answer to GET `path`, of whatever status. Raises BadPage when there is none."""
        address = f"http://{self.server.address}"
        async with httpx.AsyncClient(
            base_url=address, verify=False, trust_env=False, timeout=ANSWERS_WITHIN
        ) as client:
            try:
                return await client.get(path)
            except httpx.TimeoutException:
                raise failures.BadPage(
                    path, None, f"{path} was not answered within {ANSWERS_WITHIN:g} s."
                ) from None
            except httpx.TransportError as error:
                raise failures.BadPage(
                    path, None, f"{path} was not answered: {error or type(error).__name__}."
                ) from None

    async def loads(self, path: str) -> httpx.Response:
        """The page at `path`. Raises BadPage when its status is not 200."""
        response = await self.get(path)
        if response.status_code != 200:
            message = f"{path} was answered with HTTP {response.status_code}."
            raise failures.BadPage(path, response.status_code, message)
        return response
