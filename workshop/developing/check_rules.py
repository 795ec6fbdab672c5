"""The rules of all steps: each has a name of its own, asks for what some step teaches, and has an
entry of the catalogue that it matches."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from workshop import manifest
from workshop.checking.command import packages_of_rules
from workshop.checking.explaining.rules import Rule, rules_of
from workshop.developing import catalogue
from workshop.developing.problem import Problem


def every_rule() -> list[Rule]:
    """Those of any step and of each step's own."""
    return [rule for package in packages_of_rules(*manifest.steps()) for rule in rules_of(package)]


def with_a_test_of_their_own() -> dict[str, str]:
    """The ids of rules for which no entry of a catalogue can be made, each with the reason."""
    packages = packages_of_rules(*manifest.steps())
    declared = [getattr(package, "TESTED_APART", {}) for package in packages]
    return {id: why for reasons in declared for id, why in reasons.items()}


def _problem(rule: Rule, message: str) -> Problem:
    code = rule.find.__code__
    return Problem(Path(code.co_filename), code.co_firstlineno, f"{rule.id}: {message}")


def id_of_two_rules() -> Iterator[Problem]:
    rules = every_rule()
    count = Counter(rule.id for rule in rules)
    for rule in rules:
        if count[rule.id] > 1:
            yield _problem(
                rule,
                "another rule has this name: rename one, or make "
                "them one rule for both (advises=True).",
            )


def unknown_capability() -> Iterator[Problem]:
    known = {capability for step in manifest.steps() for capability in step.teaches}
    for rule in every_rule():
        for capability in sorted((rule.needs | rule.unless) - known):
            yield _problem(
                rule,
                f'no step teaches {capability!r}: add it to "teaches" of the step in '
                f"workshop.toml, or ask for one of {', '.join(sorted(known))}.",
            )


def id_without_an_entry() -> Iterator[Problem]:
    """A rule that explains has a mistake that it explains; one that only advises, a variant."""
    steps = manifest.steps()
    mistakes = {row.get("diagnosis") for s in steps for row in catalogue.entries(s, "mistakes")}
    variants = [row for s in steps for row in catalogue.entries(s, "variants")]
    advised = {id for row in variants for id in row.get("advice", ())}
    apart = with_a_test_of_their_own()
    for rule in every_rule():
        if rule.id in apart:
            continue
        if rule.explains and rule.id not in mistakes:
            yield _problem(
                rule,
                "no mistake has this diagnosis: add one to a "
                "mistakes.toml, and check that the rule matches. "
                "If another always matches first, remove the rule.",
            )
        if rule.advises and rule.id not in advised:
            yield _problem(
                rule, 'no variant lists this under "advice": add one to a variants.toml.'
            )


FINDERS = (id_of_two_rules, unknown_capability, id_without_an_entry)
