"""What the check of step 1 starts beside the step's server, and as early."""

from checks.step1_sync_vs_async.observers.exhibition import Exhibition

PROGRAMS = (Exhibition,)  # each is called with the folder of the project
