"""Server processes with a part of a core each: then not even two of them can outrun the load.

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
        (ROOT / "cgroup.subtree_control").write_text("+cpu")  # its groups can be limited
    with ExitStack() as stack:
        for number, of_one in enumerate(pids):
            group = _parent() / f"workshop-{os.getpid()}-{number}"
            group.mkdir()
            stack.callback(group.rmdir)
            quota = str(round(PERIOD * share))
            if _is_second_version():
                (group / "cpu.max").write_text(f"{quota} {PERIOD}")
            else:
                (group / "cpu.cfs_period_us").write_text(str(PERIOD))
                (group / "cpu.cfs_quota_us").write_text(quota)
            for pid in of_one:
                stack.callback(_move, pid, _parent())  # a group must be empty to be removed
                _move(pid, group)
        yield


def _move(pid: int, group: Path) -> None:
    (group / "cgroup.procs").write_text(str(pid))


def _is_second_version() -> bool:
    return (ROOT / "cgroup.controllers").exists()


def _parent() -> Path:
    return ROOT if _is_second_version() else ROOT / "cpu"
