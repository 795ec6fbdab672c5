"""HTTP with a classroom."""

import http.client
import json
import urllib.error
import urllib.request

from workshop.checking import patience

ANSWERS_WITHIN = patience.seconds(10)  # no check waits for it
LONGEST = 65536  # bytes of an answer


class NoAnswer(Exception):
    """Nothing answers, or not as a classroom does. The text says which."""


class Refused(Exception):
    """The classroom answered, and it didn't do it. The text says why."""

    def __init__(self, why: str, status: int):
        super().__init__(why)
        self.status = status


class _Stays(urllib.request.HTTPRedirectHandler):
    """A classroom sends nobody elsewhere."""

    def redirect_request(self, *_):
        return None


# The room's network is reached directly, whatever proxy leads to the internet.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stays)


def ask(method: str, url: str, data: dict | None = None, key: str = "") -> dict:
    """What the classroom answers. Raises NoAnswer or Refused."""
    body = None if data is None else json.dumps(data).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Seat {key}"}
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with _opener.open(request, timeout=ANSWERS_WITHIN) as answer:
            return _read(answer)
    except urllib.error.HTTPError as error:
        if error.code >= 500:
            raise NoAnswer(f"it answers with status {error.code}") from None
        raise Refused(_read(error).get("why", f"status {error.code}"), error.code) from None
    except OSError as error:
        raise NoAnswer(str(getattr(error, "reason", error)) or type(error).__name__) from None
    except ValueError as error:
        raise NoAnswer(str(error)) from None
    except http.client.HTTPException as error:
        raise NoAnswer(f"what answers is not a web server ({type(error).__name__})") from None


def _read(answer) -> dict:
    try:
        found = json.loads(answer.read(LONGEST))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        if isinstance(answer, urllib.error.HTTPError):
            return {}
        raise NoAnswer("what answers is not a classroom")
    return found
