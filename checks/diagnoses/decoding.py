"""What arrives at the consumer, decoded from JSON and encoded as JSON."""

import ast

from workshop.checking.explaining.answering import reads_message
from workshop.checking.explaining.consumer import RECEIVERS
from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Closed


def _call(evidence, where, name):
    """The outermost call of something of that name on the line, where it has an argument."""
    calls = evidence.nodes_at(where, ast.Call)
    return next((c for c in calls if last_name(c.func) == name and c.args), None)


def _replaced(evidence, where, node, code):
    """What to write in place of a part of the line, and the edit that does it; `code` is said where
    that part is missing."""
    if node is None:
        return f"`{code}`", None
    edit = evidence.suggest(where, instead(node, code))
    return f"`{code}` instead of `{evidence.code_at(where, node)}`", edit


@rule(raised=r"TypeError: string indices must be integers")
def json_loads_forgotten(evidence, error):
    where = evidence.where(error)
    if where is None or not evidence.raised_by_them(error):
        return None
    message, edit = "This is still a string, but is read with a key, like a dictionary.", None
    read = evidence.only_at(where, ast.Subscript, lambda node: isinstance(node.slice, ast.Constant))
    if evidence.in_group_handler(where):
        message += " The handler's argument is the dictionary that was sent to the group."
    elif "text" in evidence.project.source_at(where).text:
        text = evidence.code_at(where, read.value) if read else "text_data"
        code, edit = _replaced(evidence, where, read and read.value, f"json.loads({text})")
        message += f" Decode the frame first: write {code}."
    return Explanation(message, where, edit)


@rule(raised=r"the JSON object must be str, bytes or bytearray, not (?:dict|list)")
def json_loads_of_a_dict(evidence, error):
    where, advice, edit = evidence.where(error), "", None
    if call := _call(evidence, where, "loads"):
        code, edit = _replaced(evidence, where, call, evidence.code_at(where, call.args[0]))
        advice = f": write {code}"
    return Explanation(
        "json.loads() was given a dictionary: what arrives here is already "
        "decoded (a group's event, or a Json consumer's content). "
        f"Remove the json.loads(){advice}.",
        where,
        edit,
    )


def _frame(evidence, where):
    """The name of the frame's text in the method at the place."""
    method = evidence.project.method_at(where)
    named = method.args.args[1:2] if method and method.name == "receive" else ()
    return next((argument.arg for argument in named), "text_data")


@rule(raised=r"the JSON object must be str, bytes or bytearray, not NoneType")
def json_loads_of_nothing(evidence, error):
    where, edit = evidence.where(error), None
    call = _call(evidence, where, "loads")
    if evidence.in_group_handler(where):
        advice = "What was sent to the group is already a dictionary: remove the json.loads()."
    else:
        given = call.args[0] if call and getattr(call.args[0], "id", "") == "bytes_data" else None
        code, edit = _replaced(evidence, where, given, _frame(evidence, where))
        advice = f"The frame's text is in {_frame(evidence, where)}: give it `{code}`."
    return Explanation(f"json.loads() was given None. {advice}", where, edit)


@rule(raised=r"AttributeError: 'str' object has no attribute 'read'")
def json_load_of_a_text(evidence, error):
    where = evidence.where(error)
    load = evidence.only_at(where, ast.Attribute, lambda node: node.attr == "load")
    return Explanation(
        "json.load() reads from a file; for a string it is json.loads(), with an s.",
        where,
        load and evidence.suggest(where, instead(load, "json.loads")),
    )


@rule(raised=r"TypeError: dump\(\) missing 1 required positional argument: 'fp'")
def json_dump_to_nowhere(evidence, error):
    where = evidence.where(error)
    dump = evidence.only_at(where, ast.Attribute, lambda node: node.attr == "dump")
    return Explanation(
        "json.dump() writes to a file; for a string it is json.dumps(), with an s.",
        where,
        dump and evidence.suggest(where, instead(dump, "json.dumps")),
    )


@rule(raised=r"JSONDecodeError: Expecting")
def text_is_no_json(evidence, error):
    where = evidence.where(error)
    if not where:
        return None
    call = _call(evidence, where, "loads")
    given = call.args[0] if call else None
    kept = evidence.code_at(where, given) if call else "event"
    if evidence.in_group_handler(where):
        code, edit = _replaced(evidence, where, call, kept)
        advice = f"What is in the event was decoded before it was sent: write `{code}`."
    elif reads_message(given):
        code, edit = _replaced(evidence, where, call, kept)
        advice = f"The message is a plain string: write `{code}`."
    else:
        code, edit = _replaced(evidence, where, given, _frame(evidence, where))
        advice = f"Give it the frame as it came: `{code}`."
    return Explanation(f"json.loads() was given a string that is not JSON. {advice}", where, edit)


@rule(raised=r"TypeError: Object of type coroutine is not JSON serializable")
def coroutine_in_the_answer(evidence, error):
    at, where = evidence.coroutine_used(error), evidence.where(error)
    what = "json.dumps() was given a coroutine: it was not awaited, so there is no result yet."
    if at.call is not None and last_name(at.call.func) != "dumps":
        return Explanation(f"{what} {at.to_run()}", at.where, at.suggestion)
    values = [value for node in evidence.nodes_at(where, ast.Dict) for value in node.values]
    if len(values) != 1 or not evidence.project.is_async_at(where):
        return Explanation(f"{what} Write `await` where that coroutine is created.", where)
    code, edit = _replaced(
        evidence, where, values[0], f"await {evidence.code_at(where, values[0])}"
    )
    return Explanation(f"{what} Write `{code}`.", where, edit)


@rule(raised=r"TypeError: Object of type (?!coroutine)(\w+) is not JSON serializable")
def json_dumps_given_something_odd(evidence, error, name):
    where = evidence.where(error)
    advice, edit = (
        (
            "Send strings, numbers, lists and dictionaries; of any "
            "other object, only the part that the browser needs."
        ),
        None,
    )
    pair = evidence.only_at(where, ast.Set, lambda node: len(node.elts) == 2)
    if name == "set" and pair and isinstance(pair.elts[0], ast.Constant):
        code = ": ".join(evidence.code_at(where, part) for part in pair.elts)
        advice = f"With a comma, {{ }} is a set; a dictionary has a colon: {{{code}}}"
        edit = evidence.suggest(where, instead(pair, f"{{{code}}}"))
    return Explanation(f"json.dumps() cannot turn a {name} into JSON. {advice}", where, edit)


@rule(raised=r"AttributeError: 'NoneType' object has no attribute '(?!group_)(\w+)'")
def nothing_has_no_such_method(evidence, error, name):
    """A value that is missing, for which .get() returns None."""
    where = evidence.where(error)
    asked = [node for node in evidence.nodes_at(where, ast.Attribute) if node.attr == name]
    if not asked or not evidence.on_their_line(error):
        return None
    code, edit = evidence.code_at(where, asked[0].value), None
    method = evidence.project.method_at(where)
    there = ""
    if "scope" in code:
        there = " Look at what the scope has: print(self.scope.keys())."
    elif method and method.name in RECEIVERS:
        there = ' The browser sends {"message": "…"} and nothing else.'
    elif hasattr(str, name):
        written, edit = _replaced(evidence, where, asked[0].value, f'({code} or "")')
        there = f" For a string that may be missing, write {written}."
    return Explanation(
        f"`{code}` is None, but a value was expected: .get() "
        f"returns None for what is missing.{there}",
        where,
        edit,
    )


@rule(raised=r"^KeyError: ('\w+'|\d+)")
def wrong_key_read(evidence, error, key):
    where = evidence.where(error)
    if not where or not evidence.saw(Closed) or evidence.in_group_handler(where):
        return None
    key, edit = key.replace("'", '"'), None
    read = evidence.only_at(where, ast.Subscript, lambda node: _as_key(node.slice) == key)
    function = evidence.project.function_at(where)
    if any(reads_message(node) for node in ast.walk(function or ast.Pass())):
        asked = f"`{evidence.code_at(where, read)}`" if read else key
        advice = f'"message" is the only key: remove {asked}.'
    else:
        advice = f'The text is under "message": write ["message"] instead of [{key}].'
        edit = read and evidence.suggest(where, instead(read.slice, '"message"'))
    return Explanation(
        f"The consumer asked for the key {key}, which is not there. "
        f'The browser sends {{"message": "…"}}. {advice}',
        where,
        edit,
    )


def _as_key(node):
    """How a key is written, with double quotes; None for anything but a constant."""
    value = getattr(node, "value", None)
    return f'"{value}"' if isinstance(value, str) else repr(value)
