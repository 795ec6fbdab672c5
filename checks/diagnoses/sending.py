"""What self.send() is called with."""

from workshop.checking.explaining.rules import Explanation, rule

ANSWER = 'self.send(text_data=json.dumps({"message": message}))'


@rule(raised=r"AttributeError: '(\w+)' object has no attribute 'encode'")
def send_given_a_dict(evidence, error, kind):
    """Daphne, which encodes the frame, got something else than a string."""
    if error.raised_in("daphne"):
        what = f"a {kind}" if kind != "int" else "a number"
        return Explanation(
            f"self.send() was given {what}; a text frame is a string. Write {ANSWER}.",
            evidence.where(error) or evidence.where_sent(),
        )


@rule(
    raised=r"TypeError: (?:string indices must be integers|byte indices"
    r"|\w*\.?(send\(\)) got an unexpected keyword argument '(?:text_data|text)')"
)
def text_for_a_bare_consumer(evidence, error, send):
    """A bare consumer's send() takes an event of ASGI, and got a string."""
    for consumer in evidence.consumers:
        if consumer.is_bare and (send or error.raised_in("daphne")):
            return Explanation(
                f"{consumer.name} is a bare consumer, whose send() takes an event: "
                'self.send({"type": "websocket.send", "text": …})',
                evidence.where(error),
            )


@rule(raised=r"(?<!_)send\(\) got an unexpected keyword argument '(\w+)'")
def send_wrong_keyword(evidence, error, name):
    return Explanation(
        f"self.send() has no argument {name!r}. "
        "It is text_data: self.send(text_data=json.dumps({…}))",
        evidence.where(error),
    )


@rule(raised=r"You must pass one of bytes_data or text_data")
def send_without_anything(evidence, error):
    return Explanation(
        f"self.send() was not given anything to send. Give it the answer as text_data: {ANSWER}",
        evidence.where(error),
    )


@rule(raised=r"TypeError: [\w.]*\.send\(\) takes from \d to \d positional arguments")
def send_too_many_arguments(evidence, error):
    return Explanation(
        f"self.send() sends to this consumer's own browser and takes one string: {ANSWER}. "
        "To send to the group, use self.channel_layer.group_send(…).",
        evidence.where(error),
    )


@rule(raised=r"AttributeError: '\w+' object has no attribute 'send_json'")
def send_json_on_a_plain_consumer(evidence, error):
    return Explanation(
        "send_json() belongs to the Json consumers. Derive the class from "
        f"AsyncJsonWebsocketConsumer, or write {ANSWER}.",
        evidence.where(error),
    )
