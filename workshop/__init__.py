"""The tool behind `python3 -m workshop`.

What the workshop teaches stands in steps/; this sets it up and finds out how it is going.
"""
