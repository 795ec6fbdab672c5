"""The learner's own decorators of a consumer's methods."""

import ast

from checks.diagnoses.awaiting import awaited_by_channels
from checks.diagnoses.decorators import decorators
from workshop.checking.explaining.edits import (
    before,
    below,
    instead,
    made_plain,
    taking,
    undecorated,
)
from workshop.checking.explaining.nodes import FUNCTIONS, calls_in, last_name
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.suggestion import suggest
from workshop.checking.failures import Silent, Unanswered


def _own_decorators(evidence):
    """Each decorator of a consumer's methods that the project defines: the consumer, the method,
    the decorator as it is written, its file, and its function; that which it makes where it is
    called with arguments."""
    for consumer, node, decorator in decorators(evidence):
        for source in evidence.project.sources if isinstance(node, FUNCTIONS) else ():
            for function in source.nodes(ast.FunctionDef):
                if function.name == last_name(decorator):
                    called = decorator not in node.decorator_list
                    made = [inner for inner in _inner(function) if _inner(inner)] if called else []
                    yield consumer, node, decorator, source, next(iter(made), function)


def _inner(function):
    """The functions that are defined in a decorator, the outermost first."""
    return [n for n in ast.walk(function) if isinstance(n, FUNCTIONS) and n is not function]


def _given_calls(function, inner):
    """The calls of what the decorator was given."""
    given = [argument.arg for argument in function.args.args]
    return [call for call in calls_in(inner) if getattr(call.func, "id", None) in given]


@rule(raised=r"TypeError: object NoneType can't be used in 'await' expression")
def decorator_drops_the_coroutine(evidence, error):
    if evidence.raised_by_them(error):
        return None
    awaited = awaited_by_channels(evidence, error)
    for _, method, _, source, function in _own_decorators(evidence):
        for inner in _inner(function) if method.name == awaited else ():
            for call in _given_calls(function, inner) if isinstance(inner, ast.FunctionDef) else ():
                alone = any(node.value is call for node in source.nodes(ast.Expr))
                return Explanation(
                    f"{function.name}, which decorates {awaited}, calls it and drops what it "
                    "returns: a coroutine, which must be awaited. "
                    f"Write `return {source.code(call)}`.",
                    source.where(call),
                    suggest(source, before(call, "return ")) if alone else None,
                )


@rule(raised=r"TypeError: 'NoneType' object is not callable")
def decorator_returns_nothing(evidence, error):
    for _, method, _, source, function in _own_decorators(evidence):
        inner = _inner(function)
        returns = [n for n in function.body if isinstance(n, ast.Return)]
        if inner and not returns and f"self.{method.name}(" in error.code:
            return Explanation(
                f"{function.name} returns nothing, so it replaces {method.name} with None. "
                f"End {function.name} with `return {inner[0].name}`.",
                source.where(function),
                suggest(source, below(function.body[-1], f"return {inner[0].name}")),
            )


def _is_made_by_a_call(function, decorator, method):
    """Whether it takes arguments and returns the decorator, and was not called with any."""
    deep = [inner for inner in _inner(function) if _inner(inner)]
    return bool(deep) and any(decorator is written for written in method.decorator_list)


@rule
def decorator_not_called(evidence):
    for consumer, method, decorator, _, function in _own_decorators(evidence):
        error = evidence.error(r"object function can't be used in 'await' expression")
        silent = evidence.saw_only(Unanswered, Silent) and evidence.in_question(method.name)
        if (error or silent) and _is_made_by_a_call(function, decorator, method):
            arguments = ", ".join(argument.arg for argument in function.args.args)
            return Explanation(
                f"{function.name} makes a decorator from its arguments, but is not called here. "
                f"Write `@{ast.unparse(decorator)}(…)`, with a value for {arguments}.",
                consumer.where(decorator),
            )


@rule
def decorated_as_no_method(evidence):
    """Channels calls connect() and the like on the consumer."""
    for consumer, method, decorator in decorators(evidence) if evidence.errors else ():
        name = getattr(decorator, "id", None)
        called = ("connect", "receive", "receive_json", "disconnect")
        if name in ("staticmethod", "classmethod", "property") and method.name in called:
            where = consumer.where(decorator)
            return Explanation(
                f"Channels calls {method.name}() on each browser's "
                f"consumer, but a {name} does not receive it. "
                f"Remove @{name}.",
                where,
                evidence.suggest(where, undecorated(decorator)),
            )


@rule
def decorator_never_calls(evidence):
    if not evidence.saw_only(Unanswered, Silent):
        return None
    wanted = "connect" if evidence.saw(Unanswered) else "receive"
    for _, method, decorator, source, function in _own_decorators(evidence):
        inner = [] if _is_made_by_a_call(function, decorator, method) else _inner(function)
        if method.name == wanted and inner and not _given_calls(function, inner[0]):
            code = f"return {_given_name(function)}({_handed_on(inner[0])})"
            if isinstance(inner[0], ast.AsyncFunctionDef):
                code = code.replace("return", "return await")
            ends = isinstance(inner[0].body[-1], ast.Return | ast.Raise)
            return Explanation(
                f"{function.name} replaces {wanted}() and never calls it. "
                f"In {inner[0].name}, call what it was given: `{code}`",
                source.where(inner[0]),
                None if ends else suggest(source, below(inner[0].body[-1], code)),
            )


def _handed_on(inner):
    """The arguments with which a function passes on all that it takes."""
    taken = inner.args
    parts = [argument.arg for argument in (*taken.posonlyargs, *taken.args)]
    parts += [f"*{taken.vararg.arg}"] if taken.vararg else []
    parts += [f"{argument.arg}={argument.arg}" for argument in taken.kwonlyargs]
    return ", ".join([*parts, *([f"**{taken.kwarg.arg}"] if taken.kwarg else [])])


@rule
def decorator_makes_it_async(evidence):
    """The wrapper is `async def`, and a synchronous consumer only calls it."""
    coroutine, _ = evidence.never_awaited(r"<locals>") or ("", None)
    for consumer, method, _, source, function in _own_decorators(evidence):
        for inner in _inner(function)[:1] if coroutine and not consumer.is_async else ():
            if isinstance(inner, ast.AsyncFunctionDef) and coroutine.endswith(inner.name):
                also = " and await"
                awaits = [node for node in ast.walk(inner) if isinstance(node, ast.Await)]
                plain = [instead(node, source.as_written(node.value)) for node in awaits]
                return Explanation(
                    f"{function.name} makes {method.name} a coroutine function, and "
                    f"{consumer.name} is a synchronous consumer, which only calls it: it never "
                    f"ran. Write `def {inner.name}`, without async{also if awaits else ''}.",
                    source.where(inner),
                    suggest(source, made_plain(inner), *plain),
                )


@rule(raised=r"TypeError: (\w+)\.<locals>\.(\w+)\(\) (?:takes|got an unexpected|missing)")
def decorator_takes_too_little(evidence, error, name, inner):
    for _, method, _, source, function in _own_decorators(evidence):
        found = next((node for node in _inner(function) if node.name == inner), None)
        if function.name == name and found:
            word = "async def" if isinstance(found, ast.AsyncFunctionDef) else "def"
            return Explanation(
                f"{inner} of the decorator {name} replaces {method.name}, but "
                f"cannot take the arguments that {method.name} is called with. "
                f"Write `{word} {inner}(self, *args, **kwargs)`, and pass both "
                f"on: `{_given_name(function)}(self, *args, **kwargs)`.",
                source.where(found),
                suggest(source, *_taking_anything(source, function, found)),
            )


def _given_name(function):
    return function.args.args[0].arg if function.args.args else "method"


def _taking_anything(source, function, inner):
    """The changes by which the inner function takes everything and passes it on; none where it has
    more than plain arguments, or passes on something of its own."""
    names = [argument.arg for argument in inner.args.args]
    calls = _given_calls(function, inner)
    handed = [node for call in calls for node in (*call.args, *call.keywords)]
    if ast.unparse(inner.args) != ", ".join(names) or not names or not calls:
        return []
    if any(getattr(node, "id", None) not in names for node in handed):
        return []
    everything = f"{names[0]}, *args, **kwargs"
    return [
        taking(source, inner, everything),
        *(instead(call, f"{source.code(call.func)}({everything})") for call in calls),
    ]


@rule(raised=r"TypeError: (\w+)\(\) missing 1 required positional argument")
def decorator_called_in_vain(evidence, error, name):
    where = evidence.where(error)
    if evidence.line_at(where).startswith(f"@{name}("):
        calls = [c for c in evidence.nodes_at(where, ast.Call) if last_name(c.func) == name]
        empty = [c for c in calls if not c.args and not c.keywords]
        return Explanation(
            f"{name} takes the method itself. Write `@{name}`, without the parentheses.",
            where,
            evidence.suggest(where, *(instead(c, ast.unparse(c.func)) for c in empty)),
        )
