"""A whole afternoon in the classroom, compressed: is every result counted once, and how late are
the board and the screen?

The classroom, its Redis and all attendees run on this machine, over real sockets. Everyone joins
within `--minute` seconds. Then there are the core's steps, each with polls, four checks of each
attendee with diagnoses of the catalogue, chat, hands, and laptops that sleep. In the second step
the server is started again, in the third its Redis is lost: what is sent meanwhile has to arrive,
and only its delay is left out.
"""

import argparse
import asyncio

from benchmarks import results
from benchmarks.classroom.afternoon import Afternoon
from benchmarks.classroom.running import Classroom
from benchmarks.room.measuring import percentile


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    with Classroom(options.processes) as room:
        afternoon = Afternoon(room, options)
        asyncio.run(afternoon.play())
        found = summary(afternoon) | {"server_cpu_s": round(room.cpu(), 1)}
        found["warnings"] = len(room.warnings())
        for line in room.warnings()[:5]:
            print(line)
    show(options, found)
    path = results.write("classroom", options=vars(options), **found)
    print(f"Written to {results.shown(path)}")
    late = options.within and max(found["board_p99_s"], found["screen_p99_s"]) > options.within
    if late:
        print(f"Too late: more than {options.within} s.")
    return 1 if found["wrong"] or late else 0


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks classroom", description=__doc__)
    add = parser.add_argument
    add("--seats", type=int, default=200, metavar="N", help="default: %(default)s")
    add("--processes", type=int, default=1, metavar="N", help="of the server; default 1")
    add("--minute", type=float, default=60, help="seconds in which all join; default 60")
    add("--exercise", type=float, default=40, help="seconds of each exercise; default 40")
    add("--within", type=float, help="fail if the board's or the screen's p99 is more seconds")
    return parser.parse_args(arguments)


def summary(afternoon: Afternoon) -> dict:
    board, screen = afternoon.board.delays.seconds, afternoon.screen.delays.seconds
    return {
        "wrong": afternoon.wrong,
        "counts": afternoon.counts,
        "joined_s": round(afternoon.joined, 1),
        "board_p50_s": _rounded(board, 50),
        "board_p99_s": _rounded(board, 99),
        "screen_p50_s": _rounded(screen, 50),
        "screen_p99_s": _rounded(screen, 99),
        "poll_p99_s": _rounded(afternoon.opened, 99),
        "back_s": {what: round(seconds, 1) for what, seconds in afternoon.back.items()},
        "memory_mib": {when: round(mib, 1) for when, mib in afternoon.memory.items()},
        "refused": sum(one.refused for one in afternoon.attendees),
    }


def _rounded(seconds: list[float], percent: float) -> float:
    return round(percentile(seconds, percent) or 0.0, 3)


def show(options: argparse.Namespace, found: dict) -> None:
    counts, memory = found["counts"], found["memory_mib"]
    print(f"{options.seats} seats, {options.processes} server process(es)")
    print(f"joined within                 {found['joined_s']} s")
    print(
        f"results, messages, polls      {', '.join(map(str, counts.values()))}: each counted once"
    )
    for name, page in (("board", "the board"), ("screen", "the screen")):
        print(
            f"{page:12} is late by      {found[f'{name}_p50_s']} s (median), "
            f"{found[f'{name}_p99_s']} s (p99)"
        )
    print(f"a poll is on the phones       {found['poll_p99_s']} s (p99) after it was opened")
    for what, seconds in found["back_s"].items():
        print(f"all pages are back            {seconds} s after: {what}")
    print(
        f"the servers' memory           {memory['empty']} MiB empty, {memory['joined']} MiB with "
        f"all, {memory['end']} MiB at the end"
    )
    print(f"refused, and tried again      {found['refused']}")
    for one in found["wrong"]:
        print(f"WRONG: {one}")
