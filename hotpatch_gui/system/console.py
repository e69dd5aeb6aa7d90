"""The terminal, or whatever replaces it: a pipe, a log, or nothing."""

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
    """Prepare output and interruptions before anything else.

    Nothing fails without an output, unsupported characters are replaced, and an interruption during startup ends in order.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - permanently
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)


def _end(_: int, __: FrameType | None) -> None:
    """End immediately: an exception while Qt loads would abort the process, and nothing was started yet."""
    os.write(2, b"Interrupted.\n")
    os._exit(EXIT_INTERRUPTED)


def plain(text: str) -> str:
    """Text from outside that moves no cursor, with our line breaks only."""
    return "\n".join(map(printable, text.split("\n")))
