"""What the workshop's own files say about steps, checks and diagnoses. Results only name them."""

import ast
import re
import tomllib
from dataclasses import dataclass
from functools import cache

from workshop import manifest


@dataclass(frozen=True)
class Check:
    name: str  # "test_the_websocket_opens"
    title: str
    slide: str  # the title of the one that taught it


@dataclass(frozen=True)
class Entry:
    """A step."""

    title: str
    minutes: int
    checks: tuple[Check, ...]


@cache
def steps() -> dict[str, Entry]:
    return {
        step.short: Entry(step.title, step.minutes, tuple(_checks(step)))
        for step in manifest.steps()
    }


def _checks(step: manifest.Step):
    hints = tomllib.loads((step.behavior.parent / "hints.toml").read_text("utf-8"))
    for node in ast.parse(step.behavior.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "test_" in node.name[:5]:
            title = (ast.get_docstring(node) or node.name).split("\n")[0].rstrip(".")
            yield Check(node.name, title, hints.get(node.name, {}).get("slide", ""))


@cache
def _sentences() -> dict[str, str]:
    """From the tables of the instructor's page: | `not_accepted` | what happened |"""
    text = (manifest.ROOT / "slides" / "README.md").read_text("utf-8")
    return dict(re.findall(r"^\| `(\w+)` \| (.+?) \|$", text, re.MULTILINE))


def sentence(diagnosis: str) -> str:
    """What a diagnosis means in general. What it says of a learner's lines stays with them."""
    return _sentences().get(diagnosis, diagnosis.replace("_", " ")).replace("`", "")
