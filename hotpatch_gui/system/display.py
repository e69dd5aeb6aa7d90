"""Whether a window can be shown."""

from __future__ import annotations

import os
import re
import sys

from hotpatch_gui.translation import translator

tr = translator("Display")

NO_DISPLAY = tr.mark(
    "There is no display, so no window can be shown.\nPictures of every screen can be "
    "made without one:  hotpatch-gui capture --out DIR  (in a checkout: make captures)\n"
    "On a server, an X server in memory does as well:     xvfb-run hotpatch-gui"
)


def has_display() -> bool:
    """Whether Qt would find a display; without one it ends the process on Linux."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    if os.environ.get("WAYLAND_DISPLAY"):
        return True
    display = os.environ.get("DISPLAY", "")
    local = re.fullmatch(r"(?:unix)?:(\d+)(?:\.\d+)?", display)
    if local is None:
        return bool(display)
    return is_listening(f"/tmp/.X11-unix/X{local[1]}")  # noqa: S108 - X servers listen there


def is_listening(path: str) -> bool:
    """Whether a server accepts connections at a local socket."""
    import socket  # noqa: PLC0415 - only if there is a display

    for name in (path, f"\0{path}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(name)
            except OSError:
                continue
            return True
    return False
