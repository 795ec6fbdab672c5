"""Why a check of step 6 failed: how the tests are run, what they fail with, what they overlook."""

ASKED_IN_TURN = ("running", "noticing", "expecting")
