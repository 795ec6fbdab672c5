"""What the set-up says on networks that answer with something else than packages. uv, where it is
installed, and pip are the real ones; only the index is ours."""

import datetime
import os
import shutil
import sys
from pathlib import Path

import pytest

from ..copied import Workshop, python_with_nothing
from . import networks

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the PATH is made of POSIX programs")
TODAY, YEAR = datetime.date.today(), datetime.timedelta(365)


@pytest.fixture(params=["uv", "pip"])
def set_up(request, tmp_path):
    """A function from an index's address to how the set-up there ended."""
    path = tmp_path / "path"
    path.mkdir()
    if request.param == "uv":
        beside = os.pathsep + str(Path(sys.executable).parent)  # where set_up.py installs one
        if not (uv := shutil.which("uv", path=os.environ["PATH"] + beside)):
            pytest.skip("uv is not installed")
        (path / "uv").symlink_to(uv)
    workshop = Workshop(tmp_path / "a workshop", python_with_nothing(tmp_path / "python"))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "SSL_CERT_FILE"):
        os.environ.get(name) and request.getfixturevalue("monkeypatch").delenv(name)

    def run(url: str, **variables: str):
        settings = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_INDEX_URL": url}
        settings |= {"UV_NO_CACHE": "1", "UV_NO_CONFIG": "1", "UV_DEFAULT_INDEX": url}
        done = workshop.type(PATH=str(path), **settings, **variables)
        assert done.returncode == 2, done.stdout
        assert "Traceback" not in done.stderr and "no uv" not in done.stderr
        assert "0 s: " in done.stdout, "it shows at once that it goes on"
        assert not Path(workshop.root, ".venv").exists()
        return done.stderr

    return run


def test_a_login_page(set_up):
    with networks.index() as url:
        assert "their login page: open any page in a browser, log in" in set_up(url)


@pytest.mark.parametrize("set_up", ["uv"], indirect=True)  # pip is tried after it
def test_a_companys_certificate(set_up, tmp_path):
    certificate = networks.certificate(tmp_path, TODAY - YEAR, TODAY + YEAR)
    with networks.index(certificate=certificate) as url:
        assert "name it in the variable SSL_CERT_FILE" in set_up(url)


@pytest.mark.parametrize("first_day", [TODAY - 2 * YEAR, TODAY + YEAR])
def test_a_wrong_clock(set_up, tmp_path, first_day):
    """To a clock that is wrong, a good certificate has expired or is not valid yet."""
    certificate = networks.certificate(tmp_path, first_day, first_day + YEAR)
    with networks.index(certificate=certificate) as url:
        assert "Set the clock if it is wrong" in set_up(url, SSL_CERT_FILE=str(certificate))


def test_an_index_that_says_nothing(set_up):
    with networks.silent_index() as url:
        ending = set_up(url, UV_HTTP_TIMEOUT="1.5")
    assert "took the connection" in ending and "sent nothing for 1.5 seconds" in ending


def test_an_index_that_nobody_finds(set_up):
    assert "could not be reached" in set_up("https://index.invalid/simple")
