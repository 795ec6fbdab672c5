"""Words for people: colored in a terminal, plain in a pipe or where NO_COLOR is set."""

from rich.console import Console

console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
say = console.print
