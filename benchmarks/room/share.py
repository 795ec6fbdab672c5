"""Server processes with a part of a core each, so that the client keeps pace with two of them.

By the kernel's control groups, version 2 or 1; on Linux, as root.
https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
https://docs.kernel.org/scheduler/sched-bwc.html
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PERIOD = 20_000  # microseconds, in each of which a process gets its part


def is_possible() -> bool:
    return os.access(_parent() / "cgroup.procs", os.W_OK)


@contextmanager
def limited(pids: Sequence[Sequence[int]], share: float) -> Iterator[None]:
    """The processes of each of these groups together get no more than `share` of a core for a
    `with` block. Raises OSError where is_possible() is false."""
    if _is_second_version():
        _set(ROOT, "cgroup.subtree_control", "+cpu")  # its groups can be limited
    quota = round(PERIOD * share)
    with ExitStack() as stack:
        for number, of_one in enumerate(pids):
            group = _parent() / f"workshop-{os.getpid()}-{number}"
            group.mkdir()
            stack.callback(group.rmdir)
            if _is_second_version():
                _set(group, "cpu.max", f"{quota} {PERIOD}")
            else:
                _set(group, "cpu.cfs_period_us", PERIOD)
                _set(group, "cpu.cfs_quota_us", quota)
            for pid in of_one:
                # Back again in the end: a group must be empty to be removed.
                stack.callback(_set, _parent(), "cgroup.procs", pid)
                _set(group, "cgroup.procs", pid)
        yield


def _set(group: Path, name: str, value: object) -> None:
    (group / name).write_text(str(value), encoding="ascii")


def _is_second_version() -> bool:
    return (ROOT / "cgroup.controllers").exists()


def _parent() -> Path:
    return ROOT if _is_second_version() else ROOT / "cpu"
