"""Why a check of step 1 failed: Alice's exhibition, how she walks, and the hall's server."""

ASKED_IN_TURN = ("exhibition", "walking", "hall")
