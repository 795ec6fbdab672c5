"""What a consumer does once it has closed its WebSocket: nothing."""


class SilentOnceClosed:
    """For a consumer. Frames and events that were on their way when it closed still come; with
    Daphne, to send something in answer to one of them raises an exception."""

    closed = False

    async def close(self, *args, **kwargs):
        if not self.closed:
            self.closed = True
            await super().close(*args, **kwargs)

    async def send(self, *args, **kwargs):
        if not self.closed:
            await super().send(*args, **kwargs)
