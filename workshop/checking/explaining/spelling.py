"""Names that may have been meant."""

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The name of `known` that is spelled most like `name`, other capitals counted as the same
    letter. Never `name` itself: that is not a misspelling."""
    others = sorted({other for other in known if other and other != name})
    lower = {other.lower(): other for other in others}
    near = difflib.get_close_matches(name, others, 1, cutoff) or difflib.get_close_matches(
        name.lower(), lower, 1, cutoff
    )
    return lower.get(near[0], near[0]) if near else None
