"""Why a check of step 7 failed."""

ASKED_IN_TURN = ()
