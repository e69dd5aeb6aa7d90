"""Who is at the computer."""

from __future__ import annotations

import getpass


def local_user() -> str:
    """Who is at the computer, for the audit log."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "not known"
