"""What must be true of step 1: Alice walks from board to board, and so does the server."""

from checks.step1_sync_vs_async.failures import BrokeOff, Miscounted
from checks.step1_sync_vs_async.observers import BOARDS, BROWSERS
from workshop.checking.failures import Failure

BOTH = ("synchronous", "asynchronous")


async def test_the_exhibition_runs(exhibition):
    """The exhibition runs to its end."""
    await exhibition.plays()
    for name in BOTH:
        error = exhibition.broke_off(name)
        if error:
            raise BrokeOff(
                name, f"The {name} exhibition broke off: {error['type']}: {error['message']}"
            )


async def test_every_move_is_played(exhibition):
    """Every game has all its moves, in the right order."""
    for name in BOTH:
        for board, moves in enumerate(exhibition.record["games"]):
            played = exhibition.moves(name, board)
            if played != moves:
                raise Failure(
                    name,
                    f"At board {board + 1} of the {name} exhibition, {len(moves)} moves were to be "
                    f"played ({' '.join(moves)}) and {len(played)} were ({' '.join(played)}).",
                )


async def test_one_game_after_another(exhibition):
    """Synchronous: one game after another, one opponent thinking at a time."""
    count = exhibition.at_once("synchronous", "opponent")
    if count != 1:
        raise Miscounted("synchronous", count, 1, f"{count} opponents thought at the same moment.")


async def test_all_opponents_think_at_once(exhibition):
    """Asynchronous: all opponents think at the same moment."""
    count = exhibition.at_once("asynchronous", "opponent")
    if count != BOARDS:
        raise Miscounted(
            "asynchronous",
            count,
            BOARDS,
            f"Of {BOARDS} opponents, at most {count} thought at the same moment.",
        )


async def test_alice_makes_one_move_at_a_time(exhibition):
    """Alice makes one move at a time."""
    for name in BOTH:
        count = exhibition.at_once(name, "Alice")
        if count != 1:
            raise Miscounted(name, count, 1, f"Alice made {count} moves at the same moment.")


async def test_the_hall_opens(server, pages):
    """The hall's server starts, and its page loads."""
    await server.starts()
    await server.speaks_asgi()
    await pages.loads("/")


async def test_eight_requests_wait_together(hall):
    """Eight browsers that ask at once wait together."""
    counts = await hall.together("/awaiting/")
    if max(counts) < BROWSERS:
        raise Miscounted(
            "hall", max(counts), BROWSERS, f"Of {BROWSERS} browsers, {max(counts)} waited together."
        )


async def test_the_heartbeat_goes_on(hall):
    """The server's heart goes on beating while a browser waits."""
    beats = await hall.beats_during("/awaiting/")
    if beats < 3:
        raise Miscounted("hall", beats, 3, f"{beats} beats came while a browser waited 0.6 s.")
