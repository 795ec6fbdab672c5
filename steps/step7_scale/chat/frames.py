"""What a browser may send."""

import json

LONGEST = 4000  # characters of a message


def content_of(text_data):
    """The object that a frame holds, if it is a message; None for any other frame."""
    try:
        content = json.loads(text_data)
    except (TypeError, ValueError, RecursionError):  # binary; not JSON; nested too deep
        return None
    if not isinstance(content, dict) or not is_text(content.get("message"), LONGEST):
        return None
    return content


def is_text(value, longest):
    """Whether this can be saved as text: a string, not too long, and all of it fit for UTF-8."""
    if not isinstance(value, str) or len(value) > longest:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)
