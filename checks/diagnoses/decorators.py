"""Django's decorators and mixins for views, on a consumer."""

import ast

from workshop.checking.explaining.edits import left_out, undecorated
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, advice, rule

FOR_VIEWS = (
    "django.contrib.auth.decorators.",
    "django.contrib.auth.mixins.",
    "django.contrib.admin.views.decorators.",
    "django.views.",
    "django.utils.decorators.",
    "rest_framework.",
)
LOGIN = ("login_required", "permission_required", "user_passes_test", "LoginRequiredMixin")


def decorators(evidence):
    """Each decorator of a consumer's class or methods: the consumer, what it decorates, and the
    decorator without its arguments."""
    for consumer in evidence.consumers:
        for node in (consumer.node, *consumer.methods.values()):
            for decorator in node.decorator_list:
                yield consumer, node, getattr(decorator, "func", decorator)


# Django's, for views


@rule(raised=r"^(?:AttributeError|TypeError)")
def view_decorator_on_a_consumer(evidence, error):
    before_theirs = error.raised_in("django") and evidence.where(error) is None
    if not before_theirs and "'request'" not in error.message:
        return None
    for consumer, node, decorator in decorators(evidence):
        source = evidence.project.source_at(consumer.where(node))
        if (source.dotted(decorator) or "").startswith(FOR_VIEWS):
            written, where = ast.unparse(decorator), consumer.where(decorator)
            whole = next(d for d in node.decorator_list if getattr(d, "func", d) is decorator)
            return Explanation(
                f"{written} is for views, whose first argument is a request. A consumer gets none, "
                f"so {node.name} fails before it begins. Remove the decorator.{_login(evidence)}",
                where,
                evidence.suggest(where, undecorated(whole)),
            )


def _login(evidence):
    """Where a consumer finds who is logged in, for whoever asked for that."""
    if not any(consumer.mentions(name) for consumer in evidence.consumers for name in LOGIN):
        return ""
    return ' If asgi.py uses AuthMiddlewareStack, the logged-in user is self.scope["user"].'


@rule
def view_mixin_on_a_consumer(evidence):
    for consumer in evidence.consumers if evidence.errors else ():
        for base in consumer.node.bases:
            if _through_a_view(evidence.errors) and (consumer.source.dotted(base) or "").startswith(
                FOR_VIEWS
            ):
                return Explanation(
                    f"{ast.unparse(base)} is for views: its dispatch() takes a request, and a "
                    "consumer's takes an event. Remove it from the class line."
                    f"{_login(evidence)}",
                    consumer.where(),
                    evidence.suggest(consumer.where(), left_out(base, consumer.node.bases)),
                )


def _through_a_view(errors):
    """Whether code of Django's for views was running."""
    parts = [{*frame.file.parts} for error in errors for frame in error.frames]
    return any("django" in one and one & {"views", "mixins.py"} for one in parts)


@advice(needs="chat")
def csrf_exempt_without_effect(evidence):
    for consumer, _, decorator in decorators(evidence):
        if last_name(decorator) == "csrf_exempt":
            where = consumer.where(decorator)
            return Explanation(
                "csrf_exempt has no effect here: Django only checks "
                "CSRF tokens for views, never for consumers. "
                "Remove the decorator.",
                where,
                evidence.suggest(where, undecorated(decorator)),
            )
