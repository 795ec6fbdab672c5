"""A real kit, with the wheels of this machine: made once, used without any network."""

import platform
import shlex

import pytest

from ..copied import Workshop, python_with_nothing
from . import namespaces
from .namespaces import UP

HERE = f"linux-{platform.machine()}"
PYTHON = ".".join(platform.python_version_tuple()[:2])


@pytest.mark.slow
@namespaces.needed
def test_a_set_up_from_a_kit_needs_no_network(tmp_path):
    here = Workshop(tmp_path / "the instructor's")
    kit = tmp_path / "a kit"
    made = here.type("kit", str(kit), "--lean", "--platforms", HERE, "--pythons", PYTHON)
    assert made.returncode == 0, made.stdout + made.stderr
    there = Workshop(tmp_path / "an attendee's", python_with_nothing(tmp_path / "python"))
    workshop = shlex.join(there.command())
    done = namespaces.run(
        UP,  # no address but 127.0.0.1, and no route to any other
        f"{workshop} --from {shlex.quote(str(kit))}",
        f"{shlex.quote(str(there.python))} checks/step2 --solution",
        f"{workshop} stop",
        cwd=there.root,
        UV_CACHE_DIR=str(tmp_path / "nothing yet"),
    )
    assert done.returncode == 0, done.stdout
    assert "Set up in" in done.stdout and "7 of 7" in done.stdout
