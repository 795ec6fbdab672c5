"""Rules: named functions from evidence to an explanation, and the order in which they are asked."""

import importlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import ModuleType

from workshop.checking.explaining.evidence import Diagnosis, Evidence
from workshop.checking.explaining.masking import masked
from workshop.checking.explaining.source import Where
from workshop.checking.explaining.suggestion import Suggestion


@dataclass(frozen=True)
class Explanation:
    """What a rule says: a sentence or two, the place in the learner's files, and the edit that it
    is certain of."""

    message: str
    where: Where | None = None
    suggestion: Suggestion | None = None


@dataclass(frozen=True)
class Rule:
    """A function that returns an Explanation where the evidence proves it, else None. Its id is
    the function's name."""

    find: Callable[..., Explanation | None]
    needs: frozenset[str] = field(default_factory=frozenset)  # capabilities the step must teach …
    unless: frozenset[str] = field(default_factory=frozenset)  # … and those it must not
    raised: re.Pattern | None = None
    explains: bool = True  # asked when a check has failed
    advises: bool = False  # asked when all checks have passed

    @property
    def id(self) -> str:
        return self.find.__name__

    def applies_to(self, capabilities: frozenset[str]) -> bool:
        """Whether it applies to a step that teaches these."""
        return self.needs <= capabilities and not self.unless & capabilities

    def ask(self, evidence: Evidence) -> Explanation | None:
        if self.raised is None:
            return self.find(evidence)
        error = evidence.error(self.raised)
        if error is None:
            return None
        return self.find(evidence, error, *self.raised.search(error.text).groups())


def rule(
    find: Callable[..., Explanation | None] | None = None,
    *,
    needs: str = "",
    unless: str = "",
    raised: str | None = None,
    explains: bool = True,
    advises: bool = False,
):
    """Make the decorated function a Rule, asked when a check has failed.

    `needs` and `unless` are capabilities separated by spaces (`teaches` in workshop.toml). With
    `raised`, a regular expression, it is asked only where an exception's "Type: message" matches,
    and is given the evidence, that exception and what the groups matched. `advises`: it is asked
    when everything has passed, too.
    """

    def make(find):
        pattern = re.compile(raised) if raised else None
        return Rule(
            find, frozenset(needs.split()), frozenset(unless.split()), pattern, explains, advises
        )

    return make(find) if find else make


def advice(find: Callable[[Evidence], Explanation | None] | None = None, **conditions):
    """Make the decorated function a Rule that is asked only when everything has passed."""
    return rule(find, explains=False, advises=True, **conditions)


def rules_of(package: ModuleType) -> Iterator[Rule]:
    """The rules of a package's modules, which it lists in `ASKED_IN_TURN`: those of one module
    from top to bottom."""
    return _rules_in(package, package.ASKED_IN_TURN)


def advising_rules_of(package: ModuleType) -> Iterator[Rule]:
    """Those of them that advise. Only the modules in the package's list `ADVISING` are imported:
    a check that passes needs no others."""
    modules = getattr(package, "ADVISING", ())
    return (rule for rule in _rules_in(package, modules) if rule.advises)


def _rules_in(package: ModuleType, modules: Iterable[str]) -> Iterator[Rule]:
    for name in modules:
        module = importlib.import_module(f"{package.__name__}.{name}")
        for value in vars(module).values():
            if isinstance(value, Rule) and value.find.__module__ == module.__name__:
                yield value


# With this variable in the environment, every rule is asked, not only up to the first that matches,
# and an exception in a rule is raised: for the workshop's own tests.
ASK_EVERY_RULE = "WORKSHOP_ASK_EVERY_RULE"


def _explained(rules: Iterable[Rule], evidence: Evidence) -> Iterator[Diagnosis]:
    """The explanations of those rules whose evidence is there, in order."""
    for rule in rules:
        try:
            explanation = rule.ask(evidence)
        except Exception:
            if ASK_EVERY_RULE in os.environ:
                raise
            continue  # a rule that fails on unusual code must not cost the learner the report
        if explanation:
            message = masked(explanation.message)
            yield Diagnosis(rule.id, message, explanation.where, explanation.suggestion)


def diagnose(rules: Iterable[Rule], evidence: Evidence) -> tuple[Diagnosis | None, list[str]]:
    """The first diagnosis whose evidence is there, and the ids of the others that match, if they
    are asked for."""
    found = _explained((rule for rule in rules if rule.explains), evidence)
    first = next(found, None)
    also = [diagnosis.id for diagnosis in found] if ASK_EVERY_RULE in os.environ else []
    return first, also


def advise(rules: Iterable[Rule], evidence: Evidence) -> list[Diagnosis]:
    """What a teacher would mention after a pass."""
    return list(_explained((rule for rule in rules if rule.advises), evidence))
