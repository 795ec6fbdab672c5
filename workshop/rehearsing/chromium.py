"""The Chromium of this machine, for what only a real browser shows."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def executable() -> str | None:
    """Its path: the variable WORKSHOP_CHROMIUM, else the first one on the PATH."""
    return os.environ.get("WORKSHOP_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
