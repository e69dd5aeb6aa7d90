"""One program at a time works on a data folder."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QLockFile, QSysInfo

log = logging.getLogger(__name__)
LOCK_FILE = "hotpatch.lock"


class Owner(NamedTuple):
    """Who a lock file names; an empty one names nobody."""

    process: int
    host: str

    @property
    def text(self) -> str:
        if not self.host:
            return "a program that left no name (its lock file is empty)"
        return f"process {self.process} on the computer {self.host}"


def lock(folder: Path) -> QLockFile | None:
    """Held while the program runs on ``folder``, so that no second one sends its operations too; None
    where another program holds it. One left by a program of this computer that was killed is taken over; where
    nobody can write, nothing is sent, and the engine says so."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        log.warning("the data folder cannot be made")
    made = _lock_file(folder)
    is_held = not made.tryLock(0) and made.error() is QLockFile.LockError.LockFailedError
    return None if is_held else made


def doubtful_owner(folder: Path) -> Owner | None:
    """Who holds the folder, where this computer can't tell whether that program still runs; None where it does
    run here."""
    process, host, _ = _lock_file(folder).getLockInfo()
    if host == QSysInfo.machineHostName():
        return None
    return Owner(int(process), str(host))


def take_over(folder: Path) -> QLockFile | None:
    """Lock a folder whose owner the user knows to be gone; None where somebody else was faster."""
    owner = doubtful_owner(folder)
    if owner is not None:
        log.info("the data folder is taken over from %s", owner.text)
        (folder / LOCK_FILE).unlink(missing_ok=True)
    return lock(folder)


def _lock_file(folder: Path) -> QLockFile:
    made = QLockFile(str(folder / LOCK_FILE))
    made.setStaleLockTime(0)
    return made
