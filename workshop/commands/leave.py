"""`leave`: gives the seat in the classroom back, and removes what was sent."""

from ..console import say
from ..environment import COMMAND
from ..joined import asking, seat


def run() -> int:
    left = seat.read()
    if not left:
        say("You have no seat in a classroom. Nothing is sent anywhere.")
        return 0
    try:
        asking.ask("DELETE", f"{left.address}/seats/", key=left.key)
    except asking.NoAnswer as error:
        # Nothing more is sent; the key is kept, for without it nothing can be removed.
        seat.stop(left)
        say(f"Nothing more is sent. But the classroom at {left.address} does not answer: {error}.")
        say(f"What was sent is still there. To remove it, once it answers: {COMMAND} leave")
        return 1
    except asking.Refused as error:
        say(f"The classroom refused: {error}")
        return 1
    seat.forget()
    say(f"You left. What the {left.label} had sent was removed, and nothing more is sent.")
    return 0
