"""Makes a kit, or brings one up to date: only what is missing or broken is downloaded."""

import shutil
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from ..console import console, say
from ..groups import LEAN, PINS, hashes, requirements
from . import KitError, archive, choosing, fetching, pages
from .choosing import Choice, Wheel
from .pairs import Pair

ROOM_TO_SPARE = 50e6  # bytes that a disk has left when the kit is on it


def pins(lean: bool) -> list[Path]:
    """What the kit holds, and uv, which installs it."""
    held = [LEAN] if lean else requirements()
    return [PINS / f"{name}.txt" for name in (*held, "uv")]


def make(kit: Path, pairs: list[Pair], pins: list[Path]) -> Choice:
    wheels = kit / "wheels"
    if kit.exists() and any(kit.iterdir()) and not wheels.is_dir():
        raise KitError(f"{kit} has other files in it, and is not a kit. Name a new folder.")
    wheels.mkdir(parents=True, exist_ok=True)
    with console.status("Asking the index what there is, and choosing …"):
        choice = choosing.choose(pins, pairs)
    (kit / pages.SUMS).unlink(missing_ok=True)  # until all is there and right
    there = fetching.digests(wheels)
    _remove_others(wheels, there, hashes([*pins, *PINS.glob("*.txt")]))
    if wanted := fetching.lacking(choice.wheels, there):
        _fetch(wanted, wheels)
    if changed := archive.write(kit / "workshop.zip"):
        names = ", ".join(changed)
        say(f"Not committed, so workshop.zip is without your changes of: {names}", style="yellow")
    pages.write(kit, choice)
    with console.status("Comparing every digest with the pins …"):
        there = fetching.digests(wheels)
        _compare(there, choice.wheels)
        pages.write_sums(kit, there)
    return choice


def _remove_others(wheels: Path, there: dict[str, str], allowed: set[str]) -> None:
    """Removes what no list of pins asks for any more, or never did."""
    for name, digest in there.items():
        if digest not in allowed:
            (wheels / name).unlink()


def _fetch(wanted: list[Wheel], wheels: Path) -> None:
    sizes = sum(wheel.size or 0 for wheel in wanted)
    free = shutil.disk_usage(wheels).free
    if free < sizes + ROOM_TO_SPARE:
        raise KitError(
            f"The disk of {wheels.parent} has {pages.size_of(free)} free, and the kit needs "
            f"{pages.size_of(sizes)} more. Free some space, or name a folder on another disk; "
            "--lean needs about a tenth."
        )
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with fetching.client() as client, Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=sizes or None)
        done = 0
        for number, wheel in enumerate(wanted, 1):
            progress.update(task, description=f"{number} of {len(wanted)}")

            def at(position: int, done: int = done) -> None:
                progress.update(task, completed=done + position)

            fetching.fetch(client, wheel, wheels, at)
            done += (wheels / wheel.name).stat().st_size


def _compare(there: dict[str, str], wanted: set[Wheel]) -> None:
    if broken := fetching.lacking(wanted, there):
        names = ", ".join(wheel.name for wheel in broken)
        raise KitError(f"The disk gives back something else than was written to it: {names}")


def whole(kit: Path) -> bool:
    """Whether the folder is a kit, and each of its files is as it was written."""
    if not (kit / pages.SUMS).is_file():
        return False
    for name, digest in pages.read_sums(kit).items():
        if not (kit / name).is_file() or fetching.sha256(kit / name) != digest:
            raise KitError(
                f"{kit / name} is missing or broken. Make the kit again, without --serve."
            )
    return True
