"""What seats are called: a color and an animal, so that nobody has to give a name."""

import secrets

COLORS = {  # with the hue that the pages show, in degrees
    "crimson": 15, "coral": 35, "amber": 70, "olive": 110, "green": 145, "jade": 165,
    "teal": 195, "azure": 230, "blue": 260, "violet": 295, "plum": 325, "pink": 350,
}  # fmt: skip
ANIMALS = (
    "badger", "beaver", "bison", "crane", "dolphin", "falcon", "ferret", "gecko", "heron", "ibex",
    "koala", "lemur", "lynx", "marmot", "newt", "otter", "owl", "panda", "puffin", "raven",
    "salmon", "seal", "tapir", "toucan", "turtle", "walrus", "weasel", "wombat", "yak", "zebra",
)  # fmt: skip


def draw(taken: set[str]) -> tuple[str, int]:
    """A label that is not taken, and its hue."""
    free = [f"{c} {a}" for c in COLORS for a in ANIMALS if f"{c} {a}" not in taken]
    if free:
        label = secrets.choice(free)
    else:  # a room with more than 360 seats
        label = f"{secrets.choice(list(COLORS))} {secrets.choice(ANIMALS)} {len(taken) + 1}"
    return label, COLORS[label.split()[0]]
