"""What decorates a consumer's methods: a view's decorator, or one of the learner's own."""

import ast

from checks.diagnoses.awaiting import awaited_by_channels
from workshop.checking.explaining.rules import Explanation, advice, rule
from workshop.checking.explaining.source import calls_in, last_name
from workshop.checking.failures import Silent, Unanswered

FOR_VIEWS = (
    "django.contrib.auth.decorators.",
    "django.contrib.auth.mixins.",
    "django.contrib.admin.views.decorators.",
    "django.views.",
    "django.utils.decorators.",
    "rest_framework.",
)
LOGIN = ("login_required", "permission_required", "user_passes_test", "LoginRequiredMixin")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _decorators(evidence):
    """Each decorator of a consumer's class or methods: the consumer, what it decorates, and the
    decorator without its arguments."""
    for consumer in evidence.consumers:
        for node in (consumer.node, *consumer.methods.values()):
            for decorator in node.decorator_list:
                yield consumer, node, getattr(decorator, "func", decorator)


# Django's, for views


@rule(raised=r"^(?:AttributeError|TypeError)")
def view_decorator_on_a_consumer(evidence, error):
    in_django = any("django" in frame.file.parts for frame in error.frames[-1:])
    if not in_django and "'request'" not in error.message:
        return None
    for consumer, node, decorator in _decorators(evidence):
        source = evidence.project.source_at(consumer.where(node))
        if (source.dotted(decorator) or "").startswith(FOR_VIEWS):
            written = ast.unparse(decorator)
            return Explanation(
                f"{written} is for views, whose first argument is a request. A consumer gets none, "
                f"so {node.name} fails before it begins. Remove the decorator.{_login(evidence)}",
                consumer.where(decorator),
            )


def _login(evidence):
    """Where a consumer finds who is logged in, for whoever asked for that."""
    named = any(node.mentions(name) for node in evidence.consumers for name in LOGIN)
    named = named or any(
        last_name(base) in LOGIN for c in evidence.consumers for base in c.node.bases
    )
    named = named or any(
        last_name(child) in LOGIN
        for _, node, _ in _decorators(evidence)
        for decorator in node.decorator_list
        for child in ast.walk(decorator)
    )
    if not named:
        return ""
    return ' Who is logged in is in self.scope["user"], where asgi.py has AuthMiddlewareStack.'


@rule
def view_mixin_on_a_consumer(evidence):
    for consumer in evidence.consumers if evidence.errors else ():
        for base in consumer.node.bases:
            through = any(e.came_through("django", "rest_framework") for e in evidence.errors)
            if through and (consumer.source.dotted(base) or "").startswith(FOR_VIEWS):
                return Explanation(
                    f"{ast.unparse(base)} is for views: its dispatch() takes a request, and a "
                    "consumer's takes an event. Remove it from the class line."
                    f"{_login(evidence)}",
                    consumer.where(),
                )


@advice(needs="chat")
def csrf_exempt_without_effect(evidence):
    for consumer, _, decorator in _decorators(evidence):
        if last_name(decorator) == "csrf_exempt":
            return Explanation(
                "csrf_exempt has no effect here: Django asks views for a CSRF token, and never a "
                "consumer. Remove the decorator.",
                consumer.where(decorator),
            )


# The learner's own


def _own_decorators(evidence):
    """Each decorator of a consumer's methods that the project defines: the consumer, the method,
    the decorator as it is written, its file, and its function."""
    for consumer, node, decorator in _decorators(evidence):
        for source in evidence.project.sources if isinstance(node, FUNCTIONS) else ():
            for function in source.nodes(ast.FunctionDef):
                if function.name == last_name(decorator):
                    yield consumer, node, decorator, source, function


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
                return Explanation(
                    f"{function.name}, which decorates {awaited}, calls it and drops what it "
                    "returns: a coroutine, which must be awaited. Write "
                    f"return {ast.unparse(call)}",
                    source.where(call),
                )


@rule(raised=r"TypeError: 'NoneType' object is not callable")
def decorator_returns_nothing(evidence, error):
    for _, method, _, source, function in _own_decorators(evidence):
        inner = _inner(function)
        returns = [n for n in function.body if isinstance(n, ast.Return)]
        if inner and not returns and f"self.{method.name}(" in error.code:
            return Explanation(
                f"{function.name} returns nothing, so it puts None in the place of {method.name}. "
                f"End {function.name} with return {inner[0].name}",
                source.where(function),
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
                f"{function.name} makes a decorator from its arguments, and is not called here. "
                f"Write @{ast.unparse(decorator)}({arguments}), with what you want to give it.",
                consumer.where(decorator),
            )


@rule
def decorated_as_no_method(evidence):
    """Channels calls connect() and the like on the consumer."""
    for consumer, method, decorator in _decorators(evidence) if evidence.errors else ():
        name = getattr(decorator, "id", None)
        called = ("connect", "receive", "receive_json", "disconnect")
        if name in ("staticmethod", "classmethod", "property") and method.name in called:
            return Explanation(
                f"Channels calls {method.name}() on each consumer, and a {name} cannot be called "
                f"so. Remove @{name}.",
                consumer.where(decorator),
            )


@rule
def decorator_never_calls(evidence):
    if not evidence.saw_only(Unanswered, Silent):
        return None
    wanted = "connect" if evidence.saw(Unanswered) else "receive"
    for _, method, decorator, source, function in _own_decorators(evidence):
        inner = [] if _is_made_by_a_call(function, decorator, method) else _inner(function)
        if method.name == wanted and inner and not _given_calls(function, inner[0]):
            given = function.args.args[0].arg if function.args.args else "it"
            return Explanation(
                f"{function.name} takes the place of {wanted}() and never calls it. In "
                f"{inner[0].name}, call what it was given: {given}(…)",
                source.where(inner[0]),
            )


@rule
def decorator_makes_it_async(evidence):
    """The wrapper is `async def`, and a synchronous consumer only calls it."""
    coroutine, _ = evidence.never_awaited(r"<locals>") or ("", None)
    for consumer, method, _, source, function in _own_decorators(evidence):
        for inner in _inner(function)[:1] if coroutine and not consumer.is_async else ():
            if isinstance(inner, ast.AsyncFunctionDef) and coroutine.endswith(inner.name):
                return Explanation(
                    f"{function.name} makes {method.name} a coroutine function, and "
                    f"{consumer.name} is a synchronous consumer, which only calls it: it never "
                    f"ran. Write def {inner.name}, without async and await.",
                    source.where(inner),
                )


@rule(raised=r"TypeError: (\w+)\.<locals>\.(\w+)\(\) (?:takes|got an unexpected|missing)")
def decorator_takes_too_little(evidence, error, name, inner):
    for _, method, _, source, function in _own_decorators(evidence):
        found = next((node for node in _inner(function) if node.name == inner), None)
        if function.name == name and found:
            return Explanation(
                f"{inner} of the decorator {name} takes the place of {method.name}, and cannot "
                f"take what {method.name} is called with. Write {inner}(self, *args, **kwargs), "
                "and hand both on.",
                source.where(found),
            )


@rule(raised=r"TypeError: (\w+)\(\) missing 1 required positional argument")
def decorator_called_in_vain(evidence, error, name):
    where = evidence.where(error)
    if evidence.line_at(where).startswith(f"@{name}("):
        return Explanation(
            f"{name} takes the method itself. Write @{name}, without the parentheses.", where
        )
