"""Which files are written: nothing that Azure or a file says may lead to a path outside the data folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_watches: list[_Watch] = []


class _Watch:
    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.outside: list[str] = []

    def see(self, path: str) -> None:
        found = Path(path.removeprefix("file://").partition("?")[0])
        own = "__pycache__" in found.parts or path == ":memory:" or found.is_relative_to("/dev")
        if not own and not found.resolve().is_relative_to(self.folder):
            self.outside.append(path)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watches:
        return
    if event == "open":
        path, _, flags = arguments
        if not isinstance(path, int) and flags & _WRITING:
            _watches[-1].see(os.fsdecode(path))
    elif event in ("sqlite3.connect", "os.mkdir", "os.rename", "shutil.copyfile"):
        _watches[-1].see(os.fsdecode(arguments[0]))


sys.addaudithook(_hook)


@contextmanager
def only_below(folder: Path) -> Iterator[None]:
    """Fails where something outside ``folder`` was opened for writing, made or moved."""
    _watches.append(_Watch(folder))
    try:
        yield
    finally:
        watch = _watches.pop()
    assert not watch.outside, f"outside {folder}: {watch.outside[:5]}"
