"""What arrives at the consumer, made from JSON and to JSON."""

import ast

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import RECEIVERS
from workshop.checking.failures import Closed


@rule(raised=r"TypeError: string indices must be integers")
def json_loads_forgotten(evidence, error):
    where = evidence.where(error)
    if where is None or not evidence.raised_by_them(error):
        return None
    message = "This is still a string, and is asked for a key as if it were a dictionary."
    if evidence.in_group_handler(where):
        message += " The handler's argument is the dictionary that was sent to the group."
    elif "text" in evidence.project.source_at(where).text:
        message += ' Decode the frame first: message = json.loads(text_data)["message"]'
    return Explanation(message, where)


@rule(raised=r"the JSON object must be str, bytes or bytearray, not (?:dict|list)")
def json_loads_of_a_dict(evidence, error):
    return Explanation(
        "json.loads() was given a dictionary: what arrives here is decoded already (the event of a "
        "group, or the content of a Json consumer). Remove the json.loads().",
        evidence.where(error),
    )


@rule(raised=r"the JSON object must be str, bytes or bytearray, not NoneType")
def json_loads_of_nothing(evidence, error):
    where = evidence.where(error)
    if evidence.in_group_handler(where):
        advice = "What was sent to the group is a dictionary already: remove the json.loads()."
    else:
        advice = "The frame's text is in text_data: json.loads(text_data)"
    return Explanation(f"json.loads() was given None. {advice}", where)


@rule(raised=r"AttributeError: 'str' object has no attribute 'read'")
def json_load_of_a_text(evidence, error):
    return Explanation(
        "json.load() reads from a file; for a string it is json.loads(), with an s.",
        evidence.where(error),
    )


@rule(raised=r"TypeError: dump\(\) missing 1 required positional argument: 'fp'")
def json_dump_to_nowhere(evidence, error):
    return Explanation(
        "json.dump() writes to a file; for a string it is json.dumps(), with an s.",
        evidence.where(error),
    )


@rule(raised=r"JSONDecodeError: Expecting")
def text_is_no_json(evidence, error):
    if where := evidence.where(error):
        if evidence.in_group_handler(where):
            advice = "What is in the event was decoded before it was sent: remove the json.loads()."
        else:
            advice = "Give it the frame as it came: json.loads(text_data)"
        return Explanation(f"json.loads() was given a string that is not JSON. {advice}", where)


@rule(raised=r"TypeError: Object of type coroutine is not JSON serializable")
def coroutine_in_the_answer(evidence, error):
    at = evidence.coroutine_used(error)
    return Explanation(
        "json.dumps() was given a coroutine: it was not awaited, so its result is not there yet. "
        f"{at.to_run()}",
        at.where,
    )


@rule(raised=r"TypeError: Object of type (?!coroutine)(\w+) is not JSON serializable")
def json_dumps_given_something_odd(evidence, error, name):
    return Explanation(
        f"json.dumps() cannot turn a {name} into JSON. Send strings, numbers, lists and "
        "dictionaries; of other objects, the part that the browser needs.",
        evidence.where(error),
    )


@rule(raised=r"AttributeError: 'NoneType' object has no attribute '(?!group_)(\w+)'")
def nothing_has_no_such_method(evidence, error, name):
    """A value that is missing, which .get() answers with None."""
    where = evidence.where(error)
    asked = [node for node in evidence.nodes_at(where, ast.Attribute) if node.attr == name]
    if not asked or not evidence.on_their_line(error):
        return None
    code = evidence.project.source_at(where).code(asked[0].value)
    method = evidence.project.method_at(where)
    there = ""
    if "scope" in code:
        there = " Look at what the scope has: print(self.scope.keys())."
    elif method and method.name in RECEIVERS:
        there = ' The browser sends {"message": "…"} and nothing else.'
    return Explanation(
        f"`{code}` is None, but a value was expected: "
        f".get() answers None for what is missing.{there}",
        where,
    )


@rule(raised=r"^KeyError: ('\w+'|\d+)")
def wrong_key_read(evidence, error, key):
    where = evidence.where(error)
    if where and evidence.saw(Closed) and not evidence.in_group_handler(where):
        return Explanation(
            f"The consumer asked for the key {key}, which is not there. "
            'The browser sends {"message": "…"}: the text is under "message".',
            where,
        )
