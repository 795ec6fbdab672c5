"""What the checks of step 6 look at: the learner's tests, tried on thirteen chats."""

import pytest

from checks.step6_tests.observers.trial import Trial


@pytest.fixture
def trial(checking_session, check_run) -> Trial:
    return Trial(checking_session, check_run.timeline)
