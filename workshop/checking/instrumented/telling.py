"""How the process under check reports what happens: marked lines between those of its log.

An event is one JSON object. It is written in pieces that no other write can get into (a write of up
to PIPE_BUF bytes to a pipe is atomic, pipe(7)), each on a line of its own:

    MARK NUMBER + PIECE      more of event NUMBER follows …
    MARK NUMBER . PIECE      … and this is its last piece

The descriptor is a copy of the one for standard error made at the start, so that neither LOGGING
nor a redirected stream changes where events go.

Imports only the standard library.
"""

import collections
import contextvars
import functools
import itertools
import json
import linecache
import os

from workshop.checking.instrumented import MARK

PIECE = 3500  # bytes; PIPE_BUF is 4096 on Linux, and at least 512 elsewhere
PER_SOCKET = 60  # events of one kind that are reported for one WebSocket

HERE = os.path.dirname(os.path.abspath(__file__))

websocket = contextvars.ContextVar("websocket", default=None)  # the path of the current WebSocket
_numbers = itertools.count()
_told = collections.Counter()
_output = None


def open_channel():
    """From now on events go where standard error goes now."""
    global _output
    _output = os.dup(2)


def tell(event, **facts):
    """Write one event. Never raises: a check that is gone is not the learner's problem."""
    data = json.dumps({"event": event, **facts}).encode()
    number = next(_numbers)
    for start in range(0, len(data), PIECE):
        piece = data[start : start + PIECE]
        end = "." if start + PIECE >= len(data) else "+"
        try:
            os.write(_output, f"{MARK}{number} {end} ".encode() + piece + b"\n")
        except OSError:
            return


def tell_of_socket(event, **facts):
    """The same with the path of the current WebSocket, unless another `path` is given, at most
    PER_SOCKET times of its kind. `frames` may be a function: it is only called for what is told,
    for looking through the stack takes longer than all the rest."""
    path = facts.setdefault("path", websocket.get())
    key = event, facts.get("call"), facts.get("coroutine"), path
    _told[key] += 1
    if _told[key] > PER_SOCKET:
        return
    if callable(facts.get("frames")):
        facts["frames"] = facts["frames"]()
    tell(event, **facts)


# Where it happened: frames as [file, line, function, the line's text], the outermost first. The
# text is there for the project's own lines and for the innermost one; it is empty for others.


def frames_of(frame):
    """The stack that leads to a frame, without this package's own frames."""
    places = []
    while frame:
        places.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return _described(places[::-1])


def frames_of_traceback(traceback):
    """The frames of a traceback, without this package's own."""
    places = []
    while traceback:
        places.append((traceback.tb_frame.f_code, traceback.tb_lineno))
        traceback = traceback.tb_next
    return _described(places)


def their_last_frame(frame):
    """The innermost frame of the project's own code on the stack that leads to a frame: a list of
    one, or an empty one."""
    while frame and not is_theirs(frame.f_code.co_filename):
        frame = frame.f_back
    return _described([(frame.f_code, frame.f_lineno)]) if frame else []


def their_frames(frame):
    """The frames of the project's own code on the stack that leads to a frame."""
    places = []
    while frame:
        if is_theirs(frame.f_code.co_filename):
            places.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return _described(places[::-1])


def _described(places):
    places = [(code, line) for code, line in places if is_not_ours(code.co_filename)]
    return [
        [code.co_filename, line, code.co_name, text_of(code.co_filename, line)]
        if is_theirs(code.co_filename) or number == len(places)
        else [code.co_filename, line, code.co_name, ""]
        for number, (code, line) in enumerate(places, start=1)
    ]


def text_of(file, line):
    return linecache.getline(file, line or 0).strip()[:200]


def is_not_ours(file):
    """Whether the file is not in this package."""
    return not file.startswith(HERE)


@functools.cache
def is_theirs(file):
    """Whether the file belongs to the project, which is the working directory. The name of a
    script is as it was typed."""
    if not os.path.isabs(file) and not file.startswith("<"):
        file = os.path.join(os.getcwd(), file)
    inside = file.startswith(os.getcwd() + os.sep)
    return inside and "site-packages" not in file and not file.endswith("manage.py")
