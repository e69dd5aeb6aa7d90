"""Release data from Microsoft or a file: reading and accepting it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from hotpatch_gui.azure.msrc_api import MAX_BYTES, DocumentEntry, MsrcApi
from hotpatch_gui.azure.msrc_document import (
    DocumentReleases,
    is_document,
    month_of,
    read_document,
)
from hotpatch_gui.azure.values import UnreadableError
from hotpatch_gui.domain.kb import normalize_kb
from hotpatch_gui.domain.learning import FORMAT, contradiction, merge, objection
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, Release, ReleaseKind, build_revision, read_release
from hotpatch_gui.store import machines, releases, situations
from hotpatch_gui.store.database import transaction
from hotpatch_gui.store.releases import MICROSOFTS_LIST
from hotpatch_gui.translation import translator

tr = translator("ReleaseKnowledge")

MSRC, FILE = "msrc", "file"
"""Origins of releases."""
MAX_DOCUMENTS = 24
"""Per update: two years."""


class ReleaseDataUpdate(NamedTuple):
    """The result of an update: ``added`` releases and ``rejected`` rows with reasons."""

    added: list[Release]
    rejected: list[str]
    documents: Mapping[str, str]
    """Revisions of read documents by ID."""

    @property
    def text(self) -> str:
        """The result for the user."""
        many = len(self.added)
        what = tr("%n release(s) added or completed", many) if many else tr("Nothing new")
        left = tr("; %n rejected", len(self.rejected)) if self.rejected else ""
        return f"{what}{left}."


def documents_to_read(
    listed: list[DocumentEntry], calendar: Calendar, read: Mapping[str, str]
) -> list[DocumentEntry]:
    """The newest MAX_DOCUMENTS documents from the first incomplete month on whose revision wasn't read, oldest first."""
    first = min(calendar.complete_until(p) for p in Product)
    gaps = [
        r.released
        for p in Product
        for r in calendar.monthly(p, date.max)
        if r.kb is None or (r.build is None and r.released.year >= first.year)
    ]
    since = f"{min([first, *gaps]):%Y-%m}"
    new = [d for d in listed if d.month >= since and read.get(d.id) != d.revised]
    return new[-MAX_DOCUMENTS:]


class KnownReleases(NamedTuple):
    """Known releases to compare with: the shipped calendar and learned (origin, release) pairs."""

    shipped: Calendar
    learned: tuple[tuple[str, Release], ...] = ()

    def beside(self, origin: str, month: str = "") -> Calendar:
        """The calendar without the origin's own rows of ``month``, or of all months, which it may correct."""
        own = (r for r in self.learned if r[0] == origin and (not month or r[1].month == month))
        left_out = set(map(id, own))
        return merge(self.shipped, [r for r in self.learned if id(r) not in left_out])

    def plus(self, origin: str, releases: Iterable[Release]) -> KnownReleases:
        """The knowledge with an origin's releases added."""
        return self._replace(learned=(*self.learned, *((origin, r) for r in releases)))


def known_to(db: sqlite3.Connection, shipped: Calendar) -> KnownReleases:
    """Releases known from the file."""
    return KnownReleases(shipped, tuple(releases.read_learned(db)))


def download(
    address: str,
    known: KnownReleases,
    read: Mapping[str, str],
    is_canceled: Callable[[], bool] = lambda: False,
) -> ReleaseDataUpdate:
    """Read what Microsoft publishes and the calendar doesn't have. Takes minutes; run it on a thread.

    A document that can't be read is named and doesn't affect others.

    Raises:
        ProblemError: nothing could be read; nothing was changed.
    """
    try:
        api = MsrcApi(address)
    except ValueError as error:
        problem = Problem(
            ProblemKind.REJECTED, str(error), tr("Use an https address."), may_have_been_sent=False
        )
        raise ProblemError(problem) from error
    added: list[Release] = []
    rejected: list[str] = []
    documents = {MICROSOFTS_LIST: ""}
    first: ProblemError | None = None
    for listed in documents_to_read(api.documents(), known.beside(MSRC), read):
        if is_canceled():
            break
        try:
            beside = known.beside(MSRC, listed.month)
            found = _read(api.document(listed.id), beside, listed.id)
        except ProblemError as error:
            first = first or error
            rejected.append(f"{listed.id}: {error.problem.text}")
            continue
        known = known.plus(MSRC, found.releases)
        added += found.releases
        rejected += found.rejected
        documents[listed.id] = listed.revised
    if first is not None and len(documents) == 1:
        raise first
    return ReleaseDataUpdate(added, rejected, documents)


def _read(body: Mapping[str, Any], calendar: Calendar, name: str) -> DocumentReleases:
    try:
        return read_document(body, calendar)
    except UnreadableError as error:
        raise ProblemError(_no_releases(name, str(error))) from error


def read_file(path: Path, known: KnownReleases) -> ReleaseDataUpdate:
    """Read a saved MSRC document or a list from ``releases export``.

    Raises:
        ProblemError: it is neither, or can't be read; nothing was changed.
    """
    try:
        if path.exists() and not path.is_file():
            raise ProblemError(_no_releases(path.name, tr("it isn't a file")))
        if path.stat().st_size > MAX_BYTES:
            raise ProblemError(
                _no_releases(path.name, tr("it is larger than {size} MB", size=MAX_BYTES >> 20))
            )
        body = orjson.loads(path.read_bytes())
    except OSError as error:
        reason = error.strerror or tr("it can't be read")
        raise ProblemError(_no_releases(path.name, reason)) from error
    except ValueError as error:
        raise ProblemError(_no_releases(path.name, tr("it isn't JSON"))) from error
    if is_document(body):
        found = _read(body, known.beside(FILE), path.name)
        return ReleaseDataUpdate(found.releases, found.rejected, {})
    if isinstance(body, Mapping) and body.get("format") == FORMAT:
        return _from_list(body.get("releases"), known, path.name)
    raise ProblemError(
        _no_releases(path.name, tr("it is neither an MSRC document nor a list of releases export"))
    )


def _from_list(rows: Any, known: KnownReleases, name: str) -> ReleaseDataUpdate:
    if not isinstance(rows, list):
        raise ProblemError(_no_releases(name, tr("its list of releases is missing")))
    added: dict[tuple[object, ...], Release] = {}
    seen: dict[tuple[object, ...], Release] = {}
    rejected = []
    for number, row in enumerate(rows, 1):
        release = _row(row)
        if release is None:
            rejected.append(tr("row {number} isn't a release", number=number))
            continue
        calendar = known.beside(FILE, release.month)
        if _brings_nothing(release, calendar):
            continue
        is_monthly = release.kind is not ReleaseKind.OUT_OF_BAND
        key = release.product, release.month, is_monthly or release.kb
        why = objection(release, calendar)
        if why is None and key in seen and seen[key] != release:
            added.pop(key, None)
            why = tr("{month}: the list has two rows for it", month=release.month)
        elif why is None:
            added[key] = seen[key] = release
            known = known.plus(FILE, [release])
        if why is not None:
            rejected.append(f"{release.product.label}, {why}")
    return ReleaseDataUpdate(list(added.values()), rejected, {})


def _row(row: Any) -> Release | None:
    """A row of the list, if the calendar can hold all of its values."""
    try:
        release = read_release(row)
        date.fromisoformat(f"{release.month}-01")
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
    texts = (release.confidence, release.source, release.note)
    kbs, builds = (release.kb, release.lcu_kb), (release.build, release.lcu_build)
    sound = (
        all(isinstance(t, str) for t in texts)
        and all(kb is None or (isinstance(kb, str) and normalize_kb(kb) == kb) for kb in kbs)
        and all(b is None or (isinstance(b, str) and build_revision(b)) for b in builds)
        and isinstance(row.get("restarts"), bool | None)
        and isinstance(row.get("offered", True), bool)
        and release.channel in ("hotpatch", "standard")
    )
    return release if sound else None


def _brings_nothing(release: Release, calendar: Calendar) -> bool:
    """Whether the calendar has all of it."""
    if release.kind is ReleaseKind.OUT_OF_BAND:
        return calendar.by_kb(release.product, release.kb) is not None
    known = calendar.month(release.product, release.month)
    if known is None or known.machines is not None or contradiction(known, release):
        return False
    names = ("kb", "build", "restarts", "lcu_kb", "lcu_build")
    return all(getattr(known, n) is not None or getattr(release, n) is None for n in names)


def save_update(
    db: sqlite3.Connection, origin: str, update: ReleaseDataUpdate, shipped: Calendar, now: datetime
) -> Calendar:
    """Store an update. Call it inside a transaction.

    Returns:
        The new calendar.

    Raises:
        UnreadableError: the stored release data can't be read.
    """
    for document in update.documents if not update.rejected else ():
        if document != MICROSOFTS_LIST:
            releases.forget_month(db, origin, month_of(document))
    releases.save_learned(db, origin, update.added, now)
    releases.save_documents(db, update.documents, now)
    calendar = releases.calendar_of(db, shipped)
    if update.added:
        releases.save_calendar(db, calendar)
    return calendar


def derive_all(db: sqlite3.Connection, calendar: Calendar, now: datetime) -> None:
    """Derive every machine's situation in one transaction, for the ``releases`` command line. The engine does it in slices
    (``ReleaseUpdates``)."""
    with transaction(db):
        situations.derive_and_record(db, machines.present(db), calendar, now)


def _no_releases(name: str, why: str) -> Problem:
    return Problem(
        ProblemKind.REJECTED,
        tr("No releases could be read from {name}: {why}.", name=name, why=why),
        tr("Earlier data is kept."),
    )
