"""`look`: what a step's channel layer holds in Redis, live."""

import time
from collections.abc import Iterator

from rich.live import Live
from rich.text import Text

from .. import looking
from ..console import console, say
from ..manifest import find

EVERY = 0.3  # seconds


def run(step: str, solution: bool, once: bool) -> int:
    chosen = find(step)
    try:
        layer = looking.layer_of(chosen, solution)
        if once:
            say(str(looking.held_by(layer)))
            return 0
    except looking.CannotLook as reason:
        say(str(reason))
        return 2
    say(f"The channel layer of {chosen.short}, live    (Ctrl-C ends it)", style="bold")
    try:
        _show(layer) if console.is_terminal else _list(layer)
    except KeyboardInterrupt:
        return 0


def _show(layer: looking.Layer) -> None:
    """In place, until Ctrl-C."""
    with Live(console=console, auto_refresh=False) as live:
        for now in _changes(layer):
            # Wrapped here, because what the console would wrap itself, Live cuts off.
            live.update(Text(now, no_wrap=False, overflow="fold"), refresh=True)


def _list(layer: looking.Layer) -> None:
    """One below the other where there is no terminal."""
    for now in _changes(layer):
        say(f"{now}\n")
        console.file.flush()


def _changes(layer: looking.Layer) -> Iterator[str]:
    """What the layer holds, whenever that has changed: a terminal redrawn without need flickers."""
    before = None
    while True:
        if (now := _now(layer)) != before:
            yield now
        before = now
        time.sleep(EVERY)


def _now(layer: looking.Layer) -> str:
    try:
        return str(looking.held_by(layer))
    except looking.CannotLook as reason:  # it may answer again
        return str(reason)
