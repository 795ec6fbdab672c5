"""What the READMEs of the steps claim: the blocks of text under "You see", and their code."""

import re

from workshop.manifest import Step

SECTION = re.compile(r"^#{2,3} (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sections(step: Step) -> dict[str, str]:
    """The text of each section, by the beginning of its title: "1", "2", "Stretch task" …"""
    text = (step.starter / "README.md").read_text(encoding="utf-8")
    _, *parts = SECTION.split(text)
    return {
        re.split(r" ·|:", title)[0]: body
        for title, body in zip(parts[::2], parts[1::2], strict=True)
    }


def code(step: Step, language: str) -> list[str]:
    """The README's blocks in that language."""
    text = (step.starter / "README.md").read_text(encoding="utf-8")
    return [body for found, body in BLOCK.findall(text) if found == language]


def seen(step: Step) -> dict[str, list[str]]:
    """The lines that each section says one sees, as far as they are quoted."""
    found = {
        title: [
            line
            for language, block in BLOCK.findall(body)
            if language == "text"
            for line in block.splitlines()
        ]
        for title, body in sections(step).items()
    }
    return {title: lines for title, lines in found.items() if lines}


def missing(lines: list[str], shown: str) -> list[str]:
    """Those of the lines that are not in what is shown. … stands for anything; how many minutes
    it took depends on the machine."""
    shown = _without_minutes(" ".join(shown.split()))
    return [line for line in lines if not re.search(_pattern(line), shown)]


def _pattern(line: str) -> str:
    return ".*?".join(map(re.escape, _without_minutes(" ".join(line.split())).split("…")))


def _without_minutes(text: str) -> str:
    return re.sub(r"\d+ min", "N min", text)
