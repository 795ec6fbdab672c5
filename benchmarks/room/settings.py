"""The settings of the project in this folder, with the channel layer that is measured.

BENCHMARK_LAYER is that layer as JSON; where it is empty the project's own stays, with our Redis.
"""

import json
import os
from importlib.util import find_spec

from mysite.settings import *  # noqa: F403
from mysite.settings import CHANNEL_LAYERS

_layer = json.loads(os.environ["BENCHMARK_LAYER"]) or CHANNEL_LAYERS["default"]
if _layer["BACKEND"].startswith("channels_redis"):
    _hosts = [os.environ[name] for name in ("REDIS_URL", "REDIS_URL_2") if name in os.environ]
    _layer["CONFIG"] = {**_layer.get("CONFIG", {}), "hosts": _hosts}
CHANNEL_LAYERS = {"default": _layer}

DEBUG = False  # with it, Django keeps a copy of each SQL statement …
ALLOWED_HOSTS = ["127.0.0.1"]  # … and allows this one unasked

if find_spec("chat.limits"):
    # Nobody is closed for speaking too often: with few browsers, each has to speak often.
    from chat import limits

    limits.FRAMES = 1_000_000

if "BENCHMARK_WITHOUT_THREAD" in os.environ:
    # Channels 4.3 closes old database connections before each event that a consumer gets, and goes
    # to a thread and back for it. Removed to see what that costs a project without a database; this
    # is not advice.
    from channels import consumer

    async def _nothing():
        pass

    consumer.aclose_old_connections = _nothing
