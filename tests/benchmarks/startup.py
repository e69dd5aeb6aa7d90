"""From the start of the process to the first painted frame with the last known data on it.

The floor is a process that paints one bare window with a table over a model. Both run with their byte code
written, as after an installation.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from hotpatch_gui.captures.stage import Stage

from .measure import Ratio, in_turns

LIMIT = 1.5
CHILDREN = Path(__file__).with_name("children")


def measure(folder: Path, pairs: int) -> Ratio:
    """``folder`` gets a file that one sync of the demo has filled."""
    with Stage("light", folder=folder / "demo") as stage:
        stage.start()
    return in_turns(
        "start-up",
        lambda: _seconds("program.py", str(folder)),
        lambda: _seconds("bare.py"),
        limit=LIMIT,
        pairs=pairs,
    )


def _seconds(child: str, *arguments: str) -> float:
    command = [sys.executable, str(CHILDREN / child), *arguments]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    begun = time.clock_gettime(time.CLOCK_MONOTONIC)
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return float(done.stdout.split()[-1]) - begun
