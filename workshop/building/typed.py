"""What attendees type, as a slide shows it: for Linux and macOS, and beside it for Windows."""

from html import escape

from workshop.manifest import Step


def on_windows(command: str) -> str:
    """A command of workshop.toml as it is typed on Windows.

    There Python is `py`, a folder ends with a backslash, and no file runs by its first line.
    """
    program, *arguments = command.split(" ")
    if program == "python3":
        return " ".join(["py", *arguments])
    if program.startswith(".venv/bin/"):
        program = program.replace(".venv/bin/", ".venv/Scripts/")
        return " ".join([program, *arguments]).replace("/", "\\")
    return " ".join(["py", program.replace("/", "\\"), *arguments])


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
