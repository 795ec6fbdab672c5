"""What is left when no cause is known: what was seen, and the learner's own last line in it."""

import ast
import signal

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import BadPage, NotListening, NotPrepared, Silent, Unanswered


@rule
def raised_on_purpose(evidence):
    """A `raise` or `assert` of the learner's own, which no rule above knows."""
    error = next(iter(evidence.errors), None)
    if error is None or not evidence.raised_by_them(error):
        return None
    where = evidence.where(error)
    for node in evidence.nodes_at(where, ast.Raise, ast.Assert):
        code = evidence.project.source_at(where).code(node)
        return Explanation(
            f"Your own line raised this {error.name}: {code}\n"
            "Delete the line, or look for what leads there.",
            where,
        )


@rule
def exception(evidence):
    """The first exception: those after it are often its consequences."""
    errors = [error for error in evidence.errors if evidence.where(error)] or evidence.errors
    if errors:
        return Explanation(
            f"An exception was raised: {errors[0].text.rstrip('.')}.",
            evidence.where(errors[0]),
        )


@rule
def server_exited(evidence):
    if evidence.exited and not evidence.saw(NotPrepared):
        codes = [p.exit_code for p in evidence.programs if p.exit_code is not None]
        last = [line for line in evidence.log.splitlines() if line.strip()][-3:]
        return Explanation(
            f"{_how_it_ended(codes[0])} Its last output was:\n"
            + "\n".join(f"    {line}" for line in last),
            next(filter(None, map(evidence.where, evidence.exits)), None),
        )


def _how_it_ended(code):
    """A negative exit code is that of a signal (subprocess.Popen.returncode)."""
    if code < 0:
        return (
            f"The server was killed by signal {-code} ({signal.strsignal(-code)}). "
            "Look for os.kill() or os.abort() in your code, or "
            "for something that uses up all memory."
        )
    return (
        f"The server ended by itself, with exit code {code}. "
        "Look for exit(), quit() or sys.exit() in your code."
    )


@rule
def never_started(evidence):
    if evidence.saw(NotListening) or (evidence.saw(NotPrepared) and evidence.stuck):
        where = evidence.stuck[1] if evidence.stuck else None
        return Explanation(
            f"{evidence.failure.message} It was still busy when it should have been "
            "listening: look for code outside functions that waits or loops.",
            where,
        )


@rule
def given_up(evidence):
    """The limit of the whole run was reached: who failed is the check."""
    if getattr(evidence.failure, "who", None) == "check":
        return Explanation(
            f"{evidence.failure.message} "
            "If other programs keep this machine busy, check again. "
            "If not, something here is slow: run the check with --log to see what."
        )


@rule
def no_answer(evidence):
    if evidence.saw(Silent, Unanswered, BadPage):
        return Explanation(
            f"{evidence.failure.message} The server's log shows no exception. "
            "Run the check again with --log to see all of it; to see how far your "
            "code gets, add print() calls: it shows their output, too."
        )
