"""What is left when no cause is known: what was seen, and the attendee's own last line in it."""

from workshop.checking.diagnosing import Catalogue
from workshop.checking.failures import BadPage, BrokeOff, NoRecord, NotListening, Silent, Unanswered

catalogue = Catalogue()
diagnosis = catalogue.diagnosis


@diagnosis("exhibition-broke-off", "step1")
def _(evidence):
    if evidence.saw(BrokeOff, NoRecord) and evidence.errors:
        found = next((e for e in evidence.errors if evidence.where(e)), evidence.errors[0])
        return f"Python stopped here: {found.text}", evidence.where(found)


@diagnosis("exception")
def _(evidence):
    """The first exception: those after it are often its consequences."""
    errors = [error for error in evidence.errors if evidence.where(error)] or evidence.errors
    if errors:
        return (
            f"The server's log shows an exception: {errors[0].text}.",
            evidence.where(errors[0]),
        )


@diagnosis("server-exited")
def _(evidence):
    if evidence.exited:
        codes = [p.exit_code for p in evidence.programs if p.exit_code is not None]
        last = [line for line in evidence.log.splitlines() if line.strip()][-3:]
        return (
            f"The server ended by itself, with exit code {codes[0]}. The last it wrote:\n"
            + "\n".join(f"    {line}" for line in last)
            + "\nLook for exit(), quit() or sys.exit() in your code."
        )


@diagnosis("never-started")
def _(evidence):
    if evidence.saw(NotListening):
        where = evidence.stuck[1] if evidence.stuck else None
        return (
            f"{evidence.failure.message} While it should have started, it was busy elsewhere: look "
            "for code outside of functions that waits or loops.",
            where,
        )


@diagnosis("given-up")
def _(evidence):
    """The limit of the whole run was reached: who failed is the check."""
    if getattr(evidence.failure, "who", None) == "check":
        return (
            f"{evidence.failure.message} If other programs keep this machine busy, check again. "
            "If not, something here is slow: see what with --log."
        )


@diagnosis("no-answer")
def _(evidence):
    if evidence.saw(Silent, Unanswered, BadPage):
        return (
            f"{evidence.failure.message} The server's log shows no exception. See it with --log; "
            f"to "
            "find how far your code comes, put print() into it."
        )
