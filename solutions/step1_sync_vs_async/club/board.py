"""One board: a game between Alice and an opponent, who move in turn."""

from contextlib import contextmanager

from .openings import moves_at

ALICE = 5  # hall seconds that Alice works on a move
OPPONENT = 55  # hall seconds that an opponent thinks


class OutOfTurn(Exception):
    """Somebody wanted to move whose turn it was not."""


class Board:
    def __init__(self, number, pairs, clock, record):
        self.number = number  # from 0
        self.moves = moves_at(number, pairs)
        self.played = 0
        self.moving = None  # who has begun a move and not ended it
        self.clock = clock
        self.record = record

    @property
    def over(self):
        return self.played == len(self.moves)

    def alice_moves(self):
        """Alice's own move: work, for the synchronous and the asynchronous Alice alike."""
        with self.turn("Alice"):
            self.clock.work(ALICE)

    def opponent_thinks(self):
        """Waits for the opponent's move and blocks the thread."""
        with self.turn("opponent"):
            self.clock.wait(OPPONENT)

    async def opponent_thinks_async(self):
        """Waits for the opponent's move and gives the event loop back meanwhile."""
        with self.turn("opponent"):
            await self.clock.wait_async(OPPONENT)

    @contextmanager
    def turn(self, who):
        self.refuse_out_of_turn(who)
        move = self.moves[self.played]
        self.moving = who
        self.record.note(self.number, who, "starts", move)
        yield
        self.record.note(self.number, who, "ends", move)
        self.moving = None
        self.played += 1

    def refuse_out_of_turn(self, who):
        name = f"Board {self.number + 1}"
        if self.over:
            raise OutOfTurn(f"{name}: the game is over. Ask board.over before the next move.")
        if self.moving == "opponent":
            raise OutOfTurn(f"{name}: the opponent is still thinking. Await the answer first.")
        if self.moving == "Alice":
            raise OutOfTurn(f"{name}: Alice is still at her move here, and she cannot make two.")
        if self.played % 2 == 0 and who == "opponent":
            raise OutOfTurn(f"{name}: it is Alice's turn: board.alice_moves() comes first.")
        if self.played % 2 == 1 and who == "Alice":
            raise OutOfTurn(
                f"{name}: Alice has played {self.moves[self.played - 1]} and nobody waited for the "
                "answer. In a coroutine that is: `await board.opponent_thinks_async()`"
            )
