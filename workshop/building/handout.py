"""Builds docs/handout.md as one HTML file that needs nothing else and prints on one sheet."""

from pathlib import Path

from markdown_it import MarkdownIt

from workshop.manifest import ROOT

SOURCE = ROOT / "docs" / "handout.md"
PAGE = Path(__file__).with_name("handout.html")  # the page around it


def build(target: Path) -> list[Path]:
    """Builds it into the folder `target`."""
    body = MarkdownIt("commonmark").enable("table").render(SOURCE.read_text(encoding="utf-8"))
    file = target / "handout.html"
    target.mkdir(parents=True, exist_ok=True)
    file.write_text(PAGE.read_text(encoding="utf-8").replace("BODY", body), encoding="utf-8")
    return [file]
