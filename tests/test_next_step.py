"""A throw-away step after the last: every rule that applies to step 3 matches there too."""

import json
import subprocess
import sys

import pytest

from tests.catalogue import entries, project_of
from tests.copied import Workshop
from workshop import manifest
from workshop.developing.check_rules import every_rule

STEP3 = manifest.find("step3")
NUMBER = manifest.steps()[-1].number + 1
AT_ONCE = 2  # checks side by side: most of a failing one is waiting
# Mistakes of various kinds: at least one for each file of rules that step 3 has mistakes for.
SAMPLE = (
    "echo-left-in-receive",
    "group-add-forgotten",
    "async-group-send-not-awaited",
    "handler-missing",
    "handler-event-json-loads",
    "url-kwarg-name-mismatch",
    "channel-layers-missing",
    "os-import-forgotten-in-settings",
    "accept-forgotten-group",
    "handler-sends-nothing",
    "event-read-with-a-dot",
    "send-to-the-group-with-self-send",
    "password-for-a-redis-that-has-none",
)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory) -> Workshop:
    """A workshop with one more step, whose project is step 3's and whose checks are a copy."""
    workshop = Workshop(tmp_path_factory.mktemp("next") / "workshop")
    made = workshop.type("dev", "new", f"step{NUMBER}_throwaway")
    assert made.returncode == 0, made.stdout + made.stderr
    listed = workshop.root / "workshop.toml"
    text = listed.read_text(encoding="utf-8")
    assert 'teaches = ["throwaway"]' in text
    entries = text.split("[[steps]]\n")
    assert "continues = true" in entries[-1]
    # Its project is step 3's: it begins there, and not with a database.
    between = [entry for entry in entries[1:-1] if 'track = "take-home"' in entry]
    text = "[[steps]]\n".join(entry for entry in entries if entry not in between)
    text = text.replace('teaches = ["throwaway"]', 'teaches = ["history"]')
    listed.write_text(text, encoding="utf-8")
    checks = workshop.root / "checks"
    copied = (checks / STEP3.name / "test_behavior.py").read_text(encoding="utf-8")
    (checks / f"step{NUMBER}_throwaway/test_behavior.py").write_text(copied, encoding="utf-8")
    return workshop


def test_a_step_that_continues_loses_no_rule_that_applies(workshop):
    code = (
        "from workshop import manifest\n"
        "from workshop.checking.command import rules_for\n"
        f"print([rule.id for rule in rules_for(manifest.find('step{NUMBER}'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=workshop.root,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    of_any_step = [rule for rule in every_rule() if rule.find.__module__.startswith("checks.diag")]
    applies = [rule for rule in of_any_step if rule.applies_to(STEP3.capabilities)]
    assert len(applies) > 150
    # What the new step teaches silences some rules on purpose, and lets others speak.
    teaches = STEP3.capabilities | {"history"}
    kept = [rule.id for rule in of_any_step if rule.applies_to(teaches)]
    assert {rule.id for rule in applies if "history" not in rule.unless} <= set(kept)
    assert done.stdout.strip() == str(kept), done.stderr


# Run in the copy: checks its step 4 on the projects that are named to it, from warm processes, and
# writes a list of how each failed, null where it did not.
CHECK_ALL = f"""
import json, sys
from concurrent.futures import ThreadPoolExecutor
from tests.conftest import quick_check
from workshop.checking.command import content
from workshop.checking.processes.preloaded import QuickChecks

with QuickChecks(content()) as checks, ThreadPoolExecutor({AT_ONCE}) as pool:
    step = "step{NUMBER}"
    done = pool.map(lambda p: quick_check(checks, step, "--project", p, "--json"), sys.argv[1:])
    print(json.dumps([one.failed for one in done]))
"""


@pytest.fixture(scope="module")
def told(workshop, tmp_path_factory) -> dict[str, dict | None]:
    """How the check of step 4 failed on each mistake of step 3."""
    folder = tmp_path_factory.mktemp("projects")
    chosen = [e for e in entries("mistakes") if e[0] == "step3" and e[1]["name"] in SAMPLE]
    projects = [project_of(entry, folder / entry[1]["name"]) for entry in chosen]
    done = subprocess.run(
        [sys.executable, "-c", CHECK_ALL, *projects],
        cwd=workshop.root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads(done.stdout)
    return {entry[1]["name"]: result for entry, result in zip(chosen, results, strict=True)}


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLE)
def test_a_mistake_of_step_3_gets_the_same_diagnosis_in_step_4(name, told):
    row = next(e[1] for e in entries("mistakes") if e[0] == "step3" and e[1]["name"] == name)
    assert told[name]["diagnosis"] == row["diagnosis"], told[name]
