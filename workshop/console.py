"""Words for people: colored in a terminal, plain in a pipe or where NO_COLOR is set."""

from rich.console import Console

from .environment import typed

console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def say(text: str = "", style: str | None = None) -> None:
    """Print it, with its commands as they are typed on this machine."""
    console.print(typed(text), style=style)
