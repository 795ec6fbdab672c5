"""What can be typed after `python3 -m workshop`; commands/ has what each command does.

Imports only the standard library: this runs before anything is installed.
"""

import argparse
import importlib
import os
import sys
from datetime import datetime

from . import environment, groups, set_up, streams, unwritable

PASSED_ON = ("check", "test")  # their options belong to checks/stepN and to pytest
UPDATING = (None, "test")  # the commands that install again when requirements.txt has changed
ALL = tuple(groups.requirements())
# The groups of requirements.txt that a command needs besides lean. It installs them itself.
NEEDS = {
    "notebooks": ("notebooks",),
    "slides": ("slides",),
    "rehearse": ("slides",),
    "build": ("notebooks", "slides"),  # the notebooks are run
    "test": ALL,
    "dev": ALL,
}


def main(argv: list[str]) -> int:
    """Runs one command and returns its exit code: 0 done, 1 something failed, 2 it could not be
    run."""
    streams.prepare()
    passed_on = []
    if argv and argv[0] in PASSED_ON and argv[1:] not in (["-h"], ["--help"]):
        argv, passed_on = argv[:1], argv[1:]
    arguments = vars(parser().parse_args(argv))
    command, where = arguments.pop("command"), arguments.pop("kit")
    if command in PASSED_ON:
        arguments["arguments"] = passed_on
    try:
        drawn = ("notebooks",) if arguments.get("report") else ()  # matplotlib is there
        _be_ready(command, where, (*NEEDS.get(command, ()), *drawn, *_of_step(command, arguments)))
        module = importlib.import_module(f"workshop.commands.{command or 'overview'}")
        return module.run(**arguments)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130  # as shells report an end by Ctrl-C
    except Exception as error:
        told = str(error) if _is_meant_for_people(error) else unwritable.explain(error)
        if not told:
            raise
        print(environment.typed(told), file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    typed = environment.typed
    top = argparse.ArgumentParser(
        prog=typed(environment.COMMAND),
        description="Set up the workshop if needed, then show the map and what to type next.",
    )
    top.add_argument(
        "--from",
        dest="kit",
        metavar="WHERE",
        help="set up from a kit, a folder or an address in the room, and ask nothing else",
    )
    commands = top.add_subparsers(dest="command", metavar="command", title="commands")

    def add(name: str, what: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=typed(what), description=f"{typed(what)[0].upper()}{typed(what)[1:]}."
        )

    def add_with_step(name: str, what: str) -> argparse.ArgumentParser:
        command = add(name, what)
        command.add_argument("step", metavar="stepN", help="a step, for example step2")
        return command

    add("doctor", "check that everything works on this machine (takes about 10 seconds)")
    run = add_with_step("run", "start a step's server, until Ctrl-C; it starts again at every save")
    run.add_argument("--solution", action="store_true", help="the solution's, not the starter's")
    run.add_argument(
        "--memory", action="store_true", help="its channel layer in memory, in place of its Redis"
    )
    run.add_argument("--port", type=port, help="its port (default: 8000, or the next free one)")
    run.add_argument("--host", default="127.0.0.1", help="its address (default: %(default)s)")
    look = add_with_step(
        "look", "show live what a step's channel layer holds in Redis: groups, channels, events"
    )
    look.add_argument("--solution", action="store_true", help="the solution's, not the starter's")
    look.add_argument("--once", action="store_true", help="show it once, and end")
    check = add("check", "check a step, or every step (same options as checks/stepN)")
    check.usage = (
        f"{typed(environment.COMMAND)} check [stepN] [--solution] [--hint] [--watch] [--json] …"
    )
    add_with_step("diff", "show the diff between your starter, as it is now, and the solution")
    add_with_step("reset", "bring back a step's untouched starter (your files are saved first)")
    add_with_step(
        "catchup",
        "catch up to a step: replace your files of the step before it with that step's solution "
        "(yours are saved first; stepN itself is not changed)",
    )
    notebooks = add("notebooks", "open the notebooks in JupyterLab, until Ctrl-C")
    notebooks.add_argument(
        "--port", type=port, help="its port (default: 8888, or the next free one)"
    )
    notebooks.add_argument("--no-browser", action="store_true", help="only print its address")
    add("build", "make the slides and the executed notebooks, as HTML, in build/")
    slides = add("slides", "open the slides of the whole day in the browser, or those of a step")
    slides.add_argument("step", metavar="stepN", nargs="?", help="only the deck before this step")
    slides.add_argument("--plan", action="store_true", help="print the timetable instead")
    slides.add_argument(
        "--track", metavar="NAME", help="with --plan: the timetable of this track, take-home say"
    )
    slides.add_argument(
        "--start", type=clock, metavar="H:MM", help="when the day begins, for example 9:00"
    )
    slides.add_argument(
        "--address", metavar="URL", help="where to get the workshop: shown on the first slide"
    )
    slides.add_argument("--no-browser", action="store_true", help="only print the address")
    kit = add("kit", "for instructors: a folder with all that a set-up downloads, to hand out")
    kit.add_argument("folder", metavar="FOLDER", help="where the kit is, or will be")
    kit.add_argument("--platforms", nargs="+", metavar="NAME", help="only these (default: all)")
    kit.add_argument("--pythons", nargs="+", metavar="3.N", help="only these (default: all)")
    kit.add_argument("--lean", action="store_true", help="without notebooks, slides and tests")
    kit.add_argument("--serve", action="store_true", help="hand it out over HTTP, until Ctrl-C")
    kit.add_argument("--lan", action="store_true", help="to the room's network, not only loopback")
    kit.add_argument("--port", type=port, help="its port (default: 8080, or the next free one)")
    classroom = add("classroom", "for instructors: a shared room, a board and polls, until Ctrl-C")
    classroom.add_argument(
        "--lan", action="store_true", help="for the room's network, not only loopback"
    )
    classroom.add_argument("--port", type=port, help="its port (default: 8800, or the next free)")
    classroom.add_argument(
        "--processes", type=count, default=1, metavar="N", help="server processes (default: 1)"
    )
    classroom.add_argument(
        "--new", action="store_true", help="a new room: what the last one holds is deleted"
    )
    classroom.add_argument(
        "--export", metavar="FOLDER", help="only write the day in figures, without names, there"
    )
    classroom.add_argument("--report", metavar="FOLDER", help="the same, and a picture of it")
    join = add("join", "take a seat in the classroom: from then on it is told how your checks end")
    join.add_argument("address", metavar="ADDRESS", help="as on the screen, with the code")
    join.add_argument("--name", default="", help="what the room calls you, if you like")
    add("leave", "give your seat in the classroom back, and remove what was sent")
    rehearse = add("rehearse", "for instructors: do once what the day needs, in about five minutes")
    rehearse.add_argument(
        "--seats", type=int, default=40, metavar="N", help="of the simulated room (default: 40)"
    )
    test = add("test", "run the workshop's own tests; arguments are passed to pytest")
    test.usage = f"{typed(environment.COMMAND)} test [pytest's arguments]"
    dev = add("dev", "for authors of steps: start a new one, check what a step still lacks")
    what = dev.add_subparsers(dest="what", metavar="what", required=True)
    new = what.add_parser("new", help="create the skeleton of the next step")
    new.add_argument("step", metavar="stepN_name", help="its name, for example step4_history")
    new.add_argument("--apart", action="store_true", help="do not continue the step before")
    missing = what.add_parser("check", help="check what a step, or any step, still lacks")
    missing.add_argument("step", metavar="stepN", nargs="?", help="only this step")
    record = what.add_parser("record", help="record anew what a step shows of other steps' checks")
    record.add_argument("step", metavar="stepN", help="the step, for example step6")
    what.add_parser("pins", help="pin the newest packages that suit requirements.txt, in pins/")
    add(
        "stop",
        "stop the servers and notebooks that you started with `run` and `notebooks`, in any "
        "terminal, and the Redis that the workshop started (any other program is left alone)",
    )
    return top


def port(text: str) -> int:
    """For argparse, which says "invalid port value" when this raises ValueError."""
    if not 0 < int(text) < 65536:
        raise ValueError
    return int(text)


def count(text: str) -> int:
    """For argparse, as port()."""
    if not 0 < int(text) <= 32:
        raise ValueError
    return int(text)


def clock(text: str) -> datetime:
    """For argparse, which shows the message of an ArgumentTypeError."""
    try:
        return datetime.strptime(text, "%H:%M")
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a clock time. Write hours and minutes, for example 9:00 or 13:30"
        ) from None


def _of_step(command: str | None, arguments: dict) -> tuple[str, ...]:
    """The group that a step's programs need besides lean, where they are about to be run."""
    if command != "run":
        return ()
    from .manifest import find

    return tuple(filter(None, [find(arguments["step"]).group]))


def _be_ready(command: str | None, where: str | None, needed: tuple[str, ...]) -> None:
    """Goes on inside an environment that has the packages, installed now if any is missing."""
    outdated = environment.is_usable() and not environment.is_current()
    if outdated and command in UPDATING and not os.environ.get(set_up.NOT_UPDATED):
        _step_out()
        set_up.update(needed, where)
    elif not environment.is_usable() and not environment.has_packages():
        _step_out()
        set_up.set_up(needed, where)
    elif where and not environment.is_inside():
        set_up.remember(where)
    environment.enter()
    if missing := [group for group in needed if not groups.is_installed(group)]:
        set_up.add(missing, command, where)
        environment.run_again(environment.python())


def _step_out() -> None:
    """Goes on outside the environment, which is about to be replaced, with the Python that it was
    made from."""
    if environment.is_inside():
        environment.run_again(sys._base_executable)


def _is_meant_for_people(error: Exception) -> bool:
    """Whether the error's message says what to do, so that no traceback is needed."""
    from .manifest import UnknownStep
    from .redis_server import RedisError

    return isinstance(error, UnknownStep | RedisError | set_up.SetUpError)
