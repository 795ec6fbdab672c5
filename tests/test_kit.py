"""The kit: what is chosen for whom, what survives a bad network, and how it is handed out.

uv asks an index of the test's own, on loopback, whose wheels are empty but for their names.
"""

import errno
import hashlib
import http.client
import http.server
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from workshop import cli, ports
from workshop.commands import kit as command
from workshop.kit import KitError, addresses, archive, fetching, making, pages, serving
from workshop.kit.pairs import PYTHONS, USUAL, Pair, pairs

from .conftest import ROOT

HANGS = 600  # seconds, for a test that hangs; no measure of anything
LINUX, MAC, WINDOWS = "manylinux_2_17_x86_64", "macosx_11_0_arm64", "win_amd64"


def wheel(name: str, filling: bytes = b"") -> bytes:
    """The content of a wheel of that file name."""
    package, version = name.split("-")[:2]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        info = f"{package}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
        file.writestr(f"{info}/METADATA", metadata)
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
        file.writestr(f"{info}/RECORD", "")
        file.writestr("filling", filling)
    return content.getvalue()


class Index(http.server.ThreadingHTTPServer):
    """A package index. What it states, what it sends and where it breaks off is the test's."""

    daemon_threads = True

    def __init__(self):
        self.wheels: dict[str, bytes] = {}
        self.sends: dict[str, bytes] = {}  # in place of what it states
        self.breaks: list[int] = []  # bytes after which the next downloads break off
        self.asked: list[tuple[str, str | None]] = []  # for which wheel, and from which byte on
        super().__init__(("127.0.0.1", 0), Answer)

    def add(self, *names: str, filling: bytes = b"") -> None:
        self.wheels |= {name: wheel(name, filling) for name in names}

    def pins(self, folder: Path, **markers: str) -> list[Path]:
        """A file that pins all of it, some only where a marker holds."""
        lines: dict[str, list[str]] = {}
        for name, content in self.wheels.items():
            package, version = name.split("-")[:2]
            marker = f" ; {markers[package]}" if package in markers else ""
            hashes = lines.setdefault(f"{package}=={version}{marker}", [])
            hashes.append(f"--hash=sha256:{hashlib.sha256(content).hexdigest()}")
        text = "".join(f"{pin} {' '.join(hashes)}\n" for pin, hashes in lines.items())
        folder.mkdir(exist_ok=True)
        (folder / "pins.txt").write_text(text, encoding="utf-8")
        return [folder / "pins.txt"]


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        index: Index = self.server
        name = self.path.rpartition("/")[2]
        if name not in index.wheels:
            package = self.path.strip("/").rpartition("/")[2]
            links = [
                f'<a href="/files/{one}#sha256={hashlib.sha256(content).hexdigest()}">{one}</a>'
                for one, content in index.wheels.items()
                if one.startswith(f"{package}-")
            ]
            return self.answer(200 if links else 404, "\n".join(links).encode(), "text/html")
        if "httpx" not in self.headers["User-Agent"]:  # uv, which reads the names
            return self.answer(200, index.wheels[name])
        index.asked.append((name, self.headers["Range"]))
        content = index.sends.get(name, index.wheels[name])
        first = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "bytes=0-")[1]
        until = index.breaks.pop(0) if index.breaks else None
        self.answer(206 if self.headers["Range"] else 200, content[int(first) :], until=until)

    def answer(self, code, content, kind="application/octet-stream", until=None):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:until])
        self.close_connection = True

    def log_message(self, *arguments):
        pass


@pytest.fixture
def index(monkeypatch):
    with Index() as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{server.server_port}/simple")
        monkeypatch.setenv("UV_NO_CACHE", "1")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        for name in ("UV_INDEX", "UV_FIND_LINKS", "UV_EXTRA_INDEX_URL"):
            monkeypatch.delenv(name, raising=False)
        yield server
        server.shutdown()


@pytest.fixture
def kit(tmp_path) -> Path:
    return tmp_path / "a kit"


HERE = [Pair("linux-x86_64", "3.12")]


def names(choice, platform: str, python: str) -> set[str]:
    chosen = next(one for one in choice.pairs if one.pair == Pair(platform, python))
    return {one.name for one in chosen.wheels}


def test_each_pair_gets_what_it_can_install_and_what_is_for_all_comes_once(index, kit, tmp_path):
    index.add("pure-1.0-py3-none-any.whl", "backport-1.0-py3-none-any.whl")
    index.add(*(f"fast-2.0-cp312-cp312-{system}.whl" for system in (LINUX, MAC, WINDOWS)))
    index.add(*(f"stable-3.0-cp39-abi3-{system}.whl" for system in (LINUX, MAC, WINDOWS)))
    index.add("newer-1.0-py3-none-macosx_14_0_arm64.whl", f"newer-1.0-py3-none-{MAC}.whl")
    pins = index.pins(
        tmp_path / "pins",
        backport="python_full_version < '3.11.3'",
        newer="sys_platform == 'darwin'",
    )
    wanted = pairs(["linux-x86_64", "macos-arm64", "windows-x86_64"], ["3.11", "3.12"])
    choice = making.make(kit, wanted, pins)
    for platform, system in zip(USUAL[::2], (LINUX, MAC, WINDOWS), strict=True):
        newer = {f"newer-1.0-py3-none-{MAC}.whl"} if system == MAC else set()  # asks for least
        both = {"pure-1.0-py3-none-any.whl", f"stable-3.0-cp39-abi3-{system}.whl"} | newer
        assert names(choice, platform, "3.11") == both | {"backport-1.0-py3-none-any.whl"}
        assert names(choice, platform, "3.12") == both | {f"fast-2.0-cp312-cp312-{system}.whl"}
    assert choice.lacking == [
        f"{platform} with Python 3.11: fast 2.0" for platform in USUAL[::2]
    ]  # and the rest of it is there
    downloaded = [name for name, _ in index.asked]
    assert sorted(downloaded) == sorted({one.name for one in choice.wheels})
    assert {file.name for file in kit.rglob("*.whl")} == set(downloaded)


def test_what_is_there_and_right_is_not_downloaded_again(index, kit, tmp_path):
    index.add("one-1.0-py3-none-any.whl", "two-1.0-py3-none-any.whl")
    pins = index.pins(tmp_path / "pins")
    making.make(kit, HERE, pins)
    index.asked.clear()
    making.make(kit, HERE, pins)
    assert index.asked == []
    (kit / "wheels/two-1.0-py3-none-any.whl").write_bytes(b"broken")
    (kit / "wheels/old-1.0-py3-none-any.whl").write_bytes(b"of an earlier list of pins")
    making.make(kit, HERE, pins)
    assert index.asked == [("two-1.0-py3-none-any.whl", None)]
    assert not (kit / "wheels/old-1.0-py3-none-any.whl").exists()
    assert making.whole(kit)


NAME = "large-1.0-py3-none-any.whl"


def test_a_transfer_that_breaks_off_goes_on_where_it_ended(index, kit, tmp_path):
    index.add(NAME, filling=os.urandom(300_000))
    pins = index.pins(tmp_path / "pins")
    index.breaks = [100_000, 50_000, 0, 0, 0]
    with pytest.raises(KitError, match=f"broke off at {NAME}.*Nothing is lost: type the same"):
        making.make(kit, HERE, pins)
    assert not (kit / pages.SUMS).exists()
    assert {start for _, start in index.asked} == {None, "bytes=100000-", "bytes=150000-"}
    index.asked.clear()
    making.make(kit, HERE, pins)
    assert index.asked == [(NAME, "bytes=150000-")]
    assert (kit / "wheels" / NAME).read_bytes() == index.wheels[NAME]
    assert not list(kit.rglob("*.part"))
    assert making.whole(kit)


def test_ctrl_c_loses_nothing(index, kit, tmp_path, capsys, monkeypatch):
    index.add(NAME, filling=os.urandom(3_000_000))
    pins = index.pins(tmp_path / "pins")
    monkeypatch.setattr(making, "pins", lambda lean: pins)

    def interrupt(bar, task, completed=None, **changes):
        if completed:  # something has arrived
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(making.Progress, "update", interrupt)
        assert type_command(kit) == 130
    assert "Nothing is lost: type the same again" in capsys.readouterr().out
    there = (kit / f"wheels/{NAME}.part").stat().st_size
    assert there > 0
    index.asked.clear()
    assert type_command(kit) == 0
    assert index.asked == [(NAME, f"bytes={there}-")]
    assert (kit / "wheels" / NAME).read_bytes() == index.wheels[NAME]


def test_a_beginning_of_another_file_is_thrown_away(index, kit, tmp_path):
    index.add(NAME, filling=os.urandom(300_000))
    (kit / "wheels").mkdir(parents=True)
    (kit / f"wheels/{NAME}.part").write_bytes(b"something else")
    making.make(kit, HERE, index.pins(tmp_path / "pins"))
    assert [start for _, start in index.asked] == ["bytes=14-", None]
    assert making.whole(kit)


def test_a_wheel_with_another_content_is_refused_and_named(index, kit, tmp_path):
    index.add(NAME, "good-1.0-py3-none-any.whl")
    index.sends[NAME] = wheel(NAME, b"of a neighbor")
    with pytest.raises(KitError, match=f"^{NAME} from 127.0.0.1:.* is not the file"):
        making.make(kit, HERE, index.pins(tmp_path / "pins"))
    assert [file.name for file in kit.rglob("*.*")] == ["good-1.0-py3-none-any.whl"]
    assert not (kit / pages.SUMS).exists()


def test_a_wheel_that_the_pins_do_not_know_is_refused_and_named(
    index, kit, tmp_path, capsys, monkeypatch
):
    """Even if the index vouches for it."""
    index.add(NAME, "good-1.0-py3-none-any.whl")
    pins = index.pins(tmp_path / "pins")
    index.add(NAME, filling=b"of a neighbor")
    monkeypatch.setattr(making, "pins", lambda lean: pins)
    assert type_command(kit, "--platforms", "linux-x86_64", "--pythons", "3.12") == 1
    out = capsys.readouterr().out
    assert f"Refused, because the pins don't have its digest: {NAME}" in out
    assert "Left out, because there is no wheel: linux-x86_64 with Python 3.12: large 1.0" in out
    assert [name for name, _ in index.asked] == ["good-1.0-py3-none-any.whl"]


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="there is no sha256sum")
def test_sha256sum_accepts_the_digests(index, kit, tmp_path):
    index.add("one-1.0-py3-none-any.whl", "two-1.0-py3-none-any.whl")
    making.make(kit, HERE, index.pins(tmp_path / "pins"))

    def compare() -> subprocess.CompletedProcess:
        command = ["sha256sum", "-c", pages.SUMS]
        return subprocess.run(command, cwd=kit, capture_output=True, encoding="utf-8")

    lines = ["wheels/one-1.0-py3-none-any.whl: OK", "wheels/two-1.0-py3-none-any.whl: OK"]
    assert compare().stdout.splitlines() == [*lines, "workshop.zip: OK"]
    (kit / "workshop.zip").write_bytes(b"broken")
    assert compare().returncode == 1


def test_the_summary_tells_sizes_and_minutes(index, kit, tmp_path, capsys, monkeypatch):
    index.add(NAME, filling=os.urandom(5_000_000))
    pins = index.pins(tmp_path / "pins")
    monkeypatch.setattr(making, "pins", lambda lean: pins)
    assert type_command(kit, "--platforms", "macos-arm64", "--pythons", "3.13", "3.14") == 0
    taken = (kit / "workshop.zip").stat().st_size + len(index.wheels[NAME])
    line = re.search(r"macos-arm64 +(\d+) MB +([\d.]+) min   (.*)", capsys.readouterr().out)
    assert int(line[1]) == round(taken / 1e6)
    assert float(line[2]) == round(20 * taken * 8 / 50e6 / 60, 1)
    assert line[3] == "Python 3.13, 3.14"
    page = (kit / "index.html").read_text("utf-8")
    assert f"<td>macos-arm64</td><td>3.13, 3.14</td><td>{line[1]} MB</td>" in page
    assert "Python 3.13 or 3.14" in page and not re.search(r"\$[a-z]", page)
    assert f'href="{NAME}"' in (kit / "wheels/index.html").read_text("utf-8")


def test_the_pairs_are_those_of_the_issue():
    assert len(pairs(None, None)) == len(USUAL) * len(PYTHONS) == 20


# The ZIP file


def git(folder: Path, *arguments: str) -> None:
    name = ["-c", "user.name=A test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", "-C", folder, *name, *arguments], check=True, capture_output=True)


def unzipped(file: Path) -> dict[str, tuple[bytes, bool]]:
    """The content of each file, and whether it can be executed."""
    with zipfile.ZipFile(file) as content:
        return {
            one.filename: (content.read(one), bool(one.external_attr >> 16 & 0o100))
            for one in content.infolist()
            if not one.is_dir()
        }


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git")
def test_the_zip_file_has_what_is_committed_with_and_without_git(tmp_path):
    root = tmp_path / "root"
    (root / "checks").mkdir(parents=True)
    (root / "checks/step1").write_text("#!/usr/bin/env python3\n", encoding="utf-8")
    (root / "checks/step1").chmod(0o755)
    (root / "README.md").write_text("Übung\n", encoding="utf-8")
    (root / ".gitignore").write_text(".venv\n__pycache__/\n", encoding="utf-8")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "all of it")
    for ignored in (".venv", "checks/__pycache__"):
        (root / ignored).mkdir()
        (root / ignored / "file").write_text("not ours", encoding="utf-8")
    assert archive.write(tmp_path / "with.zip", root) == []
    whole = {
        f"{archive.FOLDER}/.gitignore": (b".venv\n__pycache__/\n", False),
        f"{archive.FOLDER}/README.md": ("Übung\n".encode(), False),
        f"{archive.FOLDER}/checks/step1": (b"#!/usr/bin/env python3\n", True),
    }
    assert unzipped(tmp_path / "with.zip") == whole
    shutil.rmtree(root / ".git")
    (root / "checks/step1").chmod(0o644)  # as after unpacking a ZIP file on Windows
    assert archive.write(tmp_path / "without.zip", root) == []
    assert unzipped(tmp_path / "without.zip") == whole


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git")
def test_what_is_not_committed_is_named(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "workshop.toml").write_text("[event]\n", encoding="utf-8")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "all of it")
    (tmp_path / "workshop.toml").write_text("[event]\nwifi = 'guest'\n", encoding="utf-8")
    assert archive.write(tmp_path / "it.zip", tmp_path) == ["workshop.toml"]


def test_what_is_unpacked_without_git_is_this_workshop(tmp_path):
    """Nothing that git ignores here, and nothing of it is forgotten."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv*", "node_modules"))
    archive.write(tmp_path / "it.zip", copy)
    found = {name.removeprefix(f"{archive.FOLDER}/") for name in unzipped(tmp_path / "it.zip")}
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a clone, so there is nothing to compare with")
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert found == {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}


# Serving


@contextmanager
def served(kit: Path):
    with serving.KitServer(kit, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def small_kit(kit) -> Path:
    """One that no index was asked for."""
    (kit / "wheels").mkdir(parents=True)
    (kit / "wheels" / NAME).write_bytes(os.urandom(4_000_000))
    (kit / "workshop.zip").write_bytes(b"a ZIP file")
    for page in ("index.html", "wheels/index.html"):
        (kit / page).write_text(f"<h1>{page}</h1>", encoding="utf-8")
    pages.write_sums(kit, fetching.digests(kit / "wheels"))
    return kit


def test_forty_download_at_once_and_all_get_all_of_it(small_kit):
    content = (small_kit / "wheels" / NAME).read_bytes()
    under_way = threading.Barrier(40, timeout=HANGS)
    with served(small_kit) as server:

        def download(_) -> bytes:
            connection = http.client.HTTPConnection("127.0.0.1", server.server_port, HANGS)
            connection.request("GET", f"/wheels/{NAME}")
            response = connection.getresponse()
            first = response.read(1000)
            under_way.wait()  # nobody goes on until everybody has begun
            return first + response.read()

        with ThreadPoolExecutor(40) as room:
            assert all(got == content for got in room.map(download, range(40)))
        deadline = time.monotonic() + HANGS
        while server.downloads < 40:  # the last thread may count a moment later
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert server.downloads == 40


def status(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, HANGS)
    connection.request("GET", path)  # as it is: a browser would take the dots out
    response = connection.getresponse()
    return response.status, response.read()


@pytest.mark.parametrize(
    "path",
    [
        "/../secret",
        "/wheels/../../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/wheels/..%5c..%5csecret",
        "//secret",
        "/wheels/link",
        "/notes.txt",
        "/wheels",
        "/wheels/large-1.0-py3-none-any.whl.part",
    ],
)
def test_nothing_but_the_kit_can_be_read(small_kit, path):
    (small_kit.parent / "secret").write_text("secret", encoding="utf-8")
    (small_kit / "notes.txt").write_text("secret, beside the kit", encoding="utf-8")
    (small_kit / f"wheels/{NAME}.part").write_text("secret, a part", encoding="utf-8")
    if os.name == "posix":
        (small_kit / "wheels/link").symlink_to(small_kit.parent / "secret")
    with served(small_kit) as server:
        code, content = status(server.server_port, path)
    assert code == 404 and b"secret," not in content and content != b"secret"


@pytest.mark.parametrize("path", ["/", "/index.html", "/index.html?from=qr"])
def test_the_page_is_at_the_address_itself(small_kit, path):
    with served(small_kit) as server:
        assert status(server.server_port, path) == (200, b"<h1>index.html</h1>")
        assert server.downloads == 0  # pages are not counted


def test_the_list_of_wheels_is_in_their_folder(small_kit):
    with served(small_kit) as server:
        assert status(server.server_port, "/wheels/") == (200, b"<h1>wheels/index.html</h1>")


# The command


def type_command(*words) -> int:
    arguments = vars(cli.parser().parse_args(["kit", *map(str, words)]))
    del arguments["command"], arguments["kit"]  # the options of the program itself
    return command.run(**arguments)


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent in another way there")
def test_it_is_served_from_one_line_until_ctrl_c(small_kit):
    """Without asking any index: in the room, there may be no network."""
    port = ports.any_free()
    process = subprocess.Popen(
        [sys.executable, "-m", "workshop", "kit", small_kit, "--serve", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "UV_DEFAULT_INDEX": "http://127.0.0.1:9/"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    try:
        out = ""
        while "or type:" not in out:
            line = process.stdout.readline()
            assert line, out
            out += line
        assert f"The kit: http://127.0.0.1:{port}    (Ctrl-C ends it)" in out
        assert "▀" in out and "add --lan" in out
        assert f"python3 -m workshop --from http://127.0.0.1:{port}" in out
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HANGS)
        for path, content in (("/workshop.zip", b"a ZIP file"), ("/", b"<h1>index.html</h1>")):
            connection.request("GET", path)  # the second is answered when the first was counted
            assert connection.getresponse().read() == content
        connection.close()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(HANGS) == 0
        assert "Downloads that were finished: 1" in rest and "Traceback" not in rest
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_what_cannot_be_made_is_told_in_a_sentence(tmp_path, capsys, monkeypatch):
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter1.txt").write_text("not a kit", encoding="utf-8")
    wrong = {
        "There is no platform called 'solaris' here. Write one or more of: linux-x86_64": (
            tmp_path / "kit",
            "--platforms",
            "solaris",
        ),
        "There is no Python called '3.9' here": (tmp_path / "kit", "--pythons", "3.9"),
        "is not a kit. Name a new folder": (tmp_path / "thesis",),
        "is a file, not a folder": (tmp_path / "file",),
        "add --serve": (tmp_path / "kit", "--lan"),
    }
    for told, words in wrong.items():
        assert type_command(*words) == 2
        assert told in capsys.readouterr().out
    assert (tmp_path / "thesis/chapter1.txt").exists()
    assert not (tmp_path / "kit").exists()


def test_without_a_network_it_says_so(index, kit, tmp_path, capsys, monkeypatch):
    index.add(NAME)
    pins = index.pins(tmp_path / "pins")
    monkeypatch.setattr(making, "pins", lambda lean: pins)
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{ports.any_free()}/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    assert type_command(kit) == 2
    out = capsys.readouterr().out
    assert "The package index could not be reached to get large" in out
    assert "Then type the same again" in out


def test_a_full_disk_is_told_before_and_while_it_fills(index, kit, tmp_path, capsys, monkeypatch):
    index.add(NAME)
    pins = index.pins(tmp_path / "pins")
    monkeypatch.setattr(making, "pins", lambda lean: pins)
    monkeypatch.setattr(making, "ROOM_TO_SPARE", 1e18)
    assert type_command(kit) == 2
    assert "free, and the kit needs" in capsys.readouterr().out

    def write(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device", str(kit))

    monkeypatch.setattr(making, "ROOM_TO_SPARE", 0)
    monkeypatch.setattr(archive, "write", write)
    assert type_command(kit) == 2
    assert f"The disk of {kit} is full" in capsys.readouterr().out


def test_a_folder_of_somebody_else_is_told(kit, capsys, monkeypatch):
    def make(*arguments):
        raise PermissionError(errno.EACCES, "Permission denied", str(kit))

    monkeypatch.setattr(making, "make", make)
    assert type_command(kit) == 2
    assert f"{kit} cannot be written to by you. Name a folder" in capsys.readouterr().out


def test_a_port_that_is_taken_is_told(small_kit, capsys):
    with served(small_kit) as server:
        assert type_command(small_kit, "--serve", "--port", server.server_port) == 2
    assert f"Port {server.server_port} is taken by " in capsys.readouterr().out


def test_a_broken_kit_is_not_handed_out(small_kit, capsys):
    (small_kit / "wheels" / NAME).write_bytes(b"broken")
    assert type_command(small_kit, "--serve") == 2
    assert f"{NAME} is missing or broken" in capsys.readouterr().out


def test_the_addresses_in_the_room_are_the_likeliest_first(monkeypatch):
    from types import SimpleNamespace as Of

    family = addresses.socket.AF_INET
    interfaces = {
        "lo": "127.0.0.1",
        "docker0": "172.17.0.1",
        "eth0": "10.0.0.5",
        "wlan0": "192.168.1.20",
        "wlan1": "169.254.3.4",
        "eth1": "10.9.9.9",
    }
    every = {name: [Of(family=family, address=one)] for name, one in interfaces.items()}
    states = {name: Of(isup=name != "eth1") for name in interfaces}
    monkeypatch.setattr(addresses.psutil, "net_if_addrs", lambda: every)
    monkeypatch.setattr(addresses.psutil, "net_if_stats", lambda: states)
    monkeypatch.setattr(addresses, "_outward", lambda: "192.168.1.20")
    assert addresses.in_the_room() == ["192.168.1.20", "10.0.0.5", "172.17.0.1"]
