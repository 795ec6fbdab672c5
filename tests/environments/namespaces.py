"""Commands in a Linux namespace of their own: with another disk, or without a network."""

import os
import shlex
import subprocess
import sys

import pytest

UNSHARE = ("unshare", "--map-root-user", "--mount", "--net")


def is_possible() -> bool:
    try:
        return subprocess.run([*UNSHARE, "true"], capture_output=True).returncode == 0
    except OSError:
        return False


needed = pytest.mark.skipif(not is_possible(), reason="needs Linux namespaces (unshare)")
UP = "ip link set lo up"


def run(*lines: str, cwd, **variables: str) -> subprocess.CompletedProcess:
    """Runs shell lines in namespaces of their own, where loopback is down until UP is among them;
    standard output and errors together."""
    script = "\n".join(["set -e", *lines])
    return subprocess.run(
        [*UNSHARE, "sh", "-c", script],
        cwd=cwd,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=600,  # for a test that hangs; not a measurement
    )


def python(*words) -> str:
    """A shell line: this Python with these words."""
    return shlex.join([sys.executable, *map(str, words)])
