from importlib import import_module

from channels.auth import get_user
from channels.middleware import BaseMiddleware
from channels.sessions import CookieMiddleware
from django.conf import settings

SessionStore = import_module(settings.SESSION_ENGINE).SessionStore


class ReadsSession(BaseMiddleware):
    """Who is logged in, as AuthMiddlewareStack finds it, but nothing is ever saved in the session.

    That one checks at each frame that is sent whether the session has changed.
    """

    async def __call__(self, scope, receive, send):
        key = scope["cookies"].get(settings.SESSION_COOKIE_NAME)
        scope = dict(scope, session=SessionStore(key))
        scope["user"] = await get_user(scope)
        return await self.inner(scope, receive, send)


def ReadOnlyAuthMiddlewareStack(inner):
    return CookieMiddleware(ReadsSession(inner))
