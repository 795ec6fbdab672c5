"""Why a check of step 5 failed: who was let in, what was believed of a frame, who is listed."""

ASKED_IN_TURN = ("entering", "speaking", "listing", "leaving")
