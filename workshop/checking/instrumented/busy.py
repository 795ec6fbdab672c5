"""What the process is busy with, asked for when it does not answer.

    {"event": "busy", "what": "task" or "thread", "frames": [...]}
    {"event": "reported"}                                  that was all
    {"event": "held_up"}                                   the event loop does nothing for now

Imports the standard library alone.
"""

import asyncio
import sys
import threading

from workshop.checking.instrumented import telling

FRAMES_KEPT = 48
OUTERMOST = ("<module>", "_bootstrap")  # functions: of the main thread, of any other
READ_AGAIN = 20  # times
TASKS_KEPT = 50

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
    """The stacks of all threads but this one. A thread that goes on while its stack is read leaves
    a broken one, without its outermost frame; then all are read again."""
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


def hold_up():
    """Let the event loop do nothing, as on a slow machine: what arrives has to wait."""

    def wait():
        telling.tell("held_up")
        _go_on.wait()

    if loop:
        _go_on.clear()
        loop.call_soon_threadsafe(wait)


def let_go_on():
    _go_on.set()
