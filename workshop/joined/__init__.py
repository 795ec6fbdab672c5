"""The attendee's side of the classroom: a seat that was asked for, and what goes there.

seat.py remembers it, asking.py speaks HTTP, sending.py sends in a process of its own what a check
has put into the outbox. All of it needs only the standard library. Nothing here is used before
somebody types `python3 -m workshop join`.
"""
