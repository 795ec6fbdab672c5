import mimetypes

from django.apps import AppConfig


class PageConfig(AppConfig):
    name = "page"

    def ready(self):
        # Browsers run a JavaScript module only when it is served as JavaScript. On Windows, Python
        # reads file types from the registry, where ".js" is often "text/plain".
        mimetypes.add_type("text/javascript", ".js")
