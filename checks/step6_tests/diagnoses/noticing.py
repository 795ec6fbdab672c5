"""Tests that pass on a chat with a fault."""

from checks.step6_tests.failures import Survived
from workshop.checking.explaining.rules import Explanation, rule


@rule
def fault_not_noticed(evidence):
    """No test looks at what is wrong."""
    if not evidence.saw(Survived):
        return None
    fault = evidence.failure.fault
    return Explanation(
        f"{fault.does} All of your tests pass with it. A test that notices it has to {fault.look}."
    )
