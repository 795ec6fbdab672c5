"""What blocks the event loop along the way: the check may pass, but others had to wait."""

import ast

from workshop.checking.events import Computes
from workshop.checking.explaining.edits import imported, instead
from workshop.checking.explaining.loop import calls_on_the_loop, defined
from workshop.checking.explaining.nodes import calls_in, last_name
from workshop.checking.explaining.places import asked_of
from workshop.checking.explaining.rules import Explanation, advice, rule
from workshop.checking.failures import Silent, Unanswered

BLOCKING = {
    "time.sleep": "await asyncio.sleep(…)",
    "requests.get": "an asynchronous client such as httpx.AsyncClient",
    "requests.post": "an asynchronous client such as httpx.AsyncClient",
    "requests.request": "an asynchronous client such as httpx.AsyncClient",
    "requests.put": "an asynchronous client such as httpx.AsyncClient",
    "requests.patch": "an asynchronous client such as httpx.AsyncClient",
    "requests.delete": "an asynchronous client such as httpx.AsyncClient",
    "requests.head": "an asynchronous client such as httpx.AsyncClient",
    "httpx.get": "httpx.AsyncClient",
    "httpx.post": "httpx.AsyncClient",
    "httpx.request": "httpx.AsyncClient",
    "urllib.request.urlretrieve": "an asynchronous client such as httpx.AsyncClient",
    "urllib.request.urlopen": "an asynchronous client such as httpx.AsyncClient",
    "subprocess.run": "await asyncio.create_subprocess_exec(…)",
    "subprocess.call": "await asyncio.create_subprocess_exec(…)",
    "subprocess.check_output": "await asyncio.create_subprocess_exec(…)",
    "subprocess.check_call": "await asyncio.create_subprocess_exec(…)",
    "subprocess.getoutput": "await asyncio.create_subprocess_shell(…)",
    "os.system": "await asyncio.create_subprocess_shell(…)",
}


def unblocked(evidence, where, call):
    """What to write in `async def` in place of the blocking call, and the edit that does so."""
    source = evidence.project.source_at(where)
    function = source.as_written(call.func)
    arguments = source.as_written(call)[len(function) :].strip()[1:-1]
    if source.dotted(call.func) == "time.sleep":
        code = f"await asyncio.sleep({arguments})"
    else:
        code = f"await asyncio.to_thread({', '.join(filter(None, [function, arguments]))})"
    code = f"({code})" if asked_of(source, call) else code
    needed = imported(source, "import asyncio")
    return code, evidence.suggest(where, instead(call, code), *needed)


POOLS = ("ThreadPoolExecutor", "ProcessPoolExecutor")


def in_a_thread(project, function) -> str | None:
    """What to write where a coroutine of the project calls the plain function, directly or through
    others; None where none does."""
    for found in calls_on_the_loop(project):
        called = defined(project, found.source, found.call)
        if called and called[1] is function:
            direct = found.function is found.coroutine
            return _to_thread(function if direct else found.entry)
    return None


def _to_thread(function) -> str:
    """The call of a function of the project's, in a thread."""
    arguments = [argument.arg for argument in function.args.args]
    owner = "self." if arguments[:1] == ["self"] else ""
    more = ", …" if arguments[bool(owner) :] else ""
    return f"await asyncio.to_thread({owner}{function.name}{more})"


@advice
def blocking_call(evidence):
    for found in calls_on_the_loop(evidence.project):
        name = found.name
        if name not in BLOCKING or evidence.project.is_given(found.source.path):
            continue
        where = found.source.where(found.call)
        if found.function is found.coroutine:
            code, suggestion = unblocked(evidence, where, found.call)
            other = "" if name == "time.sleep" else f", or use {BLOCKING[name]}"
            return Explanation(
                f"{name}() blocks inside `async def`: while it "
                "runs, this process serves nobody else. "
                f"Write `{code}`{other}.",
                where,
                suggestion,
            )
        called = found.function.name
        return Explanation(
            f"{name}() blocks, and {called}() is called from `async def {found.coroutine.name}`: "
            "while it runs, this process serves nobody else. "
            f"Where the coroutine calls {found.entry.name}(), run "
            f"it in a thread: {_to_thread(found.entry)}",
            where,
        )


@rule(advises=True)
def computes_on_the_loop(evidence):
    """A computation blocks just as a waiting call does. The process itself reported it."""
    given_up = getattr(evidence.failure, "who", None) == "check"  # the whole run took too long
    if evidence.failure and not evidence.saw_only(Silent, Unanswered) and not given_up:
        return None
    for event in evidence.events(Computes):
        where = evidence.place(event)
        if where and not evidence.project.is_given(where.file) and not is_endless(evidence, where):
            return Explanation(computing(evidence, where), where)


def is_endless(evidence, where) -> bool:
    """Whether the line is in a `while True`, of which there is more to say (stuck.py)."""
    loops = evidence.nodes_at(where, ast.While)
    return any(getattr(loop.test, "value", None) in (True, 1) for loop in loops)


def computing(evidence, where) -> str:
    """What to say of a line that computes on the event loop."""
    functions = evidence.nodes_at(where, ast.FunctionDef, ast.AsyncFunctionDef)
    inner = max(functions, key=lambda node: node.lineno, default=None)
    if isinstance(inner, ast.FunctionDef):
        call = in_a_thread(evidence.project, inner) or "await asyncio.to_thread(…)"
        cure = f"Make it shorter, or write `{call}` where a coroutine calls it."
    else:
        cure = (
            "Make it shorter, or move it to a plain function and write "
            "`await asyncio.to_thread(that_function)`."
        )
    return (
        "This line computes on the event loop for so long that "
        "everyone else on this server had to wait. "
        "`async` does not make a computation yield; only an await does. "
        f"{cure}"
    )


def pools_that_wait(function) -> list[ast.With]:
    """The `with ThreadPoolExecutor()` of a coroutine that begin work and do not await it: leaving
    the block waits for all of it (Executor.shutdown), and holds the event loop."""
    blocks = [node for node in ast.walk(function) if isinstance(node, ast.With)]
    return [
        block
        for block in blocks
        if any(last_name(getattr(i.context_expr, "func", None)) in POOLS for i in block.items)
        and not any(isinstance(node, ast.Await) for node in ast.walk(block))
    ]


def _awaited_in_a_thread(source, block) -> str:
    """What does the same as the first pool.submit(…) of the block, and is awaited."""
    for call in calls_in(block):
        if last_name(call.func) == "submit" and call.args:
            given = ", ".join(source.code(node) for node in (*call.args, *call.keywords))
            return f"await asyncio.to_thread({given})"
    return "await asyncio.to_thread(…)"


@rule(advises=True)
def pool_holds_the_loop(evidence):
    held = evidence.stuck[1] if evidence.saw(Silent, Unanswered) and evidence.stuck else None
    if evidence.failure and held is None:
        return None
    for source in evidence.project.sources:
        for function in source.nodes(ast.AsyncFunctionDef):
            for block in pools_that_wait(function):
                if held and (held.file, held.line) != (source.path, block.lineno):
                    continue
                return Explanation(
                    "At the end of this `with` block, the event loop itself waits "
                    "for the threads and serves nobody in the meantime. "
                    "Instead of a pool of your own, await the work in a "
                    f"thread: `{_awaited_in_a_thread(source, block)}`",
                    source.where(block),
                )
