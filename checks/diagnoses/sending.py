"""What self.send() is called with."""

from workshop.checking.explaining.rules import Explanation, rule


@rule(raised=r"AttributeError: '(\w+)' object has no attribute 'encode'")
def send_given_a_dict(evidence, error, kind):
    """Daphne, which encodes the frame, got something else than a string."""
    if error.raised_in("daphne"):
        what = f"a {kind}" if kind != "int" else "a number"
        where = evidence.where(error) or evidence.where_sent()
        return Explanation(
            f"self.send() was given {what}; a text frame is a string. "
            f"Write {evidence.answer(where).code}",
            where,
        )


@rule(
    raised=r"TypeError: (?:string indices must be integers|byte indices"
    r"|\w*\.?(send\(\)) got an unexpected keyword argument '(?:text_data|text)')"
)
def text_for_a_bare_consumer(evidence, error, send):
    """A bare consumer's send() takes an event of ASGI, and got a string."""
    for consumer in evidence.consumers:
        if consumer.is_bare and (send or error.raised_in("daphne")):
            where = evidence.where(error)
            event = '{"type": "websocket.send", "text": …}'
            return Explanation(
                f"{consumer.name} is a bare consumer, whose send() takes an event: "
                f"{evidence.call_for(where, 'self.send', event)}",
                where,
            )


@rule(raised=r"(?<!_)send\(\) got an unexpected keyword argument '(\w+)'")
def send_wrong_keyword(evidence, error, name):
    where = evidence.where(error)
    return Explanation(
        f'self.send() has no argument "{name}". It is text_data: {evidence.answer(where).code}',
        where,
    )


@rule(raised=r"You must pass one of bytes_data or text_data")
def send_without_anything(evidence, error):
    where = evidence.where(error)
    return Explanation(
        "self.send() was not given anything to send. "
        f"Give it the answer as text_data: {evidence.answer(where).code}",
        where,
    )


@rule(raised=r"TypeError: [\w.]*\.send\(\) takes from \d to \d positional arguments")
def send_too_many_arguments(evidence, error):
    where = evidence.where(error)
    group = ""
    if evidence.teaches("groups"):
        send = evidence.call_for(where, "self.channel_layer.group_send", "…")
        group = f"\nTo send to the group: {send}"
    return Explanation(
        "self.send() sends to this consumer's own browser and takes one string: "
        f"{evidence.answer(where).code}{group}",
        where,
    )


@rule(raised=r"AttributeError: '\w+' object has no attribute 'send_json'")
def send_json_on_a_plain_consumer(evidence, error):
    where = evidence.where(error)
    asynchronous = evidence.consumer is None or evidence.consumer.is_async
    base = "AsyncJsonWebsocketConsumer" if asynchronous else "JsonWebsocketConsumer"
    return Explanation(
        "send_json() belongs to the Json consumers. "
        f"Derive the class from {base}, or write {evidence.answer(where).code}",
        where,
    )
