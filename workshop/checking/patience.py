"""How long a check waits for something that may never come: one setting for every such limit.

The limits are for a laptop with nothing else to do. On a machine that is busy with other things,
WORKSHOP_PATIENCE=2 in the environment makes all of them twice as long. Only what fails waits for
its limit, so patience costs a right answer nothing.

Imports only the standard library.
"""

import os

VARIABLE = "WORKSHOP_PATIENCE"
FACTOR = float(os.environ.get(VARIABLE) or 1)


def seconds(limit: float) -> float:
    """`limit` seconds, times the patience that is set."""
    return limit * FACTOR
