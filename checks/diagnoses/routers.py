"""The routers that asgi.py makes: ProtocolTypeRouter and URLRouter, and what they are given."""

from workshop.checking.explaining.rules import Explanation, rule


@rule(raised=r"ProtocolTypeRouter\.__init__\(\) got an unexpected keyword argument")
def protocol_router_keywords(evidence, error):
    return Explanation(
        "ProtocolTypeRouter takes one dictionary, not keyword arguments:\n"
        '    ProtocolTypeRouter({"http": …, "websocket": …})',
        evidence.where(error),
    )


@rule(raised=r"ProtocolTypeRouter\.__init__\(\) missing 1 required positional argument")
def protocol_router_empty(evidence, error):
    return Explanation(
        'ProtocolTypeRouter wants a dictionary: ProtocolTypeRouter({"http": …, "websocket": …})',
        evidence.where(error),
    )


@rule(raised=r"TypeError: '(URLPattern|module|URLResolver|function)' object is not iterable")
def routes_not_a_list(evidence, error, kind):
    return Explanation(
        f"URLRouter takes a list of routes and got a {kind} instead. "
        "Put the route in square brackets, and give URLRouter the list itself: "
        "URLRouter(websocket_urlpatterns)",
        evidence.where(error),
    )


@rule(raised=r"TypeError: '(?:URLPattern|list)' object is not callable")
def comma_forgotten_between_routes(evidence, error):
    """An entry of a list, and the parentheses of the next one, which Python takes for a call."""
    if evidence.raised_by_them(error):
        return Explanation(
            "An entry of this list is called as if it were a function, because there is no comma "
            "between it and the next one. End each entry with a comma.",
            evidence.where(error),
        )


@rule(raised=r"AttributeError: '(list|tuple|str)' object has no attribute '(?:pattern|regex|callb)")
def router_given_pattern_list(evidence, error, kind):
    return Explanation(
        f"URLRouter takes one flat list of path() and re_path() entries, and there is a {kind} in "
        "this list. Write URLRouter(websocket_urlpatterns), without square brackets around it.",
        evidence.where(error),
    )
