"""Work for experiment 4 of step 1: a puzzle that keeps one core busy for a tenth of a second."""

import os
from time import time


def placements(size, row=0, columns=0, falling=0, rising=0):
    """In how many ways `size` queens stand on a board of that size, none attacking another."""
    if row == size:
        return 1
    count = 0
    for column in range(size):
        here = 1 << column, 1 << (column - row + size), 1 << (column + row)
        if not (columns & here[0] or falling & here[1] or rising & here[2]):
            count += placements(
                size, row + 1, columns | here[0], falling | here[1], rising | here[2]
            )
    return count


def timed(size):
    """How many there are, which process counted them, from when to when."""
    start = time()  # of the day, because perf_counter() may differ between processes
    return placements(size), os.getpid(), start, time()
