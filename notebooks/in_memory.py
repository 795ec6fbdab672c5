"""Settings for experiment 5 of step 3: those of the solution, with the layer that stays at home."""

from mysite.settings import *  # noqa: F403

CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
