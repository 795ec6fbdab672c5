"""Runs each notebook and writes it as one HTML file that needs nothing else: no network, no server.

A notebook runs as it would in JupyterLab, in a kernel of its own in notebooks/. A cell with the tag
`live` shows what lives only while the kernel does, the chat itself; the page has words there.
"""

import os
import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

from workshop.building import markdown
from workshop.building.slides import ICON, palette
from workshop.manifest import ROOT, steps

FOLDER = ROOT / "notebooks"
TEMPLATE = Path(__file__).with_name("notebook")
LIVE = "<p class='live'>In JupyterLab the chat's page stands here, and you can talk in it.</p>"
LONGEST = 120  # seconds for one cell, on however busy a machine


class BadNotebook(Exception):
    """A notebook did not run to its end. The message says which cell, and how it failed."""


def notebooks() -> list[Path]:
    """That of each step, in their order."""
    return [FOLDER / f"{step.name}.ipynb" for step in steps()]


def build(target: Path) -> list[Path]:
    """Builds every notebook into the folder `target`/notebooks. Raises BadNotebook.

    One after another: two at the same time would measure each other.
    """
    folder = target / "notebooks"
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for source in notebooks():
        file = folder / f"{source.stem}.html"
        file.write_text(page_of(run(source)), encoding="utf-8")
        files.append(file)
    return files


def run(source: Path, **environment: str) -> NotebookNode:
    """The notebook with its outputs; the file stays as it is. Raises BadNotebook."""
    notebook = nbformat.read(source, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=LONGEST,
        resources={"metadata": {"path": str(source.parent)}},
        extra_arguments=["--HistoryManager.enabled=False", "--log-level=ERROR"],
    )
    try:
        return client.execute(env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment})
    except CellExecutionError as error:
        raise BadNotebook(f"{source.name}: a cell fails.\n{error}") from error


def page_of(notebook: NotebookNode) -> str:
    """An executed notebook as one HTML page."""
    for cell in notebook.cells:
        if "live" in cell.metadata.get("tags", []):
            cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": LIVE})]
    exporter = HTMLExporter(
        template_name=TEMPLATE.name,
        extra_template_basedirs=[str(TEMPLATE.parent)],
        filters={
            "text": text_from(markdown.Writer(FOLDER)),
            "code": lambda code: markdown.colored(code, "ipython"),
        },
    )
    page, _ = exporter.from_notebook_node(notebook, {"page": assets(notebook)})
    return page


def text_from(writer: markdown.Writer):
    """Markdown to HTML; links into the workshop's folders hold from build/notebooks/ too."""
    return lambda text: re.sub(r'href="\.\./', 'href="../../', writer.html(text))


def assets(notebook: NotebookNode) -> dict[str, str]:
    """What the page carries besides the cells: its title, the looks, the icon."""
    style = (TEMPLATE / "style.css").read_text(encoding="utf-8")
    return {
        "title": re.search("^# (.+)", notebook.cells[0].source, re.MULTILINE)[1],
        "style": "\n".join([palette(), style, HtmlFormatter().get_style_defs("pre")]),
        "icon": markdown.embedded(ICON),
    }
