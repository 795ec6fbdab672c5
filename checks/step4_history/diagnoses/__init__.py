"""Why a check of step 4 failed: what is saved, what comes back to the sender, what others hear."""

ASKED_IN_TURN = ("saving", "answering", "reading")
