"""``releases``: the horizon of release knowledge, and how to extend it."""

from __future__ import annotations

import argparse
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hotpatch_gui.azure.msrc_api import MsrcApi
from hotpatch_gui.domain.clock import system_clock
from hotpatch_gui.domain.feeds import PUBLIC_FEED
from hotpatch_gui.domain.problems import ProblemError
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.models.export_writers import atomic_write
from hotpatch_gui.models.release_sources import export_rows, summary, summary_json
from hotpatch_gui.store import database, releases
from hotpatch_gui.store.database import FILE_NAME, open_reader
from hotpatch_gui.system import resources
from hotpatch_gui.translation import translator
from hotpatch_gui.worker.release_knowledge import (
    FILE,
    MSRC,
    ReleaseDataUpdate,
    derive_all,
    download,
    known_to,
    read_file,
    save_update,
)

from .common import CommandError, Exit, locked, write_message

if TYPE_CHECKING:
    from hotpatch_gui.application.targets import CloudTarget

tr = translator("ReleasesCommand")


def releases_command(options: argparse.Namespace, folder: Path, target: CloudTarget) -> int:
    """Show, update, import or export release data."""
    match options.releases_action:
        case "update":
            return _update(options, folder, target)
        case "import":
            return _import(options, folder, target)
        case "export":
            return _export(options, folder, target)
    return _show(options, folder, target)


def _show(options: argparse.Namespace, folder: Path, target: CloudTarget) -> int:
    db = open_reader(folder / FILE_NAME)
    try:
        calendar = _calendar(db)
        now = target.clock(db)()
        last = releases.last_read(db) if db is not None else None
        if options.json:
            print(json.dumps(summary_json(calendar, resources.calendar(), now, last)))
        else:
            print("\n".join(summary(calendar, resources.calendar(), now, last)))
    finally:
        if db is not None:
            db.close()
    return Exit.DONE


def _calendar(db: sqlite3.Connection | None) -> Calendar:
    shipped = resources.calendar()
    return releases.calendar_of(db, shipped) if db is not None else shipped


def _update(options: argparse.Namespace, folder: Path, target: CloudTarget) -> int:
    url = options.url or PUBLIC_FEED
    try:
        MsrcApi(url)
    except ValueError as error:
        raise CommandError(str(error), Exit.USAGE) from error
    with _writing(folder, target) as db:
        read = {i: d.revised for i, d in releases.read_documents(db).items()}
        write_message(
            tr("Reading Microsoft's Security Update API; a month's document is 10 to 40 MB.")
        )
        try:
            found = download(url, known_to(db, resources.calendar()), read)
        except ProblemError as error:
            raise CommandError(str(error)) from error
        return _store(options, db, MSRC, found, target.clock(db)())


def _import(options: argparse.Namespace, folder: Path, target: CloudTarget) -> int:
    with _writing(folder, target) as db:
        try:
            found = read_file(options.file, known_to(db, resources.calendar()))
        except ProblemError as error:
            raise CommandError(str(error)) from error
        return _store(options, db, FILE, found, target.clock(db)())


def _store(
    options: argparse.Namespace,
    db: sqlite3.Connection,
    origin: str,
    found: ReleaseDataUpdate,
    now: datetime,
) -> int:
    with database.transaction(db):
        calendar = save_update(db, origin, found, resources.calendar(), system_clock())
    derive_all(db, calendar, now)
    for reason in found.rejected:
        write_message(tr("Refused: {reason}.", reason=reason))
    if options.json:
        print(json.dumps({"added": len(found.added), "rejected": found.rejected}))
    else:
        print(found.text)
        print("\n".join(summary(calendar, resources.calendar(), now, releases.last_read(db))))
    return (
        Exit.PARTLY
        if found.rejected and found.added
        else Exit.FAILED
        if found.rejected
        else Exit.DONE
    )


def _export(options: argparse.Namespace, folder: Path, _: CloudTarget) -> int:
    db = open_reader(folder / FILE_NAME)
    try:
        rows = export_rows(_calendar(db), system_clock())
    finally:
        if db is not None:
            db.close()
    try:
        with atomic_write(options.out) as part:
            part.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    except OSError as error:
        reason = error.strerror or tr("it can't be written")
        raise CommandError(
            tr("{out} couldn't be written: {reason}.", out=options.out, reason=reason)
        ) from error
    print(json.dumps({"file": str(options.out)}) if options.json else options.out)
    return Exit.DONE


@contextmanager
def _writing(folder: Path, target: CloudTarget) -> Iterator[sqlite3.Connection]:
    """The locked file for writing. Raises CommandError if that isn't possible."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = locked(folder, target)
    try:
        db, set_aside = database.prepare(folder / FILE_NAME, target.data_origin)
        if set_aside is not None:
            write_message(
                tr(
                    "The file was damaged. It is kept as {set_aside}, and a new one was created.",
                    set_aside=set_aside,
                )
            )
        with closing(db):
            yield db
    except ProblemError as error:
        raise CommandError(str(error)) from error
    finally:
        held.unlock()
