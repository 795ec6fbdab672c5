"""Runs a program exactly as a learner would, and turns what would stay silent into events.

This is what the checks start, with the step's folder as working directory:

    python workshop/checking/instrumented/start.py manage.py runserver --noreload 127.0.0.1:8123

or, where the command comes later, without it: see processes/ahead.py.

It changes nothing that the learner's code could notice: every function that is wrapped is called
with the same arguments and returns the same, and nothing is imported before that code imports it.
Each module of this package says which events it reports, and telling.py how they are written;
workshop/checking/events.py reads them.

On its standard input it listens to the check: "?" asks it to report what is busy; "(" holds up the
server's event loop, as a slow machine would, and ")" lets it go on; "[" and "]" do the same to the
calls of the channel layer; "!" does what SIGTERM does, also on Windows. The end of the input, which
comes when the check ends in whatever way, ends the program too.

Imports only the standard library, and lifeline.py, which does so too.
"""

import gc
import json
import os
import signal
import struct
import sys

from workshop import lifeline
from workshop.checking.instrumented import (
    busy,
    consumers,
    coroutines,
    database,
    exceptions,
    importing,
    layers,
    rewriting,
    settings,
    telling,
    websockets,
)

TOLD_OF = {
    "channels.consumer": consumers.tell_of_consumers,
    "channels.layers": layers.tell_of_layers,
    "daphne.server": websockets.tell_of_daphne,
    "django.conf": settings.tell_of_settings,
    "django.core.handlers.exception": exceptions.tell_of_pages,
    "django.core.management.commands.runserver": websockets.tell_of_djangos_own,
    "uvicorn.config": websockets.tell_of_uvicorn,
}


def listen_to_the_check():
    """Answer the check's questions until it is gone; then exit too."""
    questions = os.fdopen(os.dup(0), "rb", buffering=0)
    # The learner's code finds the empty input that a server in the background has.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    sys.stdin = open(0, encoding="utf-8", closefd=False)

    answers = {
        b"?": busy.report,
        b"(": busy.hold_up,
        b")": busy.let_go_on,
        b"[": layers.hold_up,
        b"]": layers.let_go_on,
        b"!": lambda: signal.raise_signal(signal.SIGTERM),
    }
    lifeline.listen(questions, lambda: os._exit(0), lambda byte: answers[byte]())


def write_no_bytecode():
    """From now on, here and in what the program starts: bytecode is matched to its source by second
    and size, too coarse for somebody who saves, checks and saves again. (This package's own is
    written: it has been imported by now.)"""
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


def told():
    """Started ahead (processes/ahead.py): wait for the command line, the folder and the
    environment that a plain start would have had. Ends the program when the check is gone."""

    def exactly(size):
        data = b""
        while len(data) < size:
            more = os.read(0, size - len(data))  # what follows is for listen_to_the_check
            if not more:
                sys.exit()
            data += more
        return data

    request = json.loads(exactly(*struct.unpack("!i", exactly(4))))
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.orig_argv += request["command"]
    return request["command"]


def main(arguments):
    # What a server imports stays, so there is nothing to collect before it serves (websockets.py):
    # looking for it takes an eighth of its startup time.
    gc.disable()
    write_no_bytecode()
    telling.open_channel()
    listen_to_the_check()
    coroutines.start()
    exceptions.start()
    rewriting.start()
    importing.when_imported(TOLD_OF)
    if file := os.environ.pop(database.VARIABLE, None):
        database.keep_away_from_others(file)
        if "migrate" in arguments:
            database.tell_of_imports_at_the_end()
    if "runserver" not in arguments:
        gc.freeze()
        gc.enable()
    for name in [name for name in sys.modules if name.partition(".")[0] == "workshop"]:
        del sys.modules[name]  # the learner's project may have a package of that name
    sys.path[0] = os.getcwd()
    sys.argv = arguments
    try:
        rewriting.run(arguments[0])
    except SystemExit as end:
        exceptions.tell_raised(end, "program")
        raise


if __name__ == "__main__":
    main(sys.argv[1:] or told())
