"""Who was let in that should not have been, or refused that should not."""

import ast

from checks.step5_people.diagnoses.seen import calls, methods, names_in
from checks.step5_people.failures import LetIn
from workshop.checking.explaining.edits import around, below, imported, instead
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Closed, Crashed, Refused

VALIDATORS = ("AllowedHostsOriginValidator", "OriginValidator")
HOSTS = '["127.0.0.1", "localhost"]'
REFUSE = """

    if not self.scope["user"].is_authenticated:
        await self.close()
        return
"""


def _connects(evidence):
    return methods(evidence, "connect", "websocket_connect")


def _from_another_site(evidence):
    return "evil.example" in str(evidence.failure)


def _anonymous_came_in(evidence):
    """Somebody who is not logged in: let in, or closed when the database was asked for them."""
    if evidence.saw(Closed, Crashed) and evidence.error(r"AnonymousUser|UserLazyObject"):
        return True
    return evidence.saw(LetIn) and not _from_another_site(evidence)


@rule
def origin_not_validated(evidence):
    """A page of another site was let in."""
    if not evidence.saw_only(LetIn) or not _from_another_site(evidence):
        return None
    for source in evidence.project.sources:
        if source.tree is None or any(calls(source.tree, *VALIDATORS)):
            continue
        routers = calls(source.tree, "AuthMiddlewareStack") or calls(source.tree, "URLRouter")
        if routers and calls(source.tree, "ProtocolTypeRouter"):
            where = source.where(routers[0])
            code = "from channels.security.websocket import AllowedHostsOriginValidator"
            return Explanation(
                "A browser sends its cookies to your server from a page of any site, and nothing "
                "looks at where the page came from. Wrap this in AllowedHostsOriginValidator(…), "
                f"with `{code}`.",
                where,
                evidence.suggest(
                    where,
                    *around(routers[0], "AllowedHostsOriginValidator(", ")"),
                    *imported(source, code),
                ),
            )
    return None


@rule
def origin_allowed_for_all(evidence):
    """A validator is there, and lets every site through."""
    if not evidence.saw_only(LetIn) or not _from_another_site(evidence):
        return None
    for source in evidence.project.sources:
        for call in calls(source.tree or ast.Pass(), "OriginValidator"):
            if len(call.args) > 1 and "*" in names_in(call.args[1]):
                where = source.where(call)
                name = "AllowedHostsOriginValidator"
                changed = f"{name}({source.code(call.args[0])})"
                code = f"from channels.security.websocket import {name}"
                return Explanation(
                    f'With ["*"], pages of every site may speak here. Write `{changed}`, with '
                    f"`{code}`: it takes those of ALLOWED_HOSTS.",
                    where,
                    evidence.suggest(where, instead(call, changed), *imported(source, code)),
                )
    return None


@rule
def hosts_allowed_for_all(evidence):
    """ALLOWED_HOSTS = ["*"]"""
    if not evidence.saw_only(LetIn) or not _from_another_site(evidence):
        return None
    read, project = evidence.settings_read, evidence.project
    if read is None or "*" not in (read.allowed_hosts or ()):
        return None
    where, setting = (find("ALLOWED_HOSTS") for find in (project.where_set, project.setting))
    return Explanation(
        'ALLOWED_HOSTS has "*", so AllowedHostsOriginValidator takes a page of every site for '
        f"one of yours. Name your own: `ALLOWED_HOSTS = {HOSTS}`.",
        where,
        evidence.suggest(where, instead(setting.value, HOSTS)) if setting else None,
    )


@rule
def anonymous_user_is_an_object(evidence):
    """if not self.scope["user"]"""
    if not _anonymous_came_in(evidence):
        return None
    for consumer, connect in _connects(evidence):
        for node in ast.walk(connect):
            if not isinstance(node, ast.If) or "is_authenticated" in names_in(node.test):
                continue
            code = evidence.code_at(consumer.where(node.test), node.test)
            if "user" not in code or "anonymous" in code.lower():
                continue
            of = next((m for m in ('self.scope["user"]', "self.user", "user") if m in code), None)
            where = consumer.where(node.test)
            changed = f"not {of}.is_authenticated" if of else "not user.is_authenticated"
            return Explanation(
                "Someone who is not logged in has a user, too: an AnonymousUser, which is neither "
                f"None nor false. Write `if {changed}:`",
                where,
                evidence.suggest(where, instead(node.test, changed)) if of else None,
            )
    return None


@rule
def anonymous_goes_on(evidence):
    """They are asked for, and then the method goes on: with nobody's id to the database."""
    if not _anonymous_came_in(evidence):
        return None
    for consumer, connect in _connects(evidence):
        for node in ast.walk(connect):
            asks = isinstance(node, ast.If) and "is_authenticated" in names_in(node.test)
            if asks and not any(isinstance(one, ast.Return | ast.Raise) for one in ast.walk(node)):
                where, closes = consumer.where(node), calls(node, "close")
                return Explanation(
                    "connect() finds that nobody is logged in, and goes on. Close, and leave the "
                    "method: `await self.close()`, and `return` in the next line.",
                    where,
                    evidence.suggest(where, below(node.body[-1], "return")) if closes else None,
                )
    return None


@rule
def anonymous_let_in(evidence):
    """Nothing in connect() asks who it is."""
    if not _anonymous_came_in(evidence) or anonymous_user_is_an_object.find(evidence):
        return None
    found = _connects(evidence)
    if any("is_authenticated" in names_in(connect) for _, connect in found):
        return None
    consumer, connect = found[0] if found else (None, None)
    accepts = calls(connect, "accept") if connect else []
    return Explanation(
        "connect() accepts everybody. The user is in the scope, and someone who is not logged in "
        f"is refused before accept():{REFUSE}",
        consumer.where(accepts[0] if accepts else connect) if consumer else None,
    )


@rule
def user_not_from_the_session(evidence):
    """Somebody who is logged in was refused, and no middleware of Channels looks for them."""
    if not evidence.saw_only(Refused) or evidence.denied_for_origin:
        return None
    trees = [source.tree for source in evidence.project.sources if source.tree]
    if any(calls(tree, "AuthMiddlewareStack", "AuthMiddleware") for tree in trees):
        return None
    asks = ("is_authenticated", "is_anonymous")
    if not any(names_in(connect) & {*asks} for _, connect in _connects(evidence)):
        return None
    for source in evidence.project.sources:
        for router in calls(source.tree or ast.Pass(), "URLRouter"):
            where, code = source.where(router), source.code(router)
            outer = [c for c in evidence.nodes_at(where, ast.Call) if c.args[:1] == [router]]
            own = [c for c in outer if last_name(c.func) not in VALIDATORS]
            whole, stack = (own or [router])[0], f"AuthMiddlewareStack({code})"
            line = "from channels.auth import AuthMiddlewareStack"
            return Explanation(
                "This browser is logged in: its session's cookie came along. Nothing looks for the "
                "user of that session; AuthMiddlewareStack would. Write "
                f"`{stack}`, with `{line}`.",
                where,
                evidence.suggest(where, instead(whole, stack), *imported(source, line)),
            )
    return None


@rule
def logged_in_refused(evidence):
    """The condition is the wrong way round."""
    if evidence.denied_for_origin:
        return None
    if not evidence.saw_only(Refused) and not _anonymous_came_in(evidence):
        return None
    for consumer, connect in _connects(evidence):
        for node in ast.walk(connect):
            if not isinstance(node, ast.If) or not calls(node, "close"):
                continue
            code = evidence.code_at(consumer.where(node.test), node.test)
            negated = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
            plain = code.endswith("is_authenticated") and not negated
            if plain or (negated and code.endswith("is_anonymous")):
                where = consumer.where(node.test)
                changed = f"not {code}" if plain else code.removeprefix("not ")
                return Explanation(
                    f"This refuses those who are logged in. Write `if {changed}:`",
                    where,
                    evidence.suggest(where, instead(node.test, changed)),
                )
    return None
