import os

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")

# Django is set up before the consumers are imported: they may import models.
django_asgi_app = get_asgi_application()

from chat.middleware import ReadOnlyAuthMiddlewareStack  # noqa: E402
from chat.routing import websocket_urlpatterns  # noqa: E402

websocket_app = AllowedHostsOriginValidator(
    ReadOnlyAuthMiddlewareStack(URLRouter(websocket_urlpatterns))
)
application = ProtocolTypeRouter({"http": django_asgi_app, "websocket": websocket_app})
