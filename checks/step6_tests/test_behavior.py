"""What must be true of step 6: the learner's tests pass on a chat that is right, and fail with each
fault that is planted (faults.toml)."""


async def test_they_pass_on_the_right_chat(trial):
    """Your tests pass on a chat that is right."""
    await trial.passes_on_the_right_chat()


async def test_each_of_them_decides_something(trial):
    """Each of your tests has something that could fail."""
    await trial.decides()


async def test_a_stranger_is_noticed(trial):
    """A chat that lets in someone who is not logged in is noticed."""
    await trial.notices("stranger")


async def test_another_site_is_noticed(trial):
    """A chat that lets in a page of another site is noticed."""
    await trial.notices("origin")


async def test_a_missing_answer_is_noticed(trial):
    """A chat that does not tell the sender the id is noticed."""
    await trial.notices("answer")


async def test_what_is_old_is_noticed(trial):
    """A chat that sends a browser that comes back everything again is noticed."""
    await trial.notices("after")


async def test_a_channel_left_behind_is_noticed(trial):
    """A chat that leaves the channel of a closed browser in its group is noticed."""
    await trial.notices("discard")


async def test_an_echo_is_noticed(trial):
    """A chat that answers nobody but the sender is noticed."""
    await trial.notices("echo")


async def test_one_group_for_all_is_noticed(trial):
    """A chat in which all rooms share one group is noticed."""
    await trial.notices("rooms")


async def test_a_doubled_message_is_noticed(trial):
    """A chat that sends each message more than once is noticed."""
    await trial.notices("twice")


async def test_a_false_author_is_noticed(trial):
    """A chat that believes the author in the frame is noticed."""
    await trial.notices("author")


async def test_a_doubled_row_is_noticed(trial):
    """A chat that stores a message that is sent again a second time is noticed."""
    await trial.notices("stored")


async def test_a_dropped_frame_is_noticed(trial):
    """A chat that drops what is not a message without an error is noticed."""
    await trial.notices("error")


async def test_a_ghost_is_noticed(trial):
    """A chat that keeps someone who has left on the list is noticed."""
    await trial.notices("presence")


async def test_they_say_the_same_each_time(trial):
    """Your tests say the same in five runs on the same chat."""
    await trial.says_the_same_each_time()
