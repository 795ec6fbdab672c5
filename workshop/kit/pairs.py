"""For whom a kit is made: pairs of a platform and a Python, and what each of them can install."""

from dataclasses import dataclass

from packaging import tags

from . import KitError

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PATCHES = ("0", "99")  # some packages are only for 3.11.2 and before, and Debian 12 has that
# The oldest and the newest system that an attendee is expected to have. What runs on an older one
# runs on a newer one too, so the wheel that asks for least is taken.
GLIBC = range(5, 35)  # 2.34: RHEL 9, Ubuntu 22.04
MACOS = ((10, 13), (11, 0), (12, 0), (13, 0), (14, 0), (15, 0))


@dataclass(frozen=True)
class Platform:
    """The words for a system and a processor, in markers (PEP 508)."""

    system: str  # platform_system
    sys_platform: str
    machine: str  # platform_machine

    def tags(self) -> list[str]:
        """The platform tags of wheels that run there, with those that ask for least first."""
        if self.system == "Windows":
            return [f"win_{self.machine.lower()}"]
        if self.system == "Darwin":
            every = [tag for macos in MACOS for tag in tags.mac_platforms(macos, self.machine)]
            return list(dict.fromkeys(every))
        names = ["manylinux1", "manylinux2010", "manylinux2014"]
        names += [f"manylinux_2_{minor}" for minor in GLIBC]
        return [f"{name}_{self.machine}" for name in names]


PLATFORMS = {
    "linux-x86_64": Platform("Linux", "linux", "x86_64"),
    "linux-aarch64": Platform("Linux", "linux", "aarch64"),
    "macos-arm64": Platform("Darwin", "darwin", "arm64"),
    "macos-x86_64": Platform("Darwin", "darwin", "x86_64"),
    "windows-x86_64": Platform("Windows", "win32", "AMD64"),
    "windows-arm64": Platform("Windows", "win32", "ARM64"),
}
USUAL = tuple(name for name in PLATFORMS if name != "windows-arm64")  # few packages have its wheels


@dataclass(frozen=True)
class Pair:
    platform: str
    python: str

    def tags(self) -> list[tags.Tag]:
        """All that a wheel for this pair may be tagged with, best first."""
        version = tuple(map(int, self.python.split(".")))
        interpreter = f"cp{version[0]}{version[1]}"
        platforms = PLATFORMS[self.platform].tags()
        return [
            *tags.cpython_tags(version, [interpreter], platforms),
            *tags.compatible_tags(version, interpreter, platforms),
        ]

    def environments(self) -> list[dict[str, str]]:
        """What markers are evaluated with there: for the first and for a late patch release."""
        platform = PLATFORMS[self.platform]
        return [
            {
                "implementation_name": "cpython",
                "implementation_version": f"{self.python}.{patch}",
                "os_name": "nt" if platform.system == "Windows" else "posix",
                "platform_machine": platform.machine,
                "platform_python_implementation": "CPython",
                "platform_release": "",
                "platform_system": platform.system,
                "platform_version": "",
                "python_full_version": f"{self.python}.{patch}",
                "python_version": self.python,
                "sys_platform": platform.sys_platform,
            }
            for patch in PATCHES
        ]


def pairs(platforms: list[str] | None, pythons: list[str] | None) -> list[Pair]:
    """Every pair of these; of the usual ones where nothing is named."""
    _raise_if_unknown("platform", platforms or [], PLATFORMS)
    _raise_if_unknown("Python", pythons or [], PYTHONS)
    return [
        Pair(platform, python)
        for platform in dict.fromkeys(platforms or USUAL)
        for python in dict.fromkeys(pythons or PYTHONS)
    ]


def _raise_if_unknown(what: str, names: list[str], known) -> None:
    for name in names:
        if name not in known:
            raise KitError(
                f"There is no {what} called {name!r} here. Write one or more of: {', '.join(known)}"
            )
