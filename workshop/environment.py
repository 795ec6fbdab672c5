"""The workshop's own Python environment, `.venv`: whether it is there, and how to go on inside it.

Anyone who types `checks/step2` gets the `python3` of their machine, which may be an old one without
any package. So this module imports only the standard library, can be read by Python 3.6 and later,
and takes a few milliseconds. set_up.py makes the environment.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "workshop-stamp"  # written last: without it, set-up was interrupted
BEGUN = VENV / "workshop-begun"  # written first: whoever finds it knows who made the environment
COMMAND = "python3 -m workshop"  # as everything that is typed, shown as `typed` spells it
# tomllib is in the library of a Python that is new enough (oldest.py).
PACKAGES = ("tomllib", "django", "channels", "channels_redis", "daphne", "httpx", "pytest", "rich")


def typed(text: str) -> str:
    """A text in which the commands are spelled as they are typed on this machine.

    Texts and messages have them as on Linux and macOS, and go through this where they are shown.
    """
    if os.name == "nt":
        import shutil

        # `python3` opens the Store; Anaconda has no `py`.
        return on_windows(text, "py" if shutil.which("py") else "python")
    if all(os.access(str(script), os.X_OK) for script in (ROOT / "checks").glob("step?")):
        return text
    # A ZIP file can lose the permissions, and then `checks/step1` is refused.
    return _script().sub(r"python3 checks/\1", text)


def on_windows(text: str, program: str = "py") -> str:
    """The same for Windows: no file there runs by its first line."""
    import re  # here, because checks/stepN, which is in a hurry, doesn't need it

    text = _script().sub(lambda script: program + " checks\\" + script.group(1), text)
    text = re.sub(r"\bpython3 (?=-m |manage\.py)", program + " ", text)
    inside = r"\.venv/bin/[\w.-]+(?: (?:steps|solutions)/[\w./-]+)?"
    return re.sub(
        inside,
        lambda command: command.group(0).replace("/bin/", "/Scripts/").replace("/", "\\"),
        text,
    )


def _script():
    """The pattern of checks/stepN as a command, and not as the beginning of another path."""
    import re

    return re.compile(r"(?:\bpython3 )?(?<![\w/.-])checks/(step(?:\d+|N))(?![\w/])")


def python() -> Path:
    """The environment's interpreter, whether or not it exists."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def uv() -> Path:
    """The environment's uv, whether or not it exists: set_up.py gets one if none is installed."""
    return python().with_name("uv.exe" if os.name == "nt" else "uv")


def stamp(groups) -> str:
    """What STAMP says about an environment made now: from these requirements, in this place, with
    these groups of them."""
    import hashlib  # here, because checks/stepN, which is in a hurry, doesn't need the stamp

    requirements = (ROOT / "requirements.txt").read_bytes()
    return f"{hashlib.sha256(requirements).hexdigest()}\n{ROOT}\n{' '.join(groups)}\n"


def stamped_groups() -> list:
    """The groups that were installed when the environment was made, and since."""
    lines = STAMP.read_text(encoding="utf-8").splitlines() if STAMP.is_file() else []
    return lines[2].split() if len(lines) > 2 else []


def is_usable() -> bool:
    """Whether the environment was once finished, and the Python it was made from still exists."""
    return STAMP.is_file() and python().is_file() and _home().is_dir()


def is_current() -> bool:
    """Whether it is usable and neither requirements.txt nor its place has changed since."""
    return is_usable() and STAMP.read_text(encoding="utf-8") == stamp(stamped_groups())


def is_ours() -> bool:
    """Whether set_up.py made the environment, finished or not."""
    return STAMP.is_file() or BEGUN.is_file()


def maker() -> str:
    """What made the environment, as far as its pyvenv.cfg tells."""
    for tool in ("uv", "virtualenv"):
        if _setting(tool):
            return tool + " " + _setting(tool)
    return "python -m venv" if _setting("home") else "another tool"


def is_inside() -> bool:
    """Whether this very process runs in the environment."""
    return VENV.is_dir() and os.path.samefile(sys.prefix, str(VENV))


def has_packages() -> bool:
    """Whether this interpreter could go on as it is: new enough, and it has what is needed."""
    return all(find_spec(name) for name in PACKAGES)


def install_command(package: str) -> str:
    """What installs a package for what the checks run, typed where this program was started.

    The environment has no pip (set_up.py); a bare `pip` may be another Python's.
    """
    import shutil

    interpreter = _near(sys.executable)
    if find_spec("pip") or not (shutil.which("uv") or uv().is_file()):
        return interpreter + " -m pip install " + package
    program = "uv" if shutil.which("uv") else _near(str(uv()))
    return program + " pip install --python " + interpreter + " " + package


def _near(file: str) -> str:
    """A path as it is typed here: relative where that is shorter, and quoted where it must be."""
    try:
        near = os.path.relpath(file)
        file = near if len(near) < len(file) else file
    except ValueError:  # on another drive
        pass
    return '"' + file + '"' if " " in file else file


def enter() -> None:
    """Goes on inside the environment: this same command again, with the environment's Python.

    Returns when there is nothing to do: this process runs in it, or there is none but this
    interpreter has the packages (an environment made by hand). Ends the process with exit code 2
    and says what to type when the workshop is not set up.
    """
    corrected = _correct_variables()
    if is_usable():
        if corrected or not is_inside():
            run_again(python())
    elif not has_packages():
        sys.stderr.write("The workshop is not set up yet. Type: " + typed(COMMAND) + "\n")
        sys.exit(2)
    elif corrected:
        run_again(Path(sys.executable))


def _correct_variables() -> bool:
    """Whether a variable led Python astray, which is now corrected for whatever is run.

    PYTHONPATH comes before the environment's own packages: another Django there, as that of ROS or
    of a company, would be imported in their place. A locale like C cannot write what the reports
    and the steps' files hold; PYTHONUTF8=1 makes Python use UTF-8 whatever the locale.
    """
    before = dict(os.environ)
    folders = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    ours = [one for one in folders if one and ROOT in [Path(one), *Path(one).parents]]
    os.environ.pop("PYTHONPATH", None)
    if ours:
        os.environ["PYTHONPATH"] = os.pathsep.join(ours)
    if sys.getfilesystemencoding() != "utf-8":
        os.environ["PYTHONUTF8"] = "1"
    return before != dict(os.environ)


def run_again(interpreter: Path) -> None:
    """Runs the same command under another interpreter instead. Does not return."""
    become([str(interpreter), *_arguments()])


def become(command: list) -> None:
    """Replaces this process by `command`. Does not return."""
    if os.name != "nt":
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(command[0], command)
    # Windows has no exec that keeps the console waiting, so this process waits instead.
    import subprocess

    child = subprocess.Popen(command)
    while True:
        try:
            sys.exit(child.wait())
        except KeyboardInterrupt:
            continue  # Ctrl-C reached the child too: the child decides how to end


def _arguments() -> list:
    """The command line after the interpreter's name."""
    if hasattr(sys, "orig_argv"):  # Python 3.10
        return sys.orig_argv[1:]
    spec = sys.modules["__main__"].__spec__
    script = ["-m", spec.name.rpartition(".__main__")[0] or spec.name] if spec else sys.argv[:1]
    return script + sys.argv[1:]


def _home() -> Path:
    """The folder of the Python that the environment was made from."""
    return Path(_setting("home") or str(VENV / "missing"))


def _setting(name: str) -> str:
    """What pyvenv.cfg (see PEP 405) says under that name; nothing if it doesn't."""
    config = VENV / "pyvenv.cfg"
    if config.is_file():
        for line in config.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == name:
                return value.strip()
    return ""
