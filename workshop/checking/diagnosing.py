"""From evidence to a diagnosis: asks every diagnosis of checks/diagnoses in turn."""

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from workshop.checking.evidence import Diagnosis, Evidence
from workshop.checking.source import Where

Said = str | tuple[str, Where | None] | None


@dataclass(frozen=True)
class Rule:
    """One row of the catalogue: the sentence that `find` returns when its evidence is there."""

    id: str
    find: Callable[[Evidence], Said]
    steps: tuple[str, ...]  # none: every step


class Catalogue:
    """The diagnoses of one file, in the order in which they are asked: the most specific first."""

    def __init__(self):
        self.rules: list[Rule] = []

    def diagnosis(self, id: str, *steps: str):
        """Add the decorated function. It gets the evidence and returns None where that does not
        prove the cause, else a sentence, or a sentence and the place in the attendee's file."""

        def add(find: Callable[[Evidence], Said]):
            self.rules.append(Rule(id, find, steps))
            return find

        return add

    def error(self, id: str, pattern: str, sentence: str, *steps: str) -> None:
        """Add a row: an exception in the log whose "Type: message" matches the regular expression
        `pattern` proves the cause. The groups of the match fill the {} of the sentence; the place
        is the attendee's own last line in the traceback."""

        def find(evidence: Evidence) -> Said:
            error = evidence.error(pattern)
            if error is None:
                return None
            found = re.search(pattern, error.text)
            return sentence.format(*found.groups(), **found.groupdict()), evidence.where(error)

        self.rules.append(Rule(id, find, steps))


FILES = ("chess", "startup", "asgi", "coroutines", "layer", "consumer", "general")


def rules(step: str) -> list[Rule]:
    """The rules that may speak for `step`, in order."""
    found = [
        rule
        for name in FILES
        for rule in importlib.import_module(f"checks.diagnoses.{name}").catalogue.rules
    ]
    return [rule for rule in found if not rule.steps or step in rule.steps]


def diagnose(evidence: Evidence) -> Diagnosis | None:
    """The first diagnosis whose evidence is there."""
    for rule in rules(evidence.step):
        said = rule.find(evidence)
        if said:
            message, where = said if isinstance(said, tuple) else (said, None)
            return Diagnosis(rule.id, message, where)
    return None
