"""A file that Python cannot read, for a reason that no other rule knows."""

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import Where


@rule(raised=r"^(?:SyntaxError|IndentationError|TabError): (?!.* (?:outside|not properly))")
def syntax_error(evidence, error):
    """What is left: in Python's words."""
    place = error.frames and error.frames[-1]
    if place and evidence.project.source_at(Where(place.file)):  # manage.py, too
        return Explanation(
            f"Python cannot read this file: {error.name}: {error.message}. "
            "Look at the line named here, and at the end of the line before it.",
            Where(place.file, place.line),
        )
