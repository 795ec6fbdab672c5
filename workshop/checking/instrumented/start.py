"""Runs a program exactly as an attendee would, and lets what would stay silent be seen.

This is what the checks start, with the step's folder as working directory:

    python workshop/checking/under_check.py manage.py runserver --noreload 127.0.0.1:8123

It changes nothing that the attendee's code could notice. It writes, between the lines of the
program's log, lines that start with MARK and carry one JSON object each:

    {"event": "never_awaited", "coroutine": "ChatConsumer.send", "frames": [...]}
    {"event": "connected", "path": "/ws/chat/a/"}      what was to be done at the handshake is done
    {"event": "unanswered", "path": "/ws/chat/a/"}     it is, and there was neither accept nor close
    {"event": "ended", "path": "/ws/chat/a/", "error": "KeyError: 'message'" or null}
    {"event": "busy", "what": "task" or "thread", "frames": [...]}

A frame is [file, line, function], the outermost first. consumers.py adds the events of consumers
and of the channel layer.

Why each is needed, seen with Daphne 4.2 (and reported in daphne issue 352): Python's warning that a
coroutine was never awaited goes nowhere, because Twisted takes the warnings over; a consumer that
never accepts shows nothing for five seconds; a crash is noticed on a poll of one second.

On its standard input it listens to the check: a line asks it to report what is busy; the end of the
input, which comes when the check ends in whatever way, ends the server too.

Imports the standard library and consumers.py alone, and Daphne where it is installed.
"""

import asyncio
import gc
import json
import os
import re
import runpy
import sys
import threading
import warnings

from workshop.checking.instrumented import MARK, consumers

FRAMES_KEPT = 12
OUTERMOST = ("<module>", "_bootstrap")  # functions: of the main thread, of any other
READ_AGAIN = 20  # times
CRASH_POLL = 0.02  # seconds; Daphne's own is 1 s

server_loop = None


def tell(event, **facts):
    """Write one marked line, in one system call, so that no other thread's line gets into it."""
    os.write(2, (MARK + json.dumps({"event": event, **facts}) + "\n").encode())


# Coroutines that were made and never awaited


def report_never_awaited(unraisable):
    text = str(unraisable.exc_value)
    named = re.match(r"coroutine '(.+?)' was never awaited", text)
    if not named:
        return sys.__unraisablehook__(unraisable)
    frames = re.findall(r'File "(.+?)", line (\d+), in (\S+)', text)
    tell(
        "never_awaited",
        coroutine=named[1],
        frames=[[file, int(line), function] for file, line, function in frames],
    )


def notice_never_awaited():
    # As an error the warning reaches sys.unraisablehook, which Twisted leaves alone. Only this
    # warning: others stay what they are.
    warnings.filterwarnings("error", message="coroutine", category=RuntimeWarning)
    sys.unraisablehook = report_never_awaited

    # The setting belongs to one thread; sync consumers and views run in others.
    sys.set_coroutine_origin_tracking_depth(FRAMES_KEPT)
    run = threading.Thread.run

    def run_and_track(self):
        sys.set_coroutine_origin_tracking_depth(FRAMES_KEPT)
        run(self)

    threading.Thread.run = run_and_track


# What the ASGI application does with each WebSocket


def observed(application):
    """ASGI middleware that tells how each WebSocket's application took and left it."""

    async def observe(scope, receive, send):
        global server_loop
        server_loop = asyncio.get_running_loop()
        if scope["type"] != "websocket":
            return await application(scope, receive, send)

        consumers.socket.set(scope["path"])
        answered = False
        received = 0

        async def receive_and_note():
            nonlocal received
            received += 1
            if received == 2:  # the first event, websocket.connect, was handled
                tell("connected" if answered else "unanswered", path=scope["path"])
            return await receive()

        async def send_and_note(message):
            nonlocal answered
            answered = True
            await send(message)

        error = None
        try:
            await application(scope, receive_and_note, send_and_note)
        except BaseException as exception:
            error = f"{type(exception).__name__}: {exception}".partition("\n")[0]
            raise
        finally:
            tell("ended", path=scope["path"], error=error)

    return observe


def notice_websockets():
    try:
        from daphne import server as daphne
    except Exception:  # the attendee's own log says what is missing
        return
    init = daphne.Server.__init__
    call_later = daphne.reactor.callLater

    def init_observed(self, application, *args, **kwargs):
        collect_garbage()
        init(self, observed(application), *args, **kwargs)

    def call_sooner(delay, function, *args, **kwargs):
        if getattr(function, "__name__", "") == "application_checker":
            delay = CRASH_POLL
        return call_later(delay, function, *args, **kwargs)

    daphne.Server.__init__ = init_observed
    daphne.reactor.callLater = call_sooner


# What is busy, for a server that does not answer


def frames_of(frame):
    frames = []
    while frame:
        frames.append([frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name])
        frame = frame.f_back
    return frames[::-1]


def frames_of_task(task):
    frames, coroutine = [], task.get_coro()
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None)
        if frame:
            frames.append([frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name])
        coroutine = getattr(coroutine, "cr_await", None)
    return frames


def busy_threads():
    """The stacks of all threads but this one. A thread that goes on while its stack is read leaves
    a broken one, without its outermost frame; then all are read again."""
    here = threading.get_ident()
    for _ in range(READ_AGAIN):
        running = sys._current_frames()
        stacks = [frames_of(frame) for identity, frame in running.items() if identity != here]
        if all(stack[0][2] in OUTERMOST for stack in stacks):
            break
    return stacks


def report_busy():
    tasks = asyncio.all_tasks(server_loop) if server_loop else ()
    found = [("thread", frames) for frames in busy_threads()]
    found += [("task", frames_of_task(task)) for task in list(tasks)[:50]]
    for what, frames in found:
        tell("busy", what=what, frames=frames[-4 * FRAMES_KEPT :])
    tell("reported")


def listen_to_the_check():
    """Answer the check's questions until it is gone; then go too."""
    questions = os.fdopen(os.dup(0), "rb", buffering=0)
    # The attendee's code finds the empty input that a server in the background has.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    sys.stdin = open(0, closefd=False)

    def listen():
        while questions.read(1):
            report_busy()
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()


def collect_garbage():
    """From now on, and nothing of what is there now."""
    gc.freeze()
    gc.enable()


def main(arguments):
    # What is imported stays, so there is nothing to collect until the server runs: looking for it
    # takes an eighth of the start.
    gc.disable()
    listen_to_the_check()
    notice_never_awaited()
    if "runserver" in arguments:
        notice_websockets()
        consumers.start(tell)
    else:
        collect_garbage()
    for name in [name for name in sys.modules if name.partition(".")[0] == "workshop"]:
        del sys.modules[name]  # the attendee's project may have a package of that name
    sys.path[0] = os.getcwd()
    sys.argv = arguments
    runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
