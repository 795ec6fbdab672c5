"""Pages: what Django answers over HTTP."""

import ast

from workshop.checking.explaining.edits import around, instead, last_in
from workshop.checking.explaining.nodes import mentions
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.spelling import nearest
from workshop.checking.failures import BadPage, Closed, Refused, Unanswered

OF_PAGE = ("chat/index.html", "chat/room.html")  # the templates of the workshop's app `page`


@rule(raised=r"DisallowedHost: ")
def host_not_allowed(evidence, error):
    if evidence.saw(BadPage):
        hosts = getattr(evidence.settings_read, "allowed_hosts", None)
        shown = f" It is {hosts!r}." if hosts is not None else ""
        where = evidence.project.where_set("ALLOWED_HOSTS")
        setting = evidence.project.setting("ALLOWED_HOSTS")
        written = setting.value if setting and isinstance(setting.value, ast.List) else None
        return Explanation(
            "Django only responds to the hosts in ALLOWED_HOSTS, and 127.0.0.1 "
            f'is not among them.{shown} Add "127.0.0.1" to the list.',
            where,
            evidence.suggest(where, last_in(written, '"127.0.0.1"')) if written else None,
        )


@rule(raised=r"TemplateDoesNotExist: (.+)")
def template_missing(evidence, error, name):
    if not evidence.saw(BadPage):
        return None
    project, lacks = evidence.project, f"Django found no template {name}."
    if name in OF_PAGE and "page" not in (project.setting_value("INSTALLED_APPS") or ("page",)):
        where, apps = project.where_set("INSTALLED_APPS"), project.setting("INSTALLED_APPS").value
        return Explanation(
            f'{lacks} It belongs to the app page, which is missing here. Add "page" to the list.',
            where,
            evidence.suggest(where, last_in(apps, '"page"')),
        )
    files = [file for file in project.folder.rglob("templates/**/*.html") if file.is_file()]
    names = [file.as_posix().partition("/templates/")[2] for file in files]
    return _misspelled_template(evidence, name, lacks, [*names, *OF_PAGE])


def _misspelled_template(evidence, name, lacks, names):
    written = [
        (source, node)
        for source in evidence.project.sources
        for node in source.nodes(ast.Constant)
        if node.value == name
    ]
    if (near := nearest(name, names)) and len(written) == 1:
        source, node = written[0]
        return Explanation(
            f'{lacks} Did you mean "{near}"?',
            source.where(node),
            evidence.suggest(source.where(node), instead(node, f'"{near}"')),
        )
    return Explanation(
        f"{lacks} The name in render() must be that of a file in a "
        "folder templates/ of an app in INSTALLED_APPS.",
        written[0][0].where(written[0][1]) if len(written) == 1 else None,
    )


@rule(raised=r"AttributeError: '\w+' object has no attribute 'base_send'")
def consumer_called_from_a_view(evidence, error):
    where = evidence.where(error)
    instead_of_it = ""
    if evidence.teaches("groups"):
        send = evidence.call_for(where, "get_channel_layer().group_send", "group, event")
        instead_of_it = f" From outside consumers, send to a group:\n    {send}"
    return Explanation(
        "A consumer that you create yourself has no connection to a browser, so it cannot send. "
        f"Remove this line.{instead_of_it}",
        where,
        evidence.without_call(where),
    )


@rule(raised=r"ValueError: The view (?:([\w.]+)\.)?(\w+) didn't return an HttpResponse object")
def view_returns_nothing(evidence, error, module, name):
    source = evidence.project.source(module or "")
    functions = source.nodes(ast.FunctionDef, ast.AsyncFunctionDef) if source else ()
    view = next((node for node in functions if node.name == name), None)
    where = source.where(view) if view else None
    if "coroutine" in error.message:
        what = "an unawaited coroutine: write await in front of the call in it."
        if isinstance(view, ast.FunctionDef):
            what = f"an unawaited coroutine: write `async def {name}`, and await the call in it."
        return Explanation(f"The view {name}() returned {what}", where)
    last = view.body[-1] if view else None
    if isinstance(last, ast.Expr) and not isinstance(last.value, ast.Constant):
        return Explanation(
            f"The view {name}() returned None: it has no return. End it with\n"
            f"    return {source.code(last)}",
            where,
            evidence.suggest(where, *around(last, "return ", "")),
        )
    return Explanation(
        f"The view {name}() returned None. "
        "Make it return a response in every case, such as what render() returns.",
        where,
    )


@rule(raised=r"AttributeError: '(tuple|dict|str|list|int|bool|bytes|set)' object has")
def view_returns_no_response(evidence, error, kind):
    """Django, which got it from the view, missed what every response has."""
    if not evidence.saw(Refused, Unanswered, Closed) and error.raised_in("django"):
        found = _returning(evidence.project, kind)
        source, view, value = found[0] if len(found) == 1 else (None, None, None)
        name = f"The view {view.name}()" if view else "The view"
        where = source.where(value) if view else None
        if kind == "tuple" and view:
            return Explanation(
                f"{name} returned a tuple, because this line ends with a comma. Remove the comma.",
                where,
                evidence.suggest(where, instead(value, source.code(value.elts[0]))),
            )
        return Explanation(
            f"{name} returned a {kind}, but a view returns a response: what "
            "render(), HttpResponse() or JsonResponse() returns.",
            where,
        )


LITERALS = {"str": (ast.JoinedStr,), "dict": (ast.Dict,), "list": (ast.List,), "set": (ast.Set,)}


def _returning(project, kind):
    """The views that return a value of this kind as it is written there, with the value."""
    return [
        (source, view, node.value)
        for source in project.sources
        for view in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if view.args.args and view.args.args[0].arg == "request"
        for node in ast.walk(view)
        if isinstance(node, ast.Return) and node.value and _is_of(node.value, kind)
    ]


def _is_of(value, kind):
    if isinstance(value, ast.BoolOp):
        value = value.values[0]
    if kind == "tuple":
        return isinstance(value, ast.Tuple) and len(value.elts) == 1
    if isinstance(value, ast.Constant):
        return type(value.value).__name__ == kind
    return isinstance(value, LITERALS.get(kind, ()))


@rule
def page_not_found(evidence):
    if evidence.saw(BadPage) and evidence.status == 404:
        urlconf = evidence.project.source(evidence.project.setting_value("ROOT_URLCONF") or "")
        parts = evidence.failure.path.strip("/").count("/")
        for urls, view in _without_a_path(evidence.project):
            arguments = [argument.arg for argument in view.args.args[1:]]
            patterns = urls.assignment("urlpatterns")
            if len(arguments) == parts and patterns and isinstance(patterns.value, ast.List):
                pattern = "".join(f"<slug:{name}>/" for name in arguments)
                code = f'path("{pattern}", views.{view.name}, name="{view.name}")'
                return Explanation(
                    f"No page answers at {evidence.failure.path}: no path leads to the view "
                    f"{view.name}(). Add to urlpatterns\n    {code},",
                    urls.where(patterns),
                    evidence.suggest(urls.where(), last_in(patterns.value, code)),
                )
        return Explanation(
            f"No page answers at {evidence.failure.path}: urls.py has no path to it. "
            "The chat's pages are /chat/ and /chat/<room_name>/.",
            urlconf.where(urlconf.assignment("urlpatterns")) if urlconf else None,
        )


def _without_a_path(project):
    """The views of apps whose urls.py imports their views and does not name this one."""
    for urls in project.sources:
        views = project.source(f"{urls.module.rpartition('.')[0]}.views")
        if urls.path.name == "urls.py" and views and "views" in urls.imports and urls.tree:
            for view in views.tree.body if views.tree else ():
                if isinstance(view, ast.FunctionDef | ast.AsyncFunctionDef):
                    if not mentions(urls.tree, view.name):
                        yield urls, view
