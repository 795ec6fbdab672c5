"""What runs inside a program of the learner's, and what it writes for the check to read."""

MARK = "\x1e workshop: "  # before the JSON object of an event, in a line of the program's log
