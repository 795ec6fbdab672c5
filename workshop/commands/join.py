"""`join`: takes a seat in the classroom. From then on each check tells it how it ended."""

import re
from urllib.parse import urlsplit

from ..console import say
from ..environment import COMMAND
from ..joined import asking, seat


def run(address: str, name: str) -> int:
    place = _place(address)
    if not place:
        say("The address is on the screen at the front, with a code at its end. For example:")
        say(f"  {COMMAND} join http://192.168.1.20:8800/K7PQXM")
        return 2
    url, code, pair = place
    if known := seat.read():
        say(f"You have a seat already: {known.label}, at {known.address}.")
        say(f"To leave it: {COMMAND} leave")
        return 2
    try:
        asked = {"type": "join", "code": code, "pair": pair, "name": name}
        answer = asking.ask("POST", f"{url}/seats/", asked)
        taken = seat.Seat(url, answer["key"], answer["label"], answer["pair"], code)
    except asking.NoAnswer as error:
        say(f"No classroom answers at {url}: {error}. Are you in the room's network?")
        return 2
    except asking.Refused as error:
        say(str(error))
        return 2
    except KeyError:
        say(f"What answers at {url} is not a classroom.")
        return 2
    seat.forget()  # what an earlier seat may have left
    seat.write(taken)
    say(f"You are the {taken.label}.", style="bold")
    say(f"The room, in a browser: {taken.page}    (for you only: it leads to your seat)")
    say(
        "From now on each check of a step tells the classroom: the step, which checks passed, the "
        "diagnosis's id, and the seconds. Never your code, never a file. The next check shows it "
        "word for word."
    )
    say(f"To end it, and to remove what was sent: {COMMAND} leave")
    return 0


def _place(address: str) -> tuple[str, str, str] | None:
    """The classroom's address, the code, and the pair or nothing, of
    "http://192.168.1.20:8800/CODE/PAIR"."""
    if "://" not in address:
        address = f"http://{address}"
    try:
        parts = urlsplit(address)
        whole = parts.scheme == "http" and parts.hostname and parts.port != 0
    except ValueError:
        return None
    path = re.fullmatch(r"/([2-9A-Za-z]{6})(?:/([2-9A-Za-z]{8}))?/?", parts.path)
    if not whole or not path or "@" in parts.netloc:
        return None
    return f"http://{parts.netloc}", path[1].upper(), (path[2] or "").upper()
