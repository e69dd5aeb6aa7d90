"""Stacks of a thread and its loop's tasks, for the log."""

from __future__ import annotations

import asyncio
import io
import sys
import threading
import traceback


def stacks(thread: threading.Thread, loop: asyncio.AbstractEventLoop | None) -> str:
    """Stacks of the thread and of its loop's tasks."""
    text = io.StringIO()
    traceback.print_stack(sys._current_frames().get(thread.ident or 0), file=text)  # noqa: SLF001 - the only way to another thread's stack
    for task in asyncio.all_tasks(loop) if loop is not None else ():
        task.print_stack(limit=8, file=text)
    return text.getvalue()
