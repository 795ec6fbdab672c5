"""The routers that asgi.py makes: ProtocolTypeRouter and URLRouter, and what they are given."""

import ast

from checks.diagnoses.asgi import as_lines, sorted_by_protocol
from workshop.checking.explaining.edits import around, imported, instead
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.route import routes_in_asgi
from workshop.checking.explaining.rules import Explanation, rule


@rule(raised=r"ProtocolTypeRouter\.__init__\(\) got an unexpected keyword argument")
def protocol_router_keywords(evidence, error):
    where = evidence.where(error)
    source = evidence.project.source_at(where)
    for call in source.calls("ProtocolTypeRouter") if source else ():
        if call.keywords and not call.args and all(word.arg for word in call.keywords):
            entries = [f'"{word.arg}": {source.code(word.value)}' for word in call.keywords]
            code = f"{source.code(call.func)}({{{', '.join(entries)}}})"
            return Explanation(
                "ProtocolTypeRouter takes one dictionary, not keyword arguments. Write\n"
                f"    {code}",
                where,
                evidence.suggest(where, instead(call, code)),
            )
    return Explanation(
        "ProtocolTypeRouter takes one dictionary, not keyword arguments:\n"
        '    ProtocolTypeRouter({"http": …, "websocket": …})',
        where,
    )


@rule(raised=r"ProtocolTypeRouter\.__init__\(\) missing 1 required positional argument")
def protocol_router_empty(evidence, error):
    code, imports = sorted_by_protocol(evidence.project)
    where = evidence.where(error)
    source = evidence.project.source_at(where)
    empty = list(source.calls("ProtocolTypeRouter")) if source else []
    edits = [edit for line in imports for edit in imported(source, line)] if source else []
    return Explanation(
        "ProtocolTypeRouter takes a dictionary, with an application for each protocol:\n"
        f"{as_lines(*imports, f'application = {code}')}",
        where,
        evidence.suggest(where, instead(empty[0], code), *edits) if len(empty) == 1 else None,
    )


@rule(raised=r"TypeError: '(URLPattern|module|URLResolver|function)' object is not iterable")
def routes_not_a_list(evidence, error, kind):
    got = f"URLRouter takes a list of routes, but got a {kind}. "
    where = evidence.where(error)
    if kind == "module":
        routes = routes_in_asgi(evidence.project)
        calls = [c for c in evidence.nodes_at(where, ast.Call) if last_name(c.func) == "URLRouter"]
        edits = [instead(calls[0], routes.router)] if len(calls) == 1 and routes.known else []
        return Explanation(f"{got}Write `{routes.router}`.", where, evidence.suggest(where, *edits))
    if kind == "URLPattern":
        for source, route in evidence.project.routes:
            for name, node in source.values:
                if node.value is route:
                    return Explanation(
                        f"{got}Put square brackets around the route: `{name} = [{_short(route)}]`.",
                        source.where(node),
                        evidence.suggest(source.where(node), *around(route, "[", "]")),
                    )
    return Explanation(
        f"{got}Put the routes in square brackets, and give URLRouter that list.", where
    )


def _short(call):
    return f"{ast.unparse(call.func)}(…)"


@rule(raised=r"TypeError: '(?:URLPattern|list)' object is not callable")
def comma_forgotten_between_routes(evidence, error):
    """An entry of a list, and the parentheses of the next one, which Python takes for a call."""
    if evidence.raised_by_them(error):
        where = evidence.where(error)
        called = [c.func for c in evidence.nodes_at(where, ast.Call) if _is_entry(c.func)]
        comma = around(called[0], "", ",") if len(called) == 1 else []
        return Explanation(
            "An entry of this list is called as if it were a function, "
            "because there is no comma between it and the next one. "
            "End each entry with a comma, and begin each with path or re_path.",
            where,
            evidence.suggest(where, *comma),
        )


def _is_entry(called):
    return isinstance(called, ast.Call | ast.List)


@rule(raised=r"AttributeError: '(list|tuple|str)' object has no attribute '(?:pattern|regex|callb)")
def router_given_pattern_list(evidence, error, kind):
    where = evidence.where(error)
    flat = f"URLRouter takes one flat list of path() and re_path() entries, but there is a {kind} "
    for call in evidence.nodes_at(where, ast.Call):
        routes = call.args[0] if call.args and last_name(call.func) == "URLRouter" else None
        if isinstance(routes, ast.List) and len(routes.elts) == 1 and kind != "str":
            code = ast.unparse(routes.elts[0])
            return Explanation(
                f"{flat}in this list. Write `URLRouter({code})`, without the square brackets.",
                where,
                evidence.suggest(where, instead(routes, code)),
            )
    return Explanation(f"{flat}in the list that it was given.", where)
