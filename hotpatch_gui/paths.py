"""Where this program keeps its data, by the platform's custom."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FOLDER = "HotpatchDashboard"


def default_data_dir() -> Path:
    """``%LOCALAPPDATA%``, ``~/Library/Application Support`` or ``$XDG_DATA_HOME``, and our folder in it."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / FOLDER
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / FOLDER
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / FOLDER
