"""The environment variables by which a check and its programs know of each other.

Imports only the standard library, and little of it: ahead.py is in a hurry.
"""

import os

from workshop.environment import ROOT

WARM = "WORKSHOP_WARM"  # tells a check about the warm processes for the programs that it starts


def program_environment() -> dict[str, str]:
    """The variables of a program under check."""
    environment = {**os.environ}
    environment.pop(WARM, None)
    path = os.pathsep.join(filter(None, [environment.get("PYTHONPATH"), str(ROOT)]))
    return {
        **environment,
        "PYTHONPATH": path,  # for the page, when the project is outside the workshop
        "PYTHONUNBUFFERED": "1",  # a print is evidence, and must come before the crash
        # A pipe is not a console: on Windows it would only take the letters of one code page, and a
        # print() of any other would end the consumer. Takes precedence over PYTHONUTF8.
        # https://docs.python.org/3/using/cmdline.html#envvar-PYTHONIOENCODING
        "PYTHONIOENCODING": "utf-8",
    }
