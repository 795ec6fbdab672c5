"""What runs inside a program under check, and turns what happens there into events: see
start.py."""

MARK = "\x1e workshop: "  # begins a line that carries an event: see telling.py
