"""Pages: what Django answers over HTTP."""

import ast

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import BadPage, Closed, Refused, Unanswered


@rule(raised=r"DisallowedHost: ")
def host_not_allowed(evidence, error):
    if evidence.saw(BadPage):
        hosts = getattr(evidence.settings_read, "allowed_hosts", None)
        shown = f" It is {hosts!r}." if hosts is not None else ""
        return Explanation(
            "Django answers only for the hosts in ALLOWED_HOSTS, and 127.0.0.1 is not among them."
            f"{shown} "
            'Write ALLOWED_HOSTS = ["127.0.0.1", "localhost"].',
            evidence.project.where_set("ALLOWED_HOSTS"),
        )


@rule(raised=r"TemplateDoesNotExist: (.+)")
def template_missing(evidence, error, name):
    if evidence.saw(BadPage):
        return Explanation(
            f"Django found no template {name}. "
            "Its app must be in INSTALLED_APPS ('page' brings the chat's), "
            "and the name in render() must be that of the file."
        )


@rule(raised=r"AttributeError: '\w+' object has no attribute 'base_send'")
def consumer_called_from_a_view(evidence, error):
    where = evidence.where(error)
    send = evidence.call_for(where, "get_channel_layer().group_send", "…")
    return Explanation(
        "A consumer that you make yourself belongs to no browser and cannot send. "
        f"From outside of consumers, send to a group: {send}",
        where,
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
    else:
        what = "None: return the rendered page."
    return Explanation(f"The view {name}() returned {what}", where)


@rule(raised=r"AttributeError: '(tuple|dict|str|list|int|bool|bytes|set)' object has")
def view_returns_no_response(evidence, error, kind):
    """Django, which got it from the view, missed what every response has."""
    if not evidence.saw(Refused, Unanswered, Closed) and error.raised_in("django"):
        comma = " (a comma at the end of the line makes one)" if kind == "tuple" else ""
        return Explanation(
            f"The view returned a {kind}{comma}, and a view returns a response: "
            "what render(), HttpResponse() or JsonResponse() gives."
        )


@rule
def page_not_found(evidence):
    if evidence.saw(BadPage) and evidence.status == 404:
        urlconf = evidence.project.source(evidence.project.setting_value("ROOT_URLCONF") or "")
        return Explanation(
            f"No page answers at {evidence.failure.path}: urls.py has no path to it. "
            "The chat's pages are /chat/ and /chat/<room_name>/.",
            urlconf.where(urlconf.assignment("urlpatterns")) if urlconf else None,
        )
