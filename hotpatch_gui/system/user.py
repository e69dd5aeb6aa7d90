"""The computer's user."""

from __future__ import annotations

import getpass


def local_user() -> str:
    """The user's name for the audit log."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "not known"
