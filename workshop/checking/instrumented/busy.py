"""What the process is busy with, asked for when it does not answer.

    {"event": "busy", "what": "task" or "thread", "frames": [...]}
    {"event": "reported"}                                  that was all
    {"event": "held_up"}                                   the event loop does nothing for now

And unasked, once for each line of the project that keeps the event loop computing:

    {"event": "computes", "frames": [...]}

Imports only the standard library.
"""

import asyncio
import contextlib
import sys
import threading
import time

from workshop.checking.instrumented import telling

FRAMES_KEPT = 48
OUTERMOST = ("<module>", "_bootstrap")  # functions: of the main thread, of any other
READ_AGAIN = 20  # times
TASKS_KEPT = 50
LOOK_EVERY = 0.05  # seconds
# Seconds of processor time during which the event loop gives nobody else a turn. Wall-clock time
# would also count what a busy machine gives to others.
LONG = 0.2

loop = None  # the server's, as soon as it is known
_go_on = threading.Event()


def _frames_of_task(task):
    frames, coroutine = [], task.get_coro()
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None)
        if frame:
            frames += telling.frames_of(frame)[-1:]
        coroutine = getattr(coroutine, "cr_await", None)
    return frames


def _busy_threads():
    """The stacks of all threads but this one. A thread that keeps running while its stack is read
    leaves a broken one, without its outermost frame; then all are read again."""
    here = threading.get_ident()
    for _ in range(READ_AGAIN):
        running = sys._current_frames()
        stacks = [
            telling.frames_of(frame) for identity, frame in running.items() if identity != here
        ]
        if all(stack and stack[0][2] in OUTERMOST for stack in stacks):
            break
    return stacks


def report():
    tasks = asyncio.all_tasks(loop) if loop else ()
    found = [("thread", frames) for frames in _busy_threads()]
    found += [("task", _frames_of_task(task)) for task in list(tasks)[:TASKS_KEPT]]
    for what, frames in found:
        telling.tell("busy", what=what, frames=frames[-FRAMES_KEPT:])
    telling.tell("reported")


def watch(its_loop):
    """Check now and then whether the event loop of the thread that calls this takes its turns. Only
    once: the first loop is the server's."""
    global loop
    if loop is None:
        loop = its_loop
        if hasattr(time, "pthread_getcpuclockid"):  # neither on macOS nor on Windows
            identity = threading.get_ident()
            clock = time.pthread_getcpuclockid(identity)
            threading.Thread(target=_watch, args=(identity, clock), daemon=True).start()


def _watch(identity, clock):
    turn, told = threading.Event(), set()
    with contextlib.suppress(RuntimeError, OSError):  # the loop, or its thread, is gone
        while True:
            turn.clear()
            loop.call_soon_threadsafe(turn.set)
            before = time.clock_gettime(clock)
            while not turn.wait(LOOK_EVERY):
                if time.clock_gettime(clock) - before > LONG:
                    frames = telling.their_last_frame(sys._current_frames().get(identity))
                    if frames and (frames[0][0], frames[0][2]) not in told:
                        told.add((frames[0][0], frames[0][2]))
                        telling.tell("computes", frames=frames)
            time.sleep(LOOK_EVERY)


def hold_up():
    """Make the event loop do nothing, as on a slow machine: what arrives has to wait."""

    def wait():
        telling.tell("held_up")
        _go_on.wait()

    if loop:
        _go_on.clear()
        loop.call_soon_threadsafe(wait)


def let_go_on():
    _go_on.set()
