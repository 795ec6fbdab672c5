"""What a kit has beside the wheels and the ZIP file: pages, and the digests of all of it."""

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from . import archive
from .choosing import Choice, Chosen
from .fetching import sha256

SUMS = "SHA256SUMS"  # written last: with it, the kit is whole


def size_of(files: int) -> str:
    """A number of bytes, for people."""
    return f"{files / 1e6:.0f} MB" if files >= 1e6 else f"{files / 1e3:.0f} kB"


def takes(kit: Path, chosen: Chosen) -> int:
    """How many bytes an attendee of this pair downloads, the ZIP file included."""
    wheels = sum((kit / "wheels" / wheel.name).stat().st_size for wheel in chosen.wheels)
    return wheels + (kit / "workshop.zip").stat().st_size


def by_platform(pairs: list[Chosen]) -> dict[str, list[Chosen]]:
    found: dict[str, list[Chosen]] = {}
    for chosen in pairs:
        found.setdefault(chosen.pair.platform, []).append(chosen)
    return found


def write(kit: Path, choice: Choice) -> None:
    """The page for attendees, and the list of the wheels for their installer."""
    rows = []
    for platform, there in by_platform(choice.pairs).items():
        pythons = ", ".join(chosen.pair.python for chosen in there)
        most = size_of(max(takes(kit, chosen) for chosen in there))
        rows.append(f"<tr><td>{platform}</td><td>{pythons}</td><td>{most}</td></tr>")
    lacking = "".join(f"<li>{escape(sentence)}</li>\n" for sentence in choice.lacking)
    missing = f"<p>Something is left out, because nobody has built it:</p>\n<ul>\n{lacking}</ul>"
    page = Template(Path(__file__).with_name("page.html").read_text("utf-8")).substitute(
        folder=archive.FOLDER,
        pythons=_or(list(dict.fromkeys(chosen.pair.python for chosen in choice.pairs))),
        rows="\n".join(rows),
        missing=missing if lacking else "",
        zip=size_of((kit / "workshop.zip").stat().st_size),
    )
    (kit / "index.html").write_text(page, "utf-8")
    links = [
        f'<a href="{quote(file.name)}">{escape(file.name)}</a><br>'
        for file in sorted((kit / "wheels").glob("*.whl"))
    ]
    head = '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Wheels</title>\n'
    (kit / "wheels" / "index.html").write_text(head + "\n".join(links) + "\n", "utf-8")


def _or(names: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def write_sums(kit: Path, wheels: dict[str, str]) -> None:
    """Writes the digests of the wheels, by name, and of the ZIP file, as `sha256sum -c SHA256SUMS`
    compares them."""
    lines = [f"{digest}  wheels/{name}\n" for name, digest in wheels.items()]
    lines.append(f"{sha256(kit / 'workshop.zip')}  workshop.zip\n")
    (kit / SUMS).write_bytes("".join(lines).encode())  # no line endings of Windows


def read_sums(kit: Path) -> dict[str, str]:
    """The digest of each file, by its path in the kit."""
    lines = (kit / SUMS).read_text("utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
