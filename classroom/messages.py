"""Every message of the classroom, for both ends of every connection.

A message is a JSON object whose "type" names a class below in lower case with underscores, and
whose other keys are that class's fields. decode() refuses everything else, so that what comes after
it has nothing to check. The pages get the same as field_names(). The attendee's laptop imports this
module, so it needs only the standard library.
"""

import json
import re
import types
from collections.abc import Collection
from dataclasses import MISSING, dataclass, fields, is_dataclass
from dataclasses import asdict as _asdict
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

OLDEST = 24 * 60 * 60  # seconds; what is older counts as a day old
LONGEST = 8192  # bytes of a message to the server; what it sends may be longer


class Unfit(ValueError):
    """It is not a message of the classroom. The text says why, in a sentence."""


@dataclass(frozen=True)
class Length:
    """How many characters a string may have, or items a list."""

    least: int
    most: int


@dataclass(frozen=True)
class Between:
    least: float
    most: float


@dataclass(frozen=True)
class Like:
    pattern: str


# Nobody can type a control character; the page shows a text in one paragraph.
TEXT = Like(r"[^\x00-\x08\x0b-\x1f\x7f]*")
Name = Annotated[str, Length(0, 24), TEXT]
Text = Annotated[str, Length(1, 500), TEXT]
Id = Annotated[str, Like(r"[0-9a-f]{32}")]  # a UUID, made by whoever sends it
Step = Annotated[str, Like(r"step\d{1,3}")]
Word = Annotated[str, Length(1, 100), Like(r"\w+")]  # of a check, of a diagnosis
Count = Annotated[int, Between(0, 1000)]
Question = Annotated[str, Length(1, 200), TEXT]
Choices = Annotated[list[Annotated[str, Length(1, 80), TEXT]], Length(2, 6)]


# From a laptop, over HTTP


@dataclass(frozen=True)
class Join:
    """A laptop asks for a seat, or with `pair` for one that has a browser already."""

    code: Annotated[str, Length(1, 40)]
    pair: Annotated[str, Length(0, 40)] = ""
    name: Name = ""


@dataclass(frozen=True)
class Result:
    """How a run of checks/stepN ended: all that is ever told of it."""

    uuid: Id
    step: Step
    passed: Annotated[list[Word], Length(0, 50)]
    total: Annotated[int, Between(1, 50)]
    diagnosis: Word | None
    seconds: Annotated[float, Between(0, 100000)]
    # Since then, when it is sent: more than 0 where the classroom did not answer before. Not when
    # it was, for the clocks of two machines differ.
    ago: Annotated[int, Between(0, OLDEST)] = 0


@dataclass(frozen=True)
class Results:
    """Results in the order in which they came about; some may have been sent before."""

    results: Annotated[list[Result], Length(1, 20)]


# From a seat's page


@dataclass(frozen=True)
class Say:
    text: Text
    client_id: Id


@dataclass(frozen=True)
class Raise:
    """ "I'm stuck" or "I'm done": in place of what was raised before."""

    kind: Annotated[str, Like("stuck|done")]


@dataclass(frozen=True)
class Lower:
    """Neither of them any more; from the board, those of a seat."""

    seat: int | None = None


@dataclass(frozen=True)
class Answer:
    poll: int
    choice: Annotated[int, Between(0, 5)]


@dataclass(frozen=True)
class Rename:
    name: Name


# From the board


@dataclass(frozen=True)
class OpenPoll:
    """Closes the one that is open."""

    question: Question
    choices: Choices


@dataclass(frozen=True)
class ClosePoll:
    """Its result is shown until it is put away."""


@dataclass(frozen=True)
class PutAwayPoll:
    pass


@dataclass(frozen=True)
class Show:
    """Put a diagnosis on the screen; None removes it."""

    diagnosis: Word | None


@dataclass(frozen=True)
class Exercise:
    """The room works on a step, for so many minutes from now; 0 minutes: no countdown."""

    step: Step
    minutes: Annotated[float, Between(0, 180)]


# To the pages. Each state is all that its page shows, so that a page which comes back needs no
# more than the newest. Only of seats, the board gets what has changed. Times are seconds since 1970
# by the server's clock, which `now` tells.


@dataclass(frozen=True)
class Poll:
    id: int
    question: str
    choices: list[str]
    open: bool
    answers: int
    counts: list[int] | None  # None while it is open: nobody follows the others


@dataclass(frozen=True)
class SeatState:
    """To a seat: of other seats there is nothing in it."""

    label: str
    hue: int
    name: str
    pair: str
    raised: str | None
    poll: Poll | None
    answer: int | None  # the seat's own
    step: str | None
    ends: float | None
    now: float


@dataclass(frozen=True)
class Line:
    """A message of the room, with who said it. The page's parts are those of the steps' chat."""

    id: int
    message: str
    author: str
    created: str


@dataclass(frozen=True)
class Said:
    """What was said since the page was told last, oldest first."""

    lines: list[Line]


@dataclass(frozen=True)
class Stored:
    """To the one who said it."""

    id: int
    client_id: str


@dataclass(frozen=True)
class Refused:
    why: str


@dataclass(frozen=True)
class Standing:
    """The newest result of a seat in a step."""

    step: str
    passed: list[bool]  # in the order of the step's checks
    done: bool  # it has passed, now or before
    diagnosis: str | None


@dataclass(frozen=True)
class SeatRow:
    id: int
    label: str
    hue: int
    name: str
    active: float
    standings: list[Standing]


@dataclass(frozen=True)
class HandRow:
    seat: int
    kind: str
    since: float


@dataclass(frozen=True)
class Shared:
    """A diagnosis that several seats have right now."""

    id: str
    seats: int
    sentence: str
    step: str
    slide: str


@dataclass(frozen=True)
class StepRow:
    step: str
    title: str
    minutes: int
    checks: list[str]
    done: int
    begun: int


@dataclass(frozen=True)
class BoardState:
    steps: list[StepRow]
    seats: list[SeatRow]  # those that have changed since the page was told last; at first, all
    left: list[int]  # those that were left since
    hands: list[HandRow]
    shared: list[Shared]
    poll: Poll | None
    shown: str | None
    step: str | None
    ends: float | None
    now: float


@dataclass(frozen=True)
class ScreenState:
    """No seat can be recognized in it."""

    seats: int
    step: str | None
    title: str
    done: int
    part: float  # of all the room's checks in this step, from 0 to 1
    poll: Poll | None
    shown: Shared | None
    ends: float | None
    now: float


FROM_LAPTOP = (Join, Results)
FROM_SEAT = (Say, Raise, Lower, Answer, Rename)
FROM_BOARD = (OpenPoll, ClosePoll, PutAwayPoll, Show, Exercise, Lower)
TO_PAGES = (SeatState, Said, Stored, Refused, BoardState, ScreenState)


def name_of(kind: type) -> str:
    """ "open_poll" of OpenPoll."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def as_data(message) -> dict:
    return {"type": name_of(type(message)), **_asdict(message)}


def encode(message) -> str:
    return json.dumps(as_data(message))


def decode(text: str | bytes | None, kinds: Collection[type]):
    """The message in `text`, if it is one of these kinds. Raises Unfit."""
    if not isinstance(text, str | bytes):
        raise Unfit("A message is a text.")
    if len(text.encode() if isinstance(text, str) else text) > LONGEST:
        raise Unfit(f"A message has at most {LONGEST} bytes.")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise Unfit("It is not JSON.") from None
    if not isinstance(data, dict):
        raise Unfit("A message is a JSON object.")
    names = {name_of(kind): kind for kind in kinds}
    name = data.pop("type", None)
    kind = names.get(name) if isinstance(name, str) else None
    if not kind:
        raise Unfit(f"Its type is not one of these: {', '.join(names)}.")
    return _fit(data, kind, name)


def field_names(kinds: Collection[type]) -> dict[str, list[str]]:
    """For the pages: {"say": ["text", "client_id"], …}"""
    return {name_of(kind): [field.name for field in fields(kind)] for kind in kinds}


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _fit(value, kind, where: str):
    """The value as `kind`, or Unfit."""
    origin = get_origin(kind)
    if origin is Annotated:
        kind, *limits = get_args(kind)
        value = _fit(value, kind, where)
        for limit in limits:
            _keep(value, limit, where)
        return value
    if origin in (Union, types.UnionType):
        (wanted,) = (one for one in get_args(kind) if one is not type(None))
        return None if value is None else _fit(value, wanted, where)
    if origin is list:
        if not isinstance(value, list):
            raise Unfit(f"{where} is not a list.")
        return [_fit(one, get_args(kind)[0], where) for one in value]
    if is_dataclass(kind):
        return _fit_object(value, kind, where)
    if kind is float and type(value) is int:
        value = float(value) if abs(value) < 1e15 else None
    if type(value) is not kind:  # True is not a number here
        raise Unfit(f"{where} is not of the type {kind.__name__}.")
    if kind is int and abs(value) > 2**62:
        raise Unfit(f"{where} is too large.")
    if kind is str and any(0xD800 <= ord(one) < 0xE000 for one in value):
        raise Unfit(f"{where} is not a text: it has half a character.")
    return value


def _fit_object(value, kind, where: str):
    if not isinstance(value, dict):
        raise Unfit(f"{where} is not an object.")
    known = {field.name: field for field in fields(kind)}
    for name in value:
        if name not in known:
            raise Unfit(f"{where} has a key that is unknown: {name[:40]!r}.")
    given = {}
    for name, field in known.items():
        if name in value:
            given[name] = _fit(value[name], _hints(kind)[name], f"{where}.{name}")
        elif field.default is MISSING:
            raise Unfit(f"{where} lacks the key {name!r}.")
    return kind(**given)


def _keep(value, limit, where: str) -> None:
    match limit:
        case Length(least, most) if not least <= len(value) <= most:
            raise Unfit(f"{where} has a length of {len(value)}, not of {least} to {most}.")
        case Between(least, most) if not least <= value <= most:  # NaN is not between any two
            raise Unfit(f"{where} is not between {least} and {most}.")
        case Like(pattern) if not re.fullmatch(pattern, value):
            raise Unfit(f"{where} is not as it should be.")
