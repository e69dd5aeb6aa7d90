"""Shared by commands: exit codes, the session and selected connections."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from hotpatch_gui.application.folder_lock import lock, take_over, uncertain_owner
from hotpatch_gui.application.headless import AbandonedError, Session
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.problems import ProblemError
from hotpatch_gui.store import connections, machines
from hotpatch_gui.store.database import (
    FILE_NAME,
    is_damaged,
    is_of_earlier_version,
    must_be_readable,
    open_reader,
    prepare,
    store_problem,
)
from hotpatch_gui.system.console import plain
from hotpatch_gui.translation import translator
from hotpatch_gui.worker.operation_scheduler import SendPolicy

if TYPE_CHECKING:
    from PySide6.QtCore import QLockFile

    from hotpatch_gui.application.targets import CloudTarget
    from hotpatch_gui.domain.connections import Connection

tr = translator("Common")

FOLDER_IN_USE = tr.mark(
    "Hotpatch Dashboard is already using this data, in a window or another command: {folder}\n"
    "Close the other window or wait for the other command, or use another folder with "
    "--data-dir. An open window syncs automatically."
)
FOLDER_LOCKED = tr.mark(
    "The data folder {folder} is locked by {owner}. This computer can't determine whether that "
    "process is still running.\nIf it isn't, add --take-over. Otherwise a request could be sent "
    "twice."
)
NO_DATA = tr.mark("No data has been read from Azure yet. Run: hotpatch-gui sync")
NO_CONNECTION = tr.mark(
    "There is no connection to Azure yet. Create one in the window, or see: hotpatch-gui "
    "connect --help\nTo use the demo: hotpatch-gui --demo …"
)


class Exit(IntEnum):
    """Exit codes."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_PERMITTED = 3
    PARTLY = 4
    NOT_KNOWN = 5
    """Nothing failed, but a result isn't known, or work is still in progress."""


POSSIBLY_CARRIED_OUT = (OperationState.SENT, OperationState.RUNNING, OperationState.UNKNOWN)
"""States of operations that Azure may have carried out, or is carrying out."""


class CommandError(Exception):
    """Ends a command; ``str()`` is for the user."""

    def __init__(self, text: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(text)
        self.code = code


def write_message(text: str) -> None:
    """Print a message to standard error."""
    print(plain(text), file=sys.stderr, flush=True)


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns as wide as their texts; without ``heads``, only the rows."""
    table = [[plain(cell) for cell in row] for row in ([heads, *rows] if heads else rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        print("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())


def locked(folder: Path, target: CloudTarget) -> QLockFile:
    """The folder's lock.

    Raises:
        CommandError: another program holds it.
    """
    held = take_over(folder) if target.takes_over else lock(folder)
    if held is not None:
        return held
    owner = uncertain_owner(folder)
    if owner is not None:
        raise CommandError(tr(FOLDER_LOCKED, folder=folder, owner=owner.text))
    raise CommandError(tr(FOLDER_IN_USE, folder=folder))


def bring_up_to_date(folder: Path, target: CloudTarget) -> None:
    """Migrate a file of an earlier version before a command reads it.

    Raises:
        CommandError: another program uses it, or it can't be migrated.
    """
    path = folder / FILE_NAME
    if not is_of_earlier_version(path):
        return
    held = locked(folder, target)
    try:
        prepare(path, target.data_origin)[0].close()
    except ProblemError as error:
        raise CommandError(error.problem.text) from error
    finally:
        held.unlock()


@contextmanager
def session(
    folder: Path,
    target: CloudTarget,
    *,
    only: frozenset[int] | None = None,
    sends: SendPolicy = SendPolicy.NOTHING,
) -> Iterator[Session]:
    """A session on the locked folder.

    Raises:
        CommandError: another program uses it, or the command stopped waiting.
    """

    held = locked(folder, target)
    try:
        with Session(folder, target, write_message, only=only, sends=sends) as running:
            yield running
    except AbandonedError as error:
        raise CommandError(str(error)) from error
    finally:
        held.unlock()


def print_json(value: object) -> None:
    """Print one JSON object; with ASCII escapes unless the output is UTF-8, which would lose letters."""
    is_utf8 = (sys.stdout.encoding or "").casefold().replace("-", "") == "utf8"
    print(json.dumps(value, ensure_ascii=not is_utf8))


def file_problem(error: sqlite3.Error, path: Path) -> str:
    """The problem with the file, and the step on the command line that solves it."""
    if is_damaged(error):
        return tr(
            "The file {path} is damaged. To keep it as a copy and start a new one, open the "
            "window or run hotpatch-gui sync. If the connections can't be read, run hotpatch-gui "
            "connect.",
            path=path,
        )
    return store_problem(error, path).text


@contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection to the file.

    Raises:
        CommandError: there is no file, or it can't be used.
    """

    path = folder / FILE_NAME
    db = open_reader(path)
    if db is None:
        try:
            must_be_readable(path)
        except ProblemError as error:
            cause = error.__cause__
            if isinstance(cause, sqlite3.Error):
                raise CommandError(file_problem(cause, path)) from error
            raise CommandError(error.problem.text) from error
        raise CommandError(tr(NO_DATA))
    try:
        yield db
    finally:
        db.close()


def connection_ids(
    folder: Path, target: CloudTarget, names: Sequence[str] | None
) -> frozenset[int] | None:
    """IDs of the named connections; None for all.

    Raises:
        CommandError: a name is unknown, or there is no connection.
    """

    if target.seed is not None and not names:
        return None
    known: list[Connection] = []
    if (folder / FILE_NAME).exists():
        with reading(folder) as db:
            known = connections.read_all(db)
    if not known:
        if target.seed is not None:
            raise CommandError(tr(NO_DATA))
        raise CommandError(tr(NO_CONNECTION), Exit.USAGE)
    if not names:
        return None
    found = {c.name.casefold(): c.id for c in known}
    missing = [name for name in names if name.casefold() not in found]
    if missing:
        there = ", ".join(c.name for c in known)
        raise CommandError(
            tr(
                "No connection named “{missing}”. Available: {there}.",
                missing=", ".join(missing),
                there=there,
            ),
            Exit.USAGE,
        )
    return frozenset(found[name.casefold()] for name in names)


def ids(db: sqlite3.Connection, only: frozenset[int] | None) -> list[int]:
    """Row IDs of these connections' machines."""
    if only is None:
        return machines.present(db)
    return [i for number in sorted(only) for i in machines.present(db, number)]
