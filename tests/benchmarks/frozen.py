"""From the start of the process to the first paint with machines on an X server's screen: the frozen program beside the
same program from source. Needs ``make package`` and Xvfb.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from helpers.screen import Screen, served
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.theme.tokens import LIGHT

from .measure import Ratio, in_turns

LIMIT = 1.2
BUNDLE = Path(__file__).parents[2] / "dist" / "hotpatch-gui" / "hotpatch-gui"
DISPLAY, SIZE = ":88", "1400x900"
FIRST_MACHINE = (80, 130, 110, 162)
"""Where the glyph of the first machine in the list is: it is in trouble, and so red."""
TIMEOUT_S = 30.0


def measure(folder: Path, pairs: int) -> Ratio:
    """``folder`` gets a file that one sync of the demo has filled."""
    if not BUNDLE.exists() or shutil.which("Xvfb") is None:
        sys.exit("frozen: run make package first, and have Xvfb (apt install xvfb)")
    with Stage("light", folder=folder / "data" / "demo") as stage:
        stage.start()
    arguments = ("--data-dir", str(folder / "data"), "--theme", "light", "--demo")
    with served(DISPLAY, SIZE, folder / "screen") as screen:
        return in_turns(
            "first paint of the frozen program, beside its source",
            lambda: _seconds(screen, str(BUNDLE), *arguments),
            lambda: _seconds(screen, sys.executable, "-m", "hotpatch_gui", *arguments),
            limit=LIMIT,
            pairs=pairs,
        )


def _seconds(screen: Screen, *command: str) -> float:
    left_out = ("PYTHONDONTWRITEBYTECODE", "FONTCONFIG_FILE")
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith("QT_") and k not in left_out
    } | {"DISPLAY": DISPLAY}
    begun = time.monotonic()
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        seconds = _until(screen, begun, is_shown=True)
        process.kill()
    _until(screen, time.monotonic(), is_shown=False)
    return seconds


def _until(screen: Screen, begun: float, *, is_shown: bool) -> float:
    red = LIGHT.error
    color = (int(red[1:3], 16), int(red[3:5], 16), int(red[5:7], 16))
    while screen.shows(color, *FIRST_MACHINE) is not is_shown:
        if time.monotonic() > begun + TIMEOUT_S:
            raise TimeoutError("the window was never drawn" if is_shown else "it never went away")
        time.sleep(0.002)
    return time.monotonic() - begun
