"""What the checks of step 6 look at: the learner's tests, tried on thirteen chats."""

import pytest

from checks.step6_tests.observers.trial import Trial


@pytest.fixture
def trial(checking_session, check_run) -> Trial:
    prepared = checking_session.prepared
    (program,) = prepared.beside
    return Trial(program, prepared.folder, checking_session.project, check_run.timeline)
