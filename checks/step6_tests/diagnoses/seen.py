"""What the rules of step 6 ask of the evidence."""

import ast

from checks.step5_people.diagnoses.seen import calls
from checks.step6_tests.observers.deciding import test_in
from workshop.checking.explaining.nodes import FUNCTIONS


def failing(evidence):
    """(source, function) of the test that the failure is about, or two None."""
    test = getattr(evidence.failure, "test", None)
    return (test and test_in(evidence.project, test)) or (None, None)


def in_question(evidence):
    """(source, function) of each test and helper that the failure can come from: the test that it
    is about, then its file's other functions; all of them where it is about no single test."""
    source, function = failing(evidence)
    if source:
        others = [one for one in source.nodes(*FUNCTIONS) if one is not function]
        return [(source, function), *((source, one) for one in others)]
    return [(one, node) for one in sources(evidence) for node in one.nodes(*FUNCTIONS)]


def tests(evidence):
    """(source, function) of each test."""
    return [(s, node) for s, node in in_question(evidence) if node.name.startswith("test")]


def sources(evidence):
    """The learner's files with tests."""
    return [
        source
        for source in evidence.project.sources
        if source.tree and not evidence.project.is_given(source.path)
        and source.path.parent.name != "migrations"
    ]  # fmt: skip


def uses(evidence, *names):
    """Whether a test or helper calls something of one of these names."""
    return any(calls(source.tree, *names) for source in sources(evidence))


def strings(evidence):
    """All strings and bytes in the tests, as strings, in lower case."""
    values = [
        node.value
        for source in sources(evidence)
        for node in source.nodes(ast.Constant)
        if isinstance(node.value, str | bytes)
    ]
    return [str(value, "utf-8", "replace").lower() if isinstance(value, bytes) else value.lower()
            for value in values]  # fmt: skip
