"""The tool behind `python3 -m workshop`.

What the workshop teaches is in steps/; this sets it up and finds out how it is going.
"""
