import mimetypes
import os

from django.apps import AppConfig
from django.conf import settings


class PageConfig(AppConfig):
    name = "page"

    def ready(self):
        # Browsers run a JavaScript module only when it is served as JavaScript. On Windows, Python
        # reads file types from the registry, where ".js" is often "text/plain".
        mimetypes.add_type("text/javascript", ".js")
        # A dev container in the browser (GitHub Codespaces) forwards each port under a host name of
        # its own, made of these variables, which it sets. No other machine has them.
        if name := os.environ.get("CODESPACE_NAME"):
            domain = os.environ.get("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "app.github.dev")
            forwarded = [f"{name}-{port}.{domain}" for port in range(8000, 8010)]
            settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, *forwarded]
