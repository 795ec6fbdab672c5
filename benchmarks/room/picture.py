"""The room's measurements as a picture: time, losses and throughput over the number of browsers."""

from pathlib import Path

from benchmarks.results import BUILD, COLORS, median
from benchmarks.room.chats import Chat

MOST_LINES = len(COLORS)
PANELS = (
    ("99th percentile (p99) until all have heard a message (ms)", "log"),
    ("deliveries a second at saturation", "log"),
    ("delivered when all speak at once (%)", "linear"),
)
CHOSEN = (
    *("step3", "tutorial", "tutorial-part2", "daphne-memory", "uvicorn-core", "uvicorn-pubsub"),
    *("2-uvicorn-pubsub", "limit"),
)


def draw(chats: list[Chat], rows: list[dict]) -> Path:
    """Draws build/room.png. Of more chats than there are colors, the CHOSEN."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    if len(chats) > MOST_LINES:
        chats = [chat for chat in chats if chat.name in CHOSEN]
    figure, panels = pyplot.subplots(1, len(PANELS), figsize=(15, 5), layout="constrained")
    for chat, color in zip(chats, COLORS, strict=False):
        for panel, values in zip(panels, lines(chat, rows), strict=True):
            panel.plot(*values, marker="o", color=color, label=chat.title)
    sizes = sorted({row["browsers"] for row in rows})
    for panel, (title, scale) in zip(panels, PANELS, strict=True):
        panel.set(title=title, xlabel="browsers in the room", xscale="log", yscale=scale)
        panel.set_xticks(sizes, [str(size) for size in sizes])
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    panels[2].set_ylim(-3, 103)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    BUILD.mkdir(parents=True, exist_ok=True)
    figure.savefig(BUILD / "room.png", dpi=120)
    pyplot.close(figure)
    return BUILD / "room.png"


def lines(chat: Chat, rows: list[dict]):
    """For each panel the numbers of browsers and the medians."""
    own = [row for row in rows if row["chat"] == chat.name]
    for value in (
        lambda row: row["rate"]["p99_ms"],
        lambda row: row["saturation"]["deliveries_per_second"],
        lambda row: (
            100 * row["at_once"]["delivered"] / row["at_once"]["expected"]
            if "at_once" in row
            else None
        ),
    ):
        sizes = sorted({row["browsers"] for row in own})
        medians = [median([value(row) for row in own if row["browsers"] == n]) for n in sizes]
        known = [
            (size, value) for size, value in zip(sizes, medians, strict=True) if value is not None
        ]
        yield tuple(zip(*known, strict=True)) or ((), ())
