"""The data folder, by the platform's convention."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hotpatch_gui.translation import translator

tr = translator("DataFolder")

FOLDER = "HotpatchDashboard"
MARKER, PORTABLE_FOLDER = "portable.txt", "HotpatchDashboard-data"
"""A file of this name next to the program keeps all data in this folder next to it."""


class PortableError(Exception):
    """``str()`` is for the user."""


def program_dir() -> Path:
    """The bundle's folder, or the folder that contains the package."""
    frozen = getattr(sys, "frozen", False)
    return Path(sys.executable).parent if frozen else Path(__file__).resolve().parents[2]


def portable_data_dir(program: Path) -> Path | None:
    """The data folder next to a program with the marker file; None without it.

    Raises:
        PortableError: it can't be written. Data is never stored elsewhere instead.
    """
    if not (program / MARKER).exists():
        return None
    import tempfile  # noqa: PLC0415 - not before the first paint elsewhere

    folder = program / PORTABLE_FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise PortableError(
            tr(
                "This program is portable ({program}), and {folder} can't be written: {strerror}. "
                "Nothing was read or kept elsewhere.\nMake the folder writable, remove {marker}, or "
                "name another folder with --data-dir.",
                program=program / MARKER,
                folder=folder,
                strerror=error.strerror or error,
                marker=MARKER,
            )
        ) from error
    return folder


def default_data_dir() -> Path:
    """Our folder in ``%LOCALAPPDATA%``, ``~/Library/Application Support`` or ``$XDG_DATA_HOME``."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / FOLDER
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / FOLDER
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / FOLDER
