"""What the set-up says on networks that answer with something else than packages. uv, where it is
installed, is the real one; only the index is ours."""

import datetime
import os
import shutil
from pathlib import Path

import pytest

from ..copied import Workshop, python_with_nothing
from . import networks

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the PATH is made of POSIX programs")
TODAY, YEAR = datetime.date.today(), datetime.timedelta(365)


@pytest.fixture(params=["uv"])
def set_up(request, tmp_path):
    """A function from an index's address to how the set-up there ended."""
    path = tmp_path / "path"
    path.mkdir()
    if request.param == "uv":
        if not (uv := shutil.which("uv")):
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


@pytest.mark.parametrize("page", [networks.LoginPage])
def test_a_login_page(set_up, page):
    with networks.index(page) as url:
        assert "their login page: open any page in a browser, log in" in set_up(url)


def test_a_companys_certificate(set_up, tmp_path):
    certificate = networks.certificate(tmp_path, TODAY - YEAR, TODAY + YEAR)
    with networks.index(certificate=certificate) as url:
        assert "name it in the variable SSL_CERT_FILE" in set_up(url)


def test_an_index_that_says_nothing(set_up):
    with networks.silent_index() as url:
        assert "sent nothing for 20 seconds" in set_up(url)
