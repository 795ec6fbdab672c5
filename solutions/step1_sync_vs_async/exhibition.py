"""Alice and her chess games: one after another, and walking from board to board.

Alice is a thread. Her own moves are work: she makes one at a time, 5 seconds each.
An opponent who thinks, 55 seconds a move, is something she waits for. What she does
meanwhile is all the difference between the two exhibitions below.

A board knows three things:
    board.over                            True when the last move has been played
    board.alice_moves()                   Alice thinks and moves: work
    board.opponent_thinks()               waits for the answer, and blocks the thread
    await board.opponent_thinks_async()   waits for the answer, and gives the thread back

Try it: python exhibition.py
"""

import asyncio

from club import evening


def play_game(board):
    while not board.over:
        board.alice_moves()
        board.opponent_thinks()


def exhibition_one_after_another(boards):
    """Synchronous: Alice sits at a board until its game is over, then goes to the next."""
    for board in boards:
        play_game(board)


async def play_game_walking(board):
    """One game in which Alice may leave the board while the opponent thinks."""
    while not board.over:
        board.alice_moves()
        await board.opponent_thinks_async()


async def exhibition_walking(boards):
    """Asynchronous: Alice makes her move and walks to the next board that has an answer."""
    await asyncio.gather(*(play_game_walking(board) for board in boards))


if __name__ == "__main__":
    evening.present(exhibition_one_after_another, exhibition_walking)
