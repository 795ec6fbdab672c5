"""What self.send() is called with."""

import ast

from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.nodes import last_name, on_self
from workshop.checking.explaining.rules import Explanation, rule


@rule(raised=r"AttributeError: '(\w+)' object has no attribute 'encode'")
def send_given_a_dict(evidence, error, kind):
    """Daphne, which encodes the frame, got something other than a string."""
    if error.raised_in("daphne"):
        what = f"a {kind}" if kind != "int" else "a number"
        where = evidence.where(error) or evidence.where_sent()
        answer = evidence.answer(where)
        return Explanation(
            f"self.send() was given {what}; a text frame is a string. Write `{answer.code}`.",
            where,
            answer.suggestion,
        )


@rule(
    raised=r"TypeError: (?:string indices must be integers|byte indices"
    r"|\w*\.?(send\(\)) got an unexpected keyword argument '(?:text_data|text)')"
)
def text_for_a_bare_consumer(evidence, error, send):
    """A bare consumer's send() takes an event of ASGI, and got a string."""
    where = evidence.where(error)
    for consumer in evidence.consumers:
        if consumer.is_bare and (send or error.raised_in("daphne")):
            call = evidence.only_at(where, ast.Call, _sends)
            given = [*call.args, *(keyword.value for keyword in call.keywords)] if call else []
            text = evidence.code_at(where, given[0]) if len(given) == 1 else "…"
            event = f'{{"type": "websocket.send", "text": {text}}}'
            return Explanation(
                f"{consumer.name} is derived from {consumer.bases[0]}, whose send() takes "
                "an event, which is a dictionary: "
                f"`{evidence.call_for(where, 'self.send', event)}`",
                where,
                call and evidence.suggest(where, instead(call, f"self.send({event})")),
            )


def _sends(call):
    return last_name(call.func) == "send" and on_self(call.func)


@rule(raised=r"(?<!_)send\(\) got an unexpected keyword argument '(\w+)'")
def send_wrong_keyword(evidence, error, name):
    where = evidence.where(error)
    answer = evidence.answer(where)
    return Explanation(
        f'self.send() has no argument "{name}". It is text_data: `{answer.code}`',
        where,
        answer.suggestion,
    )


@rule(raised=r"You must pass one of bytes_data or text_data")
def send_without_anything(evidence, error):
    where = evidence.where(error)
    answer = evidence.answer(where)
    return Explanation(
        "self.send() was not given anything to send. "
        f"Give it the answer as text_data: `{answer.code}`",
        where,
        answer.suggestion,
    )


@rule(raised=r"TypeError: [\w.]*\.send\(\) takes from \d to \d positional arguments")
def send_too_many_arguments(evidence, error):
    where = evidence.where(error)
    answer = evidence.answer(where)
    what = "self.send() sends to this consumer's own browser and takes one string"
    if evidence.teaches("groups") and not evidence.in_group_handler(where):
        answer = evidence.group_answer(where)
        return Explanation(
            f"{what}. To send to the group, write\n    {answer.code}", where, answer.suggestion
        )
    return Explanation(f"{what}: `{answer.code}`", where, answer.suggestion)


@rule(raised=r"AttributeError: '\w+' object has no attribute 'send_json'")
def send_json_on_a_plain_consumer(evidence, error):
    where = evidence.where(error)
    answer = evidence.answer(where)
    return Explanation(
        "send_json() belongs to the Json consumers, but this is another kind. "
        f"Write `{answer.code}`.",
        where,
        answer.suggestion,
    )
