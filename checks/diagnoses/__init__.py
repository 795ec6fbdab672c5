"""Why a check failed: one file for each part of the chat where mistakes are made.

A diagnosis is a row `catalogue.error(id, pattern, sentence)`, proved by an exception in the log, or
a small function from the Evidence to a sentence (and the place in the attendee's file), which
returns None where its evidence is missing. The files are asked in the order of
workshop/checking/diagnosing.py, and each from top to bottom: the most specific first.

A sentence says what was seen, why, and what to type next.
"""
