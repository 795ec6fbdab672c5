"""What a WebSocket was opened with, looked for or read as in a view."""

import ast
import difflib

from checks.diagnoses.scope import (
    BESIDES,
    HEADERS,
    NOT_THERE,
    PLACES,
    ROUTE,
    of_the_route,
    plain,
    replaced,
)
from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule

USERNAME = 'self.scope["user"].username'
ON_A_VIEW = {
    *("request", "kwargs", "args", "user", "username", "session", "cookies", "headers", "path"),
    *("query_string", "url_route", "room_name", "GET", "META", "COOKIES"),
}


@rule(raised=r"AttributeError: '(\w+)' object has no attribute '(\w+)'")
def scope_misspelled(evidence, error, owner, name):
    near = difflib.get_close_matches(name, ("scope", "channel_layer", "channel_name"), 1, 0.7)
    consumer = next((c for c in evidence.consumers if c.name == owner), None)
    if consumer is None or not near or near[0] == name or not evidence.raised_by_them(error):
        return None
    line = evidence.line_at(evidence.where(error))
    like_a_scope = f"self.{name}[" in line or f"self.{name}.get(" in line
    never_set = name not in [node.attr for node in consumer.set_on_self()]
    if never_set and (near[0] != "scope" or like_a_scope):
        where = evidence.where(error)
        code = f"self.{near[0]}"
        asked = evidence.nodes_at(where, ast.Attribute)
        asked = [node for node in asked if ast.unparse(node) == f"self.{name}"]
        return Explanation(
            f"A consumer has no self.{name}. Did you mean `{code}`?",
            where,
            evidence.suggest(where, *(instead(node, code) for node in asked)),
        )


@rule(raised=r"AttributeError: '(\w+)' object has no attribute '(\w+)'")
def kwargs_like_a_view(evidence, error, owner, name):
    """self.request.user, self.kwargs, self.user: as in a view or a template."""
    consumer = next((c for c in evidence.consumers if c.name == owner), None)
    if name not in ON_A_VIEW or consumer is None or not evidence.raised_by_them(error):
        return None
    if difflib.get_close_matches(name, [node.attr for node in consumer.set_on_self()], 1, 0.7):
        return None  # set too late, or misspelled: attributes.py
    where = evidence.where(error)
    owner = "self.request" if name == "request" else "self"
    nodes = [n for n in evidence.nodes_at(where, ast.Attribute) if ast.unparse(n.value) == owner]
    nodes = [node for node in nodes if name in ("request", node.attr)]
    asked = nodes[0].attr if nodes else name
    lacks = f"A consumer has no self.{name}."
    if name in ("request", "kwargs", "args"):
        lacks = f"self.{name} exists only in class-based views."
    if plain(asked) in NOT_THERE:
        return Explanation(f"{lacks} {NOT_THERE[plain(asked)]}.", where)
    return _in_the_scope(evidence, where, asked, nodes[0] if len(nodes) == 1 else None, lacks)


def _in_the_scope(evidence, where, name, node, lacks):
    """What a view has under that name; `node` is what asks for it, where that is certain."""
    form = PLACES.get(plain(name), ROUTE)
    place = form.format(scope="self.scope")
    node = node if plain(name) in PLACES and form != HEADERS else None
    if node:
        node, place = of_the_route(evidence, where, node, place)
    asgi, stack = evidence.project.asgi, ""
    if '"user"' in form and asgi and "AuthMiddlewareStack" not in asgi.imports:
        stack = "\nwhich AuthMiddlewareStack in asgi.py puts there."
    return Explanation(
        f"{lacks} What its WebSocket was opened with is in its scope{BESIDES.get(form, '')}:\n"
        f"    {place}{stack}",
        where,
        replaced(evidence, where, node, place),
    )


@rule(raised=r"AttributeError: 'list' object has no attribute '(\w+)'")
def client_is_a_pair(evidence, error, name):
    where = evidence.where(error)
    if "scope['client']" in evidence.origin(where) and evidence.raised_by_them(error):
        asked = [n for n in evidence.nodes_at(where, ast.Attribute) if n.attr == name]
        source = evidence.project.source_at(where)
        client = source.code(asked[0].value) if len(asked) == 1 else 'self.scope["client"]'
        part = {"port": 1}.get(name, 0)
        code = f"{client}[{part}]"
        certain = name in ("host", "ip", "address", "port") and len(asked) == 1
        return Explanation(
            f"The scope's client is a list of two items, an address and a port. Write `{code}`.",
            where,
            evidence.suggest(where, instead(asked[0], code)) if certain else None,
        )


@rule(raised=r"^IndexError: (?:list|tuple) index out of range")
def nothing_at_that_place_in_the_scope(evidence, error):
    where = evidence.where(error)
    origin = evidence.origin(where) if evidence.raised_by_them(error) else ""
    source = evidence.project.source_at(where)
    numbers = [
        node
        for node in evidence.nodes_at(where, ast.Subscript)
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int)
    ]
    if "['args']" in origin:
        code = ROUTE.format(scope="self.scope")
        return Explanation(
            "The route captures by name, so the value is in kwargs; args is empty. "
            "Write\n"
            f"    {code}",
            where,
            evidence.suggest(where, instead(numbers[0], code)) if len(numbers) == 1 else None,
        )
    if "['subprotocols']" in origin and len(numbers) == 1:
        node = numbers[0]
        code = f"{source.code(node)} if {source.code(node.value)} else None"
        return Explanation(
            f"The page offers no subprotocol, so the list is empty. Allow for that:\n    {code}",
            where,
            evidence.suggest(where, instead(node, f"({code})")),
        )


@rule(
    raised=r"^ValueError: (?:invalid literal for int\(\)|could not convert string to float"
    r"|badly formed hexadecimal UUID|invalid literal for Decimal)"
)
def room_name_is_a_name(evidence, error):
    where = evidence.where(error)
    if evidence.raised_by_them(error) and "['kwargs']" in evidence.origin(where):
        kinds = ("int", "float", "UUID", "Decimal")
        calls = [c for c in evidence.nodes_at(where, ast.Call) if last_name(c.func) in kinds]
        source = evidence.project.source_at(where)
        code = source.code(calls[0].args[0]) if len(calls) == 1 and calls[0].args else None
        return Explanation(
            "The room's name is a string such as lobby: it does not have to be a number or a UUID. "
            + (
                f"Write it without {last_name(calls[0].func)}():\n    {code}"
                if code
                else "Use it as it is."
            ),
            where,
            evidence.suggest(where, instead(calls[0], code)) if code else None,
        )


@rule(raised=r"^TypeError: '(?:UserLazyObject|AnonymousUser|User)' object is not subscriptable")
def user_read_like_a_dictionary(evidence, error):
    where = evidence.where(error)
    source = evidence.project.source_at(where)
    read = [
        node
        for node in evidence.nodes_at(where, ast.Subscript)
        if str(getattr(node.slice, "value", "")).isidentifier() and node.slice.value != "user"
    ]
    certain = len(read) == 1
    code = f"{source.code(read[0].value)}.{read[0].slice.value}" if certain else USERNAME
    return Explanation(
        "The user is an object, not a dictionary: its attributes are read with a dot. "
        f"Write `{code}`",
        where,
        evidence.suggest(where, instead(read[0], code)) if certain else None,
    )
