"""What the first and the last slide say of one event: where to get the workshop, what the room
needs to know, where to say how it was.

It comes from [event] in workshop.toml, or from an option of `slides`. A deck marks the place with
the directive `{event}` and the name of a part. The built page keeps the mark, as a comment, so that
another address or another start needs no new build.
"""

import re
from html import escape

import segno

from workshop.building.markdown import BadText, inline_svg

MARK = re.compile(r"<!--event: (\w+)-->.*?<!--/event-->", re.DOTALL)


def told(page: str, event: dict) -> str:
    """The page with every part as this event has it. Raises BadText for a part that is unknown."""

    def part(mark: re.Match) -> str:
        if mark[1] not in PARTS:
            raise BadText(f"{{event}} has the parts {', '.join(PARTS)}, and not {mark[1]}")
        return f"<!--event: {mark[1]}-->{PARTS[mark[1]](event)}<!--/event-->"

    return MARK.sub(part, page)


def _start(event: dict) -> str:
    return f'<meta name="start" content="{escape(event["start"])}">'


def _get(event: dict) -> str:
    return _qr(event["address"], "where to get the workshop")


def _logistics(event: dict) -> str:
    lines = [f"<li>{escape(line)}</li>" for line in event["logistics"]]
    if event["conduct"]:
        lines.append(f"<li>Code of conduct: {_link(event['conduct'])}</li>")
    return f"<ul>{''.join(lines)}</ul>" if lines else ""


def _survey(event: dict) -> str:
    """How it was; without a survey, where the workshop is."""
    if event["survey"]:
        return _qr(event["survey"], "two minutes: how was it?")
    return _get(event)


def _contact(event: dict) -> str:
    return f"<p>Questions later: {escape(event['contact'])}</p>" if event["contact"] else ""


PARTS = {
    "start": _start,
    "get": _get,
    "logistics": _logistics,
    "survey": _survey,
    "contact": _contact,
}


def _qr(address: str, says: str) -> str:
    """A QR code with its address below it, for those who type. Black on white, in dark slides too:
    many cameras read no other."""
    if not address:
        return ""
    code = segno.make_qr(address, error="m")
    svg = code.svg_inline(omitsize=True, dark="black", light="white")
    return (
        f'<figure class="qr">{inline_svg(svg, f"QR code: {says}, {address}")}'
        f"<figcaption>{_link(address)}</figcaption></figure>"
    )


def _link(address: str) -> str:
    shown = address.removeprefix("https://").removesuffix("/")
    return f'<a href="{escape(address)}">{escape(shown)}</a>'
