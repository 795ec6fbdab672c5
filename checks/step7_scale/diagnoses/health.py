"""What the proxy is told of a server."""

import ast

from checks.step5_people.diagnoses.seen import names_in
from checks.step7_scale.diagnoses.seen import functions
from checks.step7_scale.failures import NotProxied
from workshop.checking.explaining.edits import instead, undecorated
from workshop.checking.explaining.rules import Explanation, rule


def _status(evidence):
    return evidence.status if evidence.saw(NotProxied) else None


@rule
def health_for_those_logged_in(evidence):
    """@login_required"""
    if _status(evidence) not in (301, 302, 401, 403):
        return None
    for source, function in functions(evidence, "health"):
        for decorator in function.decorator_list:
            if "login" in str(names_in(decorator)):
                where = source.where(decorator)
                return Explanation(
                    f"{evidence.failure} It sends the proxy to the login page: the proxy has no "
                    "session. Nothing in the answer is a secret: remove this decorator.",
                    where,
                    evidence.suggest(where, undecorated(decorator)),
                )
    return None


@rule
def health_not_routed(evidence):
    if _status(evidence) != 404:
        return None
    return Explanation(
        f"{evidence.failure} No route leads to it. mysite/urls.py needs "
        '`path("health/", health)`, with the slash at its end, before the routes of the chat.',
        next((_routes(source) for source in evidence.project.sources if _routes(source)), None),
    )


def _routes(source):
    """Where the project's own routes are, those that include the chat's."""
    for node in source.tree.body if source.tree and "include(" in source.text else ():
        if isinstance(node, ast.Assign) and "urlpatterns" in names_in(node.targets[0]):
            return source.where(node)
    return None


@rule
def health_is_bad(evidence):
    """A status that is not 2xx, and no exception says why."""
    if not evidence.saw_only(NotProxied) or (_status(evidence) or 0) < 400:
        return None
    for source, function in functions(evidence, "health"):
        returns = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
        return Explanation(
            f"{evidence.failure} A server that can answer is well: answer with HTTP 200, whatever "
            "else there is to say.",
            source.where(returns[-1] if returns else function),
        )
    return None


@rule(raised=r"AttributeError: 'str' object has no attribute 'browsers'")
def rooms_are_names(evidence, error):
    where = evidence.where(error)
    for node in evidence.nodes_at(where, ast.Attribute):
        if node.attr == "rooms":
            code = evidence.code_at(where, node)
            return Explanation(
                f"`{code}` is a dictionary, and going through it gives its keys: the names of the "
                f"rooms. Write `{code}.values()`.",
                where,
                evidence.suggest(where, instead(node, f"{code}.values()")),
            )
    return None


@rule
def proxy_does_not_ask(evidence):
    """The Caddyfile has no health_uri."""
    if not evidence.saw_only(NotProxied) or _status(evidence) is not None:
        return None
    file = evidence.project.folder / "Caddyfile"
    if not file.is_file() or "health_uri /health/" in file.read_text(encoding="utf-8"):
        return None
    return Explanation(
        f'{evidence.failure} The Caddyfile says where, with "health_uri /health/" in the block of '
        "reverse_proxy.",
    )
