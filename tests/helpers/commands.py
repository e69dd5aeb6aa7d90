"""``hotpatch-gui`` commands as processes of their own, without a display."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

Done = subprocess.CompletedProcess[str]


def command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "hotpatch_gui", "--data-dir", str(folder), *arguments]


def environment() -> dict[str, str]:
    """Without a display."""
    gone = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return {k: v for k, v in os.environ.items() if k not in gone}


def run(folder: Path, *arguments: str, typed: str | None = None) -> Done:
    """Run a command; ``typed`` is its standard input."""
    return subprocess.run(
        command(folder, *arguments),
        input=typed,
        capture_output=True,
        text=True,
        timeout=100,
        env=environment(),
        check=False,
    )
