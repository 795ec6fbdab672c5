"""The tool behind `python3 -m workshop`. What the workshop teaches stands in steps/; this finds out how it is going."""
