"""Tests that pass on a chat with a fault."""

import ast

from checks.step6_tests.diagnoses.seen import calls, failing, sources, tests
from checks.step6_tests.failures import DecidesNothing, FailsOnTheRightChat, Survived
from workshop.checking.explaining.edits import instead, renamed, undecorated
from workshop.checking.explaining.nodes import FUNCTIONS, last_name
from workshop.checking.explaining.rules import Explanation, rule

CALLED_BY_UNITTEST = ("setUp", "tearDown", "asyncSetUp", "asyncTearDown", "runTest", "id")


def _suffix(evidence):
    """What the survived fault is, in a sentence, for a message."""
    return f" With this fault, all tests pass: {evidence.failure.fault.does}"


@rule
def test_is_skipped(evidence):
    if not evidence.saw(Survived):
        return None
    for source, function in tests(evidence):
        for decorator in function.decorator_list:
            named = {
                last_name(n) for n in ast.walk(decorator) if isinstance(n, ast.Name | ast.Attribute)
            }
            if named & {"skip", "skipIf", "skipUnless", "skipif", "xfail", "expectedFailure"}:
                where = source.where(decorator)
                return Explanation(
                    f"{function.name} is skipped, so it notices nothing: remove this line."
                    + _suffix(evidence),
                    where,
                    evidence.suggest(where, undecorated(decorator)),
                )
    return None


@rule
def test_defined_twice(evidence):
    """The second function of a name replaces the first."""
    if not evidence.saw(Survived):
        return None
    for source in sources(evidence):
        for owner in [source.tree, *source.nodes(ast.ClassDef)]:
            seen = {}
            for node in owner.body:
                if isinstance(node, FUNCTIONS) and node.name.startswith("test"):
                    if first := seen.get(node.name):
                        return Explanation(
                            f"Two tests are called {node.name}, here and in line {node.lineno}: "
                            "the second replaces the first, which is never run. Give each a name "
                            "of its own." + _suffix(evidence),
                            source.where(first),
                        )
                    seen[node.name] = node
    return None


@rule
def name_without_test(evidence):
    """A method of a test class that nobody calls."""
    if not evidence.saw(Survived):
        return None
    for source in sources(evidence):
        used = {n.attr for n in source.nodes(ast.Attribute)} | {
            n.id for n in source.nodes(ast.Name)
        }
        for owner in source.nodes(ast.ClassDef):
            if not any(getattr(n, "name", "").startswith("test") for n in owner.body):
                continue
            for node in owner.body:
                if not isinstance(node, FUNCTIONS) or node.decorator_list:
                    continue
                if node.name.startswith("test") or node.name in (*used, *CALLED_BY_UNITTEST):
                    continue
                name, where = f"test_{node.name.lstrip('_')}", source.where(node)
                return Explanation(
                    f"{node.name}() is never run: the name of a test begins with `test`. Call it "
                    f"`{name}`." + _suffix(evidence),
                    where,
                    evidence.suggest(where, renamed(node, name)),
                )
    return None


@rule
def comparison_without_assertion(evidence):
    """frame["message"] == "hello", and nothing is made of it."""
    if not evidence.saw(Survived, DecidesNothing):
        return None
    for source, function in tests(evidence):
        for node in ast.walk(function):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Compare):
                where, code = source.where(node), source.code(node.value)
                changed = f"assert {code}"
                if isinstance(node.value.ops[0], ast.Eq) and len(node.value.ops) == 1:
                    left, right = node.value.left, node.value.comparators[0]
                    if "self" in [one.arg for one in function.args.args]:
                        changed = f"self.assertEqual({source.code(left)}, {source.code(right)})"
                return Explanation(
                    f"This line compares, and does nothing with the answer. Write `{changed}`",
                    where,
                    evidence.suggest(where, instead(node, changed)),
                )
    return None


@rule
def always_true(evidence):
    """assertTrue with two values, assert of a tuple, an answer that is never false."""
    if not evidence.saw(Survived, DecidesNothing):
        return None
    for source, function in tests(evidence):
        for call in calls(function, "assertTrue"):
            if len(call.args) == 2:
                where, given = source.where(call), ", ".join(map(source.code, call.args))
                changed = f"self.assertEqual({given})"
                return Explanation(
                    "assertTrue() looks at its first argument only: the second one is a message. "
                    f"Write `{changed}`",
                    where,
                    evidence.suggest(where, instead(call, changed)),
                )
        for node in ast.walk(function):
            if isinstance(node, ast.Assert) and isinstance(node.test, ast.Tuple) and node.test.elts:
                where = source.where(node)
                changed = "assert " + ", ".join(map(source.code, node.test.elts[:2]))
                return Explanation(
                    "This asserts a tuple, and a tuple with something in it is true. Without the "
                    f"parentheses: `{changed}`",
                    where,
                    evidence.suggest(where, instead(node, changed)),
                )
    return None


@rule
def compared_with_itself(evidence):
    """assertEqual(x, x)"""
    if not evidence.saw(Survived):
        return None
    for source, function in tests(evidence):
        for call in calls(function, "assertEqual", "assertIs"):
            if len(call.args) > 1 and ast.dump(call.args[0]) == ast.dump(call.args[1]):
                return Explanation(
                    f"This compares {source.code(call.args[0])} with itself, which is always "
                    "equal. Compare it with what is right." + _suffix(evidence),
                    source.where(call),
                )
    return None


@rule
def connected_is_a_tuple(evidence):
    """`if not await tab.connect()`: a tuple of two is always true."""
    if not evidence.saw(Survived, FailsOnTheRightChat):
        return None
    for source in sources(evidence):
        for node in source.nodes(ast.Assign):
            call = node.value.value if isinstance(node.value, ast.Await) else None
            is_name = isinstance(node.targets[0], ast.Name)
            if is_name and isinstance(call, ast.Call) and last_name(call.func) == "connect":
                where, name = source.where(node), node.targets[0].id
                if f"{name}[" in source.text:
                    continue
                changed = f"{name}, _"
                return Explanation(
                    "connect() returns two values, and a tuple with something in it is true, even "
                    f"(False, 403). Write `{changed} = {source.code(node.value)}`",
                    where,
                    evidence.suggest(where, instead(node.targets[0], changed)),
                )
    return None


@rule
def assertion_caught(evidence):
    """A failing assertion raises, and the test catches it."""
    if not evidence.saw(Survived):
        return None
    broad = {"Exception", "BaseException", "AssertionError", "TimeoutError"}
    for source, function in tests(evidence):
        for node in ast.walk(function):
            caught = None
            if isinstance(node, ast.ExceptHandler):
                caught = {last_name(n) for n in ast.walk(node.type or ast.Name("Exception"))}
                caught = (
                    caught if not any(isinstance(n, ast.Raise) for n in ast.walk(node)) else None
                )
            elif isinstance(node, ast.With):
                caught = {
                    last_name(argument)
                    for item in node.items
                    for call in calls(item.context_expr, "suppress")
                    for argument in call.args
                }
            if caught and caught & broad:
                where = source.where(node)
                return Explanation(
                    "A failed assertion is an AssertionError, and a frame that does not come a "
                    "TimeoutError. This catches it, and the test passes. Let it through."
                    + _suffix(evidence),
                    where,
                )
    return None


@rule
def decides_nothing(evidence):
    """No assertion, and no waiting for a frame."""
    if not evidence.saw(DecidesNothing):
        return None
    source, function = failing(evidence)
    return Explanation(
        f"{function.name} does something and looks at nothing that comes of it. Listen for what "
        "has to come back, and compare it: "
        '`self.assertEqual((await hears(tab, "message"))["message"], "hello")`',
        source.where(function),
    )


@rule
def fault_not_noticed(evidence):
    """No test looks at what is wrong."""
    if not evidence.saw(Survived):
        return None
    fault = evidence.failure.fault
    return Explanation(
        f"{fault.does} All of your tests pass with it. A test that notices it has to {fault.look}."
    )
