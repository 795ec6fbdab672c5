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
    "async_to_sync",
    "awaiting",
    "unawaited",
    "database",
    "layer",
    "layer_options",
    "redis_options",
    "redis",
    "groups",
    "attributes",
    "joining",
    "rooms",
    "servers",
    "handlers",
    "messages",
    "consumer",
    "handshake",
    "stopping",
    "stuck",
    "sending",
    "decoding",
    "frames",
    "names",
    "calling",
    "operations",
    "conversions",
    "values",
    "silence",
    "answers",
    "leaving",
    "membership",
    "general",
)

# Rules for which no mistakes.toml can have an entry: the reason, and the test that they have
# instead.
TESTED_APART = {
    "flooding": "takes more frames than a check looks for, which comes before the check reads them "
    "only by luck: tests/test_last_resorts.py",
    "never_started": "takes the ten seconds that a server may take to start: "
    "tests/test_hostile_projects.py",
    "given_up": "takes the fifteen seconds of a whole run: tests/test_last_resorts.py",
}
