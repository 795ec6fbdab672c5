"""A report as HTML: for a notebook, from the object that `checks/stepN --json` prints.

Colors are written out, so that it is readable in a dark theme as well. All text is escaped.
"""

from html import escape
from itertools import groupby
from textwrap import dedent

from workshop.checking.reporting.report import LINES_SHOWN, cut, how_far, seen_apart
from workshop.manifest import find

STYLE = """
.workshop-report { background: #fbfaf7; color: #23262f; border: 1px solid #d9d5cc;
  border-left: 6px solid var(--verdict); border-radius: 8px; padding: 14px 18px; max-width: 780px;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
.workshop-report :is(header, p, ul, pre) { margin: 0 0 8px !important; color: inherit; }
.workshop-report header { display: flex; justify-content: space-between; font-weight: 650; }
.workshop-report header span + span { color: var(--verdict); white-space: nowrap; }
.workshop-report ul { list-style: none; padding: 0 !important; /* JupyterLab has its own */ }
.workshop-report li { margin: 2px 0; }
.workshop-report .passed { color: #00664d; }
.workshop-report .failed { color: #a63603; font-weight: 650; }
.workshop-report .seen { font-weight: 650; margin-top: 8px; }
.workshop-report :is(code, pre, svg text) { font-family: ui-monospace, "Cascadia Mono", Menlo,
  Consolas, "DejaVu Sans Mono", monospace; font-size: 13px; }
.workshop-report pre, .workshop-report code { background: #efece5; color: inherit;
  border-radius: 4px; padding: 2px 5px; }
.workshop-report pre { padding: 8px 12px; overflow-x: auto; }
.workshop-report svg { display: block; max-width: 100%; height: auto; margin: 8px 0; }
.workshop-report .more { color: #5c6070; }
"""
GOOD, BAD = "#009e73", "#d55e00"  # of Okabe and Ito: distinguishable for the color-blind
ROW, TIME, LANE = 30, 60, 250  # pixels: a row, the times, from the browsers to the server


def as_html(report: dict) -> str:
    """The report of --json as one element with its style."""
    step = find(report["step"])
    if "error" in report:
        heading, count = f"step {step.number} was not checked", ""
        body = paragraphs(report["error"])
    else:
        heading = f"step {step.number} · {step.title}"
        count = f"{sum(check['passed'] for check in report['checks'])} of {report['total']} ✓"
        rows = "".join(f"<li>{one_check(check)}</li>" for check in report["checks"])
        body = f"<ul>{rows}</ul>" + "".join(map(advice, report["advice"]))
        if progress := how_far(report):
            body += f'<p class="more">{escape(progress)}</p>'
        if not report["passed"]:
            body += f'<p class="more">In a terminal: <code>{step.check_command} --hint</code></p>'
    verdict = GOOD if report["passed"] else BAD
    return (
        f"<style>{STYLE}</style>"
        f'<section class="workshop-report" style="--verdict: {verdict}">'
        f"<header><span>{escape(heading)}</span><span>{count}</span></header>{body}</section>"
    )


def one_check(check: dict) -> str:
    title = escape(check["title"])
    if check["passed"]:
        note = check.get("note")
        more = f'<br><span class="more">{escape(note)}</span>' if note else ""
        return f'<span class="passed">✓ {title}</span>{more}'
    seen = seen_apart(check)
    return (
        f'<span class="failed">✗ {title}</span>'
        + (sequence(check["timeline"]) if check["timeline"] else "")
        + (f'<p class="seen">{escape(seen)}</p>' if seen else "")
        + paragraphs(check["message"] or "")
        + place(check)
    )


def advice(one: dict) -> str:
    return paragraphs(f"It passes. Worth knowing: {one['message']}") + place(one)


def place(at: dict) -> str:
    if not at["file"]:
        return ""
    line = f":{at['line']}" if at["line"] else ""
    return f"<p><code>{escape(at['file'])}{line}</code></p>"


def paragraphs(text: str) -> str:
    """Paragraphs; lines that are indented are code and stay as they are."""
    parts = []
    for is_code, lines in groupby(text.splitlines(), lambda line: line.startswith("    ")):
        if is_code:
            parts.append(f"<pre>{escape(dedent(chr(10).join(lines)))}</pre>")
        else:
            parts += [f"<p>{escape(line)}</p>" for line in lines if line]
    return "".join(parts)


def sequence(timeline: list[dict]) -> str:
    """The timeline as a picture: a lane for each browser, one for the server, time downwards."""
    rows = [
        (next(same), 1 + sum(1 for _ in same))
        for _, same in groupby(timeline, lambda row: (row["who"], row["direction"], row["text"]))
    ]
    rows = rows[-LINES_SHOWN:]  # the end, as in the terminal
    names = list(dict.fromkeys(row["who"] for row, _ in rows))
    lanes = {name: TIME + 60 + LANE * at / max(1, len(names) - 1) for at, name in enumerate(names)}
    server = max(lanes.values()) + LANE
    width, height = server + 60, ROW * (len(rows) + 1) + 8
    drawn = [lane(x, name, height) for name, x in {**lanes, "server": server}.items()]
    for number, (row, times) in enumerate(rows, start=1):
        drawn.append(event(row, times, lanes[row["who"]], server, ROW * (number + 0.7)))
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img">'
        "<title>What each browser sent and heard, in order</title>" + "".join(drawn) + "</svg>"
    )


def lane(x: float, name: str, height: float) -> str:
    return (
        f'<text x="{x:g}" y="16" text-anchor="middle" font-weight="650" fill="#23262f">'
        f'{escape(name)}</text><path d="M{x:g} 24V{height:g}" stroke="#b9b4a8"/>'
    )


def event(row: dict, times: int, x: float, server: float, y: float) -> str:
    """One row: an arrow to or from the server, or a mark on the browser's own lane."""
    more = f"  × {times}" if times > 1 else ""
    text = escape(cut(row["text"]) + more)
    whole = f"<title>{escape(row['text'])}</title>"
    drawn = f'<text x="0" y="{y + 4:g}" fill="#5c6070">{row["at"]:.2f} s</text>'
    if row["direction"] in ("out", "in"):
        color, head = ("#b04a00", -9) if row["direction"] == "out" else ("#00707a", 9)
        tip = server if row["direction"] == "out" else x
        drawn += (
            f'<path d="M{x:g} {y:g}H{server:g}" stroke="{color}" stroke-width="2"/>'
            f'<path d="M{tip:g} {y:g}l{head} -5v10z" fill="{color}"/>'
        )
        x, y, color, anchor = (x + server) / 2, y - 9, color, "middle"
    else:
        silent = row["direction"] == "silence"
        color, anchor = (BAD, "start") if silent else ("#5c6070", "start")
        drawn += f'<circle cx="{x:g}" cy="{y:g}" r="5" fill="{color}"/>'
        x += 12
    return drawn + label(x, y + 4, text, color, anchor) + whole.join(("<g>", "</g>"))


def label(x: float, y: float, text: str, color: str, anchor: str) -> str:
    """Text on a ground of the report's color, so that a lane behind it does not cross it."""
    return (
        f'<text x="{x:g}" y="{y:g}" fill="{color}" text-anchor="{anchor}" stroke="#fbfaf7" '
        f'stroke-width="5" paint-order="stroke">{text}</text>'
    )
