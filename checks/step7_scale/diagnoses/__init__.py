"""Why a check of step 7 failed."""

ASKED_IN_TURN = ("relaying", "waiting", "sharding", "health", "serving")
