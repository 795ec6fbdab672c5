"""Which wheels a kit has. uv asks the index that this machine is configured for, and writes what it
finds as a lock file (PEP 751); packaging chooses from it what each pair would install."""

import dataclasses
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from packaging.pylock import PackageSdist, Pylock

from .. import environment, set_up_failures
from ..groups import hashes
from . import KitError
from .pairs import Pair

# What select() yields for a package without a fitting wheel, in place of its source or an error.
NO_WHEEL = PackageSdist(name="no-wheel", path="no-wheel", hashes={})


@dataclass(frozen=True)
class Wheel:
    name: str
    url: str
    size: int | None  # in bytes, where the index says it
    sha256: str


@dataclass
class Chosen:
    """What one pair takes from the kit, and the packages that have no wheel for it."""

    pair: Pair
    wheels: set[Wheel] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)


@dataclass
class Choice:
    pairs: list[Chosen]
    refused: list[str]  # what the index has under a pinned version, and the pins don't know

    @property
    def wheels(self) -> set[Wheel]:
        return set().union(*(chosen.wheels for chosen in self.pairs))

    @property
    def lacking(self) -> list[str]:
        """For whom something is left out, and what: a sentence for each such group of pairs."""
        groups: dict[tuple, list[str]] = {}
        for chosen in self.pairs:
            if chosen.missing:
                group = chosen.pair.platform, ", ".join(sorted(chosen.missing))
                groups.setdefault(group, []).append(chosen.pair.python)
        return [
            f"{platform} with Python {', '.join(pythons)}: {names}"
            for (platform, names), pythons in groups.items()
        ]


def choose(pins: list[Path], pairs: list[Pair]) -> Choice:
    """For each pair the best of the wheels whose digests are in the pins."""
    lock, allowed = _lock(pins), hashes(pins)
    packages, refused = [], []
    for package in lock.packages:
        wheels = [one for one in package.wheels or () if one.hashes.get("sha256") in allowed]
        refused += [one.filename for one in package.wheels or () if one not in wheels]
        packages.append(dataclasses.replace(package, wheels=wheels, sdist=NO_WHEEL))
    lock = dataclasses.replace(lock, packages=packages)
    return Choice([_chosen(lock, pair) for pair in pairs], refused)


def _chosen(lock: Pylock, pair: Pair) -> Chosen:
    chosen = Chosen(pair)
    tags = pair.tags()
    for environment_there in pair.environments():
        for package, wheel in lock.select(environment=environment_there, tags=tags):
            if wheel is NO_WHEEL:
                chosen.missing.add(f"{package.name} {package.version}")
            else:
                url = wheel.url or Path(wheel.path).absolute().as_uri()
                sha256 = wheel.hashes["sha256"]
                chosen.wheels.add(Wheel(wheel.filename, url, wheel.size, sha256))
    return chosen


def _lock(pins: list[Path]) -> Pylock:
    """The pins with the addresses, sizes and digests of all their wheels."""
    command = [_uv(), "pip", "compile", "--universal", "--no-deps", "--no-build"]
    command += ["--python-version", "3.11", "--python", sys.executable]
    done = subprocess.run(
        [*command, "--format", "pylock.toml", "--no-header", *map(str, pins)],
        env={**_index(), "UV_SYSTEM_CERTS": "1", **os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode:
        why = set_up_failures.explain(done.stderr).replace(set_up_failures.AGAIN, "")
        raise KitError(f"{why.rstrip()} Then type the same again.")
    return Pylock.from_dict(tomllib.loads(done.stdout))


def _index() -> dict[str, str]:
    """pip's variable for the index under uv's name: one that is set for pip is meant for us too."""
    index = os.environ.get("PIP_INDEX_URL")
    return {"UV_DEFAULT_INDEX": index} if index else {}


def _uv() -> str:
    near = str(Path(sys.executable).parent)
    found = shutil.which("uv", path=os.pathsep.join([near, os.environ.get("PATH", os.defpath)]))
    if not found:
        raise KitError(
            "A kit is chosen by uv, and there is none here. Type: "
            f"{environment.install_command('uv')}. Then type the same again."
        )
    return found
