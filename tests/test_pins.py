"""pins/: they satisfy requirements.txt, and belong together."""

import re
from dataclasses import dataclass

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from workshop import groups, oldest
from workshop.developing import pins

GROUPS = groups.requirements()
# What a marker can ask about a laptop, for those that the workshop runs on.
MACHINES = [
    ("linux", "x86_64"),
    ("linux", "aarch64"),
    ("darwin", "arm64"),
    ("darwin", "x86_64"),
    ("win32", "AMD64"),
]


@dataclass
class Pin:
    name: str
    version: Version
    marker: Marker | None
    hashes: int

    def suits(self, laptop: dict[str, str]) -> bool:
        return self.marker is None or self.marker.evaluate(laptop)


def read(name: str) -> list[Pin]:
    text = (groups.PINS / f"{name}.txt").read_text(encoding="utf-8")
    assert text.startswith(pins.HEADER)
    found = []
    for lines in re.split(r"\n(?=\S)", text.removeprefix(pins.HEADER).strip()):
        first, *rest = lines.split("\\\n")
        requirement = Requirement(first)
        (specifier,) = requirement.specifier
        assert specifier.operator == "=="
        assert all(re.fullmatch(r"\s+--hash=sha256:[0-9a-f]{64}\s*", line) for line in rest)
        version = Version(specifier.version)
        found.append(Pin(requirement.name, version, requirement.marker, len(rest)))
    return found


def laptops() -> list[dict[str, str]]:
    return [
        {
            "python_version": f"3.{minor}",
            "python_full_version": f"3.{minor}.5",
            "sys_platform": system,
            "os_name": "nt" if system == "win32" else "posix",
            "platform_machine": machine,
            "platform_python_implementation": "CPython",
            "implementation_name": "cpython",
        }
        for minor in oldest.TESTED
        for system, machine in MACHINES
    ]


@pytest.mark.parametrize("group", GROUPS)
def test_the_pins_satisfy_the_requirements(group):
    """Of a group other than lean, together with those of lean, beside which it is installed."""
    pinned = read(group) + read(groups.LEAN)
    for laptop in laptops():
        versions = {pin.name: pin.version for pin in pinned if pin.suits(laptop)}
        for requirement in map(Requirement, GROUPS[group]):
            if requirement.marker and not requirement.marker.evaluate(laptop):
                continue
            version = versions.get(canonicalize_name(requirement.name))
            asked = f"{requirement} ({laptop}). Type: python3 -m workshop dev pins"
            assert version in requirement.specifier, asked


def test_every_pin_has_the_hashes_of_its_files():
    for name in ("uv", *GROUPS):
        assert all(pin.hashes for pin in read(name))


def test_a_machine_has_one_version_of_a_package():
    """Whichever groups are installed on it."""
    every = [pin for group in GROUPS for pin in read(group)]
    for laptop in laptops():
        versions: dict[str, Version] = {}
        for pin in every:
            if pin.suits(laptop):
                assert versions.setdefault(pin.name, pin.version) == pin.version, (pin, laptop)


def test_no_pin_names_an_index():
    for file in groups.PINS.iterdir():
        text = file.read_text(encoding="utf-8")
        assert "://" not in text and "--index-url" not in text, file


def test_what_is_installed_beside_lean_is_not_pinned_twice():
    """But for what lean needs only on some machines: the same version, with another marker."""
    lean = {(pin.name, str(pin.marker)) for pin in read(groups.LEAN)}
    for group in set(GROUPS) - {groups.LEAN}:
        assert not lean & {(pin.name, str(pin.marker)) for pin in read(group)}, group


def test_a_requirement_is_in_one_group():
    names = [name for group in GROUPS for name in groups.names(group)]
    assert len(names) == len(set(names)) > 0
    assert next(iter(GROUPS)) == groups.LEAN
