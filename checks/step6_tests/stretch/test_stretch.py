"""The stretch task of step 6: a thirteenth fault, which the learner plants."""


async def test_a_fault_that_nobody_notices_yet(trial):
    """The fault of your own is one that the solution's twelve tests overlook."""
    await trial.passes_on_the_right_chat()
    await trial.overlooked_by_the_twelve()


async def test_it_is_noticed_now(trial):
    """Your tests notice the fault of your own."""
    await trial.notices_its_own()
