"""ASGI middleware of the learner's own: how it is made, and how it is called."""

import ast

from workshop.checking.explaining.edits import (
    above,
    below,
    imported,
    instead,
    left_out,
    made_async,
    taking,
    without,
)
from workshop.checking.explaining.middleware import middlewares
from workshop.checking.explaining.nodes import last_name, mentions
from workshop.checking.explaining.route import routes_in_asgi
from workshop.checking.explaining.rules import Explanation, rule

THREE = "scope, receive, send"


def named(evidence, name):
    """The project's middleware of that name."""
    return next((m for m in middlewares(evidence.project) if m.name == name), None)


def where_named(evidence, name):
    """The place in the module with the application that names it."""
    asgi = evidence.project.asgi
    for node in reversed(asgi.tree.body if asgi and asgi.tree else ()):
        if mentions(node, name):
            return asgi.where(node)
    return None


@rule(
    raised=r"TypeError: (\w+)\.(?:__call__|<locals>\.\w+)\(\) takes [12] positional arguments? but"
)
def middleware_takes_too_little(evidence, error, name):
    """In Channels 2 it only got the scope (Channels documentation, release notes of 3.0); in Django
    it gets a request."""
    found = named(evidence, name)
    if found is None or evidence.raised_by_them(error):
        return None
    took = ", ".join(found.arguments)
    if found.arguments == ["request"]:
        whose = "for Django's pages: it takes a request, and belongs in MIDDLEWARE"
    else:
        whose = f"of the form that Channels 2 had: it only takes {took}"
    own = "self, " if isinstance(found.node, ast.ClassDef) else ""
    onward, edit = _of_today(evidence, found, own)
    return Explanation(
        f"{name} is a middleware {whose}. Around WebSockets it is called with scope, receive and "
        f"send. Write\n    async def {found.call.name}({own}{THREE}):\nand end it with\n"
        f"    return {onward}",
        found.where(),
        edit,
    )


def _of_today(evidence, found, own):
    """How it passes on all three; and the edit that makes it take and pass them on, where it does
    so once and uses what it was given for nothing else."""
    calls, given = found.passing_on, found.arguments[:1]
    others = [
        node
        for node in ast.walk(found.call)
        if isinstance(node, ast.Name) and [node.id] == given and node.id != "scope"
    ]
    if len(calls) != 1 or len(calls[0].args) != 1 or len(others) > (calls[0].args[0] in others):
        return f"await {found.inner}({THREE})", None
    scope = "scope" if others else found.source.code(calls[0].args[0])
    onward = f"await {found.inner}({scope}, receive, send)"
    return onward, evidence.suggest(
        found.where(),
        *([made_async(found.call)] if isinstance(found.call, ast.FunctionDef) else []),
        taking(found.source, found.call, own + THREE),
        instead(calls[0], onward),
    )


@rule(raised=r"TypeError: (\w+)[\w.<>]*\(\) missing 2 required positional arguments: 'receive' and")
def inner_called_with_the_scope_alone(evidence, error, name):
    where = evidence.where(error)
    for found in middlewares(evidence.project) if evidence.raised_by_them(error) else ():
        if found.has(where):
            code, edit = _in_one_step(evidence, found, where)
            return Explanation(
                "In Channels 2, the inner application was called with the "
                "scope only; now it takes all three at once. "
                "Write\n"
                f"    return {code}",
                where,
                edit,
            )


def _in_one_step(evidence, found, where):
    """The call that takes all three; and the edit, where the result of the first call has a name
    and is called next."""
    for step in evidence.nodes_at(where, ast.Assign):
        name = ast.unparse(step.targets[0])
        second = [c for c in ast.walk(found.call) if isinstance(c, ast.Call)]
        second = [call for call in second if ast.unparse(call.func) == name]
        if len(second) == 1 and isinstance(step.value, ast.Call) and len(step.value.args) == 1:
            function, scope = map(found.source.code, (step.value.func, step.value.args[0]))
            code = f"{function}({scope}, receive, send)"
            edit = evidence.suggest(where, without(step), instead(second[0], code))
            return f"await {code}", edit
    return found.right.removeprefix("return "), None


@rule(
    raised=r"TypeError: (\w+)\.__call__\(\) missing 2 required positional arguments: 'receive' and"
)
def asgi_middleware_in_settings(evidence, error, name):
    project = evidence.project
    setting = project.setting("MIDDLEWARE")
    entries = getattr(setting.value, "elts", ()) if setting else ()
    named_there = [e for e in entries if str(getattr(e, "value", "")).endswith(f".{name}")]
    router = routes_in_asgi(project).router
    for entry in named_there:
        where = project.where_set("MIDDLEWARE")
        return Explanation(
            f"MIDDLEWARE in settings.py is for Django's middleware, which takes a request, but "
            f"{name} takes scope, receive and send. Remove '{entry.value}' from the list. To have "
            f"it around WebSockets, write in asgi.py:\n    {name}({router})",
            where,
            evidence.suggest(where, left_out(entry, setting.value.elts)),
        )


@rule(raised=r"TypeError: (\w+)(?:\.__init__)?\(\) takes [12] positional arguments? but [34] were")
def middleware_named_and_not_called(evidence, error, name):
    asgi = evidence.project.asgi
    theirs_or_channels = named(evidence, name) or "Middleware" in name
    if theirs_or_channels and not evidence.raised_by_them(error) and asgi:
        code = f"{name}({routes_in_asgi(evidence.project).router})"
        called = [call.func for call in asgi.nodes(ast.Call)]
        bare = [n for n in asgi.nodes(ast.Name) if n.id == name and n not in called]
        return Explanation(
            f"asgi.py names {name} without calling it on the routes. Write\n    {code}",
            where_named(evidence, name),
            _with_router(evidence, instead(bare[0], code)) if len(bare) == 1 else None,
        )


def _with_router(evidence, *changes):
    """The edit of asgi.py that names the router, with the imports that this needs; None where it
    has no list of routes to name."""
    asgi, routes = evidence.project.asgi, routes_in_asgi(evidence.project)
    imports = [change for line in routes.imports for change in imported(asgi, line)]
    return evidence.suggest(asgi.where(), *changes, *imports) if routes.known else None


@rule(raised=r"TypeError: (\w+)\.__init__\(\) missing 1 required positional argument")
def middleware_without_an_application(evidence, error, name):
    if named(evidence, name) and evidence.raised_by_them(error):
        where = evidence.where(error)
        code = f"{name}({routes_in_asgi(evidence.project).router})"
        calls = [c for c in evidence.nodes_at(where, ast.Call) if last_name(c.func) == name]
        empty = [call for call in calls if not call.args + call.keywords]
        in_asgi = evidence.project.source_at(where) is evidence.project.asgi
        return Explanation(
            f"{name} wraps an application. Give it one:\n    {code}",
            where,
            _with_router(evidence, instead(empty[0], code)) if empty and in_asgi else None,
        )


@rule(raised=r"AttributeError: '(\w+)' object has no attribute '(\w+)'")
def middleware_lacks_its_inner(evidence, error, owner, name):
    found = named(evidence, owner)
    if found is None or name not in ("inner", "app", "application", "get_response"):
        return None
    if found.inner not in ("self.inner", "super().__call__", f"self.{name}"):
        where = evidence.where(error)
        asked = [n for n in evidence.nodes_at(where, ast.Attribute) if n.attr == name]
        return Explanation(
            f"{owner} stores its application as {found.inner}, but reads self.{name}. "
            f"Write `{found.inner}` here.",
            where,
            evidence.suggest(where, instead(asked[0], found.inner)) if len(asked) == 1 else None,
        )
    init = next((n for n in found.node.body if getattr(n, "name", "") == "__init__"), None)
    given = init.args.args[1].arg if init and len(init.args.args) > 1 else name
    keep = f"super().__init__({given})" if found.node.bases else f"self.{name} = {given}"
    return Explanation(
        f"The __init__ of {owner} does not store the application that it is given. "
        f"Write in it: `{keep}`",
        found.where(found.node),
        evidence.suggest(found.where(), above(init.body[0], keep)) if init else None,
    )


@rule(raised=r"AttributeError: '(\w+)' object has no attribute 'scope'")
def middleware_has_no_scope(evidence, error, owner):
    if found := named(evidence, owner):
        where, scope = evidence.where(error), (found.arguments or ["scope"])[0]
        asked = [n for n in evidence.nodes_at(where, ast.Attribute) if n.attr == "scope"]
        in_call = evidence.project.function_at(where) is found.call
        return Explanation(
            "A middleware serves all connections, so it has no self.scope: the scope is the first "
            f"argument of __call__(). Write `{scope}` instead of `self.scope`.",
            where,
            evidence.suggest(where, *(instead(node, scope) for node in asked)) if in_call else None,
        )


@rule(raised=r"TypeError: '(\w+)' object is not callable")
def middleware_cannot_be_called(evidence, error, kind):
    for found in middlewares(evidence.project) if not evidence.raised_by_them(error) else ():
        last = found.node.body[-1]
        if found.name == kind and found.call is None and not found.node.bases:
            code = f"async def __call__(self, {THREE}):\n    return await {found.inner}({THREE})"
            return Explanation(
                f"{kind} has no method __call__(), which handles each connection. Write it:\n"
                + "\n".join(f"    {line}" for line in code.split("\n")),
                found.where(),
                evidence.suggest(found.where(), below(last, code)),
            )
        if kind == "NoneType" and _returns_nothing(found):
            code = f"return {found.call.name}"
            return Explanation(
                f"{found.name} returns nothing. End it with `{code}`",
                found.where(found.node),
                evidence.suggest(found.where(), below(last, code)),
            )


def _returns_nothing(found):
    body = found.node.body
    return found.call in body and not any(type(node).__name__ == "Return" for node in body)
