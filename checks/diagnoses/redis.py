"""The Redis behind the channel layer: whether it answers."""

from checks.diagnoses.layer import NAME, written
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import value_of
from workshop.checking.explaining.suggestion import without_key
from workshop.environment import install_command


# redis-py lets the operating system's own word through when it was just writing.
@rule(
    raised=r"ConnectionError: (?:Error \S+ connecting to (\S+?)\.?(?: |$)"
    r"|Connection closed by server|Connection reset)"
    r"|redis\S*TimeoutError: Timeout connecting"
    r"|^(ConnectionResetError|BrokenPipeError)"
)
def redis_does_not_answer(evidence, error, address, cut):
    if cut and not error.came_through("redis", "channels_redis"):
        return None
    setting = evidence.project.setting(NAME)
    start = "Start the workshop's with `python3 -m workshop`"
    if setting and value_of(setting, "hosts"):
        cure = f'{start}, and write the address that it tells in "hosts".'
    else:
        cure = f'{start}, and name its address in {NAME}: "CONFIG": {{"hosts": […]}}.'
    at = f" at {address}" if address else ""
    return Explanation(
        f"The channel layer asked for Redis{at}, and there was no answer. {cure}",
        written(evidence, "hosts")[3],
    )


@rule(raised=r"TimeoutError: Timeout reading from")
def redis_reading_timed_out(evidence, error):
    dictionary, key, _, where = written(evidence, "socket_timeout")
    if key:
        advice = 'Remove "socket_timeout", or make it longer than 5 s.'
    else:
        advice = (
            "Version 8 of redis-py gives up after 5 s by itself (channels_redis issue 422). "
            "Type: " + install_command('"redis<8"')
        )
    return Explanation(
        "The layer waits up to 5 s at a time for messages from Redis; the connection gave up "
        f"earlier, which closes every quiet WebSocket. {advice}",
        where,
        evidence.suggest(where, without_key(dictionary, key)) if key else None,
    )
