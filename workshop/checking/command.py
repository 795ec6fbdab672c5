"""The program behind checks/step1, checks/step2 …: see `checks/step2 --help`."""

import argparse
import gc
import importlib
import importlib.util
import json
import os
import sys
import time
from functools import partial
from pathlib import Path

from workshop import manifest, streams
from workshop.checking.prepare import Prepared, prepared
from workshop.checking.processes import ahead
from workshop.checking.processes.variables import WARM
from workshop.environment import typed

PASSED, FAILED, NOT_MADE = 0, 1, 2
# Plugins of pytest's own that the checks don't use: importing and asking them takes time.
UNNEEDED = (
    "cacheprovider",
    "capture",
    "debugging",
    "doctest",
    "faulthandler",
    "junitxml",
    "legacypath",
    "logging",
    "monkeypatch",
    "pastebin",
    "recwarn",
    "setuponly",
    "setupplan",
    "skipping",
    "stepwise",
    "subtests",
    "terminal",
    "threadexception",
    "tmpdir",
    "unittest",
    "unraisableexception",  # collects garbage five times at the end
)


class NotMade(Exception):
    """The check could not be made. The message says why and what to do."""


def parse(step: manifest.Step, arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=step.check_command,
        description=f"Checks step {step.number}: {step.title}.",
        epilog="Exit status: 0 all checks pass, 1 one failed, 2 the check could not be made.",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--solution", action="store_true", help="check the solution")
    which.add_argument("--project", type=Path, metavar="DIR", help="check the copy in DIR")
    parser.add_argument("--hint", action="store_true", help="help for the check that fails first")
    parser.add_argument(
        "--stretch",
        action="store_true",
        help="check the stretch task, which is not needed for done",
    )
    parser.add_argument("--all", action="store_true", help="don't stop at the first failed check")
    parser.add_argument("--log", action="store_true", help="show the server's output")
    parser.add_argument("--watch", action="store_true", help="check again on every save")
    parser.add_argument("--json", action="store_true", help="one JSON object and nothing else")
    options = parser.parse_args(arguments)
    if options.json and (options.watch or options.hint):
        parser.error("--json cannot be combined with --watch or --hint")
    if options.stretch and options.hint:
        parser.error(
            "--stretch cannot be combined with --hint: a failed check of the stretch task says "
            f"what to do, and steps/{step.name}/README.md has the details."
        )
    if options.stretch and options.solution:
        parser.error(
            "--stretch cannot be combined with --solution: the solution ends with the tasks. "
            f"Answers to the stretch task are in checks/{step.name}/stretch/variants.toml."
        )
    return options


def main(name: str, arguments: list[str] | None = None) -> int:
    """Check the step called `name`. Returns the exit status."""
    began = time.monotonic()
    streams.prepare()
    try:
        step = manifest.find(name)
    except manifest.UnknownStep as error:
        print(error, file=sys.stderr)
        return NOT_MADE
    options = parse(step, arguments)
    try:
        folder = project_folder(step, options)
        if options.stretch and not step.stretch.is_file():
            raise NotMade(f"{step.short} has no stretch task.")
        if options.watch:
            ahead.give_up()
            from workshop.checking.watching.watch import watch

            flags = [f"--{name}" for name in ("all", "log", "stretch") if getattr(options, name)]
            return watch(step, folder, flags, content())
        report = check(step, folder, began, keep_going=options.all, stretch=options.stretch)
    except NotMade as error:
        why = typed(str(error))
        if options.json:
            found = {"step": step.short, "passed": False, "tasks": [], "checks": []}
            print(json.dumps({**found, "error": why}))
        print(f"{step.short} was not checked. {why}", file=sys.stderr)
        return NOT_MADE
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return show(report, options)


def project_folder(step: manifest.Step, options: argparse.Namespace) -> Path:
    """The folder to check. Raises NotMade when it doesn't exist."""
    folder = options.project or (step.solution if options.solution else step.starter)
    folder = Path(os.path.abspath(folder))
    if not folder.is_dir():
        restore = ""
        if options.solution:
            restore = f" Get it back: git checkout solutions/{step.name}"
        elif not options.project:
            restore = f" Get it back: python3 -m workshop reset {step.short}"
        raise NotMade(f"There is no folder {folder}.{restore}")
    return folder


def check(
    step: manifest.Step,
    folder: Path,
    began: float,
    keep_going: bool = False,
    stretch: bool = False,
):
    """Run the step's checks, or those of its stretch task, on the project in `folder` and return
    the Report.

    Raises NotMade. Leaves no process behind, whatever happens.
    """
    if step.group:
        needs_group(step)
    gc.disable()  # until everything is imported, all of which stays: see run()
    with prepared(step, folder, partial(import_the_rest, step)) as made:
        if step.redis:
            needs_redis()
        report = run(step, folder, made, began, keep_going, stretch)
    if not report.passed and any(program.is_suspect for program in made.programs):
        os.environ.pop(WARM, None)
        return check(step, folder, began, keep_going, stretch)
    return report


def import_the_rest(step: manifest.Step) -> None:
    """Import what takes longest of what the checks need, while waiting for something else."""
    names = ["pytest", "workshop.checking.plugin", "workshop.checking.reporting.report"]
    if step.redis:
        names.append("workshop.checking.observers.groups")  # with redis-py
    for name in names:
        importlib.import_module(name)


def needs_group(step: manifest.Step) -> None:
    """Raises NotMade when the packages are missing that this step's programs need besides."""
    from workshop import groups

    if not groups.is_installed(step.group):
        names = " and ".join(groups.names(step.group))
        raise NotMade(
            f"It needs packages of its own ({names}), which are installed when you first run it: "
            f"python3 -m workshop run {step.short}"
        )


def needs_redis() -> None:
    """Raises NotMade when there is no Redis that the channel layer can work with."""
    from workshop import redis_server

    try:
        if redis_server.usable():
            return
    except redis_server.RedisError as error:
        raise NotMade(f"{error}\nThen type: python3 -m workshop") from error
    place = redis_server.place(redis_server.url())
    raise NotMade(f"No Redis answers at {place}. Start one: python3 -m workshop")


def rules_for(step: manifest.Step) -> list:
    """The rules that may speak for the step, in the order in which they are asked: its own, then
    those of any step."""
    from workshop.checking.explaining.rules import rules_of

    return _applying(step, rules_of)


def advising_rules_for(step: manifest.Step) -> list:
    """Those of them that advise after a pass."""
    from workshop.checking.explaining.rules import advising_rules_of

    return _applying(step, advising_rules_of)


def _applying(step: manifest.Step, rules_in) -> list:
    return [
        rule
        for package in packages_of_rules(step)
        for rule in rules_in(package)
        if rule.applies_to(step.capabilities)
    ]


def packages_of_rules(*steps: manifest.Step) -> list:
    """The packages of checks/ with rules, those of the steps first: here the machinery, which
    doesn't know any rule, meets the content."""
    names = [*(f"checks.{step.name}.diagnoses" for step in steps), "checks.diagnoses"]
    return [importlib.import_module(name) for name in names if importlib.util.find_spec(name)]


def recording_of(step: manifest.Step):
    """The module of the step that records what it shows of other steps' checks; None without."""
    name = f"checks.{step.name}.recording"
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


def content() -> list[str]:
    """The modules of checks/ that the checks of any step import, for a process that imports all of
    them in advance. (Not the tests, which pytest imports in its own way.)"""
    packages = ["checks", *(f"checks.{step.name}" for step in manifest.steps())]
    return [
        ".".join(file.relative_to(manifest.ROOT).with_suffix("").parts)
        for package in packages
        for file in sorted((manifest.ROOT / package.replace(".", "/")).glob("**/*.py"))
        if file.stem not in ("__init__", "conftest", "test_behavior", "test_stretch")
    ]


def run(
    step: manifest.Step,
    folder: Path,
    made: Prepared,
    began: float,
    keep_going: bool,
    stretch: bool,
):
    import logging

    import pytest

    from workshop.checking.explaining.masking import masked
    from workshop.checking.explaining.rules import advise
    from workshop.checking.plugin import Checks
    from workshop.checking.project_files import digests, fingerprint
    from workshop.checking.reporting.report import Report
    from workshop.checking.session import Session
    from workshop.checking.tasks import find_all, states, still_there, without_the_code

    gc.freeze()
    gc.enable()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):  # what a shell sets for other tests
        os.environ.pop(name, None)
    # What asyncio or websockets may log is not for the attendee's terminal.
    logging.getLogger().addHandler(logging.NullHandler())
    # Before the checks: what is saved in the meantime was not checked.
    saved = fingerprint(digests(folder))
    session = Session(step, folder, made)
    checks = Checks(session, partial(rules_for, step))
    # While the servers start: what a report needs of the rules and of the project's files.
    advising = advising_rules_for(step)
    tasks = find_all(step, session.project)
    arguments = [str(step.stretch if stretch else step.behavior)]
    for plugin in UNNEEDED:
        arguments += ["-p", f"no:{plugin}"]
    if made.failure or not keep_going:
        arguments.append("-x")
    status = pytest.main(arguments, plugins=[checks])
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    broken = next((result.broken for result in checks.results if result.broken), None)
    if broken or status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise NotMade(
            f"The check itself went wrong (pytest: {status!r}). Please report this:\n{broken}"
        )
    evidence = session.passed()
    made.kill()  # while the report is made, what was checked comes to its end
    now = states(tasks, checks.results)
    for result in checks.results:
        result.diagnosis = without_the_code(result.diagnosis, tasks, now)
    report = Report(
        step,
        folder,
        checks.titles,
        checks.results,
        time.monotonic() - began,
        masked("\n".join(program.log.text for program in made.programs)),
        saved,
        [] if stretch else now,
        stretch=stretch,
    )
    if report.passed:
        report.advice = advise(advising, evidence) + still_there(report.tasks)
    return report


def show(report, options: argparse.Namespace) -> int:
    """Print the report in the form that was asked for, and return the exit status."""
    from rich.console import Console
    from rich.text import Text

    from workshop.checking.reporting import progress
    from workshop.checking.reporting.report import print_report

    console = Console(highlight=False)
    told = ""
    if report.folder == report.step.starter and not report.stretch:
        from workshop.joined import seat

        progress.record(report)
        if seat.is_there():  # what tells the classroom is imported only then
            from workshop.checking.reporting import classroom

            told = classroom.report(report)
    if options.json:
        print(json.dumps(report.as_dict(), ensure_ascii=True))
    elif options.hint and report.failed:
        from workshop.checking.reporting.hints import print_hint

        print_report(report.as_dict(), console)
        print_hint(report, console)
    else:
        print_report(report.as_dict(), console, progress.offer(report))
    if told and not options.json:
        console.print(Text(told, "dim"), soft_wrap=True)
    if options.log and not options.json:
        console.print("\nThe server's output:")
        print(report.log)
    return PASSED if report.passed else FAILED
