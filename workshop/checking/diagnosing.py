"""From evidence to a diagnosis: asks every diagnosis of checks/diagnoses in turn."""

import importlib
import os
import re
from collections.abc import Callable, Iterator
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

    def error(
        self, id: str, pattern: str, sentence: str, *steps: str, setting: str | None = None
    ) -> None:
        """Add a row: an exception in the log whose "Type: message" matches the regular expression
        `pattern` proves the cause. The groups of the match fill the {} of the sentence; the place
        is the attendee's own last line in the traceback, or that of `setting`, if one is named."""

        def find(evidence: Evidence) -> Said:
            error = evidence.error(pattern)
            if error is None:
                return None
            found = re.search(pattern, error.text)
            where = evidence.project.where_set(setting) if setting else evidence.where(error)
            return sentence.format(*found.groups(), **found.groupdict()), where

        self.rules.append(Rule(id, find, steps))


FILES = (
    "exhibition",
    "hall",
    "startup",
    "imports",
    "asgi",
    "routes",
    "coroutines",
    "database",
    "layer",
    "groups",
    "handlers",
    "consumer",
    "frames",
    "names",
    "silence",
    "leaving",
    "general",
)

# With this variable in the environment every rule is asked, not only as far as the first that
# speaks, and one that goes wrong is not forgiven: for the workshop's own tests.
ASK_EVERY_RULE = "WORKSHOP_ASK_EVERY_RULE"


def rules(step: str) -> list[Rule]:
    """The rules that may speak for `step`, in order."""
    found = [
        rule
        for name in FILES
        for rule in importlib.import_module(f"checks.diagnoses.{name}").catalogue.rules
    ]
    return [rule for rule in found if not rule.steps or step in rule.steps]


def said_by(rules: list[Rule], evidence: Evidence) -> Iterator[Diagnosis]:
    """What those rules say whose evidence is there, in order."""
    for rule in rules:
        try:
            said = rule.find(evidence)
        except Exception:
            if ASK_EVERY_RULE in os.environ:
                raise
            continue  # a rule that stumbles over odd code must not cost the attendee the report
        if said:
            message, where = said if isinstance(said, tuple) else (said, None)
            yield Diagnosis(rule.id, message, where)


def diagnose(evidence: Evidence) -> tuple[Diagnosis | None, list[str]]:
    """The first diagnosis whose evidence is there, and the ids of those that would have spoken
    too, if they are asked for."""
    found = said_by(rules(evidence.step), evidence)
    first = next(found, None)
    also = [diagnosis.id for diagnosis in found] if ASK_EVERY_RULE in os.environ else []
    return first, also


def advise(evidence: Evidence) -> list[Diagnosis]:
    """What a teacher would mention after a pass."""
    catalogue = importlib.import_module("checks.advice").catalogue
    of_step = [rule for rule in catalogue.rules if not rule.steps or evidence.step in rule.steps]
    return list(said_by(of_step, evidence))
