"""From the text of a slide to its HTML: Markdown, code read from the solutions, pictures.

Code is quoted with the directive that MyST and Sphinx have for it:

    ```{literalinclude} ../solutions/step2_echo/chat/consumers.py
    :pyobject: ChatConsumer.receive
    :emphasize-lines: 2
    ```

A place for what an event says of itself (event.py) is marked with `{event}` and the part's name.

Without `pyobject` it is the whole file. Several names, with commas between them, follow each other.
Docstrings are left out: the slide says it in its own words.
A picture, `![What it shows](diagrams/name.svg)`, goes into the page itself, so that the page needs
no other file, and so that a drawing has the page's colors.
"""

import ast
import base64
import re
from html import escape
from pathlib import Path
from textwrap import dedent

from markdown_it import MarkdownIt
from mdit_py_plugins.attrs import attrs_block_plugin, attrs_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from workshop.checking.reporting.hints import quoted

QUOTE = "{literalinclude}"
EVENT = "{event}"


class BadText(Exception):
    """A slide asks for what is not there. The message says for what."""


class Writer:
    """Makes HTML of a slide's texts; `folder` is where their relative paths begin."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.markdown = MarkdownIt("commonmark", {"html": True, "typographer": False})
        self.markdown.enable("table").use(attrs_plugin, spans=True).use(attrs_block_plugin)
        self.markdown.renderer.rules |= {"fence": self._fence, "image": self._image}

    def html(self, text: str) -> str:
        """Raises BadText, and NoSuchCode for a quote of what is no longer there."""
        html = self.markdown.render(text)
        return html.replace("<th></th>", "<td></td>")  # a heading without words heads nothing

    def _fence(self, tokens, index, _options, _env) -> str:
        kind, _, path = tokens[index].info.strip().partition(" ")
        if kind == QUOTE:
            return self._quote(
                path, dict(re.findall(r"^:([\w-]+): (.+)$", tokens[index].content, re.M))
            )
        if kind == EVENT:
            return f"<!--event: {path}--><!--/event-->"
        if kind.startswith("{"):
            raise BadText(f"slides have no directive {kind}, only {QUOTE} and {EVENT}")
        return colored(tokens[index].content, kind or "text")

    def _quote(self, path: str, options: dict[str, str]) -> str:
        file = (self.folder / path).resolve()
        if not file.is_file():
            raise BadText(f"{path} is quoted, and there is no such file")
        names = [name.strip() for name in options.get("pyobject", "").split(",")]
        code = "\n\n".join(
            without_docstrings(dedent(quoted(file.parent, f"{file.name}:{name}"))) for name in names
        )
        lines = [int(number) for number in options.get("emphasize-lines", "").split(",") if number]
        return colored(code, "python", lines, caption=options.get("caption", _place(file)))

    def _image(self, tokens, index, _options, _env) -> str:
        path, says = tokens[index].attrGet("src"), tokens[index].content
        file = (self.folder / path).resolve()
        if not file.is_file():
            raise BadText(f"{path} is shown, and there is no such file")
        if file.suffix == ".svg":
            return inline_svg(file.read_text(encoding="utf-8"), says)
        return f'<img alt="{escape(says)}" src="{embedded(file)}">'


def without_docstrings(code: str) -> str:
    lines = code.splitlines()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if ast.get_docstring(node) is not None:
                first = node.body[0]
                lines[first.lineno - 1 : first.end_lineno] = [None] * (
                    first.end_lineno - first.lineno + 1
                )
    return "\n".join(line for line in lines if line is not None)


def colored(code: str, language: str, lines: list[int] = (), caption: str = "") -> str:
    """Code as HTML, with the lines of these numbers brought out."""
    formatter = HtmlFormatter(nowrap=True, hl_lines=lines)
    html = highlight(code.strip("\n"), get_lexer_by_name(language, stripnl=False), formatter)
    heading = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    marked = " marked" if lines else ""
    pre = f'<pre class="{language}{marked}"><code>{html.rstrip()}</code></pre>'
    return f'<figure class="code">{heading}{pre}</figure>'


def inline_svg(svg: str, says: str = "") -> str:
    """A drawing as a part of the page, with words for those who cannot see it.

    One without words is decoration, or brings its own.
    """
    start = svg.index("<svg")
    label = f' role="img" aria-label="{escape(says)}"' if says else ""
    return f"<svg{label}{svg[start + len('<svg') :]}"


def embedded(file: Path) -> str:
    """A file as an address that carries it."""
    kinds = {".svg": "image/svg+xml", ".png": "image/png", ".woff2": "font/woff2"}
    return f"data:{kinds[file.suffix]};base64,{base64.b64encode(file.read_bytes()).decode()}"


def _place(file: Path) -> str:
    """ "chat/consumers.py" of a file in a step's folder: where the attendee knows it from."""
    for folder in file.parents:
        if (folder / "manage.py").is_file():
            return file.relative_to(folder).as_posix()
    return file.name
