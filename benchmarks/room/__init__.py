"""A message to everyone in a room: how long it takes, how many are lost, what it costs.

Servers, Redis and browsers run on this machine and listen on 127.0.0.1 only. Every chat is measured
with every number of browsers before anything is measured again, so that whatever else the machine
does affects all of them alike; the table shows medians.
"""

import argparse
import sys

from benchmarks import results
from benchmarks.room import picture, share, summary
from benchmarks.room.chats import CHATS, Chat
from benchmarks.room.measuring import measure


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    if options.list:
        for chat in CHATS:
            print(f"{chat.name:24}{chat.title}")
        return 0
    if options.share and not share.is_possible():
        print("--share needs Linux and root's rights: leave it out, or be root.", file=sys.stderr)
        return 2
    chats = [chat for chat in options.only if chat.can_run]
    for chat in options.only:
        if chat not in chats:
            print(f"{chat.name} is skipped: {chat.server} is not installed", file=sys.stderr)
    rows = list(measured(chats, options))
    summary.show(chats, rows)
    found = {"options": vars(options) | {"only": [chat.name for chat in chats]}, "rows": rows}
    path = results.write(
        "room", **found, growth=summary.growth(chats, rows), ratios=summary.ratios(chats, rows)
    )
    print(f"Written to {results.shown(path)} and {results.shown(picture.draw(chats, rows))}")
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python3 -m benchmarks room",
        description=__doc__,
        epilog="Everything takes about half an hour; step3,tutorial with 200 browsers a minute.",
    )
    add = parser.add_argument
    add("--list", action="store_true", help="only list the chats that can be measured")
    add("--only", type=chats_called, default=CHATS, metavar="CHAT,…", help="default: all of them")
    add("--browsers", type=numbers, default=[10, 50, 100, 200, 500], metavar="N,…")
    add("--rate", type=float, default=20, help="messages a second to the room; default 20")
    add("--seconds", type=float, default=5, help="of each phase; default 5")
    add("--repeat", type=int, default=1, help="how often everything is measured; default 1")
    add(
        "--at-once", type=int, default=200, metavar="N", help="largest room where all speak at once"
    )
    add(
        "--share",
        type=float,
        metavar="PART",
        help="of a core that each server process gets, for example 0.3. Then the client is not the "
        "limit, even for several of them (Linux, as root)",
    )
    return parser.parse_args(arguments)


def numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def chats_called(names: str) -> list[Chat]:
    known = {chat.name: chat for chat in CHATS}
    for name in names.split(","):
        if name not in known:
            raise argparse.ArgumentTypeError(f"no chat is called {name!r}; --list names them")
    return [known[name] for name in names.split(",")]


def measured(chats: list[Chat], options: argparse.Namespace):
    for turn in range(options.repeat):
        for count in options.browsers:
            for chat in chats:
                print(f"{turn + 1}/{options.repeat}  {count} × {chat.title}", file=sys.stderr)
                yield measure(
                    chat, count, options.rate, options.seconds, options.at_once, options.share
                )
