"""Why a check of step 1 failed: Alice's exhibition, how she walks, the hall's server."""

ASKED_IN_TURN = ("starting", "exhibition", "walking", "hall")
