"""How the message is sent to the browser, as code for the function that has to do it."""

import ast
from dataclasses import dataclass

from workshop.checking.explaining.edits import imported, instead
from workshop.checking.explaining.nodes import last_name, on_self, value_of
from workshop.checking.explaining.places import IMPORT, Place, written_call
from workshop.checking.explaining.suggestion import Change, Suggestion, suggest

# What is read in the methods that Channels calls, by the name of their second argument.
READ_FROM = {
    "receive": 'json.loads({})["message"]',
    "receive_json": '{}["message"]',
    "websocket_receive": 'json.loads({}["text"])["message"]',
}


@dataclass(frozen=True)
class Answer:
    """What sends the message from a place: the code, and the call there that it is to replace."""

    at: Place
    code: str
    call: ast.Call | None

    @property
    def suggestion(self) -> Suggestion | None:
        """The edit that replaces the call with the code; None where nothing is sent there."""
        if self.call is None:
            return None
        return self.instead_of(self.call)

    def instead_of(self, node: ast.AST) -> Suggestion | None:
        """The edit that replaces a node, and the `await` before it, with the code."""
        source = self.at.source
        waits = source.at(self.at.where.line, ast.Await)
        whole = next((wait for wait in waits if wait.value is node), node)
        return suggest(source, instead(whole, self.code), *self.imports)

    @property
    def imports(self) -> list[Change]:
        """The imports that the code needs and the file does not have."""
        needed = {"json.": "import json", "async_to_sync(": IMPORT}
        return [
            change
            for name, code in needed.items()
            if name in self.code
            for change in imported(self.at.source, code)
        ]


def answer_at(at: Place, is_handler: bool, is_async: bool, message: str = "") -> Answer:
    """What answers the browser from the place. A dictionary with the message that is written there
    is kept; else it is made, of `message` where the caller knows how that is written."""
    calls = at.source.at(at.where.line, ast.Call) if at.source and at.where else []
    calls = [c for c in calls if last_name(c.func) in ("send", "send_json") and on_self(c.func)]
    call = calls[0] if len(calls) == 1 else None
    kept = next((n for n in ast.walk(call or ast.Pass()) if _is_content(n)), None)
    if kept and not message:
        content = at.source.code(kept)
    else:
        content = f'{{"message": {message or how_it_is_written(at.function, is_handler)}}}'
    if at.consumer and at.consumer.is_json:
        code = written_call(is_async, "self.send_json", content)
    else:
        code = written_call(is_async, "self.send", f"text_data=json.dumps({content})")
    return Answer(at, code, call)


def how_it_is_written(function: ast.AST | None, is_handler: bool) -> str:
    """How the message is written in the function: by the name that it was given there, or as it is
    read from what the function is given."""
    given = [node for node in ast.walk(function or ast.Pass()) if isinstance(node, ast.Assign)]
    for node in given:
        if reads_message(node.value) and isinstance(node.targets[0], ast.Name):
            return node.targets[0].id
    arguments = [argument.arg for argument in function.args.args[1:]] if function else []
    if is_handler:
        return f'{arguments[-1] if arguments else "event"}["message"]'
    if arguments and (written := READ_FROM.get(getattr(function, "name", ""))):
        return written.format(arguments[0])
    return arguments[0] if len(arguments) == 1 else "message"


def reads_message(node: ast.AST) -> bool:
    """Whether it is `something["message"]`."""
    key = getattr(getattr(node, "slice", None), "value", None)
    return isinstance(node, ast.Subscript) and key == "message"


def _is_content(node: ast.AST) -> bool:
    return isinstance(node, ast.Dict) and value_of(node, "message") is not None
