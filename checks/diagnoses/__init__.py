"""Why a check failed, in any step: one file for each part of a project where mistakes are made.

The files are asked in this order, and each from top to bottom: the most specific rule first. The
rules of a step's own, in its folder, are asked before these.
"""

ASKED_IN_TURN = (
    "startup",
    "application",
    "routers",
    "serving",
    "imports",
    "not_imported",
    "asgi",
    "pages",
    "targets",
    "routes",
    "scope",
    "async_syntax",
    "bridges",
    "awaiting",
    "unawaited",
    "database",
    "layer",
    "groups",
    "handlers",
    "consumer",
    "handshake",
    "stuck",
    "frames",
    "names",
    "silence",
    "leaving",
    "membership",
    "advice",
    "general",
)
