"""Journeys: two or three mistakes at once are repaired by doing what each report says, and nothing
else. Each journey ends in a pass, after at most two more reports than there were mistakes, the pass
included; so none goes in circles.

The journeys are drawn at random, always the same ones. Some are part of every run of the tests;
WORKSHOP_JOURNEYS=200 makes it that many.
"""

import os
import random
from itertools import islice

import pytest

from tests import told
from tests.catalogue import Entry, at_the_tests_redis, entries, name_of, repair, written
from tests.conftest import quick_check, side_by_side
from workshop import manifest
from workshop.developing import catalogue

JOURNEYS = int(os.environ.get("WORKSHOP_JOURNEYS", "20"))
# What a mistake must not have if it is to be combined with others: another base, another encoding,
# or more to do than what its message says.
NOT_COMBINED = {"of", "alone", "encoded", "before", "unreachable", "redis", "then"}


def drawn(seed: str = "journeys"):
    """Endless combinations of mistakes of one step, no two alike."""
    steps, draw, seen = {}, random.Random(seed), set()
    for entry in entries("mistakes"):
        if not NOT_COMBINED & entry[1].keys() and entry[1].get("repair") != []:
            steps.setdefault(entry[0], []).append(entry)
    everything = [entry for of_step in steps.values() for entry in of_step]
    while True:
        first = draw.choice(everything)  # so a step has as many journeys as it has mistakes
        journey = [first, *draw.sample(steps[first[0]], draw.choice([1, 2]))]
        ids = frozenset(map(name_of, journey))
        if len(ids) == len(journey) and ids not in seen and files_of(journey):
            seen.add(ids)
            yield journey


def files_of(journey: list[Entry]) -> dict[str, str] | None:
    """The files with all the mistakes; None where one of them changes the text that another's edits
    or repair apply to."""
    files = catalogue.project(manifest.find(journey[0][0]), {"edits": []})
    try:
        for _, row in journey:
            files = catalogue.edited(files, row["edits"])
        for _, row in journey:
            catalogue.edited(files, row.get("repair", []))
    except catalogue.BadEdit:
        return None
    return files


def travel(check, journey: list[Entry], project) -> list[str]:
    """Repair the project only by what its reports say. What each report named, in order; the last
    one is "passed", or says why the journey cannot continue."""
    step, left, named = journey[0][0], [row for _, row in journey], []
    while len(named) < len(journey) + 2:
        done = check(step, "--project", project, "--json")
        if done.code != 1:
            return [*named, "passed" if done.code == 0 else done.err]
        failed = done.failed
        if failed["diagnosis"] == "redis_does_not_answer" and at_the_tests_redis(project):
            continue  # not the project's fault
        named.append(
            f"{failed['diagnosis']}: {failed['message']} {failed['file']}:{failed['line']}"
        )
        plain = told.is_plain_at(project, failed)
        if wrong := told.faults(failed["message"], failed["file"], plain):
            return [*named, *wrong]
        row = next((r for r in left if r["diagnosis"] == failed["diagnosis"]), {})
        if not failed["suggestion"] and not row.get("repair"):
            return [*named, "and it says nothing more"]
        if not failed["suggestion"]:
            left.remove(row)
        try:
            repair(project, failed, row)
        except catalogue.BadEdit as problem:
            return [*named, str(problem)]
    return named


@pytest.fixture(scope="module")
def traveled(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("journeys")

    def run(checks, journey):
        project = written(files_of(journey), folder / "+".join(map(name_of, journey)), {})
        return travel(lambda *arguments: quick_check(checks, *arguments), journey, project)

    with side_by_side(request, "journey", run) as result_of:
        yield result_of


@pytest.mark.slow
@pytest.mark.parametrize(
    "journey", list(islice(drawn(), JOURNEYS)), ids=lambda journey: "+".join(map(name_of, journey))
)
def test_a_journey_ends_in_a_pass(journey, traveled):
    reports = traveled(journey)
    assert reports[-1] == "passed", "\n".join(reports)
