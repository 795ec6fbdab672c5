"""The workshop's own tests. They keep the machine busy, so their checks get more patience: set
here, before anything of the checks is imported, and inherited by everything that the tests
start."""

import os

os.environ.setdefault("WORKSHOP_PATIENCE", "2")
