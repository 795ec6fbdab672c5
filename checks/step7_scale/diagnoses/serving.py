"""How the server is started, and how it ends."""

import ast

from checks.step5_people.diagnoses.seen import calls, names_in
from checks.step7_scale.diagnoses.seen import functions
from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Closed, NotListening, Refused, Unanswered

APPLICATION = "mysite.asgi:application"


def _starts(evidence):
    """(source, call) of what Uvicorn is given: run() or Config()."""
    return [
        (source, call)
        for source in evidence.project.sources
        if source.tree is not None and "uvicorn" in source.text
        for call in calls(source.tree, "run", "Config")
        if "uvicorn" in names_in(call.func) or call.func.__class__ is ast.Name
    ]


@rule
def stopped_without_a_word(evidence):
    """Daphne still serves."""
    if not evidence.saw(Closed) or evidence.failure.code != 1006 or _starts(evidence):
        return None
    found = functions(evidence, "inner_run")
    source, function = found[0] if found else (None, None)
    return Explanation(
        "The server was told to stop, and its browsers heard nothing of it: Daphne cuts the "
        "connections. Uvicorn closes each with 1012: let `uvicorn.run()` serve the application.",
        source.where(function) if source else None,
    )


@rule
def application_with_a_dot(evidence):
    """ "mysite.asgi.application" """
    if not evidence.logged(r'must be in format "<module>:<attribute>"'):
        return None
    for source, call in _starts(evidence):
        for node in call.args:
            if isinstance(node, ast.Constant) and ":" not in str(node.value):
                where = source.where(call)
                changed = ":".join(str(node.value).rsplit(".", 1))
                return Explanation(
                    "Uvicorn takes a module, a colon, and the name in it; Django's settings have a "
                    f'dot there. Write `"{changed}"`.',
                    where,
                    evidence.suggest(where, instead(node, f'"{changed}"')),
                )
    return None


@rule
def application_not_there(evidence):
    if application_with_a_dot.find(evidence) or not evidence.logged("Error loading ASGI app"):
        return None
    for source, call in _starts(evidence):
        for node in call.args:
            if isinstance(node, ast.Constant) and node.value != APPLICATION:
                where = source.where(call)
                return Explanation(
                    f"Uvicorn finds no {node.value!r}. The application is called `application`, in "
                    f'mysite/asgi.py: `"{APPLICATION}"`',
                    where,
                    evidence.suggest(where, instead(node, f'"{APPLICATION}"')),
                )
    return None


@rule
def application_without_websockets(evidence):
    """get_asgi_application() in place of mysite.asgi's."""
    for source, call in _starts(evidence):
        for node in call.args:
            if calls(node, "get_asgi_application") and evidence.saw(Refused, Unanswered, Closed):
                where = source.where(node)
                return Explanation(
                    "This is Django's part of the application alone, which knows HTTP and no "
                    f'WebSocket. Both are in mysite/asgi.py: `"{APPLICATION}"`',
                    where,
                    evidence.suggest(where, instead(node, f'"{APPLICATION}"')),
                )
    return None


@rule
def lifespan_not_there(evidence):
    """lifespan="on" """
    if not evidence.saw(NotListening) or not evidence.logged("lifespan"):
        return None
    for source, call in _starts(evidence):
        for key in call.keywords:
            if key.arg == "lifespan" and getattr(key.value, "value", None) == "on":
                where = source.where(call)
                return Explanation(
                    'With lifespan="on", Uvicorn asks the application to start up, which Channels '
                    'does not know, and ends. Write `lifespan="off"`.',
                    where,
                    evidence.suggest(where, instead(key.value, '"off"')),
                )
    return None


@rule
def server_at_another_port(evidence):
    """uvicorn.run() without a port."""
    if not evidence.saw(NotListening):
        return None
    for source, call in _starts(evidence):
        given = {key.arg for key in call.keywords}
        if given & {"port", "fd", "uds", None} or not call.args:
            continue
        where, last = source.where(call), [*call.args, *(key.value for key in call.keywords)][-1]
        return Explanation(
            "Nothing says at which port, so Uvicorn takes 8000. The one that was typed is in "
            "self.port, as text: `port=int(self.port)`",
            where,
            evidence.suggest(where, _with(source, call, last, "port=int(self.port)")),
        )
    return None


def _with(source, call, last, code):
    return instead(last, f"{source.code(last)}, {code}")
