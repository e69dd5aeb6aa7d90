"""Releases in the file: the current calendar (for joins), and what was learned since the program was built."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from hotpatch_gui.domain.hotpatch import HotpatchStatus
from hotpatch_gui.domain.learning import FLEET, Sighting, learn, merge
from hotpatch_gui.domain.machines import build_of, product_of
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, Release, ReleaseKind
from hotpatch_gui.domain.situation import Situation
from hotpatch_gui.domain.titles import read_title
from hotpatch_gui.domain.updates import RestartBehavior

from .situations import titles_of
from .timestamps import from_text, to_text

_FIELDS = (
    "product",
    "month",
    "released",
    "kind",
    "channel",
    "kb",
    "build",
    "restarts",
    "lcu_kb",
    "lcu_build",
    "confidence",
    "source",
)


def calendar_of(db: sqlite3.Connection, shipped: Calendar) -> Calendar:
    """``shipped`` combined with what the file has learned."""
    learned = read_learned(db)
    return merge(shipped, learned) if learned else shipped


def save_calendar(db: sqlite3.Connection, calendar: Calendar) -> None:
    """Replace the table ``releases`` with this calendar."""
    db.execute("DELETE FROM releases")
    db.executemany(
        f"INSERT INTO releases ({', '.join(_FIELDS)}) VALUES ({', '.join('?' * len(_FIELDS))})",
        [_values(r) for r in calendar.releases],
    )


def _values(r: Release) -> tuple[object, ...]:
    return (
        r.product,
        r.month,
        r.released.isoformat(),
        r.kind,
        r.channel,
        r.kb,
        r.build,
        r.restarts,
        r.lcu_kb,
        r.lcu_build,
        r.confidence,
        r.source,
    )


def read_learned(db: sqlite3.Connection) -> list[tuple[str, Release]]:
    """(origin, release), oldest first, without invalid rows."""
    rows = db.execute("SELECT * FROM learned_releases ORDER BY released, origin").fetchall()
    found = []
    for row in rows:
        try:
            found.append((str(row["origin"]), _release(row)))
        except ValueError:
            continue
    return found


def _release(row: sqlite3.Row) -> Release:
    return Release(
        Product(row["product"]),
        row["month"],
        date.fromisoformat(row["released"]),
        ReleaseKind(row["kind"]),
        row["channel"],
        row["kb"],
        row["build"],
        None if row["restarts"] is None else bool(row["restarts"]),
        row["lcu_kb"],
        row["lcu_build"],
        row["confidence"],
        row["source"],
        row["note"],
        bool(row["offered"]),
        row["machines"],
    )


def save_learned(
    db: sqlite3.Connection, origin: str, releases: Iterable[Release], now: datetime
) -> None:
    """Store an origin's releases, replacing its earlier rows of the same ones."""
    names = (*_FIELDS, "note", "offered", "machines", "origin", "learned_at")
    for r in releases:
        is_monthly = r.kind is not ReleaseKind.OUT_OF_BAND
        db.execute(
            "DELETE FROM learned_releases WHERE origin=? AND product=? AND month=?"
            " AND CASE WHEN ? THEN kind<>'out_of_band' ELSE kb IS ? END",
            (origin, r.product, r.month, is_monthly, r.kb),
        )
        db.execute(
            f"INSERT INTO learned_releases ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
            (*_values(r), r.note, r.is_offered, r.machines, origin, to_text(now)),
        )


def forget_month(db: sqlite3.Connection, origin: str, month: str) -> None:
    """Delete an origin's rows of a month before it is stored again."""
    db.execute("DELETE FROM learned_releases WHERE origin=? AND month=?", (origin, month))


def learn_from_fleet(db: sqlite3.Connection, calendar: Calendar, now: datetime) -> bool:
    """Store releases that only enrolled machines show.

    A month seen on more machines, as another kind, or now with its build, replaces the earlier row.

    Returns:
        Whether anything is new.
    """
    first = min(calendar.complete_until(p) for p in Product)
    first = min([first, *(r.released for r in calendar.releases if r.kb is None)])
    found = learn(_sightings(db, f"{first:%Y-%m}"), calendar)
    before = {(r.product, r.month): r for origin, r in read_learned(db) if origin == FLEET}
    new = [r for r in found if _is_better(r, before.get((r.product, r.month)))]
    save_learned(db, FLEET, new, now)
    return bool(new)


def _is_better(new: Release, old: Release | None) -> bool:
    if old is None or new.kind is not old.kind:
        return True
    if new.confidence != old.confidence:
        return True
    more = (new.machines or 0) > (old.machines or 0)
    return more or (new.build is not None and old.build is None)


def _sightings(db: sqlite3.Connection, since: str) -> Iterable[Sighting]:
    """Sightings of releases on enrolled machines since the month ``since``."""
    enrolled = (HotpatchStatus.ENABLED, Situation.OFF_TRAIN, Situation.AWAITS_BASELINE)
    rows = db.execute(
        "SELECT id, sku, os_name, os_version, edition, offered_releases FROM machines WHERE deleted_at IS NULL"
        " AND hotpatch_status=? AND situation NOT IN (?, ?) AND offered_releases>''",
        enrolled,
    )
    for row in rows:
        product = product_of(row["sku"], row["os_name"], row["os_version"], row["edition"])
        for title in titles_of(row["offered_releases"]) if product else ():
            if product and title.month >= since:
                yield Sighting(row["id"], product, title)
    installed = db.execute(
        "SELECT m.id, m.sku, m.os_name, m.os_version, m.edition, u.name, u.kb, u.restart,"
        " m.fetched_at>coalesce(i.modified_at, '9') AND coalesce(i.restart_status, '') IN ('NotNeeded', 'Completed')"
        "  AS runs"
        " FROM installations i JOIN installation_updates u ON u.installation_id=i.id JOIN machines m"
        " ON m.id=i.machine_id WHERE i.started_at>=? AND u.state='Installed' AND u.name GLOB '20[0-9][0-9]-*'"
        " AND m.deleted_at IS NULL AND m.hotpatch_status=? AND m.situation NOT IN (?, ?) ORDER BY i.started_at",
        (f"{since}-01", *enrolled),
    )
    newest: dict[int, Sighting] = {}
    for row in installed:
        product = product_of(row["sku"], row["os_name"], row["os_version"], row["edition"])
        named = read_title(row["name"], row["kb"], RestartBehavior.parse(row["restart"]))
        if product and named is not None and named.month >= since:
            earlier = newest.get(row["id"])
            if earlier is not None:
                yield earlier._replace(build=None)  # the running build is a later release's
            build = build_of(row["os_version"]) if row["runs"] else None
            newest[row["id"]] = Sighting(row["id"], product, named, build)
    yield from newest.values()


class Document(NamedTuple):
    """A document of Microsoft's Security Update API that was read, with its revision."""

    id: str
    revised: str
    read_at: datetime | None


def read_documents(db: sqlite3.Connection) -> dict[str, Document]:
    """Documents that were read, by ID."""
    rows = db.execute("SELECT id, revised, read_at FROM release_documents")
    return {row[0]: Document(row[0], row[1], from_text(row[2])) for row in rows}


def save_documents(db: sqlite3.Connection, revisions: Mapping[str, str], now: datetime) -> None:
    """Store revisions by document ID."""
    db.executemany(
        "INSERT OR REPLACE INTO release_documents VALUES (?, ?, ?)",
        [(name, revised, to_text(now)) for name, revised in revisions.items()],
    )


MICROSOFTS_LIST = "updates"
"""Microsoft's list itself, among the documents."""


def last_read(db: sqlite3.Connection) -> datetime | None:
    """When Microsoft's list was last read; None if never."""
    return from_text(db.execute("SELECT max(read_at) FROM release_documents").fetchone()[0])
