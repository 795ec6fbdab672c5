import gc
import os

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from channels.sessions import SessionMiddlewareStack
from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "classroom.settings")

# Django is set up before the consumers are imported: they import models.
django_asgi_app = get_asgi_application()

from classroom import checkpoints  # noqa: E402
from classroom.routing import websocket_urlpatterns  # noqa: E402

# With scheme and port: AllowedHostsOriginValidator compares hosts only, and on the same machine may
# be other servers.
websocket_app = OriginValidator(
    SessionMiddlewareStack(URLRouter(websocket_urlpatterns)), settings.ORIGINS
)
application = ProtocolTypeRouter(
    {"http": ASGIStaticFilesHandler(django_asgi_app), "websocket": websocket_app}
)

# Connections with the database stay, in threads of their own (threads.py). Django would look after
# them at both ends of each request, in a thread that it starts for that.
request_started.disconnect(reset_queries)
request_started.disconnect(close_old_connections)
request_finished.disconnect(close_old_connections)
checkpoints.begin()

# While Python looks at all objects for garbage, nobody is answered: with 250 seats that took 0.1 s,
# every four seconds. What was imported stays, so it is left out. And each reading of the board
# makes many objects that are soon released: they should not trigger a look at all the others.
# https://docs.python.org/3/library/gc.html#gc.set_threshold
gc.freeze()
gc.set_threshold(10_000, 10, 50)
