"""`check`: the same as checks/stepN; without a name, every step."""

from ..console import say
from ..manifest import find, steps

WORDS = {0: "✓ passed", 1: "✗ not yet", 2: "? could not be checked"}


def run(arguments: list[str]) -> int:
    from ..checking import command

    if arguments and not arguments[0].startswith("-"):
        return command.main(find(arguments[0]).short, arguments[1:])
    codes = {}
    for step in steps():
        codes[step.short] = code = command.main(step.short, arguments)
        if code not in WORDS:
            return code  # interrupted
        say()
    for name, code in codes.items():
        say(f"{name}  {WORDS[code]}")
    return max(codes.values(), default=0) and 1
