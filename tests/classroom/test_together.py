"""What several laptops send at the same moment is stored in one transaction: each is answered."""

import json
from concurrent.futures import ThreadPoolExecutor

from .conftest import result, row_of, said_by_a_server

SCRIPT = """
import asyncio, json
from classroom import actions, messages
from classroom.models import Result, Standing
from classroom.threads import Together

ana, ben, cleo = (actions.join().id for _ in range(3))
calls = []

def result(number, passed=0, ago=0, step="step2"):
    names = [f"test_{at}" for at in range(passed)]
    return messages.Result(f"{number:032x}", step, names, 3, None, 1.0, ago)

def store(sent):
    calls.append(len(sent))
    return actions.store(sent)

async def all_at_once(*sent):
    together = Together(store)
    asked = (together(actions.Sent(*one)) for one in sent)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    return [one if isinstance(one, int) else type(one).__name__ for one in answers]

SENT = SENT_HERE
answers = [asyncio.run(all_at_once(*sent)) for sent in SENT]
rows = Standing.objects.order_by("seat", "step").values_list(
    "seat", "step", "result__uuid", "done"
)
standings = [[seat, step, int(uuid, 16), bool(done)] for seat, step, uuid, done in rows]
print(json.dumps([answers, calls, Result.objects.count(), standings]))
"""


def stored(tmp_path, sent: str):
    """Runs `sent`, a list of lists of things that are sent at the same moment: the answers to each
    list, how many things each call of actions.store() got, the number of results, and the
    standings: seat, step, number of the result, whether it is done."""
    return json.loads(said_by_a_server(tmp_path, SCRIPT.replace("SENT_HERE", sent)))


def test_each_has_its_own_answer(tmp_path):
    sent = """[[
        (ana, [result(1), result(2, 1)]),
        (99, [result(3)]),  # this seat is not there
        (ben, [result(4), result(4)]),  # the same twice
        (cleo, [result(1)]),  # another's
        (ana, [result(2, 1), result(5, 3)]),
    ]]"""
    answers, calls, count, standings = stored(tmp_path, sent)
    assert answers == [[2, "DoesNotExist", 1, 0, 1]]
    assert calls == [5]
    assert count == 4
    assert standings == [[1, "step2", 5, True], [2, "step2", 4, False]]


def test_a_seat_that_has_sent_too_much_is_refused_and_the_others_are_not(tmp_path):
    sent = """[
        [(ana, [result(100 * at + one) for one in range(20)]) for at in range(1, 100)],
        [(ana, [result(one) for one in range(20)]), (ana, [result(99)]), (ben, [result(98)])],
    ]"""
    answers, calls, count, _ = stored(tmp_path, sent)
    assert answers == [[20] * 99, [20, "No", 1]]
    assert calls == [50, 49, 3]
    assert count == 2001


def test_what_comes_late_replaces_nothing_newer_and_what_is_done_stays_done(tmp_path):
    sent = """[
        [(ana, [result(1, 3)]), (ana, [result(2, 3, 50, "step3")])],
        [(ana, [result(3, 1, 30)]), (ana, [result(4, 1)]), (ben, [result(5, 3, 9), result(6, 2)])],
        [(ana, [result(7, 1, step="step3")])],
    ]"""
    _, calls, _, standings = stored(tmp_path, sent)
    assert calls == [2, 3, 1]
    assert standings == [[1, "step2", 4, True], [1, "step3", 7, True], [2, "step2", 6, True]]


def test_over_http_too(room):
    """Sent at the same moment, twice: the second time nothing of it is new."""
    seats = [room.join() for _ in range(12)]
    gone = room.join()
    gone.leave()
    sent = [(seat, result()) for seat in [*seats, gone]]
    with ThreadPoolExecutor(len(sent)) as threads:
        for new in (1, 0):
            answers = [*threads.map(lambda one: one[0].send(one[1]), sent)]
            assert [one.status_code for one in answers] == [200] * 12 + [401]
            assert [one.json()["stored"] for one in answers[:-1]] == [new] * 12
    with room.instructor() as board:
        everyone = lambda state: all(  # noqa: E731
            (row := row_of(state, seat.label)) and row["standings"] for seat in seats
        )
        assert board.hear("board_state", everyone)
