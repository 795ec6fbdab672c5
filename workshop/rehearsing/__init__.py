"""The instructor's dress rehearsal: all that the day needs is done once, for real.

Each file has one part, a function that returns what it found, as the doctor does. A part changes
nothing that stays: it works on copies, at free ports, and ends what it started.
"""
