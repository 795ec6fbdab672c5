"""How much one browser may send."""

import time
from collections import deque

FRAMES = 20  # that a browser may send in …
SECONDS = 5


class RateLimit:
    """Counts the frames of one browser."""

    def __init__(self):
        self.times = deque(maxlen=FRAMES)
        self.was_exceeded = False

    def exceeded(self):
        """Call this for each frame. True for the first that is too much, and from then on."""
        now = time.monotonic()
        if len(self.times) == FRAMES and now - self.times[0] < SECONDS:
            self.was_exceeded = True
        self.times.append(now)
        return self.was_exceeded
