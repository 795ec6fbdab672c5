"""The day as one picture, from the figures that export.py gathers: no name, label or seat is in it.

Needs matplotlib, which the notebooks need too.
"""

from pathlib import Path

from matplotlib.figure import Figure

BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"  # Okabe and Ito, for the color-blind
WIDTH, BAR = 10, 0.32  # inches
LONGEST = 60  # characters of a label
MOST = 15  # diagnoses that are shown


def draw(found: dict, folder: Path) -> Path:
    """Writes classroom.png, and returns where."""
    groups = [
        (title, bars, color)
        for title, bars, color in (
            ("Minutes from joining until half had passed", _minutes(found), BLUE),
            ("Diagnoses: seats that got them", _diagnoses(found), ORANGE),
            ("Answers to the polls", _answers(found), GREEN),
        )
        if bars
    ]
    heights = [len(bars) * BAR + 1 for _, bars, _ in groups] or [1]
    figure = Figure(figsize=(WIDTH, sum(heights)), layout="constrained")
    if not groups:
        figure.text(0.5, 0.5, "Nothing was sent to this classroom.", ha="center")
    else:
        parts = figure.subplots(len(groups), height_ratios=heights, squeeze=False)[:, 0]
        for axes, (title, bars, color) in zip(parts, groups, strict=True):
            _bars(axes, title, bars, color)
    folder.mkdir(parents=True, exist_ok=True)
    picture = folder / "classroom.png"
    figure.savefig(picture, dpi=120)
    return picture


def _bars(axes, title: str, bars: list[tuple[str, float]], color: str) -> None:
    places = range(len(bars))
    drawn = axes.barh(places, [value for _, value in bars], color=color)
    axes.bar_label(drawn, padding=3, fmt="%g")
    # parse_math: what somebody typed between two $ is not a formula
    axes.set_yticks(places, [_short(label) for label, _ in bars], parse_math=False)
    axes.invert_yaxis()
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.1)


def _short(label: str) -> str:
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"


def _minutes(found: dict) -> list[tuple[str, float]]:
    return [
        (f"{row['step']}: {row['check']} ({row['passed']})", row["median_minutes"])
        for row in found["minutes"]
    ]


def _diagnoses(found: dict) -> list[tuple[str, float]]:
    rows = sorted(found["diagnoses"], key=lambda row: -row["seats"])[:MOST]
    return [(f"{row['step']}: {row['diagnosis']}", row["seats"]) for row in rows]


def _answers(found: dict) -> list[tuple[str, float]]:
    return [(f"{row['question']} {row['choice']}", row["chosen"]) for row in found["answers"]]
