"""What attendees type, as a slide shows it: for Linux and macOS, and beside it for Windows."""

from html import escape

from workshop.environment import on_windows
from workshop.manifest import Step


def table(step: Step) -> str:
    """All commands of a step's exercise, as HTML."""
    rows = "".join(
        f"<tr><td><code>{escape(command)}</code></td>"
        f"<td><code>{escape(on_windows(command))}</code></td></tr>"
        for command in step.commands
    )
    return (
        '<table class="commands"><thead><tr><th>Linux, macOS</th><th>Windows</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
