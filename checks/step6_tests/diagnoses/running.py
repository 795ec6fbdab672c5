"""The tests could not be run, or not to their end."""

import ast

from checks.step6_tests.diagnoses.seen import calls, failing, in_question, sources
from checks.step6_tests.failures import (
    Broken,
    EndsWithoutAResult,
    FailsOnTheRightChat,
    Hangs,
    NeverAwaited,
    NoTests,
    NotRun,
    TooSlow,
    Unsteady,
)
from workshop.checking.explaining.edits import before, instead
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import Where

OF_A_TAB = (
    *("connect", "disconnect", "send_to", "send_json_to", "receive_from", "receive_json_from"),
    *("receive_output", "receive_nothing", "send_input"),
)
TAKES_COROUTINES = ("gather", "create_task", "run", "wait_for", "ensure_future", "async_to_sync")


@rule
def no_tests_found(evidence):
    """Nothing has the name of a test."""
    if not evidence.saw(NoTests) or evidence.errors:
        return None
    return Explanation(
        "No test was found that passes. A test is a function whose name begins with `test`, or "
        "such a method of a class that is derived from django.test's TestCase, in a file whose "
        "name begins with `test`.",
        Where(evidence.project.folder / "chat/tests.py"),
    )


@rule
def pytest_gave_up(evidence):
    """A usage error, an exit in the middle: what pytest itself said is shown."""
    if not evidence.saw(NotRun):
        return None
    ini = evidence.project.folder / "pytest.ini"
    where = _where_it_exits(evidence) or (Where(ini) if ini.is_file() else None)
    return Explanation(
        f"{evidence.failure} Look at pytest.ini, and at what your tests do with the process they "
        "run in.",
        where,
    )


def _where_it_exits(evidence):
    for source, function in in_question(evidence):
        for call in calls(function, "_exit", "exit", "kill", "abort"):
            return source.where(call)
    return None


@rule
def ends_without_a_failing_test(evidence):
    """On a chat with a fault, the process dies, is stopped, or cannot load the tests."""
    if not evidence.saw(EndsWithoutAResult):
        return None
    source, function = failing(evidence)
    if evidence.failure.how == "broken":
        advice = (
            "A file that is not loaded tests nothing, so this fault is not noticed by a test. Move "
            "what is done while the file is loaded into a test."
        )
        return Explanation(advice, Where(evidence.project.folder / "chat/tests.py"))
    return Explanation(
        "That is the end of all tests, and the answer of none: the others are not run, and nobody "
        "is told which one noticed something. A test fails with an exception: write an assertion "
        "in its place.",
        _where_it_exits(evidence) or (source and source.where(function)),
    )


@rule
def tests_take_too_long(evidence):
    """All runs together take longer than a check may."""
    if not evidence.saw(TooSlow):
        return None
    if not evidence.failure.test:
        return Explanation(
            "This machine is busy with other things. Give the check twice the time: set the "
            "variable WORKSHOP_PATIENCE to 2."
        )
    for source, function in in_question(evidence):
        for call in calls(function, "sleep", "receive_nothing"):
            return Explanation(
                "The check runs your tests seventeen times, so each second counts. This one waits "
                "for a time to pass. Wait for a frame that has to come: "
                '`await hears(tab, "message")`',
                source.where(call),
            )
    source, function = failing(evidence)
    return Explanation(
        "The check runs your tests seventeen times, so each second counts. What does this one wait "
        "for? Wait for a frame that has to come, not for a time to pass; and nothing here needs a "
        "server of its own. On a busy machine, set the variable WORKSHOP_PATIENCE to 2.",
        source and source.where(function),
    )


@rule
def needs_redis(evidence):
    """The layer of the settings is used: a connection to an address at which nothing listens."""
    if not evidence.saw(FailsOnTheRightChat, Unsteady):
        return None
    if "connecting to 127.0.0.1:1." not in evidence.failure.message and not evidence.error(
        r"ConnectionError.*Error .* connecting to 127\.0\.0\.1:1\b|Redis"
    ):
        return None
    return Explanation(
        "This test needs a Redis: it uses the channel layer of the settings. Give the tests one in "
        "memory, in `setUp`:\n"
        "    self.enterContext(override_settings(CHANNEL_LAYERS=IN_MEMORY))",
        failing(evidence)[0] and failing(evidence)[0].where(failing(evidence)[1]),
    )


@rule
def async_test_is_not_run(evidence):
    """A coroutine function that neither pytest nor unittest's own TestCase awaits."""
    if not evidence.saw(FailsOnTheRightChat, NeverAwaited):
        return None
    source, function = failing(evidence)
    if not isinstance(function, ast.AsyncFunctionDef):
        return None
    if evidence.saw(FailsOnTheRightChat):
        if "async def functions are not natively supported" not in evidence.failure.text:
            return None
    elif evidence.failure.coroutine != function.name:
        return None
    return Explanation(
        "This test is a coroutine, and nothing awaits it. Django's `TestCase` does, for its "
        "methods (not that of unittest). For a function of pytest's, write `@pytest.mark.anyio` "
        'above it, with a fixture `anyio_backend` that returns "asyncio".',
        source.where(function),
    )


def _not_awaited(source, function):
    """Calls of coroutine functions that are not awaited."""
    known = {
        *OF_A_TAB,
        *(n.name for n in source.nodes(ast.AsyncFunctionDef) if not n.decorator_list),
    }
    awaited = {id(node.value) for node in ast.walk(function) if isinstance(node, ast.Await)}
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and last_name(call.func) in TAKES_COROUTINES:
            awaited |= {id(node) for one in call.args for node in ast.walk(one)}
    for call in calls(function, *known):
        is_method = isinstance(call.func, ast.Attribute)
        if id(call) not in awaited and (is_method or last_name(call.func) not in OF_A_TAB):
            yield call


@rule
def call_not_awaited(evidence):
    """A coroutine of a tab's, or of a helper, is called and nothing else."""
    if not evidence.saw(NeverAwaited, FailsOnTheRightChat):
        return None
    for source, function in in_question(evidence):
        for call in _not_awaited(source, function):
            if not isinstance(function, ast.AsyncFunctionDef):
                continue
            name, where = last_name(call.func), source.where(call)
            return Explanation(
                f"{name}() is a coroutine: without await, nothing of it is done, and what it "
                f"returns counts as true. Write `await {source.code(call)}`",
                where,
                evidence.suggest(where, before(call, "await ")),
            )
    return None


@rule
def test_hangs(evidence):
    """A test that has begun does not end."""
    if not evidence.saw(Hangs):
        return None
    source, function = failing(evidence)
    loops = [node for node in ast.walk(function) if isinstance(node, ast.While)] if source else []
    queues = calls(function, "get", "wait", "sleep") if source else []
    node = next(iter([*loops, *queues]), function)
    return Explanation(
        "This test does not come to its end: it waits for something that does not come. "
        "`receive_json_from()` and `receive_output()` wait for a second and then fail; around "
        "anything else, write `async with asyncio.timeout(1):`",
        source.where(node) if source else None,
    )


@rule
def test_is_unsteady(evidence):
    """It passes and fails on the same chat."""
    if not evidence.saw(Unsteady):
        return None
    source, function = failing(evidence)
    return Explanation(
        f"{evidence.failure} It depends on something besides the chat: the clock, chance, a file, "
        "or what another test has left. Wait for what comes and not for a time, and make what the "
        "test needs in the test itself.",
        source.where(function) if source else None,
    )


@rule
def tests_not_loaded(evidence):
    """An exception while a file of tests is imported, for which no other rule has a name."""
    if not evidence.saw(Broken) or evidence.broken:
        return None
    error = next(iter(evidence.errors), None)
    if error is None or error.name != "AssertionError":
        return None
    return Explanation(
        "This assertion is not in a function, so it is made while the file is loaded, before any "
        "test. Move it into a test.",
        evidence.where(error),
    )


@rule
def simple_test_case(evidence):
    """A base class that allows no queries."""
    if not evidence.saw(FailsOnTheRightChat) or "SimpleTestCase" not in evidence.failure.text:
        return None
    for source in sources(evidence):
        for node in source.nodes(ast.ClassDef):
            for base in node.bases:
                if last_name(base) == "SimpleTestCase":
                    where = source.where(node)
                    edits = [instead(base, "TestCase")]
                    for one in source.nodes(ast.alias):
                        if one.name == "SimpleTestCase":
                            edits.append(instead(one, "TestCase"))
                    return Explanation(
                        "SimpleTestCase allows no queries, and the chat makes some: sessions, "
                        "messages, presence. Derive from `TestCase`.",
                        where,
                        evidence.suggest(where, *edits),
                    )
    return None


@rule
def unittests_own_test_case(evidence):
    """from unittest import TestCase"""
    if not evidence.saw(FailsOnTheRightChat):
        return None
    if "Database access not allowed" not in evidence.failure.text:
        return None
    for source in sources(evidence):
        for node in source.nodes(ast.ImportFrom):
            if node.module == "unittest" and [one.name for one in node.names] == ["TestCase"]:
                where, changed = source.where(node), "from django.test import TestCase"
                return Explanation(
                    "This TestCase is that of unittest: it neither gives a test the database nor "
                    f"awaits one that is a coroutine. Django's does: `{changed}`",
                    where,
                    evidence.suggest(where, instead(node, changed)),
                )
    return None


@rule
def database_not_asked_for(evidence):
    """A function of pytest's without the mark."""
    if not evidence.saw(FailsOnTheRightChat):
        return None
    if "Database access not allowed" not in evidence.failure.text:
        return None
    source, function = failing(evidence)
    return Explanation(
        "pytest lets a function reach the database only if it asks: write "
        "`@pytest.mark.django_db(transaction=True)` above it. (In a transaction, another thread "
        "would not see the rows.)",
        source.where(function) if source else None,
    )


@rule
def transaction_of_another_thread(evidence):
    """asyncio.run() in a test within a transaction: the consumer's queries are made in a thread."""
    if not evidence.saw(FailsOnTheRightChat):
        return None
    threads = ("run", "Thread", "submit", "to_thread", "ThreadPoolExecutor")
    for source, function in in_question(evidence):
        for call in calls(function, *threads):
            if "locked" in evidence.failure.text or "transaction=True" not in source.text:
                return Explanation(
                    "Each thread has a connection of its own to the database. The test's rows are "
                    "in a transaction that is not committed, so the consumer, whose queries are "
                    "made in another thread here, finds the table locked or empty. Write an `async "
                    "def` method of a TestCase, or use TransactionTestCase or `transaction=True`.",
                    source.where(call),
                )
    return None


@rule
def live_server_in_memory(evidence):
    """ChannelsLiveServerTestCase with SQLite in memory."""
    if not evidence.saw(FailsOnTheRightChat):
        return None
    if "can not be used with in memory databases" not in evidence.failure.text:
        return None
    for source in sources(evidence):
        for node in source.nodes(ast.ClassDef):
            if "ChannelsLiveServerTestCase" in map(last_name, node.bases):
                return Explanation(
                    "A live server is another process, and cannot see a database in the memory of "
                    "this one, nor a channel layer in memory. Nothing here needs a server: derive "
                    "from `TestCase`, and use a WebsocketCommunicator.",
                    source.where(node),
                )
    return None
