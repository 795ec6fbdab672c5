"""What runs inside a program under check, and makes events of what happens there: see start.py."""

MARK = "\x1e workshop: "  # begins a line that carries an event: see telling.py
