"""What can keep results from being stored, and how that is said."""

import errno
import sqlite3

from sqlalchemy.exc import SQLAlchemyError

ERRORS = (OSError, sqlite3.Error, SQLAlchemyError)
"""Of the file system and of the gradebook: a full or broken disk, rights that are missing."""


def reason(error: Exception) -> str:
    """What happened and what to do, in one line."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or "disk is full" in text:
        return f"the disk is full ({text}): make room and grade again; the rest is kept"
    return f"{text}: grade again when that is mended; the rest is kept"
