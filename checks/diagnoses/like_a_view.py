"""What a WebSocket was opened with, looked for or read as in a view."""

import ast
import difflib

from checks.diagnoses.scope import NOT_THERE, PLACES, ROUTE, plain
from workshop.checking.explaining.rules import Explanation, rule

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
        return Explanation(
            f"A consumer has no self.{name}. Did you mean self.{near[0]}?", evidence.where(error)
        )


@rule(raised=r"AttributeError: '(\w+)' object has no attribute '(\w+)'")
def kwargs_like_a_view(evidence, error, owner, name):
    """self.request.user, self.kwargs, self.user: as in a view or a template."""
    consumer = next((c for c in evidence.consumers if c.name == owner), None)
    if name not in ON_A_VIEW or consumer is None or not evidence.raised_by_them(error):
        return None
    if difflib.get_close_matches(name, [node.attr for node in consumer.set_on_self()], 1, 0.7):
        return None  # set too late, or misspelled: attributes.py
    where, asked = evidence.where(error), name
    for node in evidence.nodes_at(where, ast.Attribute) if name == "request" else ():
        if ast.unparse(node.value) == "self.request":
            asked = node.attr
    place = PLACES.get(plain(asked), ROUTE).format(scope="self.scope")
    advice = NOT_THERE.get(plain(asked)) or (
        f"What its WebSocket was opened with is in its scope: {place}"
    )
    return Explanation(f"A consumer has no self.{name}, as a view may have. {advice}", where)


@rule(raised=r"AttributeError: 'list' object has no attribute '(\w+)'")
def client_is_a_pair(evidence, error, name):
    where = evidence.where(error)
    if "scope['client']" in evidence.origin(where) and evidence.raised_by_them(error):
        return Explanation(
            'The scope\'s client is a list of an address and a port: self.scope["client"][0]', where
        )


@rule(raised=r"^IndexError: (?:list|tuple) index out of range")
def nothing_at_that_place_in_the_scope(evidence, error):
    where = evidence.where(error)
    origin = evidence.origin(where) if evidence.raised_by_them(error) else ""
    if "['args']" in origin:
        return Explanation(
            "The route captures by name, and what has a name is in kwargs; args is empty: "
            'self.scope["url_route"]["kwargs"]["room_name"]',
            where,
        )
    if "['subprotocols']" in origin:
        return Explanation(
            "The page offers no subprotocol, so the list is empty. Ask before: "
            'if self.scope["subprotocols"]',
            where,
        )


@rule(
    raised=r"^ValueError: (?:invalid literal for int\(\)|could not convert string to float"
    r"|badly formed hexadecimal UUID|invalid literal for Decimal)"
)
def room_name_is_a_name(evidence, error):
    where = evidence.where(error)
    if evidence.raised_by_them(error) and "['kwargs']" in evidence.origin(where):
        return Explanation(
            "The room's name is a string such as lobby, and need not be a number or a UUID. Take "
            "it as it is.",
            where,
        )


@rule(raised=r"^TypeError: '(?:UserLazyObject|AnonymousUser|User)' object is not subscriptable")
def user_read_like_a_dictionary(evidence, error):
    return Explanation(
        "The user is an object and not a dictionary: its parts are read with a dot, "
        'self.scope["user"].username',
        evidence.where(error),
    )
