"""The learner's work is in a file that is never read: its name is not quite that of the one that
is."""

import ast
import difflib
import re

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import Where

TODO = re.compile(r"# TODO (\d+):")
# What an editor, a download or a copy adds to a name.
ADDED = re.compile(r"( ?\(\d+\)| ?- ?[Cc]op(y|ie)| [Cc]opy|[_-](new|copy|final)|~)+$")
TEXTS = (".py", ".txt", ".save", "")  # nano keeps what could not be saved as name.save


@rule
def work_in_a_file_beside(evidence):
    """A file of almost the same name has done TODOs that the one that is read still has."""
    project = evidence.project
    for source in project.sources:
        left = set(TODO.findall(source.text))
        near = _named_almost(source.path.parent, source.path.stem) if left else []
        for file in [*near, *_elsewhere(project, source.path, source)] if left else ():
            text = file.read_text(encoding="utf-8", errors="replace")
            code = re.sub(r"(?m)^\s*#.*$", "", text).strip()
            if code and set(TODO.findall(text)) < left and not _is_imported(project, file):
                return Explanation(
                    f"Your work seems to be in {_shown(project, file)}, which nothing imports. "
                    f"The project reads {_shown(project, source.path)}, whose "
                    "TODOs are not done yet: move your work into it.",
                    Where(file),
                )
    return None


@rule(
    raised=r"^(?:ModuleNotFoundError: No module named '([\w.]+)'"
    r"|ImportError: cannot import name '(\w+)' from '([\w.]+)')"
)
def file_named_otherwise(evidence, error, module, name, package):
    """The file that an import names is not there, and one of almost that name is."""
    project, where = evidence.project, evidence.where(error)
    module = module or f"{package}.{name}"
    wanted = project.folder.joinpath(*module.split(".")).with_suffix(".py")
    if where is None or project.source(module) or not wanted.parent.is_dir():
        return None
    elsewhere = _elsewhere(project, wanted) if "." in module else []
    for file in [*_named_almost(wanted.parent, wanted.stem), *elsewhere]:
        if not _is_imported(project, file):
            if file.parent != wanted.parent:
                rename = f"move it to {_shown(project, wanted)}"
            else:
                rename = f"rename it to {wanted.name}"
            hidden = " Windows may hide the ending .txt." if file.suffix == ".txt" else ""
            return Explanation(
                f"There is no {_shown(project, wanted)}, but there is {_shown(project, file)}: "
                f"{rename}.{hidden}",
                where,
            )
    return None


def _named_almost(folder, stem):
    """The files in a folder whose names are almost `stem`.py."""
    found = []
    for file in sorted(folder.iterdir()):
        known = file.suffix in TEXTS or file.suffix.endswith("~")
        if not file.is_file() or not known or file.name == f"{stem}.py":
            continue
        name = ADDED.sub("", file.name.partition(".")[0])
        close = difflib.SequenceMatcher(None, name.lower(), stem.lower()).ratio() > 0.85
        if close and ".py" in file.name:
            found.append(file)
    return found


def _elsewhere(project, wanted, like=None):
    """The project's files of that name in other folders; with `like`, those that define a class
    which that one has."""
    names = {node.name for node in like.nodes(ast.ClassDef)} if like else set()
    return [
        source.path
        for source in project.sources
        if source.path.name == wanted.name and source.path != wanted
        if like is None or names & {node.name for node in source.nodes(ast.ClassDef)}
    ]


def _is_imported(project, file):
    """Whether some file of the project imports it or names it in a string."""
    module = ".".join(file.relative_to(project.folder).with_suffix("").parts)
    if file.suffix != ".py" or not file.stem.isidentifier():
        return False
    named = re.compile(rf"[\"']{re.escape(module)}\b")
    return any(
        name == module or name.startswith(f"{module}.")
        for source in project.sources
        for name in source.imports.values()
    ) or any(named.search(source.text) for source in project.sources)


def _shown(project, file):
    return file.relative_to(project.folder).as_posix()
