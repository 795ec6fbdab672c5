"""The architecture: no import cycles; the machinery doesn't know any content; what a rule is and
when it is asked. (That every rule has a name of its own, an entry in a catalogue and known
capabilities is found by `dev check`: test_continuity.py.)"""

import ast
import importlib

import pytest

from tests import imports
from tests.conftest import ROOT
from workshop import manifest
from workshop.checking.command import packages_of_rules
from workshop.checking.explaining.rules import Rule, rules_of
from workshop.developing.check_rules import every_rule, with_a_test_of_their_own

REPOSITORY = imports.modules(ROOT, "workshop", "classroom", "checks", "benchmarks", "tests")
MACHINERY = {name: file for name, file in REPOSITORY.items() if name.split(".")[0] == "workshop"}
MEETING = "workshop.checking.command"  # where the machinery meets the content of checks/
# The templates of `dev new` are content: files to be.
MACHINERY = {name: f for name, f in MACHINERY.items() if ".developing.template" not in name}


def test_no_import_goes_in_a_circle():
    found = imports.circle(imports.graph(REPOSITORY))
    assert found is None, "These import one another: " + " → ".join(found)


def test_a_circle_is_found_also_inside_of_a_function(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "a/b/__init__.py").write_text("from .. import one\n", encoding="utf-8")
    (tmp_path / "a/one.py").write_text("def f():\n    from .b.two import g\n", encoding="utf-8")
    (tmp_path / "a/b/two.py").write_text("import a.b\n", encoding="utf-8")
    known = imports.modules(tmp_path, "a")
    found = imports.circle(imports.graph(known))
    assert found is not None and found[0] == found[-1]
    assert set(found) == {"a.b", "a.one", "a.b.two"}
    for module, imports_it in zip(found, found[1:], strict=False):
        assert imports_it in imports.graph(known)[module]


@pytest.mark.parametrize("name", MACHINERY)
def test_the_machinery_imports_no_content(name):
    """checks/ and tests/ are only reached by names from the manifest, in one place."""
    content = {"checks", "tests", "benchmarks", "solutions", "steps"}
    tree = ast.parse(MACHINERY[name].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        tops = []
        if isinstance(node, ast.Import):
            tops = [alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            tops = [node.module.partition(".")[0]]
        assert not content & set(tops), f"{MACHINERY[name]}:{node.lineno}"
        if isinstance(node, ast.Constant) and str(node.value).startswith("checks."):
            assert name == MEETING, f"{MACHINERY[name]}:{node.lineno} names a module of checks/"


@pytest.mark.parametrize("name", MACHINERY)
def test_the_machinery_names_no_step(name):
    """Docstrings are exempt: a step may be an example there."""
    tree = ast.parse(MACHINERY[name].read_text(encoding="utf-8"))
    known = {word for step in manifest.steps() for word in (step.name, step.short)}
    words = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in words:
            assert node.value not in known, f"{MACHINERY[name]}:{node.lineno}: {node.value!r}"


def test_every_rule_is_a_function_of_the_module_that_lists_it_under_its_name():
    for package in packages_of_rules(*manifest.steps()):
        for rule in rules_of(package):
            module = importlib.import_module(rule.find.__module__)
            assert getattr(module, rule.id) is rule, rule.id
            assert rule.id.isidentifier() and rule.id.islower()


def test_every_module_of_rules_is_asked():
    """One that is not listed would never be asked."""
    for package in packages_of_rules(*manifest.steps()):
        prefix = f"{package.__name__}."
        below = {name.removeprefix(prefix) for name in REPOSITORY if name.startswith(prefix)}
        with_rules = {
            name
            for name in below
            for value in vars(importlib.import_module(prefix + name)).values()
            if isinstance(value, Rule) and value.find.__module__ == prefix + name
        }
        assert with_rules == set(package.ASKED_IN_TURN)


def test_every_module_with_advice_is_asked_after_a_pass():
    """Only those that are listed are imported then."""
    for package in packages_of_rules(*manifest.steps()):
        advising = {rule.find.__module__ for rule in rules_of(package) if rule.advises}
        listed = getattr(package, "ADVISING", ())
        assert advising == {f"{package.__name__}.{name}" for name in listed}
        assert list(listed) == [name for name in package.ASKED_IN_TURN if name in listed]


def test_what_has_a_test_of_its_own_is_a_rule_and_its_test_is_there():
    ids = {rule.id for rule in every_rule()}
    for id, why in with_a_test_of_their_own().items():
        test = ROOT / why.rpartition(": ")[2]
        assert id in ids and id in test.read_text(encoding="utf-8"), id
