"""What a consumer sends once its WebSocket is closed: nothing."""

from contextlib import suppress

from autobahn.exception import Disconnected  # by Daphne


class SilentOnceClosed:
    """For a consumer. Frames and events that were on their way still come after it has closed, and
    its browser may be gone before disconnect() is called. Sending raises an exception then, and
    after an exception Channels does not call disconnect()."""

    closed = False

    async def close(self, *args, **kwargs):
        if not self.closed:
            self.closed = True
            await super().close(*args, **kwargs)

    async def send(self, *args, **kwargs):
        if not self.closed:
            with suppress(Disconnected):
                await super().send(*args, **kwargs)
