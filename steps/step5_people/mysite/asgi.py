import os

# TODO 1: AuthMiddlewareStack comes from channels.auth.
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")

# Django is set up before the consumers are imported: they may import models.
django_asgi_app = get_asgi_application()

from chat.routing import websocket_urlpatterns  # noqa: E402

# TODO 1: whose WebSocket is it? AuthMiddlewareStack finds that by the session's cookie, and puts it
#         in the scope, as "user". Wrap the URLRouter in it, and leave the validator around both.
websocket_app = AllowedHostsOriginValidator(URLRouter(websocket_urlpatterns))
application = ProtocolTypeRouter({"http": django_asgi_app, "websocket": websocket_app})
