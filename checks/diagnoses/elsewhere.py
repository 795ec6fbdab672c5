"""Messages that are left to somebody else: a worker that was not started, a signal's receiver in a
file that nothing imports, a loop that sends too often."""

import ast

from workshop.checking.explaining.edits import unwrapped
from workshop.checking.explaining.nodes import last_name, mentions
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Silent

LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.GeneratorExp)


@rule
def worker_not_started(evidence):
    """What was sent to a channel that only a worker reads (Channels documentation, Worker and
    Background Tasks)."""
    if not evidence.saw_only(Silent):
        return None
    for source, router in evidence.project.calls("ChannelNameRouter"):
        names = {node.value for node in ast.walk(router) if isinstance(node, ast.Constant)}
        for call in evidence.layer_calls("send"):
            if call.group in names:
                where = evidence.where_called(call) or source.where(router)
                answer = evidence.group_answer(where)
                sends = evidence.only_at(where, ast.Call, lambda c: mentions(c.func, "send"))
                return Explanation(
                    f'This message went to the channel "{call.group}", which a '
                    "worker reads, but no worker is running: that takes python "
                    f"manage.py runworker {call.group} in another terminal. "
                    "The checks do not start one: send to the room's "
                    f"group from the consumer, `{answer.code}`",
                    where,
                    sends and answer.instead_of(sends),
                )


# Signals


@rule
def signals_never_imported(evidence):
    """Receivers are connected when their module is read (Django documentation, Signals)."""
    if not evidence.saw_only(Silent) or evidence.layer_calls("group_send"):
        return None
    read = [source for source in evidence.project.sources if source.tree]
    for source in read if evidence.begun("websocket.receive") else ():
        receivers = list(_receivers(source))
        helpers = [evidence.project.source(name) for name in _imported_modules(source)]
        sends = any(mentions(one.tree, "group_send") for one in (source, *helpers) if one in read)
        if receivers and sends and not _is_imported(evidence.project, source):
            app, _, name = source.module.rpartition(".")
            return Explanation(
                f"Nothing imports {source.module}, so {receivers[0].name}() in it is not connected "
                f"to its signal, and nothing was sent. Import it in the ready() of {app}'s "
                f"AppConfig, in {app.replace('.', '/')}/apps.py, which may have to be created:\n"
                "    from django.apps import AppConfig\n\n\n"
                f"    class {app.rpartition('.')[2].title()}Config(AppConfig):\n"
                f'        name = "{app}"\n\n'
                "        def ready(self):\n"
                f"            from . import {name}",
                source.where(receivers[0]),
            )


def _imported_modules(source):
    """What the names that a file imports may come from."""
    return {part for name in source.imports.values() for part in (name, name.rpartition(".")[0])}


def _receivers(source):
    """The functions that a signal is to call."""
    connected = {getattr(call.args[0], "id", None) for call in source.calls("connect") if call.args}
    for node in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        decorators = [getattr(one, "func", one) for one in node.decorator_list]
        if node.name in connected or "receiver" in map(last_name, decorators):
            yield node


def _is_imported(project, module):
    """Whether a file of the project imports the module, or names it in a string."""
    short = module.module.rpartition(".")[2]
    for source in project.sources:
        for node in source.nodes(ast.Import, ast.ImportFrom, ast.Constant):
            if isinstance(node, ast.ImportFrom):
                parent = source.absolute(node)
                names = [parent, *(f"{parent}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                names = [str(node.value).strip(".")]
            if module.module in names or (isinstance(node, ast.Constant) and short in names):
                return True
    return module.path.name in ("models.py", "apps.py", "__init__.py")


# Too often


@rule
def sent_in_a_loop(evidence):
    """More was sent from one line in a loop than browsers had said."""
    if not evidence.heard_again:
        return None
    said = len([line for line in evidence.timeline if line.direction == "out"])
    calls = evidence.layer_calls("group_send")
    for events, what in ((calls, "group_send"), (evidence.sent("websocket.send"), "send")):
        places = [where for event in events if (where := evidence.place(event))]
        for where in dict.fromkeys(places):
            loops = _loops_around(evidence, where)
            per_message = 1 if what == "group_send" else len(evidence.paths or (1,))
            if loops and places.count(where) > said * per_message:
                loop, source = loops[-1], evidence.project.source_at(where)
                statement = isinstance(loop, ast.For | ast.AsyncFor | ast.While)
                return Explanation(
                    f"One message goes out again and again: {what}() is in a loop, "
                    f"`{_head(loop)}`. Send it once: remove the loop around it.",
                    where,
                    evidence.suggest(where, unwrapped(source, loop)) if statement else None,
                )


def _loops_around(evidence, where):
    """The loops around a line of a consumer that runs when somebody has said something."""
    method = evidence.project.method_at(where)
    answers = method and method.name.removeprefix("websocket_") not in ("connect", "disconnect")
    return evidence.nodes_at(where, *LOOPS) if answers else []


def _head(loop):
    """How a loop begins: `for x in range(10)`."""
    match loop:
        case ast.While(test=test):
            return f"while {ast.unparse(test)}"
        case ast.For(target=target, iter=what) | ast.AsyncFor(target=target, iter=what):
            return f"for {ast.unparse(target)} in {ast.unparse(what)}"
    return ast.unparse(loop.generators[0]).strip()
