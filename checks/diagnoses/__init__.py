"""Why a check failed, in any step: one file for each part of a project where mistakes are made.

The files are asked in this order, and each from top to bottom: the most specific rule first. The
rules of a step's own, in its folder, are asked before these.
"""

ASKED_IN_TURN = (
    "startup",
    "imports",
    "asgi",
    "routes",
    "coroutines",
    "database",
    "layer",
    "layer_options",
    "redis",
    "groups",
    "attributes",
    "joining",
    "rooms",
    "servers",
    "handlers",
    "messages",
    "consumer",
    "sending",
    "decoding",
    "frames",
    "names",
    "silence",
    "answers",
    "leaving",
    "advice",
    "general",
)
