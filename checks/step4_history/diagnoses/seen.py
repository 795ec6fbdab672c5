"""What the rules of step 4 ask of the evidence."""

from workshop.checking.explaining.evidence import Evidence


def only(evidence: Evidence, *kinds: type) -> bool:
    """Whether it was one of these failures, and nothing that any project can get wrong says why: no
    exception, no coroutine that was not awaited."""
    return evidence.saw_only(*kinds) and not evidence.never_awaited()
