"""Exceptions as facts: `raised` where one ends something, `caught` where the project's own code
catches one.

    {"event": "raised", "path": …, "by": "consumer", "handling": "websocket.receive",
     "chain": [EXCEPTION, …]}
    {"event": "caught", "path": …, "by": "except", "chain": [EXCEPTION, …], "frames": [...]}

`by` is what received the exception: "consumer" (the dispatch of an event), "application" (the ASGI
application of a WebSocket), "page" (Django's handling of a request), "thread", "loop" (the event
loop's exception handler: a task that nobody awaits) or "program" (it ended the program, or its
start). What catches is "except", "suppress" (contextlib's), "gather" (with return_exceptions=True)
or "task" (one that the project started; whatever awaits it gets the exception, too). `path` is the
current WebSocket, null outside of any. The chain begins with the exception itself; each exception
in it is

    {"id": 7, "type": "KeyError", "module": "builtins", "bases": ["LookupError", …],
     "message": "'msg'", "arguments": ["msg"], "name": null, "object": null,
     "link": null, "frames": [...], "details": {…}}

`id` is the same wherever the same exception appears again. `arguments` that are not plain values
are their repr(). `name` is the name that was missing, and `object` the type of the object that
lacks it (NameError, AttributeError, ImportError and KeyError carry them). `link` says how it led to
the one before it in the chain: "cause" (`raise … from`) or "context" (it was raised while the other
was handled; https://docs.python.org/3/library/exceptions.html#exception-context), or "member" of a
group (PEP 654). `details` has what SyntaxError, OSError and UnicodeError carry besides.

Each is reported once for each receiver. Imports only the standard library.
"""

import asyncio
import contextlib
import functools
import itertools
import sys
import threading

from workshop.checking.instrumented import telling

CHAIN_KEPT = 8
FRAMES_KEPT = 60
LONGEST = 500  # characters of a message
MARKED = "__workshop_id__"
PLAIN = (str, int, float, bool, type(None))
DETAILS = {
    SyntaxError: ("msg", "filename", "lineno", "offset", "text", "end_lineno", "end_offset"),
    OSError: ("errno", "strerror", "filename"),
    UnicodeError: ("encoding", "start", "end", "reason"),
    ImportError: ("path",),
}

_ids = itertools.count(1)


def tell_raised(exception, by, **facts):
    """Tell that `exception` ended what `by` names. Never raises."""
    with contextlib.suppress(Exception):
        telling.tell_of_socket("raised", by=by, chain=chain_of(exception), **facts)


def tell_caught(exception, by="except", frames=None):
    """Called first thing in every `except` of the project (see rewriting.py). Never raises."""
    with contextlib.suppress(Exception):
        frames = frames or telling.their_last_frame(sys._getframe(1))
        telling.tell_of_socket("caught", by=by, chain=chain_of(exception), frames=frames)


def chain_of(exception):
    """The exception and those that it was raised from or consists of, as facts."""
    chain, waiting, seen = [], [(exception, None)], set()
    while waiting and len(chain) < CHAIN_KEPT:
        exception, link = waiting.pop(0)
        if id(exception) in seen:
            continue
        seen.add(id(exception))
        chain.append({**facts_of(exception), "link": link})
        waiting += [(member, "member") for member in _members_of(exception)]
        if exception.__cause__ is not None:
            waiting.append((exception.__cause__, "cause"))
        elif exception.__context__ is not None and not exception.__suppress_context__:
            waiting.append((exception.__context__, "context"))
    return chain


def _members_of(exception):
    return exception.exceptions if isinstance(exception, BaseExceptionGroup) else ()


def facts_of(exception):
    kind = type(exception)
    frames = telling.frames_of_traceback(exception.__traceback__)
    if len(frames) > FRAMES_KEPT:
        frames = frames[: FRAMES_KEPT // 2] + frames[-FRAMES_KEPT // 2 :]
    return {
        "id": _id_of(exception),
        "type": kind.__name__,
        "module": kind.__module__,
        "bases": [base.__name__ for base in kind.__mro__[1:-1]],
        "message": _text_of(exception),
        "arguments": [_plain(argument) for argument in exception.args],
        "name": _name_of(exception),
        "object": _object_of(exception),
        "frames": frames,
        "details": _details_of(exception),
    }


def _id_of(exception):
    """A number that the exception keeps. It isn't a reference: what its frames hold must be
    released as if nobody had looked."""
    try:
        return exception.__dict__.setdefault(MARKED, next(_ids))
    except AttributeError:  # it allows no attributes
        return next(_ids)


def _text_of(exception):
    try:
        return str(exception)[:LONGEST]
    except Exception:  # its own __str__ fails
        return ""


def _plain(value):
    if isinstance(value, str):
        return value[:LONGEST]
    if isinstance(value, PLAIN):
        return value
    try:
        return repr(value)[:LONGEST]
    except Exception:
        return f"<{type(value).__name__}>"


def _name_of(exception):
    if isinstance(exception, KeyError) and exception.args:
        return _plain(exception.args[0])
    name = getattr(exception, "name", None)
    return name if isinstance(name, str) else None


def _object_of(exception):
    """The type of the object that lacks an attribute: "NoneType"; a module's or class's own name
    where it is one."""
    if not isinstance(exception, AttributeError) or not hasattr(exception, "obj"):
        return None
    owner = exception.obj
    if isinstance(owner, type(sys) | type):
        return owner.__name__
    return type(owner).__name__


def _details_of(exception):
    return {
        name: _plain(getattr(exception, name, None))
        for kind, names in DETAILS.items()
        if isinstance(exception, kind)
        for name in names
    }


# Who sees exceptions last


def _hooks():
    """What Python calls for an exception that ends the program or a thread, and what asyncio calls
    for one in a task that nobody awaits, whatever handler the project sets."""
    excepthook, thread_hook = sys.excepthook, threading.excepthook
    call_handler = asyncio.BaseEventLoop.call_exception_handler

    def program_ends(kind, exception, traceback):
        tell_raised(exception.with_traceback(traceback), "program")
        excepthook(kind, exception, traceback)

    def thread_ends(args):
        if args.exc_value is not None:
            tell_raised(args.exc_value, "thread")
        thread_hook(args)

    @functools.wraps(call_handler)
    def loop_hears(loop, context):
        if isinstance(context.get("exception"), BaseException):
            tell_raised(context["exception"], "loop", handling=_coroutine_in(context))
        call_handler(loop, context)

    sys.excepthook, threading.excepthook = program_ends, thread_ends
    asyncio.BaseEventLoop.call_exception_handler = loop_hears


def _coroutine_in(context):
    """The name of the coroutine whose task failed, None for anything else."""
    task = context.get("task") or context.get("future")
    coroutine = task.get_coro() if isinstance(task, asyncio.Task) else None
    return getattr(coroutine, "__qualname__", None)


def _suppress():
    """`with contextlib.suppress(…)` in the project's own code catches as `except` does."""
    leave = contextlib.suppress.__exit__

    @functools.wraps(leave)
    def leave_and_tell(self, kind, exception, traceback):
        caught = leave(self, kind, exception, traceback)
        if caught and telling.is_theirs(sys._getframe(1).f_code.co_filename):
            tell_caught(exception, "suppress")
        return caught

    contextlib.suppress.__exit__ = leave_and_tell


def _their_frame(frame):
    """The frame of the project's own that called asyncio, as told; none where others did."""
    while frame and frame.f_globals.get("__name__", "").partition(".")[0] == "asyncio":
        frame = frame.f_back
    if frame and telling.is_theirs(frame.f_code.co_filename):
        return telling.their_last_frame(frame)


def _gather():
    """`gather(…, return_exceptions=True)` returns exceptions as if they were results."""
    gather = asyncio.gather

    @functools.wraps(gather)
    def gather_and_tell(*awaitables, **options):
        future = gather(*awaitables, **options)
        if options.get("return_exceptions") and (frames := _their_frame(sys._getframe(1))):
            future.add_done_callback(functools.partial(returned, frames))
        return future

    def returned(frames, future):
        for result in () if future.cancelled() else future.result():
            if isinstance(result, Exception):
                tell_caught(result, "gather", frames)

    asyncio.gather = asyncio.tasks.gather = gather_and_tell


def _tasks():
    """A task keeps its exception until somebody asks for it. This one looks without asking, so that
    asyncio still complains about what nobody ever asked for."""
    create = asyncio.BaseEventLoop.create_task

    @functools.wraps(create)
    def create_and_tell(self, *args, **options):
        task = create(self, *args, **options)
        if frames := _their_frame(sys._getframe(1)):
            task.add_done_callback(functools.partial(ended, frames))
        return task

    def ended(frames, task):
        exception = None if task.cancelled() else getattr(task, "_exception", None)
        if isinstance(exception, Exception):
            tell_caught(exception, "task", frames)

    asyncio.BaseEventLoop.create_task = create_and_tell


def tell_of_pages(module):
    """`module` is django.core.handlers.exception, whose response_for_exception() produces the
    response when a view has raised."""
    respond = module.response_for_exception

    @functools.wraps(respond)
    def respond_and_tell(request, exception):
        tell_raised(exception, "page", handling=getattr(request, "path", None))
        return respond(request, exception)

    module.response_for_exception = respond_and_tell


def start():
    _hooks()
    _suppress()
    _gather()
    _tasks()
