"""In what kind of function a place is, and so how a coroutine is run there.

`await` is valid in `async def` alone
(https://docs.python.org/3/reference/expressions.html#await-expression), and async_to_sync() in code
whose thread runs no event loop
(https://docs.djangoproject.com/en/5.2/topics/async/#async-adapter-functions). What a message tells
to type is asked for here.
"""

import ast
from dataclasses import dataclass
from functools import cached_property

from workshop.checking.explaining.source import (
    Consumer,
    Project,
    Source,
    Where,
    calls_in,
    handler_name,
    last_name,
    on_self,
)
from workshop.checking.explaining.suggestion import (
    Suggestion,
    imported,
    instead,
    made_async,
    suggest,
)

IMPORT = "from asgiref.sync import async_to_sync"
TO_THREAD = ("sync_to_async", "database_sync_to_async")
LONGEST = 80  # characters of a call that is shown with its arguments
CALLERS = 4  # how far a function's callers are followed
NOT_ASYNC = ("property", "cached_property")  # what is read, not called
# The methods that Channels calls, besides those of the groups' messages.
BY_CHANNELS = {
    f"{prefix}{name}"
    for prefix in ("", "websocket_")
    for name in ("connect", "receive", "receive_json", "disconnect")
}


@dataclass(frozen=True)
class Place:
    """A place in the learner's files; `call` is what is called there, where that is in question."""

    project: Project
    source: Source | None
    where: Where | None
    call: ast.Call | None = None

    @cached_property
    def function(self) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None:
        """The innermost function around it; None at module level and in a class's body."""
        lambdas = self.source.at(self.where.line, ast.Lambda) if self.call else ()
        within = [node for node in lambdas if _holds(node.body, self.call)]
        return within[-1] if within else self.project.function_at(self.where)

    @property
    def name(self) -> str:
        """The function's name; empty without one."""
        return getattr(self.function, "name", "")

    @property
    def is_async(self) -> bool:
        """Whether `await` is valid there."""
        return isinstance(self.function, ast.AsyncFunctionDef)

    @cached_property
    def consumer(self) -> Consumer | None:
        return self.project.consumer_at(self.where)

    @property
    def is_called_by_channels(self) -> bool:
        """Whether it is in a method that Channels itself calls, and awaits in async consumers."""
        method = self.consumer and self.consumer.methods.get(self.name)
        types = {t for c in [self.consumer] if c for t in _types_of(c)}
        return method is self.function and (self.name in BY_CHANNELS or self.name in types)

    @cached_property
    def on_the_loop(self) -> bool:
        """Whether the event loop runs it: `async def`, and what that calls directly."""
        if self.consumer and self.consumer.is_async and self.is_called_by_channels:
            return True
        return _on_the_loop(self.project, self.function, CALLERS)

    # What to type

    def to_run(self) -> str:
        """The sentence that says how the coroutine of `call` is run there."""
        called, function = self._called, self.function
        if isinstance(function, ast.Lambda):
            return (
                "A lambda cannot await. "
                f"Write an `async def` in its place, with `await {called}` in it."
            )
        if function is None:
            return (
                "Nothing can be awaited outside of functions. "
                f"Move the call into an `async def`, and write `await {called}` there."
            )
        if self.is_async:
            attribute = getattr(self._asked_of_it, "attr", None)
            return f"Write `{self._awaited(called)}{f'.{attribute}' if attribute else ''}`."
        if self.on_the_loop:
            return self._made_async(called)
        return f"{self.plain} Write `{self.bridged()}`{self._and_import()}."

    def to_await(self) -> str:
        """The sentence that says what to change so that the `await` there is allowed, or not
        needed."""
        if isinstance(self.function, ast.Lambda) or self.function is None:
            return self.to_run()
        if self.on_the_loop:
            also = self._also_its_callers()
            return f"{self.name}() is a plain `def`. Write `async def {self.name}`{also}."
        if self.consumer and self.call and _is_own(self.call):
            base = next((b for b in self.consumer.bases if b.endswith("Consumer")), "the class")
            return (
                f"{base} is a synchronous consumer. "
                f"Write `{self._called}` without await, or make the whole consumer asynchronous: "
                f"Async{base.removeprefix('Sync')} with `async def` throughout."
            )
        return self.to_run()

    @property
    def suggestion(self) -> Suggestion | None:
        """The edit that runs the coroutine of `call` there, where that is certain: in a method that
        others call, they would have to be edited too."""
        if self.call is None or self.source.tree is None:
            return None
        call = instead(self.call, self._awaited(self.source.code(self.call)))
        if self.is_async:
            return suggest(self.source, call)
        if not isinstance(self.function, ast.FunctionDef):
            return None
        if not self.on_the_loop:
            bridge = instead(self.call.func, f"async_to_sync({self.source.code(self.call.func)})")
            return suggest(self.source, bridge, *imported(self.source, IMPORT))
        if self.is_called_by_channels:
            return suggest(self.source, made_async(self.function), call)
        return None

    @property
    def plain(self) -> str:
        """What is to be known of a plain function before `await` is written in it."""
        return f"{self.name}() is a plain `def`, where `await` is a SyntaxError."

    def _made_async(self, called: str) -> str:
        decorators = getattr(self.function, "decorator_list", ())
        if self.name.startswith("__") or {last_name(node) for node in decorators} & {*NOT_ASYNC}:
            return (
                f"{self.name} cannot be `async def`. "
                f"Move the call into a method that is, and write `await {called}` there."
            )
        return (
            f"{self.name}() is a plain `def`, and asynchronous code calls it. "
            f"Write `async def {self.name}`, `await {called}` in it{self._also_its_callers()}."
        )

    def _also_its_callers(self) -> str:
        if self.is_called_by_channels:
            return ""
        return f", and `await` where {self.name}() is called"

    @property
    def _called(self) -> str:
        """The call as it is written; its arguments left out where they are long."""
        if self.call is None:
            return "…"
        whole = self.source.code(self.call)
        return whole if len(whole) <= LONGEST else f"{self.source.code(self.call.func)}(…)"

    @property
    def _asked_of_it(self) -> ast.AST | None:
        """What asks something of the call's result on the spot: an attribute, an item, a call."""
        for node in self.source.nodes(ast.Attribute, ast.Subscript, ast.Call):
            if self.call and getattr(node, "value", getattr(node, "func", None)) is self.call:
                return node
        return None

    def _awaited(self, called: str) -> str:
        """The call with `await`, in parentheses where something is asked of its result."""
        return f"(await {called})" if self._asked_of_it else f"await {called}"

    def bridged(self) -> str:
        """The call with async_to_sync."""
        if self.call is None:
            return "async_to_sync(…)(…)"
        function, whole = self.source.code(self.call.func), self.source.code(self.call)
        arguments = whole[len(function) :] if len(whole) <= LONGEST else "(…)"
        return f"async_to_sync({function}){arguments}"

    def _and_import(self) -> str:
        known = self.source and "async_to_sync" in self.source.imports
        return "" if known else f", with `{IMPORT}` at the top of the file"


def place(project: Project, where: Where | None, name: str | None = None) -> Place:
    """The place; with the call there of something whose last name is `name`, or the only one that
    is not awaited."""
    source = project.source_at(where)
    calls = source.at(where.line, ast.Call) if source else []
    waits = [node.value for node in source.at(where.line, ast.Await)] if source else []
    named = [call for call in calls if last_name(call.func) == name]
    left = [call for call in calls if not any(call is node for node in waits)]
    found = named or (left if len(left) == 1 else [])
    return Place(project, source, where, found[0] if name is not None and found else None)


def made_without_await(project: Project, where: Where | None) -> tuple[Where, str] | None:
    """The assignment of a call's result, without await, to what is read at the place: a variable of
    the function, an attribute or a key of the scope. With the last name of what is called."""
    source, function = project.source_at(where), project.function_at(where)
    read = {_key(node) for node in source.at(where.line, *READ)} - {None} if source else ()
    found = [
        (other.where(node), last_name(node.value.func) or "")
        for other in project.sources
        for node in other.nodes(ast.Assign)
        if isinstance(node.value, ast.Call)
        for target in node.targets
        if _key(target) in read
        if not isinstance(target, ast.Name) or project.function_at(other.where(node)) is function
    ]
    return found[0] if len(found) == 1 else None


READ = (ast.Name, ast.Attribute, ast.Subscript)


def _key(node: ast.AST) -> tuple[str, str] | None:
    """What tells a variable, `self.name` or `scope["key"]` from others."""
    if isinstance(node, ast.Subscript):
        key = getattr(node.slice, "value", None)
        return ("scope", key) if last_name(node.value) == "scope" and key else None
    if isinstance(node, ast.Attribute):
        return ("self", node.attr) if on_self(node) else None
    return ("", node.id) if isinstance(node, ast.Name) else None


def written_call(is_async: bool, function: str, arguments: str) -> str:
    """The code that calls a method of the consumer or of the channel layer: the second are
    coroutines in synchronous consumers, too."""
    if is_async:
        return f"await {function}({arguments})"
    if "channel_layer" in function:
        return f"async_to_sync({function})({arguments})"
    return f"{function}({arguments})"


def _is_own(call: ast.Call) -> bool:
    """Whether it calls a method of the consumer itself: self.send(…)."""
    return isinstance(call.func, ast.Attribute) and on_self(call.func)


def _holds(tree: ast.AST, node: ast.AST) -> bool:
    return any(child is node for child in ast.walk(tree))


def _types_of(consumer: Consumer) -> set[str]:
    """The names of the methods for the types that the consumer's classes write."""
    texts = (node.value for node in consumer.nodes(ast.Constant) if isinstance(node.value, str))
    return {handler_name(text) for text in texts}


def _on_the_loop(project: Project, function: ast.AST | None, depth: int) -> bool:
    """Whether `async def` calls the function, or what calls it does. One that is only handed on,
    to a thread say, is not called."""
    if isinstance(function, ast.AsyncFunctionDef):
        return True
    if not isinstance(function, ast.FunctionDef) or not depth:
        return False
    if any(last_name(node) in TO_THREAD for node in function.decorator_list):
        return False
    callers = (
        around
        for source in project.sources
        for around in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if around is not function
        if any(last_name(call.func) == function.name for call in calls_in(around))
    )
    return any(_on_the_loop(project, caller, depth - 1) for caller in callers)
