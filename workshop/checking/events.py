"""What a program under check reports about itself, as small classes. Each is decoded here and
nowhere else; workshop/checking/instrumented/ says when each is reported.

`path` is the WebSocket whose code ran; None outside of any.
"""

from dataclasses import dataclass, field, fields
from pathlib import Path


@dataclass(frozen=True)
class Frame:
    file: Path
    line: int  # from 1; 0 where it is not known
    function: str
    code: str = ""  # the line's text, stripped; empty where it was not kept


@dataclass(frozen=True)
class Event:
    """One event of a process. The subclasses' names are the events' own, in snake case."""


@dataclass(frozen=True)
class Serving(Event):
    """The server is made."""

    protocol: str  # "asgi" or "wsgi"


@dataclass(frozen=True)
class SettingsRead(Event):
    """The settings were read, or failed to be. Passwords are masked in the process itself."""

    module: str  # "mysite.settings", as the environment names it
    allowed_hosts: object
    channel_layers: object


# A WebSocket's application, from outside


@dataclass(frozen=True)
class Connected(Event):
    """The application has finished with the handshake."""

    path: str


@dataclass(frozen=True)
class LeftUnanswered(Event):
    """It has, with neither accept nor close."""

    path: str


@dataclass(frozen=True)
class Ended(Event):
    """The application has ended."""

    path: str
    error: str | None  # "KeyError: 'message'"


@dataclass(frozen=True)
class EncodedAgain(Event):
    """A text was sent that was sent to another browser before, but had been made anew."""

    path: str | None
    text: str  # its beginning


# Consumers and the channel layer


@dataclass(frozen=True)
class ConsumerMade(Event):
    """A consumer was made for a WebSocket."""

    path: str | None
    object: int  # the same for the same object
    classes: tuple[tuple[str, str], ...]  # (module, name) of its class and its bases

    @property
    def name(self) -> str:
        return self.classes[0][1]


@dataclass(frozen=True)
class Handles(Event):
    """A consumer begins to handle an event of ASGI or of the channel layer."""

    path: str | None
    type: str | None  # "websocket.receive", "chat.message"


@dataclass(frozen=True)
class Handled(Event):
    """It has finished handling it."""

    path: str | None
    type: str | None


@dataclass(frozen=True)
class Sends(Event):
    """A consumer sends an event of ASGI."""

    path: str | None
    object: int  # the consumer, as in ConsumerMade
    type: str  # "websocket.send"
    frames: tuple[Frame, ...]


@dataclass(frozen=True)
class LayerCall(Event):
    """A method of the channel layer is called."""

    path: str | None
    call: str  # "group_add", "group_discard", "group_send", "send", "flush"; "receive" of their own
    group: str  # the first argument, whatever it was
    channel: str | None  # the second one, where it is a string
    type: str | None  # of the message that is sent
    frames: tuple[Frame, ...]


@dataclass(frozen=True)
class LayerMade(Event):
    """A channel layer was made from the settings."""

    path: str | None
    name: str  # "channels_redis.core.RedisChannelLayer"
    # How it reaches its Redis, passwords included: to connect there, never to be shown.
    hosts: tuple[dict, ...] | None = field(default=None, repr=False)


# What would stay silent


@dataclass(frozen=True)
class NeverAwaited(Event):
    """A coroutine was created but never awaited."""

    path: str | None
    coroutine: str  # "ChatConsumer.send"
    frames: tuple[Frame, ...]  # of the line that created it


@dataclass(frozen=True)
class ExceptionFacts:
    """One exception of a chain."""

    id: int  # the same for the same exception everywhere in one process
    type: str  # "ValueError"
    module: str  # "builtins"
    bases: tuple[str, ...]  # the names of its base classes, the nearest first
    message: str
    arguments: tuple  # plain values; others as their repr()
    name: str | None  # the name, attribute, module or key that was missing
    object: str | None  # the type of the object that lacks it; a module's or class's own name
    link: str | None  # how it led to one before it: "cause", "context", or "member" of a group
    frames: tuple[Frame, ...]
    details: dict  # of SyntaxError, OSError, UnicodeError, ImportError


@dataclass(frozen=True)
class Raised(Event):
    """An exception ended something."""

    path: str | None
    by: str  # what received it: "consumer", "application", "page", "thread", "loop" or "program"
    chain: tuple[ExceptionFacts, ...]  # the exception itself, then those that it was raised from
    handling: str | None = None  # the event, path or coroutine that was being handled


@dataclass(frozen=True)
class Caught(Event):
    """The project's own code caught an exception."""

    path: str | None
    chain: tuple[ExceptionFacts, ...]
    frames: tuple[Frame, ...]  # of the `except`, the `with`, or the call that made the task
    by: str = "except"  # or "suppress", "gather" (return_exceptions=True), "task"


@dataclass(frozen=True)
class Busy(Event):
    """What a thread or a task was doing when asked."""

    what: str  # "thread" or "task"
    frames: tuple[Frame, ...]

    @property
    def holds_a_loop(self) -> bool:
        """Whether it is the thread of an event loop."""
        return "_run_once" in self._functions

    @property
    def frames_in_the_loop(self) -> tuple[Frame, ...]:
        """Of the thread of an event loop, what the loop is doing: not what has started it."""
        functions = [frame.function for frame in self.frames]
        return self.frames[functions.index("_run_once") + 1 :] if self.holds_a_loop else self.frames

    @property
    def is_apart(self) -> bool:
        """Whether it is a thread that the project itself has started: nobody waits for it, as for
        an event loop and the workers of a pool."""
        started = "_bootstrap_inner" in self._functions
        return started and not {"_run_once", "_worker"} & self._functions

    @property
    def _functions(self) -> set[str]:
        return {frame.function for frame in self.frames}


@dataclass(frozen=True)
class Computes(Event):
    """A line kept the event loop busy computing for so long that others had to wait."""

    frames: tuple[Frame, ...]


@dataclass(frozen=True)
class Imported(Event):
    """A command with a database, other than a server, has ended."""

    files: tuple[str, ...]  # of the project that it has imported, relative to its folder


@dataclass(frozen=True)
class Reported(Event):
    """Everything that is busy has been reported."""


@dataclass(frozen=True)
class HeldUp(Event):
    """The event loop does nothing until it is released."""


KINDS = {
    "serving": Serving,
    "settings": SettingsRead,
    "connected": Connected,
    "unanswered": LeftUnanswered,
    "ended": Ended,
    "encoded_again": EncodedAgain,
    "consumer": ConsumerMade,
    "handles": Handles,
    "handled": Handled,
    "sends": Sends,
    "layer_call": LayerCall,
    "layer_made": LayerMade,
    "never_awaited": NeverAwaited,
    "raised": Raised,
    "caught": Caught,
    "imported": Imported,
    "busy": Busy,
    "computes": Computes,
    "reported": Reported,
    "held_up": HeldUp,
}


def decoded(facts: dict, folder: Path) -> Event:
    """The event that a process has reported as JSON. Relative names of files are the project's, in
    `folder`. Raises KeyError and TypeError for what no process reports."""
    return _made(KINDS[facts.pop("event")], facts, folder)


def _made(kind: type, facts: dict, folder: Path):
    known = {field.name for field in fields(kind)}
    return kind(**{name: _value(name, facts[name], folder) for name in facts.keys() & known})


def _value(name: str, value, folder: Path):
    match name:
        case "frames":
            return tuple(Frame(folder / file, line or 0, *rest) for file, line, *rest in value)
        case "chain":
            return tuple(_made(ExceptionFacts, facts, folder) for facts in value)
        case "details" if value.get("filename"):
            return {**value, "filename": str(folder / value["filename"])}
        case "classes":
            return tuple((module, name) for module, name in value)
        case "allowed_hosts" | "channel_layers":
            from ast import literal_eval  # not before the servers were started: see program.py

            return literal_eval(value)
    return tuple(value) if isinstance(value, list) else value
