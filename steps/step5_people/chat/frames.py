"""What a browser may send."""

import json

LONGEST = 4000  # characters of a message


def content_of(text_data):
    """The object that a frame holds, if it is a message; None for any other frame."""
    # TODO 8: json.loads() raises a TypeError for a binary frame, a ValueError for what is not JSON,
    #         and a RecursionError for what is nested too deep. Return None for all of them; and so
    #         where what comes out is not a dict, or its "message" is not a text of at most LONGEST
    #         characters: is_text(…) tells.
    return json.loads(text_data)


def is_text(value, longest):
    """Whether this can be saved as text: a string, not too long, and all of it fit for UTF-8."""
    if not isinstance(value, str) or len(value) > longest:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)
