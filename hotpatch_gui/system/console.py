"""The terminal, or what stands for one: a pipe, a log, or nothing."""

from __future__ import annotations

import io
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from hotpatch_gui.domain.foreign_text import printable

EXIT_INTERRUPTED = 1


def prepare() -> None:
    """Before anything else: without an output nothing fails, a character that it lacks is replaced, and an
    interruption while the program is still being loaded ends it in order."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - for good
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)


def _end(_: int, __: FrameType | None) -> None:
    """At once: an exception amid the loading of Qt aborts the process, and nothing was begun yet."""
    os.write(2, b"Interrupted.\n")
    os._exit(EXIT_INTERRUPTED)


def plain(text: str) -> str:
    """What comes from outside moves no cursor; it has one line more for each line break of ours."""
    return "\n".join(map(printable, text.split("\n")))
