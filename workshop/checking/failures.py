"""What a browser can see go wrong. A check that fails with one of these explains itself.

Each is what was *seen*; why it happened is for the diagnoses to find.
"""


class Failure(AssertionError):
    """Something that a check saw. The message is a sentence for the attendee."""

    def __init__(self, who: str, message: str):
        super().__init__(message)
        self.who = who
        self.message = message


class NotPrepared(Failure):
    """Something that has to happen before the servers start, such as the migrations, went wrong."""


class NotListening(Failure):
    """The server ended before it listened, or did not listen in time."""


class NotASGI(Failure):
    """The server runs, but only HTTP requests can reach the application."""


class Refused(Failure):
    """The handshake was answered with an HTTP status other than 101 (RFC 6455 section 4.1)."""

    def __init__(self, who: str, status: int):
        super().__init__(who, f"The server rejected the WebSocket: HTTP {status}.")
        self.status = status


class Unanswered(Failure):
    """The handshake got no answer at all."""


class Silent(Failure):
    """Nothing arrived for `seconds`."""

    def __init__(self, who: str, seconds: float):
        super().__init__(who, f"{who} heard nothing for {seconds:g} s.")
        self.seconds = seconds


class SilentElsewhere(Silent):
    """Nothing arrived, and the sender is on another server."""


class Closed(Failure):
    """The server closed the socket while the browser was listening (RFC 6455 section 7.4.1)."""

    def __init__(self, who: str, code: int):
        super().__init__(who, f"The server closed {who}'s WebSocket, with code {code}.")
        self.code = code


class NotTheContract(Failure):
    """A frame arrived that is not a text frame with a JSON object that has the key "message"."""

    def __init__(self, who: str, message: str, frame: str | bytes):
        super().__init__(who, message)
        self.frame = frame


class StretchMissing(Failure):
    """What a stretch task asks for did not happen. The message says what is to be done, where
    nothing but exceptions of the types `leads_to`, which follow from that, were raised."""

    def __init__(self, who: str, message: str, leads_to: tuple[str, ...] = ()):
        super().__init__(who, message)
        self.leads_to = leads_to


class Flooded(Failure):
    """More frames arrived than anybody sent."""


class Heard(Failure):
    """Another message arrived than the expected one."""

    def __init__(self, who: str, heard: str, expected: str, message: str | None = None):
        super().__init__(
            who, message or f"{who} heard {brief(heard)} instead of {brief(expected)}."
        )
        self.heard = heard
        self.expected = expected


class Changed(Heard):
    """What came back to its sender, the only message under way, is not what was sent."""


class HeardTwice(Heard):
    """A message arrived again where the next one was expected."""

    def __init__(self, who: str, heard: str, expected: str):
        super().__init__(who, heard, expected, f"{who} heard {brief(heard)} twice.")


class EndedByException(Failure):
    """Something of the learner's ended with an exception."""


class Crashed(EndedByException):
    """The server's application for a browser that left ended with an exception."""


class StillRunning(Failure):
    """The server's application kept running after its browser left."""


class StillInGroup(Failure):
    """The channel layer's store still has a group that everyone has left."""


class BadPage(Failure):
    """A page's status was not 200."""

    def __init__(self, path: str, status: int | None, message: str):
        super().__init__("browser", message)
        self.path = path
        self.status = status


def brief(value, limit: int = 60) -> str:
    """`value` as text of at most `limit` characters, on one line. What is in a string is shown as
    it is: escaping backslashes would change it."""
    if not isinstance(value, str):
        return _cut(repr(value), limit)
    return "'" + _cut("\\n".join(value.splitlines()), limit - 2) + "'"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
