"""What must be true of step 1: Alice walks from board to board, and so does the server."""

from checks.step1_sync_vs_async.failures import (
    AliceTwice,
    BrokeOff,
    HeartStopped,
    MovesMissing,
    NotAtOnce,
    NotInTurn,
    NotTogether,
)
from checks.step1_sync_vs_async.observers.hall import BEATS, BROWSERS

BOTH = ("synchronous", "asynchronous")


async def test_the_exhibition_runs(exhibition):
    """The exhibition runs to the end."""
    played = await exhibition.plays()
    for name in BOTH:
        error = played.broke_off(name)
        if error:
            raise BrokeOff(
                name, f"The {name} exhibition failed with {error['type']}: {error['message']}"
            )


async def test_every_move_is_played(exhibition):
    """Every game has all its moves, in the right order."""
    played = await exhibition.plays()
    for name in BOTH:
        for board, expected in enumerate(played.games):
            moves = played.moves(name, board)
            if moves != expected:
                were = f"they were {' '.join(moves)}" if moves else "none was played"
                raise MovesMissing(
                    name,
                    f"At board {board + 1} of the {name} exhibition, the moves should be "
                    f"{' '.join(expected)}, but {were}.",
                )


async def test_one_game_after_another(exhibition):
    """Synchronous: one game after another, one opponent thinking at a time."""
    count = (await exhibition.plays()).at_once("synchronous", "opponent")
    if count != 1:
        raise NotInTurn("synchronous", count, 1, f"{count} opponents thought at the same moment.")


async def test_all_opponents_think_at_once(exhibition):
    """Asynchronous: all opponents think at the same moment."""
    played = await exhibition.plays()
    count, boards = played.at_once("asynchronous", "opponent"), len(played.games)
    if count != boards:
        raise NotAtOnce(
            "asynchronous",
            count,
            boards,
            f"Of {boards} opponents, at most {count} thought at the same moment.",
        )


async def test_alice_makes_one_move_at_a_time(exhibition):
    """Alice makes one move at a time."""
    played = await exhibition.plays()
    for name in BOTH:
        count = played.at_once(name, "Alice")
        if count != 1:
            raise AliceTwice(name, count, 1, f"Alice made {count} moves at the same moment.")


async def test_the_hall_opens(server, pages):
    """The hall's server starts, and its page loads."""
    await server.starts()
    await server.speaks_asgi()
    await pages.loads("/")


async def test_eight_requests_wait_together(hall):
    """Eight browsers that ask at the same time wait together."""
    count = await hall.together()
    if count < BROWSERS:
        raise NotTogether(
            "hall",
            count,
            BROWSERS,
            f"Of {BROWSERS} browsers, at most {count} waited at the same moment.",
        )


async def test_the_heartbeat_goes_on(hall):
    """The server's heart keeps beating while a browser waits."""
    count = await hall.beats()
    if count < BEATS:
        raise HeartStopped(
            "hall", count, BEATS, f"Heartbeats that came while browsers waited: {count}."
        )
