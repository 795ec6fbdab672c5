"""A pytest plugin for steps' own tests, where they must pass: Channels waits a second for an answer
that is not there yet, and a busy machine takes longer. An attendee's tests run without it."""

from channels.testing import WebsocketCommunicator as Communicator

for method in (
    Communicator.connect,
    Communicator.receive_output,
    Communicator.receive_from,
    Communicator.receive_json_from,
    Communicator.disconnect,
):
    *others, _ = method.__defaults__  # `timeout` is the last, in seconds
    method.__defaults__ = (*others, 60)
