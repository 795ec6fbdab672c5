"""A file or folder of the learner's that hides a module: Python imports it in its place."""

import itertools
import re

from workshop.checking.events import ConsumerMade
from workshop.checking.explaining.rules import Explanation, advice, rule
from workshop.checking.explaining.shadows import hidden_files, shadows_in
from workshop.checking.explaining.source import Where
from workshop.checking.failures import NotASGI


def _told(shadow):
    kind = "folder" if shadow.is_folder else "file"
    shown = shadow.name + ("/" if shadow.is_folder else ".py")
    return Explanation(
        f"Your {kind} {shown} has the name of {shadow.what}, so Python "
        f"imports yours instead wherever {shadow.name} is imported. "
        f"Give it another name, such as my_{shown}.",
        Where(shadow.file),
    )


@rule
def file_shadows_a_package(evidence):
    """The exception names the module, or came out of the learner's file of that name."""
    for shadow in shadows_in(evidence.project.folder):
        named = re.compile(rf"'{shadow.name}(?:\.[\w.]*)?'")
        for error in evidence.errors:
            of_imports = error.name in ("ModuleNotFoundError", "ImportError", "AttributeError")
            said = of_imports and named.search(error.message)
            if said or _imported_by_others(evidence, error, shadow):
                return _told(shadow)
    return None


def _imported_by_others(evidence, error, shadow):
    """Whether an installed package was importing the learner's file when it failed."""
    frames = [frame for frame in error.frames if "importlib" not in str(frame.file)]
    return any(
        inner.file == shadow.file and not evidence.is_theirs(outer.file)
        for outer, inner in itertools.pairwise(frames)
    )


@rule(needs="chat")
def folder_shadows_the_server(evidence):
    """With a daphne/ of the learner's in INSTALLED_APPS, runserver is Django's own."""
    for shadow in shadows_in(evidence.project.folder) if evidence.saw(NotASGI) else ():
        if shadow.name in ("daphne", "channels"):
            return _told(shadow)


@advice
def file_hides_a_module(evidence):
    """A check may pass all the same: it starts the program with most modules imported already."""
    for shadow in shadows_in(evidence.project.folder):
        if shadow.is_imported_by_all:
            return _told(shadow)
    return None


# A folder beside a file


def _folder_first(evidence, file):
    relative = file.relative_to(evidence.project.folder)
    folder = relative.with_suffix("")
    return Explanation(
        f"You have both a file {relative.as_posix()} and a "
        f"folder {folder.as_posix()}/ with an __init__.py. "
        "Python imports the folder, and the file is never read. "
        f"Delete the folder, or move the file into it as {folder.as_posix()}/__init__.py.",
        Where(file),
    )


@rule
def folder_beside_the_file(evidence):
    """The module that was asked for something is the folder; or there is nothing in that one."""
    for file in hidden_files(evidence.project.folder):
        module = ".".join(file.relative_to(evidence.project.folder).with_suffix("").parts)
        if not (file.with_suffix("") / "__init__.py").read_bytes().strip():
            return _folder_first(evidence, file)
        for error in evidence.errors:
            if re.search(rf"'{re.escape(module)}'|'{re.escape(module)}\.", error.message):
                return _folder_first(evidence, file)
    return None


@rule
def consumer_in_a_hidden_file(evidence):
    """A consumer ran, and the class of that name that the learner sees is in the other file."""
    if not evidence.events(ConsumerMade):
        return None
    for file in hidden_files(evidence.project.folder):
        text = file.read_text(encoding="utf-8", errors="replace")
        if any(re.search(rf"^class {c.name}\b", text, re.MULTILINE) for c in evidence.consumers):
            return _folder_first(evidence, file)
    return None


@advice
def file_is_never_read(evidence):
    file = next(hidden_files(evidence.project.folder), None)
    return file and _folder_first(evidence, file)
