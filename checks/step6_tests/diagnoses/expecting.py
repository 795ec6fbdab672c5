"""A test fails on a chat that is right: what it expects is not what the chat does."""

import ast

from checks.step6_tests.diagnoses.seen import calls, failing, sources, strings, uses
from checks.step6_tests.failures import FailsOnTheRightChat, Hangs
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import Where
from workshop.manifest import find

KEYS = ("'message'", "'id'", "'client_id'", "'author'", "'people'", "'error'")


def _where(evidence):
    """The test's line that failed; else the test."""
    source, function = failing(evidence)
    for error in evidence.errors if source else ():
        for frame in reversed(error.frames):
            if frame.function == function.name and frame.file == source.path:
                return Where(frame.file, frame.line)
    error = next((e for e in evidence.errors if evidence.where(e)), None)
    if error:
        return evidence.where(error)
    return source.where(function) if source else None


@rule
def no_such_address(evidence):
    """The path leads to no consumer."""
    if not evidence.saw(FailsOnTheRightChat):
        return None
    if "No route found for path" not in evidence.failure.text:
        return None
    path = evidence.failure.text.rpartition("path ")[2].strip(".")
    return Explanation(
        f"No route leads to the path {path} that this test opens. It is /ws/chat/lobby/, with a "
        "slash at both ends.",
        _where(evidence),
    )


@rule
def never_connected(evidence):
    """A tab that is spoken to before connect()."""
    if not evidence.saw(FailsOnTheRightChat, Hangs) or uses(evidence, "connect"):
        return None
    for source in sources(evidence):
        for call in calls(source.tree, "WebsocketCommunicator"):
            return Explanation(
                "This communicator is never connected: its consumer is sent frames without a "
                "`websocket.connect` before them. Begin with `connected, _ = await tab.connect()`",
                source.where(call),
            )
    return None


@rule
def header_missing(evidence):
    """No Origin, or no cookie: the right chat refuses it."""
    if not evidence.saw(FailsOnTheRightChat):
        return None
    known = strings(evidence)
    lacks = [name for name in ("origin", "cookie") if name not in known]
    for source in sources(evidence) if lacks else ():
        for call in calls(source.tree, "WebsocketCommunicator"):
            return Explanation(
                f"This handshake has no {lacks[0].capitalize()} header, so the chat refuses it, as "
                "it should. A browser sends `host`, `origin` and `cookie`: pass them as headers, "
                "pairs of bytes.",
                source.where(call),
            )
    return None


@rule
def never_disconnected(evidence):
    """Tabs are left open."""
    if not evidence.saw(FailsOnTheRightChat) or uses(evidence, "disconnect"):
        return None
    for source in sources(evidence):
        for call in calls(source.tree, "WebsocketCommunicator"):
            return Explanation(
                "No test disconnects, so no consumer's disconnect() is ever run, and each tab is "
                "in its group and on the list still. End with `await tab.disconnect()`",
                source.where(call),
            )
    return None


@rule
def another_frame_came_first(evidence):
    """The next frame is taken for the expected one, and it is another kind."""
    if not evidence.saw(FailsOnTheRightChat) or evidence.failure.type != "KeyError":
        return None
    if evidence.failure.text not in KEYS:
        return None
    return Explanation(
        f"The frame that came has no {evidence.failure.text}. A tab is also sent answers, with an "
        "id and a client_id, and lists of people: skip what the test is not about, as `hears(tab, "
        '"message")` does.',
        _where(evidence),
    )


@rule
def chat_was_changed(evidence):
    """The tests fit a chat that was changed, and not the right one."""
    if not evidence.saw(FailsOnTheRightChat):
        return None
    solution = find("step6_tests").solution
    for name in ("chat/consumers.py", "chat/frames.py", "chat/models.py", "mysite/asgi.py"):
        file = evidence.project.folder / name
        if file.is_file() and file.read_bytes() != (solution / name).read_bytes():
            return Explanation(
                f"Your {name} is not the one of this step. The check runs your tests with the "
                "right one, and there this test fails. Put the file back: git checkout, or "
                "`python3 -m workshop diff step6`.",
                Where(file, 1),
            )
    return None


@rule
def expects_something_else(evidence):
    """Nothing of the above: what failed is shown."""
    if not evidence.saw(FailsOnTheRightChat):
        return None
    if evidence.failure.type not in ("AssertionError", "TimeoutError", "CancelledError",
                                     "ConnectionRefusedError", "Failed"):  # fmt: skip
        return None
    source, function = failing(evidence)
    waits = evidence.failure.type in ("TimeoutError", "CancelledError")
    what = "it waits for a frame that does not come" if waits else "it expects something else"
    loops = [n for n in ast.walk(function) if isinstance(n, ast.With)] if source else []
    hint = " (A with block ended without the exception.)" if loops and not waits else ""
    return Explanation(
        f"On a chat that is right, this test fails: {what}.{hint} Compare with the table of frames "
        "in the README of step 5.",
        _where(evidence),
    )
