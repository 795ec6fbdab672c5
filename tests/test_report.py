"""What a report's lines look like: nothing is said twice, and code can be copied."""

import pytest

from workshop.checking.failures import Heard, brief
from workshop.checking.reporting.report import seen_apart, wrapped


@pytest.mark.parametrize(
    "seen, message",
    [
        ("Ana heard nothing for 6 s.", "Ana heard nothing for 6 s. The log shows no exception."),
        ("Ana heard 'a \t b' instead of 'c'.", "Ana heard 'a b' instead of 'c'. Send it back."),
        (
            "When the browser left, the consumer raised TypeError: disconnect() takes 1",
            "Channels could not call disconnect: disconnect() takes 1. Write (self, code).",
        ),
    ],
)
def test_what_the_message_says_is_not_said_before_it(seen, message):
    assert seen_apart({"seen": seen, "message": message}) is None


def test_what_the_message_does_not_say_is_said_before_it():
    check = {"seen": "Ana heard nothing for 6 s.", "message": "The route: with a slash."}
    assert seen_apart(check) == "Ana heard nothing for 6 s."


def test_no_line_ends_inside_of_code():
    text = "Write `await self.send(text_data=text)` and `import json` there."
    for width in range(20, 60):
        lines = wrapped(text, width)
        assert " ".join(lines) == text
        assert all(line.count("`") % 2 == 0 for line in lines)


def test_long_messages_are_cut_inside_their_quotes():
    assert brief("x" * 100) == f"'{'x' * 57}…'" and len(brief("x" * 100)) == 60
    assert brief("two\nlines") == "'two\\nlines'"
    assert str(Heard("Ana", "x" * 100, "y")) == f"Ana heard {brief('x' * 100)} instead of 'y'."
