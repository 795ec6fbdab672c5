"""What was believed of a frame: its author, its shape, its number."""

import ast

from checks.step5_people.diagnoses.seen import calls, methods, names_in
from checks.step5_people.failures import Disturbed, NotRefused, TooMuch, WrongAuthor
from workshop.checking.explaining.edits import above, after, before, instead, removed
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Closed

# What json.loads() raises, and what goes wrong with what it returns.
NOT_JSON = r"JSONDecodeError: "
BINARY = r"TypeError: the JSON object must be str, bytes or bytearray, not NoneType"
TOO_DEEP = r"RecursionError: "
NOT_AN_OBJECT = (
    r"(AttributeError: '(?:list|str|int|NoneType)' object has no attribute 'get'"
    r"|TypeError: (?:list indices must be|string indices must be|'NoneType' object is not sub))"
)
NO_MESSAGE = r"KeyError: 'message'"
ALL_RAISED = "(TypeError, ValueError, RecursionError)"
UNFIT = r"UnicodeEncodeError: .*surrogates not allowed"


def _reader(evidence):
    """(source, function): the function that calls json.loads()."""
    for source in evidence.project.sources:
        for node in ast.walk(source.tree or ast.Pass()):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and calls(node, "loads"):
                return source, node
    return None, None


@rule
def author_from_the_frame(evidence):
    if not evidence.saw_only(WrongAuthor):
        return None
    for consumer, receive in methods(evidence, "receive", "receive_json"):
        for node in ast.walk(receive):
            code = evidence.code_at(consumer.where(node), node) if hasattr(node, "lineno") else ""
            asks = isinstance(node, ast.Subscript) or (
                isinstance(node, ast.Call) and calls(node, "get")
            )
            if asks and '"author"' in code.replace("'", '"') and "client_id" not in code:
                where = consumer.where(node)
                return Explanation(
                    "The author is who the frame says, and a browser can say anything. Who is "
                    'logged in is in the scope: `self.scope["user"].username`.',
                    where,
                    evidence.suggest(where, instead(node, 'self.scope["user"].username')),
                )
    return None


@rule
def author_missing(evidence):
    """Nothing says who it is."""
    if not evidence.saw_only(WrongAuthor) or author_from_the_frame.find(evidence):
        return None
    for consumer, receive in methods(evidence, "receive", "receive_json"):
        if "username" not in names_in(receive) and '"author"' not in str(evidence.failure):
            where, written = consumer.where(receive), _author_in(receive)
            name = 'self.scope["user"].username'
            return Explanation(
                f"{evidence.failure} Whoever is logged in is in the scope: the author is `{name}`.",
                where,
                evidence.suggest(where, instead(written, name)) if written else None,
            )
    return None


def _author_in(function):
    """What is in a dictionary of the function under "author"."""
    for node in ast.walk(function):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if getattr(key, "value", None) == "author":
                    return value
    return None


@rule
def flood_not_stopped(evidence):
    if not evidence.saw_only(TooMuch):
        return None
    found = methods(evidence, "receive", "receive_json", "websocket_receive")
    if any("exceeded" in names_in(receive) for _, receive in found):
        return None
    consumer, receive = found[0] if found else (None, None)
    return Explanation(
        f"{evidence.failure} Ask self.limit first of all in receive(): "
        "`if self.limit.exceeded():`, then `await self.close(code=4429)` and `return`.",
        consumer.where(receive) if consumer else None,
    )


@rule
def limit_shared(evidence):
    """One count for all browsers: those who said little are stopped with the others."""
    if not evidence.saw_only(Closed) or evidence.failure.code != 4429:
        return None
    for consumer, connect in methods(evidence, "connect"):
        for name, assigned in consumer.class_values + consumer.source.values:
            if calls(assigned.value, "RateLimit"):
                where = consumer.source.where(assigned)
                own = above(
                    connect.body[0], f"self.{name} = {evidence.code_at(where, assigned.value)}"
                )
                return Explanation(
                    f"{name} is one for all consumers of this process, so the frames of all "
                    "browsers are counted together. Each browser has a limit of its own: "
                    f"`self.{name} = RateLimit()` in connect(), and not here.",
                    where,
                    evidence.suggest(where, removed(consumer.source, assigned), own),
                )
    return None


@rule
def exceeded_not_called(evidence):
    """if self.limit.exceeded: a method is always true."""
    for consumer, receive in methods(evidence, "receive"):
        for node in ast.walk(receive):
            if not isinstance(node, ast.If) or not isinstance(node.test, ast.Attribute):
                continue
            if node.test.attr == "exceeded" and evidence.saw_only(Closed):
                where = consumer.where(node.test)
                code = evidence.code_at(where, node.test)
                return Explanation(
                    f"`{code}` is a method, and a method is always true: the first frame is too "
                    f"much already. Call it: `{code}()`",
                    where,
                    evidence.suggest(where, after(node.test, "()")),
                )
    return None


@rule
def flood_goes_on(evidence):
    """What is too much is only skipped."""
    if not evidence.saw_only(TooMuch):
        return None
    for consumer, receive in methods(evidence, "receive"):
        for node in ast.walk(receive):
            if not isinstance(node, ast.If) or not calls(node.test, "exceeded"):
                continue
            if not calls(node, "close"):
                where, code = consumer.where(node), "await self.close(code=4429)"
                return Explanation(
                    "What is too much is ignored, and the WebSocket stays open for more. Close it: "
                    f"`{code}`.",
                    where,
                    evidence.suggest(where, above(node.body[0], code)),
                )
    return None


def _believed(evidence, error, sentence, change=None):
    """`change` is a function from the function that calls json.loads() to what helps there."""
    source, reader = _reader(evidence)
    where = evidence.where(error) or (source.where(reader) if source else None)
    found = change(reader) if change and source and where.file == source.path else None
    return Explanation(
        f"{sentence} The WebSocket was closed with 1011.",
        where,
        evidence.suggest(where, found) if found else None,
    )


def _caught(reader):
    """The one `except` with all that json.loads() raises."""
    tries = [
        node for node in ast.walk(reader) if isinstance(node, ast.Try) and calls(node, "loads")
    ]
    handlers = [handler for node in tries for handler in node.handlers if handler.type]
    return instead(handlers[0].type, ALL_RAISED) if len(handlers) == 1 else None


def _object_first(reader):
    """The `if` that asks for the message asks for an object before."""
    for node in ast.walk(reader):
        if isinstance(node, ast.If) and calls(node.test, "get"):
            return before(node.test, "not isinstance(content, dict) or ")
    return None


def _asked_for(reader):
    """content.get("message") in place of content["message"]"""
    for node in ast.walk(reader):
        if isinstance(node, ast.Subscript) and getattr(node.slice, "value", None) == "message":
            return instead(node, f'{ast.unparse(node.value)}.get("message")')
    return None


@rule
def frame_believed(evidence):
    """Nothing looks at what came."""
    if not evidence.saw(Closed, NotRefused, Disturbed):
        return None
    source, reader = _reader(evidence)
    if reader is None or any(isinstance(node, ast.Try | ast.If) for node in ast.walk(reader)):
        return None
    kinds = (NOT_JSON, BINARY, TOO_DEEP, NOT_AN_OBJECT, NO_MESSAGE, UNFIT)
    if evidence.saw(Closed) and not any(evidence.error(kind) for kind in kinds):
        return None
    return Explanation(
        "Ana sent something that is not a message, and the code that reads a frame takes it for "
        "one. Catch what json.loads() raises, `except (TypeError, ValueError, RecursionError):`, "
        "and look at what it returns: is it a dict, and is its message a text?",
        source.where(reader),
    )


@rule(raised=NOT_JSON)
def not_json_not_caught(evidence, error):
    return _believed(
        evidence,
        error,
        "A frame need not be JSON, and then json.loads() raises a JSONDecodeError, which is a "
        "ValueError. Catch it, and return None.",
        _caught,
    )


@rule(raised=BINARY)
def binary_not_caught(evidence, error):
    return _believed(
        evidence,
        error,
        "A binary frame has no text: text_data is None, for which json.loads() raises a "
        f"TypeError. Catch that, too: `except {ALL_RAISED}:`",
        _caught,
    )


@rule(raised=TOO_DEEP)
def nesting_not_caught(evidence, error):
    return _believed(
        evidence,
        error,
        "JSON can be nested deeper than Python follows, and then json.loads() raises a "
        f"RecursionError, which is not a ValueError. Catch it, too: `except {ALL_RAISED}:`",
        _caught,
    )


@rule(raised=NOT_AN_OBJECT)
def not_an_object_not_refused(evidence, error, _):
    return _believed(
        evidence,
        error,
        "JSON need not be an object: a list, a number and null are JSON, too. Return None unless "
        "`isinstance(content, dict)`.",
        _object_first,
    )


@rule(raised=NO_MESSAGE)
def message_missing_not_refused(evidence, error):
    source, reader = _reader(evidence)
    if source is None:
        return None
    return _believed(
        evidence,
        error,
        'An object need not have a "message". Return None unless it does: content.get("message") '
        "is None then, which is not a text.",
        _asked_for,
    )


@rule(raised=UNFIT)
def unfit_text_not_refused(evidence, error):
    return _believed(
        evidence,
        error,
        "JSON can hold half a character, such as \\ud800, which UTF-8 does not have and no "
        "database saves. is_text() tells: return None unless "
        '`is_text(content.get("message"), LONGEST)`.',
    )


@rule
def message_not_checked(evidence):
    """Something that is not a text was taken, and no error was told."""
    if not evidence.saw_only(NotRefused, Disturbed):
        return None
    source, reader = _reader(evidence)
    if reader is None or not any(isinstance(node, ast.Try | ast.If) for node in ast.walk(reader)):
        return None
    return Explanation(
        f"{evidence.failure} Return None unless the message is a text that is not too long: "
        '`is_text(content.get("message"), LONGEST)`.',
        source.where(reader),
    )
