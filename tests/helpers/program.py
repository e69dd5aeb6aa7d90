"""The program in a process of its own: this one, or a copy in another place."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from hotpatch_gui.system.data_folder import program_dir

TOP = program_dir()


def copied(folder: Path) -> Path:
    """A copy of the program and its resources, as from a stick."""
    for part in ("hotpatch_gui", "resources"):
        shutil.copytree(TOP / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run(program: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``hotpatch-gui`` of that place; ``home`` is where the platform would keep the data."""
    environment = os.environ | {
        "XDG_DATA_HOME": str(home),
        "LOCALAPPDATA": str(home),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "hotpatch_gui", *arguments]
    return subprocess.run(
        command,
        cwd=program,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
