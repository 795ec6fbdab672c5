"""What no check sees and a teacher would mention, after everything has passed.

Written as the diagnoses are. Each speaks of something that is certain, from what the programs told
or from a text that cannot mean anything else; what is a matter of taste has no place here.
"""

import ast
import difflib
import re

from workshop.checking.events import Ended, Handled, Handles, NeverAwaited
from workshop.checking.explaining.rules import Explanation, advice
from workshop.checking.explaining.source import last_name, on_self

CALLED_BY_CHANNELS = ("connect", "disconnect", "receive", "receive_json")
CHANGES = {"append", "add", "insert", "extend", "update", "setdefault", "pop", "remove", "discard"}
BLOCKING = {
    "time.sleep": "await asyncio.sleep(…)",
    "requests.get": "an asynchronous client such as httpx.AsyncClient",
    "requests.post": "an asynchronous client such as httpx.AsyncClient",
    "requests.request": "an asynchronous client such as httpx.AsyncClient",
    "httpx.get": "httpx.AsyncClient",
    "httpx.post": "httpx.AsyncClient",
    "urllib.request.urlopen": "an asynchronous client such as httpx.AsyncClient",
    "subprocess.run": "await asyncio.create_subprocess_exec(…)",
    "subprocess.call": "await asyncio.create_subprocess_exec(…)",
    "subprocess.check_output": "await asyncio.create_subprocess_exec(…)",
    "os.system": "await asyncio.create_subprocess_shell(…)",
}


# Asynchronous code


def coroutine_calls(source):
    """The calls that run on the event loop: those in `async def` itself, without the functions
    and lambdas that stand inside of it."""
    for function in source.nodes(ast.AsyncFunctionDef):
        inside = list(function.body)
        while inside:
            node = inside.pop()
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
                continue
            if isinstance(node, ast.Call):
                yield node
            inside += ast.iter_child_nodes(node)


@advice
def blocking_call(evidence):
    for source in evidence.project.sources:
        for call in coroutine_calls(source):
            name = source.dotted(call.func)
            if name in BLOCKING:
                return Explanation(
                    f"{name}() blocks, in `async def`: for as long as it takes, this process "
                    f"serves nobody else. Use {BLOCKING[name]}, or run it in a thread: await "
                    f"asyncio.to_thread({last_name(call.func)}, …)",
                    source.where(call),
                )


@advice
def async_to_sync_in_async_code(evidence):
    for source in evidence.project.sources:
        for call in coroutine_calls(source):
            if (source.dotted(call.func) or "").startswith("asgiref.sync.async_to_sync"):
                return Explanation(
                    "async_to_sync stands in `async def` here, where it raises an error as soon as "
                    "the line is reached. Write await instead.",
                    source.where(call),
                )


@advice
def never_awaited(evidence):
    """Nothing that a browser sees depends on it, or the check would have failed."""
    for program in evidence.programs:
        for event in program.events:
            where = evidence.place(event) if isinstance(event, NeverAwaited) else None
            if where:
                name = event.coroutine.rpartition(".")[2]
                return Explanation(
                    f"{name}(…) was called without await, so nothing of it has run.", where
                )


@advice(needs="chat")
def event_loop_in_a_sync_consumer(evidence):
    for consumer in evidence.consumers:
        for method in consumer.methods.values():
            for call in ast.walk(method) if isinstance(method, ast.FunctionDef) else ():
                source = evidence.project.source_at(consumer.where(call))
                if isinstance(call, ast.Call) and source.dotted(call.func) == "asyncio.run":
                    return Explanation(
                        "asyncio.run() makes a new event loop for every call, to which the channel "
                        "layer's connections do not belong. Use async_to_sync(function)(…).",
                        consumer.where(call),
                    )


@advice
def async_unsafe(evidence):
    for source in evidence.project.sources:
        for node in source.nodes(ast.Constant):
            if node.value == "DJANGO_ALLOW_ASYNC_UNSAFE":
                return Explanation(
                    "DJANGO_ALLOW_ASYNC_UNSAFE only silences Django: a query in `async def` still "
                    "holds up everybody, and connections may be shared between tasks. Use the "
                    "methods with an a in front, such as acount(), or database_sync_to_async.",
                    source.where(node),
                )


@advice(needs="chat")
def task_goes_on(evidence):
    """A task without end, and nothing that could end it."""
    for consumer in evidence.consumers:
        if consumer.mentions("cancel") or consumer.mentions("TaskGroup"):
            continue
        for call in consumer.calls("create_task") + consumer.calls("ensure_future"):
            made = call.args[0] if call.args else None
            name = last_name(made.func) if isinstance(made, ast.Call) else None
            method = consumer.methods.get(name)
            endless = method and any(
                isinstance(n, ast.While) and getattr(n.test, "value", None) is True
                for n in ast.walk(method)
            )
            if endless:
                return Explanation(
                    f"The task {name}() goes on after its browser has left, for ever. Keep it, "
                    "self.task = asyncio.create_task(…), and in disconnect() write "
                    "self.task.cancel().",
                    consumer.where(call),
                )


# The consumer


@advice(needs="chat")
def method_never_called(evidence):
    """Almost the name of a method that Channels calls: the inherited one ran in its place."""
    handled = {(e.type or "").replace(".", "_") for e in evidence.events(Handles)}
    for consumer in evidence.consumers:
        if consumer.is_bare:
            continue
        for name, method in consumer.methods.items():
            near = difflib.get_close_matches(name.removeprefix("on_"), CALLED_BY_CHANNELS, 1, 0.8)
            called = name in handled or len(consumer.mentions(name)) > 0
            if near and name not in CALLED_BY_CHANNELS and not called:
                if near[0] in consumer.methods or method.decorator_list:
                    continue
                return Explanation(
                    f"Nobody calls {name}(): Channels calls a method named {near[0]}, letter by "
                    "letter, and the one of the base class was called in its place.",
                    consumer.where(method),
                )


@advice(needs="chat")
def close_without_return(evidence):
    """The socket is refused under a condition, and what follows is done all the same."""
    for consumer in evidence.consumers:
        body = getattr(consumer.methods.get("connect"), "body", [])
        for statement in body[:-1]:
            last = statement.body[-1] if isinstance(statement, ast.If) else None
            value = getattr(last, "value", None)
            call = getattr(value, "value", value)
            closes = (
                isinstance(last, ast.Expr) and isinstance(call, ast.Call) and on_self(call.func)
            )
            if closes and call.func.attr == "close" and not statement.orelse:
                return Explanation(
                    "close() does not end connect(): the lines below are run for a browser that "
                    "was refused, too. Write return after it.",
                    consumer.where(last),
                )


# Groups and the layer


@advice(needs="chat")
def group_discard_forgotten(evidence):
    """Somebody joined, left, and was never taken out: a layer that forgives it hides it."""
    joined = evidence.layer_calls("group_add")
    if not joined or evidence.layer_calls("group_discard"):
        return None
    if not evidence.events(Handled, type="websocket.disconnect") and not any(
        event.error is None for event in evidence.events(Ended)
    ):
        return None
    for consumer in evidence.consumers:
        if not consumer.mentions("group_discard"):
            return Explanation(
                "The consumer joins a group and never leaves it. This layer forgives that; another "
                "keeps the channel in the group for a day. In disconnect(), call group_discard() "
                "with the arguments of group_add().",
                consumer.where(consumer.methods.get("disconnect")),
            )


@advice(needs="chat")
def groups_is_a_text(evidence):
    for consumer in evidence.consumers:
        for name, node in consumer.class_values:
            text = getattr(node.value, "value", None)
            if name == "groups" and isinstance(text, str):
                return Explanation(
                    "groups is a text, so the consumer joins one group for each letter of it. "
                    f"Write groups = [{text!r}].",
                    consumer.where(node),
                )


# Routes and asgi.py


@advice(needs="chat")
def route_without_an_end(evidence):
    """Django compares the whole path only with an expression that ends in $, and searches it in
    the path otherwise (django.urls.resolvers.RegexPattern)."""
    for source, call in evidence.project.routes:
        pattern = getattr(call.args[0], "value", None)
        nested = any(last_name(n) == "URLRouter" for n in ast.walk(call))
        to_consumer = any(last_name(n) == "as_asgi" for n in ast.walk(call))
        if last_name(call.func) != "re_path" or nested or not to_consumer:
            continue
        if isinstance(pattern, str) and not re.search(r"\$$|\\Z$", pattern):
            before = "" if pattern.startswith(("^", r"\A")) else "and before "
            return Explanation(
                f"The route {pattern!r} matches whatever comes after {before}it as well, such as "
                "ws/chat/lobby/anything. Begin it with ^ and end it with $.",
                source.where(call),
            )


@advice(needs="chat")
def no_origin_validator(evidence):
    """Any page of any site may open a WebSocket here (Channels documentation, Security)."""
    asgi = evidence.project.asgi
    if asgi is None:
        return None
    for source in evidence.project.sources:
        checked = any(n.value in ("origin", b"origin") for n in source.nodes(ast.Constant))
        wrapped = any("Origin" in (last_name(n.func) or "") for n in source.nodes(ast.Call))
        if checked or wrapped:
            return None  # a validator, or a check of the attendee's own
    for call in asgi.nodes(ast.Call):
        if last_name(call.func) == "ProtocolTypeRouter":
            return Explanation(
                "A page of any other site can open this WebSocket in the name of whoever visits "
                "it. Wrap the routes: AllowedHostsOriginValidator(…), from "
                "channels.security.websocket.",
                asgi.where(call),
            )


@advice(needs="chat")
def import_before_set_up(evidence):
    """Under runserver Django is set up already; `daphne mysite.asgi:application` stops here."""
    asgi = evidence.project.asgi
    named = ready = False
    for statement in asgi.tree.body if asgi and asgi.tree else ():
        text = ast.unparse(statement)
        sets_up = any(
            last_name(call.func) in ("get_asgi_application", "setup", "get_default_application")
            for call in ast.walk(statement)
            if isinstance(call, ast.Call)
        )
        if sets_up and not named and "DJANGO_SETTINGS_MODULE" not in text and not ready:
            return Explanation(
                "DJANGO_SETTINGS_MODULE is not set when Django is set up here. manage.py does it "
                "for runserver; under `daphne` this line stops. Put os.environ.setdefault(…) above "
                "it.",
                asgi.where(statement),
            )
        named = named or "DJANGO_SETTINGS_MODULE" in text
        ready = ready or sets_up
        if not ready and isinstance(statement, ast.Import | ast.ImportFrom):
            for module in _modules(asgi, statement):
                models = _models_behind(evidence.project, module, set())
                if models:
                    return Explanation(
                        f"{module} is imported before Django is set up, and it leads to models "
                        f"({models}). runserver has set Django up before; under `daphne` this line "
                        "stops. Import it below get_asgi_application().",
                        asgi.where(statement),
                    )


def _modules(source, statement):
    """The names of the modules that an import may read."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    parent = source.absolute(statement)
    return [parent, *(f"{parent}.{alias.name}" for alias in statement.names)]


def _models_behind(project, module, seen):
    """The module with models that an import of `module` reads in turn, or None."""
    if re.fullmatch(r"(.+\.)?models(\..+)?", module) and not module.startswith("django.db"):
        if module.startswith("django.") or project.source(module):
            return module
    source = project.source(module)
    if source is None or module in seen or source.tree is None:
        return None
    seen.add(module)
    for statement in source.tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for name in _modules(source, statement):
                if found := _models_behind(project, name, seen):
                    return found
    return None
