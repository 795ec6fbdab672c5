"""The rows summarized: medians in a table, how cost grows with the room, chats compared."""

import statistics
from dataclasses import replace

from rich.table import Table

from benchmarks.results import console, median
from benchmarks.room.chats import Chat
from benchmarks.room.measuring import WINDOW

BUSY = 0.8  # of its time: a client that worked more than this may itself have been the limit


def show(chats: list[Chat], rows: list[dict]) -> None:
    screen = console()
    for count in sorted({row["browsers"] for row in rows}):
        screen.print(table(chats, [row for row in rows if row["browsers"] == count]))
    for line in growth(chats, rows):
        screen.print(
            f"{line['title']}: {line['us_per_message']:.0f} µs of CPU a message and "
            f"{line['us_per_delivery']:.0f} µs a delivery (r² {line['r_squared']:.3f}), "
            f"{line['connect_cpu_ms']:.1f} ms and {line['memory_kib']:.0f} KiB a connection"
        )
    for line in ratios(chats, rows):
        said = (
            f"{line['title']}, {line['browsers']} browsers: {line['ratio']:.2f} times the "
            f"deliveries/CPU s of {line['of']}"
        )
        if line["processes"]:
            said += f", and {line['faster']:.2f} times its deliveries/s"
        screen.print(said)


def table(chats: list[Chat], rows: list[dict]) -> Table:
    """One room size; "17 (15–22)" is a median and the range that it comes from."""
    rate = rows[0]["rate_wanted"]
    made = Table(
        title=f"{rows[0]['browsers']} browsers", caption=CAPTION.format(rate=rate, window=WINDOW)
    )
    for head in HEADS:
        made.add_column(head, justify="left" if head == "chat" else "right")
    for chat in chats:
        own = [row for row in rows if row["chat"] == chat.name]
        client = max(row[phase]["client_busy"] for row in own for phase in PHASES if phase in row)
        made.add_row(
            chat.title,
            delivered(own, "rate"),
            ranged(own, "rate", "p50_ms"),
            ranged(own, "rate", "p99_ms"),
            ranged(own, "saturation", "deliveries_per_second"),
            ranged(own, "saturation", "server_us_per_delivery"),
            ranged(own, "saturation", "deliveries_per_cpu_second"),
            delivered(own, "at_once"),
            f"{client:.0%}{' !' if client > BUSY else ''}",
        )
    return made


PHASES = ("rate", "saturation", "at_once")
HEADS = (
    "chat",
    "delivered",
    "p50 ms",
    "p99 ms",
    "deliveries/s",
    "server µs each",
    "deliveries/CPU s",
    "all at once",
    "client busy",
)
CAPTION = (
    "delivered, p50, p99: {rate:g} messages a second, from sending to the last who hears it. "
    "deliveries/s and their cost: {window} messages always under way for each server; CPU s: "
    "servers' and Redis's. all at once: delivered when everybody says one thing at the same moment."
)


def delivered(rows: list[dict], phase: str) -> str:
    """The worst run, since losing some is a result, not noise."""
    found = [row[phase] for row in rows if phase in row]
    if not found:
        return ""
    share = min(row["delivered"] / row["expected"] for row in found)
    return "all" if share == 1 else f"{share:.1%}"


def ranged(rows: list[dict], phase: str, key: str) -> str:
    values = [row[phase][key] for row in rows if row[phase][key] is not None]
    if not values:
        return "–"
    middle = f"{median(values):.0f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.0f}–{max(values):.0f})"


def growth(chats: list[Chat], rows: list[dict]) -> list[dict]:
    """The servers' CPU for a message at saturation as a straight line over the browsers who hear
    it: what each message costs, and each delivery. Where r² is far below 1, it is not a line."""
    lines = []
    for chat in chats:
        own = [row for row in rows if row["chat"] == chat.name and row["saturation"]["messages"]]
        sizes = [row["browsers"] for row in own]
        if len(set(sizes)) < 2:
            continue
        costs = [row["saturation"]["server_us_per_delivery"] * row["browsers"] for row in own]
        each, fixed = statistics.linear_regression(sizes, costs)
        lines.append(
            {
                "chat": chat.name,
                "title": chat.title,
                "us_per_message": fixed,
                "us_per_delivery": each,
                "r_squared": statistics.correlation(sizes, costs) ** 2,
                "connect_cpu_ms": median([row["connect_cpu_ms"] for row in own]),
                "memory_kib": median([row["memory_kib"] for row in own]),
            }
        )
    return lines


COMPARED_WITH = ("tutorial", "limit")


def ratios(chats: list[Chat], rows: list[dict]) -> list[dict]:
    """What a chat delivers for a second of CPU, by what others deliver for it in the same run: the
    tutorial's, broadcast(), and the same chat in one process."""
    return [
        {
            "chat": chat.name,
            "title": chat.title,
            "of": other.title,
            "browsers": size,
            "ratio": _per_cpu_second(chat, rows, size) / _per_cpu_second(other, rows, size),
            "processes": chat.processes if _is_alone(other, chat) else None,
            # By the clock. The processes share this machine's cores with each other and with the
            # client, unless --share leaves enough for all of them.
            "faster": _per_second(chat, rows, size) / _per_second(other, rows, size),
        }
        for size in sorted({row["browsers"] for row in rows})
        for chat in chats
        for other in chats
        if _per_cpu_second(other, rows, size)
        if _is_alone(other, chat)
        or (other.name in COMPARED_WITH and chat.name not in COMPARED_WITH)
    ]


def _is_alone(one: Chat, chat: Chat) -> bool:
    """Whether it is the chat, which has several processes, in one."""
    return chat.processes > 1 and one == replace(chat, processes=1, name=one.name, title=one.title)


def _per_cpu_second(chat: Chat, rows: list[dict], size: int) -> float:
    return _at_saturation(chat, rows, size, "deliveries_per_cpu_second")


def _per_second(chat: Chat, rows: list[dict], size: int) -> float:
    return _at_saturation(chat, rows, size, "deliveries_per_second")


def _at_saturation(chat: Chat, rows: list[dict], size: int, key: str) -> float:
    own = [row["saturation"] for row in rows if (row["chat"], row["browsers"]) == (chat.name, size)]
    return median([phase[key] for phase in own])
