"""The schema of the classroom's messages: what fits is the same at the other end, and what does not
is refused, whatever it is."""

import json
import random
import re

import pytest

from classroom import messages
from classroom.limits import Limit
from classroom.messages import FROM_BOARD, FROM_LAPTOP, FROM_SEAT, TO_PAGES, Unfit, decode, encode
from tests.conftest import ROOT

UUID = "0123456789abcdef" * 2
ALL = (*FROM_LAPTOP, *FROM_SEAT, *FROM_BOARD, *TO_PAGES)
RESULT = messages.Result(UUID, "step2", ["test_a"], 6, "not_accepted", 1.25)
EXAMPLES = [
    messages.Join("K7PQXM", "", "Ana"),
    messages.Results([RESULT, RESULT]),
    messages.Say("hello ✓ 教室", UUID),
    messages.Raise("stuck"),
    messages.Lower(),
    messages.Lower(7),
    messages.Answer(3, 1),
    messages.Rename(""),
    messages.OpenPoll("Which?", ["this", "that"]),
    messages.ClosePoll(),
    messages.PutAwayPoll(),
    messages.Show(None),
    messages.Exercise("step3", 30),
    messages.Stored(1, UUID),
    messages.Refused("Too fast."),
    messages.Said([messages.Line(1, "hello", "Ana", "2026-11-20T10:00:00+00:00")]),
    messages.SeatState("amber otter", 70, "", "ABCDEFGH", None, None, None, None, None, 1.0),
    messages.BoardState(
        [messages.StepRow("step2", "Echo", 30, ["It starts"], 1, 2)],
        [
            messages.SeatRow(
                1, "amber otter", 70, "", 1.0, [messages.Standing("step2", [True], True, None)]
            )
        ],
        [2],
        [messages.HandRow(1, "stuck", 2.0)],
        [messages.Shared("not_accepted", 2, "why", "step2", "A slide")],
        messages.Poll(1, "Which?", ["this", "that"], False, 3, [1, 2]),
        None,
        "step2",
        3.0,
        1.0,
    ),
    messages.ScreenState(1, None, "", 0, 0.5, None, None, None, 1.0),
]


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda one: type(one).__name__)
def test_what_is_encoded_is_decoded_as_the_same(message):
    assert decode(encode(message), ALL) == message


def test_there_is_an_example_of_each_message():
    assert {type(one) for one in EXAMPLES} == set(ALL)


SAY = {"type": "say", "text": "hello", "client_id": UUID}
RESULTS = json.loads(encode(messages.Results([RESULT])))


def changed(result: dict) -> str:
    return json.dumps({**RESULTS, "results": [{**RESULTS["results"][0], **result}]})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "a text"),
        ("{", "not JSON"),
        ("[" * 5000, "not JSON"),
        ("[]", "object"),
        ("{}", "type"),
        (json.dumps({**SAY, "type": ["say"]}), "type"),
        (json.dumps({**SAY, "type": "join"}), "type"),
        (json.dumps({**SAY, "more": 1}), "unknown: 'more'"),
        (json.dumps({"type": "say", "text": "hello"}), "lacks the key 'client_id'"),
        (json.dumps({**SAY, "text": ""}), "length"),
        (json.dumps({**SAY, "text": "x" * 501}), "length"),
        (json.dumps({**SAY, "text": 7}), "type str"),
        (json.dumps({**SAY, "text": "a\x00b"}), "as it should be"),
        (json.dumps({**SAY, "text": "\ud800"}), "half a character"),
        (json.dumps({**SAY, "client_id": UUID.upper()}), "as it should be"),
        (json.dumps({**SAY, "text": "x" * 9000}), "at most 8192 bytes"),
        (json.dumps({"type": "answer", "poll": True, "choice": 0}), "type int"),
        (json.dumps({"type": "answer", "poll": 2**63, "choice": 0}), "too large"),
        (json.dumps({"type": "answer", "poll": 1, "choice": -1}), "between"),
        (json.dumps({"type": "raise", "kind": "stuck\n"}), "as it should be"),
        (changed({"seconds": float("nan")}), "between"),
        (changed({"seconds": float("inf")}), "between"),
        (changed({"passed": "test_a"}), "not a list"),
        (changed({"passed": ["a b"]}), "as it should be"),
        (changed({"passed": ["/etc/passwd"]}), "as it should be"),
        (changed({"step": "step2/../x"}), "as it should be"),
        (changed({"file": "chat/consumers.py"}), "unknown: 'file'"),
        (json.dumps({**RESULTS, "results": []}), "length"),
        (json.dumps({**RESULTS, "results": RESULTS["results"] * 21}), "length"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(text, why):
    with pytest.raises(Unfit) as refused:
        decode(text, (*FROM_SEAT, messages.Results))
    assert why in str(refused.value)


def test_no_garbage_raises_anything_else():
    """A thousand changes of messages that fit, always the same ones."""
    chance = random.Random(1)
    texts = [encode(one) for one in EXAMPLES]
    odd = ["null", "1e999", '"\\ud800"', "[]", "{}", "-1", "true", '"' + "x" * 600 + '"', ",", "}"]
    refused = 0
    for _ in range(1000):
        text = chance.choice(texts)
        at = chance.randrange(len(text))
        try:
            decode(text[:at] + chance.choice(odd) + text[at + chance.randrange(9) :], ALL)
        except Unfit:
            refused += 1
    assert refused > 500


def test_the_pages_send_only_what_is_in_the_schema():
    """Each object with a type in the pages' scripts: its keys are the fields of that message."""
    known = messages.field_names(FROM_SEAT + FROM_BOARD)
    found = set()
    for script in (ROOT / "classroom/static/classroom").glob("*.js"):
        for type, rest in re.findall(r'\{ type: "(\w+)"([^}]*)\}', script.read_text("utf-8")):
            keys = re.findall(r"(?:^|,) *(\w+)\b", rest.replace("?", ","))
            assert set(keys) - {"null"} <= {*known[type], "id"}, (script.name, type, keys)
            found.add(type)
    assert found == set(known)


# Limits


def test_a_limit_allows_a_burst_and_then_one_at_a_time():
    now = 0.0
    limit = Limit(burst=3, seconds=2, clock=lambda: now)
    assert [limit.allows("a") for _ in range(5)] == [True, True, True, False, False]
    assert limit.allows("b")
    now = 2.0
    assert [limit.allows("a") for _ in range(2)] == [True, False]


def test_to_ask_costs_nothing():
    limit = Limit(burst=1, seconds=60)
    assert all(limit.allows("a", costs=0) for _ in range(5))
    limit.allows("a")
    assert not limit.allows("a", costs=0)


def test_a_limit_keeps_bounded_memory():
    limit = Limit(burst=1, seconds=60)
    for number in range(20000):
        limit.allows(number)
    assert len(limit._left) <= 5000
