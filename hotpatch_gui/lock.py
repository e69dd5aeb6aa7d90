"""One program at a time works on a data folder."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QLockFile

log = logging.getLogger(__name__)
LOCK_FILE = "hotpatch.lock"


def lock(folder: Path) -> QLockFile | None:
    """Held while the program runs on ``folder``, so that no second one sends its operations too; None
    where another program holds it. One left by a program that was killed is taken over; where nobody can
    write, nothing is sent, and the worker says so."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        log.warning("the data folder cannot be made")
    made = QLockFile(str(folder / LOCK_FILE))
    made.setStaleLockTime(0)
    is_held = not made.tryLock(0) and made.error() is QLockFile.LockError.LockFailedError
    return None if is_held else made
