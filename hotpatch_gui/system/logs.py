"""The log: a rotated file in the data folder, without tokens or headers."""

from __future__ import annotations

import logging
import re
import sys
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from hotpatch_gui.domain.foreign_text import without_tokens

FILE_NAME = "hotpatch.log"
MAX_BYTES, KEPT = 1_000_000, 3
_ENTRY = re.compile(r"\d{4}-\d{2}-\d{2} \S+ [A-Z]+ ")
_WARNING = re.compile(r"\S+ \S+ (WARNING|ERROR|CRITICAL) ")


class _NoSecrets(logging.Formatter):
    """Replaces anything that looks like a token."""

    def format(self, record: logging.LogRecord) -> str:
        """The line without tokens."""
        return without_tokens(super().format(record))


def start_log(folder: Path) -> None:
    """Log to ``folder``, or to standard error if it can't be written."""
    handler: logging.Handler
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / FILE_NAME,
            maxBytes=MAX_BYTES,
            backupCount=KEPT,
            encoding="utf-8",
            errors="backslashreplace",
        )
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(
        _NoSecrets("%(asctime)s %(levelname)s %(threadName)s %(name)s %(message)s")
    )
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    for noisy in ("azure", "urllib3", "msal"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    sys.excepthook = _log_exception
    threading.excepthook = lambda args: _log_exception(
        args.exc_type, args.exc_value, args.exc_traceback
    )


def entries_of(folder: Path) -> list[str]:
    """The log's entries, oldest first, each with its traceback; empty without a log."""
    try:
        text = (folder / FILE_NAME).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    found: list[str] = []
    for line in text.splitlines():
        if _ENTRY.match(line) or not found:
            found.append(line)
        else:
            found[-1] += f"\n{line}"
    return found


def is_warning(entry: str) -> bool:
    """Whether an entry is a warning or an error."""
    return _WARNING.match(entry) is not None


def warnings_of(folder: Path, most: int) -> list[str]:
    """The first lines of the log's last warnings, oldest first; empty without a log."""
    return [entry.partition("\n")[0] for entry in entries_of(folder) if is_warning(entry)][-most:]


def _log_exception(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if error is not None:
        logging.getLogger("hotpatch_gui").critical(
            "unexpected error", exc_info=(kind, error, trace)
        )
    sys.__excepthook__(kind, error or kind(), trace)
