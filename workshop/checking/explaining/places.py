"""What kind of function a place is in, and so how a coroutine is run there.

`await` is only valid in `async def`
(https://docs.python.org/3/reference/expressions.html#await-expression), and async_to_sync() in code
whose thread runs no event loop
(https://docs.djangoproject.com/en/5.2/topics/async/#async-adapter-functions). Messages ask here
what to tell the learner to type.
"""

import ast
from dataclasses import dataclass
from functools import cached_property

from workshop.checking.explaining.callers import (
    called_by_channels,
    callers_of,
    holds,
    is_run,
    on_the_loop,
)
from workshop.checking.explaining.consumer import Consumer
from workshop.checking.explaining.edits import after, before, imported, instead, made_async
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.project import Project
from workshop.checking.explaining.source import Source, Where
from workshop.checking.explaining.suggestion import Change, Suggestion, suggest

IMPORT = "from asgiref.sync import async_to_sync"
LONGEST = 80  # characters of a call that is shown with its arguments
SHORT = 40  # characters of code that is shown within a sentence
NOT_ASYNC = ("property", "cached_property")  # what is read, not called


@dataclass(frozen=True)
class Place:
    """A place in the learner's files; `call` is what is called there, where that is in question.

    Where something else is called in a coroutine function's place, async_to_sync(f) say,
    `coroutine` is that function, which takes the arguments of `call`. `whole` is what is to be
    replaced where that is more than the call."""

    project: Project
    source: Source | None
    where: Where | None
    call: ast.Call | None = None
    coroutine: ast.expr | None = None
    whole: ast.expr | None = None

    @cached_property
    def function(self) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None:
        """The innermost function around it; None at module level and in a class's body."""
        lambdas = self.source.at(self.where.line, ast.Lambda) if self.call else ()
        within = [node for node in lambdas if holds(node.body, self.call)]
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
        return bool(self.consumer) and called_by_channels(self.consumer, self.function)

    @cached_property
    def on_the_loop(self) -> bool:
        """Whether the event loop runs it: `async def`, and what that calls directly."""
        if self.consumer and self.consumer.is_async and self.is_called_by_channels:
            return True
        return on_the_loop(self.project, self.function)

    # What to type

    def to_run(self) -> str:
        """The sentence that says how the coroutine of `call` is run there."""
        called, function = self._called, self.function
        if isinstance(function, ast.Lambda):
            return (
                f"A lambda cannot await. Write an `async def` instead, with `await {called}` in it."
            )
        if function is None:
            return (
                "Nothing can be awaited outside a function. "
                f"Move the call into an `async def`, and write `await {called}` there."
            )
        if self.is_async:
            attribute = getattr(self._asked_of_it, "attr", None)
            return _write(f"{self._awaited(called)}{f'.{attribute}' if attribute else ''}")
        if self.on_the_loop:
            return self._to_make_async(called)
        return f"{self.name}() is a plain `def`, so it cannot await. {self.to_bridge()}"

    def to_bridge(self) -> str:
        """The sentence that says to run it with async_to_sync."""
        function, arguments = "…", "(…)"
        if self.call is not None:
            function, arguments = self._parts(self.source.code)
            arguments = _short(self.source, self.call, arguments)
        missing = "" if "async_to_sync" in self.source.imports else IMPORT
        return _write(f"async_to_sync({function}){arguments}", missing)

    def to_make_async(self) -> str:
        """The end of a sentence that says to write `async def`: who then has to await it."""
        callers = self._callers_to_change
        if not callers:
            return ""
        source, call = callers[0]
        if len(callers) == 1 and source is self.source:
            code = f"await {_shortened(source, call)}"
            return f", and `{code}` where it is called, on line {call.lineno}"
        return f", and `await` where {self.name}() is called"

    @cached_property
    def suggestion(self) -> Suggestion | None:
        """The edit that does what `to_run` says, where that is certain."""
        if self.call is None or self.source.tree is None:
            return None
        if self.is_async:
            return suggest(self.source, *self._with_await)
        if not isinstance(self.function, ast.FunctionDef):
            return None
        if not self.on_the_loop:
            function, arguments = self._parts(self.source.as_written)
            bridge = instead(self.whole or self.call, f"async_to_sync({function}){arguments}")
            return suggest(self.source, bridge, *imported(self.source, IMPORT))
        made = self.made_async() if self.is_called_by_channels or self._callers else []
        return suggest(self.source, *made, *self._with_await) if made else None

    def made_async(self) -> list[Change]:
        """The changes that make its function `async def` and await it where it is called; none
        where that is not certain."""
        if not isinstance(self.function, ast.FunctionDef) or self._cannot_be_async:
            return []
        if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(self.function)):
            return []
        changes = [made_async(self.function)]
        for source, call in self._callers_to_change:
            at = Place(self.project, source, source.where(call), call)
            if source is not self.source or not at.is_async:
                return []
            changes += at._with_await
        return changes

    @property
    def _with_await(self) -> list[Change]:
        """The changes that put `await` before the call."""
        whole = self.whole or self.call
        begin, end = ("(await ", ")") if self._asked_of_it else ("await ", "")
        if whole is self.call and self.coroutine is None:
            return [before(whole, begin), *([after(whole, end)] if end else [])]
        return [instead(whole, begin + "".join(self._parts(self.source.as_written)) + end)]

    @property
    def _cannot_be_async(self) -> bool:
        decorators = getattr(self.function, "decorator_list", ())
        names = {last_name(node) for node in decorators}
        return self.name.startswith("__") or bool(names & {*NOT_ASYNC})

    def _to_make_async(self, called: str) -> str:
        if self._cannot_be_async:
            return (
                f"{self.name} cannot be `async def`. "
                f"Move the call into a method that is, and write `await {called}` there."
            )
        also = self.to_make_async()
        return (
            f"{self.name}() is a plain `def`, but asynchronous code calls it. "
            f"Write `async def {self.name}`{',' if also else ' and'} `await {called}` in it{also}."
        )

    @cached_property
    def _callers(self) -> list[tuple[Source, ast.Call]]:
        return callers_of(self.project, self.function)

    @property
    def _callers_to_change(self) -> list[tuple[Source, ast.Call]]:
        """The calls of its function that are not awaited, nor passed to what awaits them. Channels
        and Django await what they call."""
        if self.is_called_by_channels:
            return []
        return [(source, call) for source, call in self._callers if not is_run(source, call)]

    def _parts(self, code) -> tuple[str, str]:
        """The coroutine function, and the arguments in their parentheses."""
        function, whole = code(self.call.func), code(self.call)
        return code(self.coroutine) if self.coroutine else function, whole[len(function) :]

    @property
    def _called(self) -> str:
        """The coroutine's call as it is written; with long arguments left out."""
        if self.call is None:
            return "…"
        function, arguments = self._parts(self.source.code)
        return f"{function}{_short(self.source, self.call, arguments)}"

    @property
    def _asked_of_it(self) -> ast.AST | None:
        whole = self.whole or self.call
        return asked_of(self.source, whole) if whole else None

    def _awaited(self, called: str) -> str:
        """The call with `await`, in parentheses where its result is used on the spot."""
        return f"(await {called})" if self._asked_of_it else f"await {called}"


def asked_of(source: Source, node: ast.expr) -> ast.AST | None:
    """What uses the node's value on the spot: an attribute, an item, a call."""
    for other in source.nodes(ast.Attribute, ast.Subscript, ast.Call):
        if getattr(other, "value", getattr(other, "func", None)) is node:
            return other
    return None


def _write(code: str, at_the_top: str = "") -> str:
    """The sentence that says to write it: long code on a line of its own, which is never
    wrapped."""
    if at_the_top:
        return f"Write:\n    {code}\nand at the top of the file:\n    {at_the_top}"
    return f"Write `{code}`." if len(code) <= SHORT else f"Write:\n    {code}"


def _short(source: Source, call: ast.Call, arguments: str) -> str:
    """The arguments; long ones are left out."""
    return arguments if len(source.code(call)) <= LONGEST else "(…)"


def _shortened(source: Source, call: ast.Call) -> str:
    function, whole = source.code(call.func), source.code(call)
    return function + _short(source, call, whole[len(function) :])


def place(project: Project, where: Where | None, name: str | None = None) -> Place:
    """The place; with the call there of something whose last name is `name`, or the only one that
    is not awaited."""
    source = project.source_at(where)
    calls = source.at(where.line, ast.Call) if source else []
    waits = [node.value for node in source.at(where.line, ast.Await)] if source else []
    left = [call for call in calls if not any(call is node for node in waits)]
    named = [call for call in (*left, *calls) if last_name(call.func) == name]
    found = named or (left if len(left) == 1 else [])
    return Place(project, source, where, found[0] if name is not None and found else None)


def written_call(is_async: bool, function: str, arguments: str) -> str:
    """The code that calls a method of the consumer or of the channel layer: the latter are
    coroutines in synchronous consumers, too."""
    if is_async:
        return f"await {function}({arguments})"
    if "channel_layer" in function:
        return f"async_to_sync({function})({arguments})"
    return f"{function}({arguments})"
