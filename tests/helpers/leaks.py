"""Threads, timers and windows that a test left behind."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QThread, QTimer
from shiboken6 import isValid


def at_work() -> list[str]:
    """Timers that tick and threads of Qt that run, whoever owns them: the collector knows them all."""
    found = [o for o in gc.get_objects() if issubclass(type(o), QObject)]
    return [
        f"{type(o).__name__} {o.objectName()} of {type(o.parent()).__name__}"
        for o in found
        if isValid(o)
        and ((isinstance(o, QTimer) and o.isActive()) or (isinstance(o, QThread) and o.isRunning()))
    ]
