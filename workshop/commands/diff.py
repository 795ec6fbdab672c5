"""`diff`: how a step's starter, as it is now, differs from its solution."""

from difflib import unified_diff

from ..console import console, say
from ..folders import contents, shown
from ..manifest import find

STYLES = {"+++": "bold", "---": "bold", "@@ ": "cyan", "+": "green", "-": "red"}


def run(step: str) -> int:
    chosen = find(step)
    starter, solution = texts(chosen.starter), texts(chosen.solution)
    told = (*chosen.files, "README.md")  # a starter's README is its tasks, a solution's the reasons
    also = [name for name in solution if name in starter and name not in told]
    lines = []
    for name in (*chosen.files, *also):
        lines += unified_diff(
            starter.get(name, "").splitlines(),
            solution.get(name, "").splitlines(),
            shown(chosen.starter / name),
            shown(chosen.solution / name),
            lineterm="",
        )
    for line in lines:
        style = next((style for start, style in STYLES.items() if line.startswith(start)), None)
        console.print(line, style=style)
    if not lines:
        say(f"Nothing differs: steps/{chosen.name} is the same as the solution.")
    return 0


def texts(folder) -> dict[str, str]:
    """The folder's text files."""
    found = {}
    for name, (data, _) in contents(folder).items():
        try:
            found[name] = data.decode()
        except UnicodeDecodeError:
            continue  # a picture, say: nothing to read line by line
    return found
