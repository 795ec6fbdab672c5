"""`--from`: a set-up from a kit, a folder with wheels, and what is said where the kit is at fault.

uv is the real one. The wheels are small ones made here, and pins/ and requirements.txt of the copy
name nothing else.
"""

import functools
import hashlib
import http.server
import os
import re
import shutil
import sysconfig
import threading
import zipfile
from pathlib import Path

import pytest

from workshop import environment, from_kit, groups, uv_wheel

from .copied import Workshop, python_with_nothing

UV = shutil.which("uv") or (str(environment.uv()) if environment.uv().is_file() else None)
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="the uv in the wheel is a symbolic link of POSIX"),
    pytest.mark.skipif(not UV, reason="uv is not installed"),
]
# What the command imports once it is set up is that of the tests: this wheel leads there.
BORROWS = {"borrowed.pth": sysconfig.get_path("purelib")}


def wheel(folder: Path, name: str, version: str, files: dict[str, str], tag: str = "py3-none-any"):
    """Writes a small wheel, and returns its path."""
    info = f"{name}-{version}.dist-info"
    files = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, content in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(file, content)
    return path


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


class Kit:
    def __init__(self, folder: Path):
        self.folder, self.wheels = folder, folder / "wheels"
        self.wheels.mkdir(parents=True)
        self.lean = wheel(self.wheels, "lean_thing", "1.0", BORROWS)
        # In the place of the program is a script that calls the tests' uv.
        script = {"uv-1.0.data/scripts/uv": f'#!/bin/sh\nexec "{UV}" "$@"\n'}
        self.uv = wheel(self.wheels, "uv", "1.0", script)
        self.list()

    def list(self) -> None:
        """Writes what says which wheels there are."""
        files = sorted(self.wheels.glob("*.whl"))
        sums = "".join(f"{digest(file)}  wheels/{file.name}\n" for file in files)
        (self.folder / "SHA256SUMS").write_text(sums, encoding="utf-8")
        links = "".join(f'<a href="{file.name}">{file.name}</a>\n' for file in files)
        (self.wheels / "index.html").write_text(links, encoding="utf-8")


@pytest.fixture
def kit(tmp_path) -> Kit:
    return Kit(tmp_path / "a kit")


@pytest.fixture
def workshop(tmp_path, kit, monkeypatch) -> Workshop:
    """A copy that pins the kit's wheels, on a machine with nothing and without a network."""
    path = tmp_path / "path"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "UV_DEFAULT_INDEX", "PIP_INDEX_URL"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")  # nobody listens there
    copy = Workshop(tmp_path / "a workshop", python_with_nothing(tmp_path / "python"))
    requirements = "# Group lean: all\nlean-thing>=1\n# Group slides: more\nslides-thing>=1\n"
    (copy.root / "requirements.txt").write_text(requirements, encoding="utf-8")
    pin(copy, "lean", "lean-thing==1.0", kit.lean)
    pin(copy, "slides", "slides-thing==1.0", kit.lean)
    pin(copy, "uv", "uv==1.0", kit.uv)
    return copy


def pin(workshop: Workshop, name: str, what: str, file: Path) -> None:
    text = f"{what} \\\n    --hash=sha256:{digest(file)}\n"
    (workshop.root / "pins" / f"{name}.txt").write_text(text, encoding="utf-8")


def refused(workshop: Workshop, where: Path | str) -> str:
    """How the set-up ended, which left nothing."""
    done = workshop.type("--from", str(where))
    assert done.returncode == 2, done.stdout
    assert "Traceback" not in done.stderr
    assert re.search(r"Then type again: .* --from .* Or, with a network", done.stderr)
    assert not (workshop.root / ".venv").exists()
    assert not (workshop.root / ".workshop" / "kit").exists()
    return done.stderr


def has_lean(workshop: Workshop) -> bool:
    return any((workshop.root / ".venv").glob("lib/*/site-packages/lean_thing-1.0.dist-info"))


def test_a_set_up_from_a_folder_asks_nothing_else(workshop, kit):
    done = workshop.type("--from", str(kit.folder))
    assert "Set up in" in done.stdout, done.stdout + done.stderr
    assert has_lean(workshop)
    assert (workshop.root / ".workshop" / "kit").read_text(encoding="utf-8") == str(kit.folder)
    assert not any((workshop.root / ".venv").glob("lib/*/site-packages/pip")), "it needs none"


def test_a_set_up_from_an_address(workshop, kit, monkeypatch):
    """uv would not ask the kit either where it is told to stay offline."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    serve = functools.partial(http.server.SimpleHTTPRequestHandler, directory=kit.folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        done = workshop.type("--from", f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()
    assert "Set up in" in done.stdout, done.stdout + done.stderr
    assert has_lean(workshop)


@pytest.mark.parametrize("what", ["lean", "uv"])
def test_a_changed_byte_is_refused(workshop, kit, what):
    """Even if the kit's own list of hashes names the changed file."""
    file = getattr(kit, what)
    content = bytearray(file.read_bytes())
    content[content.index(b"Name: ") + 6] ^= 1  # in a file that is stored, not compressed
    file.write_bytes(content)
    kit.list()
    told = refused(workshop, kit.folder)
    assert "is not the file that pins/ names" in told and what in told


def test_a_wheel_of_another_make_is_refused(workshop, kit):
    """A sound file of that name and version, with something else in it."""
    wheel(kit.wheels, "lean_thing", "1.0", {**BORROWS, "evil.pth": "import os"})
    kit.list()
    assert "lean-thing==1.0 in the kit" in refused(workshop, kit.folder)


def test_a_kit_that_is_older_than_the_clone(workshop, kit):
    kit.lean.unlink()
    wheel(kit.wheels, "lean_thing", "0.9", BORROWS)
    kit.list()
    told = refused(workshop, kit.folder)
    assert "it has lean-thing 0.9, and pins/ asks for 1.0" in told


def test_a_kit_that_was_made_for_other_machines(workshop, kit):
    kit.lean.rename(kit.wheels / "lean_thing-1.0-cp311-cp311-win_arm64.whl")
    kit.list()
    assert "has no lean-thing for this machine" in refused(workshop, kit.folder)
    kit.uv.rename(kit.wheels / "uv-1.0-py3-none-win_arm64.whl")
    kit.list()
    assert "it has no uv" in refused(workshop, kit.folder)


def test_what_is_not_a_kit(workshop, kit, tmp_path):
    assert "There is no kit at" in refused(workshop, tmp_path / "elsewhere")
    assert "There is no kit at http://127.0.0.1:9" in refused(workshop, "http://127.0.0.1:9")
    (kit.folder / "SHA256SUMS").write_text("<html>a login page</html>", encoding="utf-8")
    assert "is not a kit" in refused(workshop, kit.folder)


@pytest.mark.slow
def test_a_later_group_asks_the_kit_and_then_the_index(workshop, kit):
    workshop.type("--from", str(kit.folder))
    slides = wheel(kit.wheels, "slides_thing", "1.0", {})
    kit.list()
    shutil.move(kit.folder, kit.folder.with_name("moved"))
    done = workshop.type("slides")
    assert done.returncode == 2
    assert "There is no kit at" in done.stdout and "index is asked instead" in done.stdout
    assert "Then type again: python3 -m workshop slides" in done.stderr
    assert "Until then, everything else works" in done.stderr
    shutil.move(kit.folder.with_name("moved"), kit.folder)
    pin(workshop, "slides", "slides-thing==1.0", slides)
    done = workshop.type("slides", "--plan")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "needs packages of its own (slides-thing), once." in done.stdout
    stamp = (workshop.root / ".venv" / "workshop-stamp").read_text(encoding="utf-8")
    assert stamp.splitlines()[2] == "lean slides"
    assert "needs packages" not in workshop.type("slides", "--plan").stdout


@pytest.mark.parametrize(
    ("system", "machine", "libc", "tag"),
    [
        ("linux", "x86_64", "x86_64-pc-linux-gnu", "manylinux_2_17_x86_64.manylinux2014_x86_64"),
        ("linux", "aarch64", "aarch64-linux-gnu", "manylinux_2_28_aarch64"),
        ("linux", "x86_64", "x86_64-alpine-linux-musl", "musllinux_1_1_x86_64"),
        ("darwin", "arm64", None, "macosx_11_0_arm64"),
        ("darwin", "x86_64", None, "macosx_10_12_x86_64"),
        ("win32", "AMD64", None, "win_amd64"),
        ("win32", "ARM64", None, "win_arm64"),
        ("win32", "x86", None, "win32"),
    ],
)
def test_the_uv_for_this_machine(monkeypatch, system, machine, libc, tag):
    monkeypatch.setattr(uv_wheel.sys, "platform", system)
    monkeypatch.setattr(uv_wheel.platform, "machine", lambda: machine)
    monkeypatch.setattr(uv_wheel.sysconfig, "get_config_var", lambda name: libc)
    assert uv_wheel.suits_this_machine(f"uv-1.0-py3-none-{tag}.whl")
    others = ("manylinux_2_17_i686", "musllinux_1_1_armv7l", "win_other", "macosx_11_0_ppc64")
    assert not any(uv_wheel.suits_this_machine(f"uv-1.0-py3-none-{t}.whl") for t in others)


def test_sums_are_read_as_sha256sum_writes_them():
    text = f"{'a' * 64}  wheels/a-1-py3-none-any.whl\n{'b' * 64} *wheels/b-1-py3-none-any.whl\n"
    assert [name[0] for _, name in from_kit.SUMS.findall(text)] == ["a", "b"]


def test_a_group_is_installed_or_not():
    assert groups.is_installed(groups.LEAN)
