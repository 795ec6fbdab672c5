"""The server, and what the ASGI application does with each WebSocket.

    {"event": "serving", "protocol": "asgi" or "wsgi"}  the server is made
    {"event": "connected", "path": "/ws/chat/a/"}       what was to be done at the handshake is done
    {"event": "unanswered", "path": "/ws/chat/a/"}      it is, with neither accept nor close
    {"event": "ended", "path": "/ws/chat/a/", "error": "KeyError: 'message'" or null}
    {"event": "encoded_again", "path": "/ws/chat/a/", "text": "{…"}
        a text is sent that is equal to one sent before, and not the same object: it was made anew

Seen with Daphne 4.2: a consumer that never accepts shows nothing for five seconds; a crash is
noticed on a poll of one second. Imports only the standard library.
"""

import asyncio
import functools
import gc

from workshop.checking.instrumented import busy, exceptions, telling

CRASH_POLL = 0.02  # seconds; Daphne's own is 1 s
TEXTS_KEPT = 200  # that were sent last
TOLD = 200  # characters of a text

_texts = {}  # each by itself


def _serves(protocol):
    """What was imported stays: garbage collection starts now, and skips all of that."""
    telling.tell("serving", protocol=protocol)
    gc.freeze()
    gc.enable()


def _observed(application):
    """ASGI middleware that reports how each WebSocket's application handled it."""

    async def observe(scope, receive, send):
        busy.watch(asyncio.get_running_loop())
        if scope["type"] != "websocket":
            return await application(scope, receive, send)

        telling.websocket.set(scope["path"])
        answered = False
        received = 0

        async def receive_and_note():
            nonlocal received
            received += 1
            if received == 2:  # the first event, websocket.connect, was handled
                telling.tell("connected" if answered else "unanswered", path=scope["path"])
            return await receive()

        async def send_and_note(message):
            nonlocal answered
            answered = True
            if message.get("type") == "websocket.send" and isinstance(message.get("text"), str):
                _tell_of_encoding(message["text"])
            await send(message)

        error = None
        try:
            await application(scope, receive_and_note, send_and_note)
        except BaseException as exception:
            error = f"{type(exception).__name__}: {exception}".partition("\n")[0]
            exceptions.tell_raised(exception, "application")
            raise
        finally:
            telling.tell("ended", path=scope["path"], error=error)

    return observe


def _tell_of_encoding(text):
    if _texts.setdefault(text, text) is not text:
        telling.tell_of_socket("encoded_again", text=text[:TOLD])
    elif len(_texts) > TEXTS_KEPT:
        del _texts[next(iter(_texts))]


def tell_of_uvicorn(uvicorn):
    """`uvicorn` is the module uvicorn.config."""
    load = uvicorn.Config.load

    @functools.wraps(load)
    def load_and_tell(self):
        load(self)
        _serves("asgi")
        self.loaded_app = _observed(self.loaded_app)

    uvicorn.Config.load = load_and_tell


def tell_of_daphne(daphne):
    """`daphne` is the module daphne.server."""
    init = daphne.Server.__init__
    call_later = daphne.reactor.callLater

    @functools.wraps(init)
    def init_and_tell(self, application, *args, **kwargs):
        _serves("asgi")
        init(self, _observed(application), *args, **kwargs)

    def call_sooner(delay, function, *args, **kwargs):
        if getattr(function, "__name__", "") == "application_checker":
            delay = CRASH_POLL
        return call_later(delay, function, *args, **kwargs)

    daphne.Server.__init__ = init_and_tell
    daphne.reactor.callLater = call_sooner


def tell_of_djangos_own(runserver):
    """`runserver` is the module django.core.management.commands.runserver, whose own server only
    speaks WSGI; Daphne's command replaces what it calls."""
    run = runserver.run

    @functools.wraps(run)
    def run_and_tell(*args, **kwargs):
        _serves("wsgi")
        return run(*args, **kwargs)

    runserver.run = run_and_tell
