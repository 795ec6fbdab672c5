"""`check`: the same as checks/stepN; without a name, every step, a few side by side. A step for
which packages are still to be installed is left out, and named."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from .. import groups
from ..console import console, say
from ..manifest import ROOT, Step, find, steps

AT_ONCE = 2  # checks: each has up to three processes that want a processor
STATES = {0: "✓ passes", 1: "✗ not yet", 2: "? could not be checked"}

ROW = "{:<5}  {:>5}  {:<6}  {:<{state}}  {}"  # of the table: what is told apart first, first


def run(arguments: list[str]) -> int:
    from workshop.checking import command

    if arguments and not arguments[0].startswith("-"):
        return command.main(find(arguments[0]).short, arguments[1:])
    refused = [name for name in arguments if name not in ("--solution", "--all", "--json")]
    if refused:
        say(f"{refused[0]} is for one step: python3 -m workshop check step2 {refused[0]}")
        return 2
    return every_step(arguments)


def every_step(arguments: list[str]) -> int:
    """Check every step, then show what each one found, and a table."""
    as_json = "--json" in arguments
    arguments = [*(name for name in arguments if name != "--json"), "--json"]
    running: list[subprocess.Popen] = []
    ready = [step for step in steps() if not step.group or groups.is_installed(step.group)]

    def checked(step: Step) -> tuple[Step, dict]:
        process = start(step, arguments)
        running.append(process)
        return step, report_of(step, process)

    with ThreadPoolExecutor(AT_ONCE) as workers:
        try:
            found = list(workers.map(checked, ready))
        finally:
            workers.shutdown(wait=False, cancel_futures=True)
            for process in running:
                process.kill()
    if as_json:
        passed = all(report["passed"] for _, report in found)
        print(json.dumps({"passed": passed, "steps": [report for _, report in found]}))
    else:
        show(found)
        for step in steps():
            if step not in ready:
                needed = " and ".join(groups.names(step.group))
                say(f"\n{step.short} was left out. It needs {needed}, which are installed when you")
                say(f"first run it: python3 -m workshop run {step.short}")
    return 0 if all(report["passed"] for _, report in found) else 1


def start(step: Step, arguments: list[str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "checks" / step.short), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )


def report_of(step: Step, process: subprocess.Popen) -> dict:
    """What the check prints with --json; what it printed instead stands under "error"."""
    output, _ = process.communicate()
    try:
        return json.loads(output)
    except ValueError:
        return {"step": step.short, "passed": False, "error": output or "It printed nothing."}


def show(found: list[tuple[Step, dict]]) -> None:
    from workshop.checking.reporting.report import passed_of, print_report

    rows = [("step", "s", "checks", "", "what fails")]
    for step, report in found:
        if "error" in report:
            say(f"step {step.number} was not checked. {report['error']}\n")
            rows.append((step.short, "", "", STATES[2], ""))
            continue
        print_report(report, console)
        say()
        fails = next((check["title"] for check in report["checks"] if not check["passed"]), "")
        state = STATES[0 if report["passed"] else 1]
        seconds = f"{report['seconds']:.1f}"
        rows.append((step.short, seconds, passed_of(report), state, fails))
    for line in table(rows):
        say(line)


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """The rows in columns. Whatever is too wide for the terminal is wrapped by it, not cut."""
    width = max(len(state) for _, _, _, state, _ in rows)
    return [ROW.format(*row, state=width).rstrip() for row in rows]
