"""`check`: the same as checks/stepN; without a name, every step."""

from ..console import say
from ..manifest import find, steps


def run(arguments: list[str]) -> int:
    from ..checking import command

    if arguments and not arguments[0].startswith("-"):
        return command.main(find(arguments[0]).short, arguments[1:])
    codes = {}
    for step in steps():
        codes[step] = command.main(step.short, arguments)
        if codes[step] not in (0, 1, 2):
            return codes[step]  # interrupted
        say()
    for step, code in codes.items():
        word = {0: "✓ passed", 1: "✗ not yet", 2: "? could not be checked"}[code]
        say(f"{step.short}  {word}")
    return max(codes.values(), default=0) and 1
