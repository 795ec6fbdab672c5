"""Coroutines that were created but never awaited.

    {"event": "never_awaited", "path": …, "coroutine": "ChatConsumer.send", "frames": [...]}

Under Daphne, Python's own warning goes nowhere, because Twisted takes over the warnings (daphne
issue 352). Imports only the standard library.
"""

import re
import sys
import threading
import warnings

from workshop.checking.instrumented import telling

# Of the place that created the coroutine: the line, and what called its function. Python notes them
# for every coroutine that is made; with twelve, a message took half as long again.
FRAMES_KEPT = 3


def _report(unraisable):
    text = str(unraisable.exc_value)
    named = re.match(r"coroutine '(.+?)' was never awaited", text)
    if not named:
        return sys.__unraisablehook__(unraisable)
    found = re.findall(r'File "(.+?)", line (\d+), in (\S+)', text)
    frames = [
        [file, int(line), function, telling.text_of(file, int(line))]
        for file, line, function in found
        if telling.is_not_ours(file)
    ]
    # It is released where it was created, so the current WebSocket is the one that created it. An
    # endless loop creates millions.
    telling.tell_of_socket("never_awaited", coroutine=named[1], frames=frames)


def start():
    # As an error the warning reaches sys.unraisablehook, which Twisted leaves alone. Only this
    # warning: others stay as they are.
    warnings.filterwarnings("error", message="coroutine", category=RuntimeWarning)
    sys.unraisablehook = _report

    # The setting belongs to one thread; sync consumers and views run in others.
    sys.set_coroutine_origin_tracking_depth(FRAMES_KEPT)
    run = threading.Thread.run

    def run_and_track(self):
        sys.set_coroutine_origin_tracking_depth(FRAMES_KEPT)
        run(self)

    threading.Thread.run = run_and_track
