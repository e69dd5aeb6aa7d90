"""The computer's user."""

from __future__ import annotations

import getpass

from hotpatch_gui.translation import translator

tr = translator("User")


def local_user() -> str:
    """The user's name for the audit log."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return tr("not known")
