"""A folder that cannot be written to: what to say instead of a traceback.

Imports only the standard library, because the set-up uses it before anything is installed.
"""

import errno

from . import environment

READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
FULL = (errno.ENOSPC, errno.EDQUOT)


def explain(error: BaseException) -> str | None:
    """What to do about an error that a read-only or full disk raised; None for any other."""
    if not isinstance(error, OSError) or not error.filename:
        return None
    if error.errno in FULL:
        return f"The disk is full: {error.filename} could not be written. Free some space."
    if error.errno in READ_ONLY:
        return (
            f"{error.filename} could not be written: it is read-only for you. Copy the workshop's "
            f"folder ({environment.ROOT}) to a place of your own, and type the command there."
        )
    return None
