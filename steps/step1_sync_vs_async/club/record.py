"""What happened in the hall, in the order in which it happened."""

import threading


class Record:
    """A list of events: the board (from 0), who, "starts" or "ends", the move, the hall time."""

    def __init__(self, clock):
        self.clock = clock
        self.events = []
        self.lock = threading.Lock()  # Alice has one thread; whoever uses more must not lose events

    def note(self, board, who, what, move):
        with self.lock:
            at = round(self.clock.now(), 2)
            self.events.append({"board": board, "who": who, "what": what, "move": move, "at": at})


def moves(events, who):
    """Each finished move of `who` as (board, start, end, move), in hall seconds."""
    started = {}
    for event in events:
        if event["who"] != who:
            continue
        if event["what"] == "starts":
            started[event["board"]] = event["at"]
        else:
            yield event["board"], started.pop(event["board"]), event["at"], event["move"]


def most_at_once(events, who):
    """How many moves of `who` were going on at the same moment, at most."""
    now = most = 0
    for event in events:
        if event["who"] == who:
            now += 1 if event["what"] == "starts" else -1
            most = max(most, now)
    return most
