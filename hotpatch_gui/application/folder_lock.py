"""Only one process uses a data folder."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QLockFile, QSysInfo

from hotpatch_gui.translation import translator

tr = translator("FolderLock")

log = logging.getLogger(__name__)
LOCK_FILE = "hotpatch.lock"


class Owner(NamedTuple):
    """The owner that a lock file names; an empty file names nobody."""

    process: int
    host: str

    @property
    def text(self) -> str:
        """The owner for messages."""
        if not self.host:
            return tr("an unknown program (its lock file is empty)")
        return tr("process {process} on the computer {host}", process=self.process, host=self.host)


def lock(folder: Path) -> QLockFile | None:
    """Lock the folder, so that no second process sends its operations; None if another one holds it.

    A lock of a killed process on this computer is taken over. In a folder that can't be written, nothing is sent.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        log.warning("the data folder cannot be made")
    made = _lock_file(folder)
    is_locked = not made.tryLock(0) and made.error() is QLockFile.LockError.LockFailedError
    return None if is_locked else made


def uncertain_owner(folder: Path) -> Owner | None:
    """The owner of a lock, if this computer can't determine whether it still runs; None otherwise."""
    process, host, _ = _lock_file(folder).getLockInfo()
    if host == QSysInfo.machineHostName():
        return None
    return Owner(int(process), str(host))


def take_over(folder: Path) -> QLockFile | None:
    """Lock a folder whose owner is known to be gone; None if somebody else was faster."""
    owner = uncertain_owner(folder)
    if owner is not None:
        log.info("the data folder is taken over from %s", owner.text)
        (folder / LOCK_FILE).unlink(missing_ok=True)
    return lock(folder)


def _lock_file(folder: Path) -> QLockFile:
    made = QLockFile(str(folder / LOCK_FILE))
    made.setStaleLockTime(0)
    return made
