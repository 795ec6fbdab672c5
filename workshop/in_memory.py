"""A step's settings, with a channel layer in memory in place of its Redis: `run --memory`.

A settings module like any other, so that no file of the step is touched:
DJANGO_SETTINGS_MODULE names it, and manage.py and asgi.py leave that variable as it is.
"""

from mysite.settings import *  # noqa: F403

CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
