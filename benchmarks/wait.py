"""Requests that all wait at the same moment: how long until the last one has its answer.

The views are those of step 1's solution, the consumers are in consumers.py; Daphne serves both in
one process on 127.0.0.1. The answer takes THINKING seconds, none of which is work.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
from rich.table import Table
from websockets.asyncio.client import connect

from benchmarks import results
from benchmarks.programs import Program
from workshop import manifest

LIMIT = 120  # seconds for one round
KINDS = {
    "a view that blocks": "http://{}/blocking/",
    "a view that awaits": "http://{}/awaiting/",
    "an ordinary view, in threads": "http://{}/threaded/",
    "a sync consumer that blocks": "ws://{}/sync/",
    "an async consumer that awaits": "ws://{}/async/",
}


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    with server(options.thinking) as program:
        rows = asyncio.run(measure("{}:{}".format(*program.address), options))
    show(rows, options)
    path = results.write("wait", options=vars(options), rows=rows, growth=growth(rows))
    print(f"Written to {results.shown(path)} and {results.shown(draw(rows, options))}")
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks wait", description=__doc__)
    add = parser.add_argument
    add("--requests", type=numbers, default=[1, 8, 64], metavar="N,…", help="default: 1,8,64")
    add("--thinking", type=float, default=0.1, help="seconds that an answer takes; default 0.1")
    add("--repeat", type=int, default=5, help="how often everything is measured; default 5")
    return parser.parse_args(arguments)


def numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def server(thinking: float) -> Program:
    command = (
        sys.executable,
        "-m",
        "daphne",
        "--port",
        "{port}",
        "benchmarks.consumers:application",
    )
    folder = manifest.find("step1").solution
    return Program(*command, folder=folder, THINKING_SECONDS=str(thinking))


async def measure(address: str, options: argparse.Namespace) -> list[dict]:
    """Everything once, then everything again, so that whatever else the machine does affects all of
    them alike."""
    rows = [
        {"what": what, "requests": count, "seconds": []}
        for count in options.requests
        for what in KINDS
    ]
    for turn in range(options.repeat + 1):
        for row in rows:
            async with asyncio.timeout(LIMIT), AsyncExitStack() as stack:
                url = KINDS[row["what"]].format(address)
                asking = [await asker(url, stack) for _ in range(row["requests"])]
                began = time.perf_counter()
                await asyncio.gather(*(ask() for ask in asking))
                if turn:  # the first round imports and connects: it is not measured
                    row["seconds"].append(time.perf_counter() - began)
    return rows


async def asker(url: str, stack: AsyncExitStack) -> Callable[[], Awaitable]:
    """A browser with its connection open; call it to ask and get the answer."""
    if url.startswith("http:"):
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=LIMIT, verify=False))
        return lambda: get(client, url)
    socket = await stack.enter_async_context(connect(url, compression=None))

    async def ask():
        await socket.send("1. e4")
        await socket.recv()

    return ask


async def get(client: httpx.AsyncClient, url: str) -> None:
    (await client.get(url)).raise_for_status()


def growth(rows: list[dict]) -> list[dict]:
    """Seconds until the last answer as a straight line over the number of requests."""
    lines = []
    for what in KINDS:
        own = [row for row in rows if row["what"] == what]
        points = [(row["requests"], second) for row in own for second in row["seconds"]]
        if len({count for count, _ in points}) > 1:
            each, first = statistics.linear_regression(*zip(*points, strict=True))
            lines.append({"what": what, "seconds_each": each, "seconds_besides": first})
    return lines


def show(rows: list[dict], options: argparse.Namespace) -> None:
    table = Table(title=f"Seconds until all have their answer, which takes {options.thinking:g} s")
    table.add_column("")
    for count in options.requests:
        table.add_column(f"{count} at once", justify="right")
    for what in KINDS:
        medians = [results.median(row["seconds"]) for row in rows if row["what"] == what]
        table.add_row(what, *(f"{seconds:.3f}" for seconds in medians))
    results.console().print(table)
    for line in growth(rows):
        print(f"{line['what']}: {1000 * line['seconds_each']:.1f} ms for each further request")


def draw(rows: list[dict], options: argparse.Namespace) -> Path:
    """Draws build/wait.png."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
    for what, color in zip(KINDS, results.COLORS, strict=False):
        own = [row for row in rows if row["what"] == what]
        medians = [results.median(row["seconds"]) for row in own]
        axes.plot([row["requests"] for row in own], medians, marker="o", color=color, label=what)
    axes.set(
        title=f"Each answer takes {options.thinking:g} s, and none of it is work",
        xlabel="requests at the same moment",
        ylabel="seconds until all have their answer",
        xscale="log",
        yscale="log",
    )
    axes.set_xticks(options.requests, [str(count) for count in options.requests])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend()
    path = results.BUILD / "wait.png"
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
    return path
