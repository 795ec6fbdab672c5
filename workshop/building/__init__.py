"""What `python3 -m workshop build` makes of the texts: notebooks and slides as HTML."""
