"""`stop`: ends what the workshop started."""

from .. import pidfiles, redis_server
from ..console import say


def run() -> int:
    stopped = [f"the {what}" for what in pidfiles.stop()]
    if redis := redis_server.stop():
        stopped.append(f"{redis.name} at {redis.place}")
    for what in stopped:
        say(f"Stopped {what}.")
    if not stopped:
        say("Nothing to stop: nothing that you or the workshop started here is running.")
    return 0
