"""What stops a server instead of answering: exit(), the debugger, and questions at a keyboard."""

import ast

from workshop.checking.events import Raised
from workshop.checking.explaining.edits import without
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import NotPrepared

ENDS = ("exit", "quit")
DEBUGGERS = ("breakpoint", "set_trace")


@rule(raised=r"^EOFError: EOF when reading a line")
def asks_at_the_keyboard(evidence, error):
    where = evidence.where(error)
    if any(last_name(call.func) == "input" for call in evidence.nodes_at(where, ast.Call)):
        from_page = (
            " What somebody types in the page arrives in receive(), as text_data."
            if evidence.teaches("chat")
            else ""
        )
        return Explanation(
            "input() waits for somebody to type in the terminal where the program was started; "
            f"in a check there is nobody. Remove this line.{from_page}",
            where,
            evidence.without_call(where) or _without_assignment(evidence, where),
        )


def _without_assignment(evidence, where):
    """The edit that removes an assignment whose name is used nowhere in its function."""
    function = evidence.project.function_at(where)
    for step in evidence.nodes_at(where, ast.Assign) if function else ():
        names = {getattr(target, "id", None) for target in step.targets}
        read = [n for n in ast.walk(function) if getattr(n, "id", None) in names]
        if None not in names and not any(isinstance(node.ctx, ast.Load) for node in read):
            return evidence.suggest(where, without(step))
    return None


@rule(raised=r"^(?:bdb\.)?BdbQuit")
def debugger_left_in(evidence, error):
    """The exception comes from the line after the call."""
    where = evidence.where(error)
    source = evidence.project.source_at(where)
    calls = source.calls(*DEBUGGERS) if source else ()
    before = [call for call in calls if call.lineno <= where.line]
    if before:
        call = max(before, key=lambda one: one.lineno)
        return Explanation(
            f"{source.code(call)} stops the program and waits for commands in its terminal, which "
            "a check does not have. Remove this line.",
            source.where(call),
            evidence.without_call(source.where(call)),
        )


@rule
def program_ends_itself(evidence):
    """exit() and the like, in a line of the learner's. A program that may end exits by itself."""
    ended = [p for p in evidence.programs if p.exit_code is not None and not p.may_end]
    if not ended or evidence.saw(NotPrepared):
        return None
    exits = [
        facts
        for program in ended
        for event in evidence.events_of(program, Raised)
        for facts in event.chain
        if facts.type == "SystemExit"
    ]
    for where in filter(None, map(evidence.place, exits)):
        for node in evidence.nodes_at(where, ast.Call, ast.Raise):
            if isinstance(node, ast.Raise) or last_name(node.func) in ENDS:
                return _ended_by(evidence, where, node)
    if exits or evidence.errors:
        return None
    for source, call in evidence.project.calls("_exit", "abort"):  # these raise nothing
        if (source.dotted(call.func) or "").startswith("os."):
            return _ended_by(evidence, source.where(call), call)


def _ended_by(evidence, where, node):
    advice = "Remove this line."
    if consumer := evidence.project.consumer_at(where):
        close = "await self.close()" if consumer.is_async else "self.close()"
        advice += f" `return` leaves the method, and `{close}` ends this one conversation."
    elif evidence.project.function_at(where):
        advice += " `return` leaves the function."
    code = evidence.project.source_at(where).code(node)
    return Explanation(
        f"`{code}` stops the whole program, for everyone. {advice}",
        where,
        evidence.without_call(where),
    )
