"""Sheets for exports: machines, compliance, history, restarts, coverage, rollout and the audit log."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, TypeVar

from hotpatch_gui.domain.clock import age_text
from hotpatch_gui.domain.compliance_group import ComplianceGroup
from hotpatch_gui.domain.evidence import classify
from hotpatch_gui.domain.exposure import required_builds
from hotpatch_gui.domain.horizon import horizon_notes
from hotpatch_gui.domain.machines import build_of
from hotpatch_gui.domain.phrases import listed_or
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product
from hotpatch_gui.domain.situation import COUNTS_UNREPORTED, LIST_UNREPORTED, RESTART_UNREPORTED
from hotpatch_gui.domain.status_text import status_text
from hotpatch_gui.store import additional_lists, lists, situations, sync_state, tables
from hotpatch_gui.store.machine_rows import MachineRow
from hotpatch_gui.store.timestamps import from_text
from hotpatch_gui.system import resources
from hotpatch_gui.translation import translator

from . import display_text
from .columns import CALLS, COMPLIANCE, HISTORY
from .ledger import RESTARTS, read_ledger
from .report import Report, Sheet, iso
from .row_model import Column, time_of

tr = translator("ExportSheets")

CHUNK = 1000
R = TypeVar("R")
EVER = datetime(2000, 1, 1, tzinfo=UTC)
EXPORT_NAMES = ("machines", "compliance", "history", "restarts", "coverage", "rollout", "audit")
REPORTED = ("compliance", "history", "restarts")
"""The sheets of a report of machines."""
UNPRINTED = frozenset(
    {
        "id",
        "run",
        "body",
        "resource_id",
        "subscription",
        "location",
        "read",
        "unhealthy_since",
        "tags",
        "machine_kind",
        "of_connection",
        "machine_power",
    }
)
"""Keys of columns that don't fit on a page."""


def _if_reported(column: str, *parts: str) -> Callable[[MachineRow], Any]:
    """A column that is empty without a current assessment, instead of 0."""
    return lambda row: (
        getattr(row, column)
        if row.assessed_at and row.in_graph and not any(part in row.unreported for part in parts)
        else None
    )


def _pending(row: MachineRow) -> str:
    if row.restart_pending:
        return "Yes"
    return "No" if row.in_graph and RESTART_UNREPORTED not in row.unreported else "Not known"


def missing_text(is_missing: bool | None) -> str:
    """Whether a monthly update is missing; None is not known."""
    if is_missing is None:
        return "Not known"
    return "Yes" if is_missing else "No"


def _unhealthy_since(row: MachineRow) -> datetime | None:
    return from_text(row.resource_health_at) if display_text.reports_unhealthy(row) else None


def _missing_since(row: MachineRow) -> date | None:
    return date.fromisoformat(row.missing_since) if row.missing_since else None


MACHINES = (
    Column("name", "Machine", 0, lambda r, _: r.name),
    Column("machine_kind", "Kind", 0, lambda r, _: display_text.kind_text(r)),
    Column("of_connection", "Connection", 0, lambda r, _: r.connection_name or ""),
    Column("subscription", "Subscription", 0, lambda r, _: r.subscription_name),
    Column("group", "Resource group", 0, lambda r, _: r.resource_group),
    Column("location", "Region", 0, lambda r, _: r.location),
    Column("machine_power", "Power state", 0, lambda r, _: display_text.power_text(r)),
    Column("hotpatch", "Hotpatch", 0, lambda r, _: r.hotpatch_status),
    Column("situation", "Status", 0, lambda r, _: r.situation or "Not read yet"),
    Column(
        "health",
        "Resource Health",
        0,
        lambda r, _: (r.resource_health or "") if display_text.reports_unhealthy(r) else "",
    ),
    Column("unhealthy_since", "Unhealthy since", 0, lambda r, _: "", raw=_unhealthy_since),
    Column("build", "OS version", 0, lambda r, _: r.os_version or ""),
    Column("product", "Product", 0, lambda r, _: r.product or ""),
    Column("missing", "Monthly update missing", 0, lambda r, _: missing_text(r.update_missing)),
    Column("since", "Missing since", 0, lambda r, _: "", raw=_missing_since),
    Column(
        "updates", "Updates", 0, lambda r, _: "", raw=_if_reported("updates", COUNTS_UNREPORTED)
    ),
    Column(
        "definitions",
        "Definition updates",
        0,
        lambda r, _: "",
        raw=_if_reported("definitions", COUNTS_UNREPORTED),
    ),
    Column(
        "restarting",
        "Updates that restart",
        0,
        lambda r, _: "",
        raw=_if_reported("updates_restarting", COUNTS_UNREPORTED, LIST_UNREPORTED),
    ),
    Column(
        "may_restart",
        "Updates that may restart",
        0,
        lambda r, _: "",
        raw=_if_reported("updates_may_restart", COUNTS_UNREPORTED, LIST_UNREPORTED),
    ),
    Column("pending", "Restart pending", 0, lambda r, _: _pending(r)),
    Column("assessed", "Assessed", 0, lambda r, _: "", raw=time_of("assessed_at")),
    Column("read", "Read", 0, lambda r, _: "", raw=time_of("fetched_at")),
    Column("tags", "Tags", 0, lambda r, _: r.tags),
    Column("id", "Resource ID", 0, lambda r, _: r.azure_id),
)


def builds_text(builds: Sequence[str]) -> str:
    """The builds of a month, of which a machine needs one; empty for none."""
    return listed_or(builds)


def _machine_columns(calendar: Calendar, now: datetime) -> tuple[Column, ...]:
    """MACHINES with the build that each machine should have now."""

    def required(row: MachineRow, _: datetime) -> str:
        product = Product.of_build(build_of(row.os_version)) if row.product else None
        return builds_text(required_builds(product, calendar, now.date()))

    at = next(n for n, column in enumerate(MACHINES) if column.key == "product")
    return (*MACHINES[:at], Column("required", "Required build", 0, required), *MACHINES[at:])


def sheet_of(title: str, columns: Sequence[Column], rows: Iterable[Any], now: datetime) -> Sheet:
    """Rows of a view as values; titles of times name UTC."""
    shown = [c for c in columns if c.key != "age"]
    unprinted = frozenset(n for n, c in enumerate(shown) if c.key in UNPRINTED)
    return Sheet(
        title,
        [c.head for c in shown],
        ([_cell(c, row, now) for c in shown] for row in rows),
        unprinted,
    )


def _cell(column: Column, row: Any, now: datetime) -> Any:
    if column.raw is not None:
        return column.raw(row)
    text = column.text(row, now)
    return None if text == display_text.NOTHING else text


def rows_of(
    db: sqlite3.Connection,
    table: tables.TableQuery[R],
    where: tables.Where,
    sort: str,
    descending: bool,
    *,
    selected: Sequence[int] | None = None,
) -> Iterator[R]:
    """All rows of a view in order, or selected ones, read in chunks."""
    ids = table.ids(db, where, sort, descending)
    if selected is not None:
        needed_ids = frozenset(selected)
        ids = array("q", (i for i in ids if i in needed_ids))
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        found = table.rows(db, part)
        yield from (found[i] for i in part if i in found)


def sheet(
    what: str,
    db: sqlite3.Connection,
    machine_ids: Sequence[int] | None,
    calendar: Calendar,
    now: datetime,
) -> Sheet:
    """One of EXPORT_NAMES, for these machines or all."""
    title = what.capitalize()
    if what == "machines":
        own = _machine_columns(calendar, now)
        return sheet_of(title, own, _machines(db, machine_ids, calendar, now), now)
    if what in ("coverage", "rollout"):
        columns, of_all = _computed(what, db, calendar, now)
        needed_ids = None if machine_ids is None else frozenset(machine_ids)
        mine = [row for row in of_all if needed_ids is None or row.id in needed_ids]
        return sheet_of(title, columns, mine, now)
    if what == "restarts":
        ledger = read_ledger(db, calendar, machine_ids, EVER)
        return sheet_of(title, RESTARTS, ledger.rows, now)
    listed: dict[str, tuple[tables.TableQuery[Any], Sequence[Column], tables.Where]] = {
        "compliance": (lists.UPDATES, COMPLIANCE, lists.updates_where(machine_ids)),
        "history": (lists.HISTORY, HISTORY, lists.history_where(machine_ids)),
        "audit": (lists.CALLS, CALLS, tables.Where()),
    }
    table, columns, where = listed[what]
    sort, descending = table.default_sort
    rows = rows_of(db, table, where, sort, descending)
    return sheet_of(title, columns, rows, now)


def _computed(
    what: str, db: sqlite3.Connection, calendar: Calendar, now: datetime
) -> tuple[Sequence[Column], Sequence[Any]]:
    """Columns and rows, of all machines, of the Coverage or the Rollout page."""
    if what == "coverage":
        from . import coverage  # noqa: PLC0415 - only for this sheet

        return coverage.MACHINES, coverage.read_coverage(db, calendar, lambda: now).machines
    from . import rollout  # noqa: PLC0415 - only for this sheet

    pairs = resources.read_json("region-pairs.json")["pairs"]
    return rollout.MACHINES, rollout.read_rollout(db, calendar, pairs, lambda: now).rows


def _machines(
    db: sqlite3.Connection, machine_ids: Sequence[int] | None, calendar: Calendar, now: datetime
) -> Iterator[MachineRow]:
    """Machines with their situation at ``now`` instead of the last sync's."""
    from hotpatch_gui.store import machines  # noqa: PLC0415 - after the first paint

    ids = list(machine_ids) if machine_ids is not None else machines.present(db)
    ids.sort(key=machines.name_order(db).__getitem__)
    for start in range(0, len(ids), CHUNK):
        for row in machines.read_rows(db, ids[start : start + CHUNK]):
            situation, level = classify(situations.evidence_of(row), calendar, now)
            yield row._replace(situation=situation.value, level=int(level))


class ExceptionRow(NamedTuple):
    """A machine that isn't in order, and why."""

    row: MachineRow
    group: str
    why: str
    assessed: datetime | None


def exceptions(db: sqlite3.Connection, calendar: Calendar, now: datetime) -> Iterator[ExceptionRow]:
    """Machines that need attention or have no hotpatch, unknown ones, unhealthy ones, and those that miss a monthly update."""
    for row in _machines(db, None, calendar, now):
        group = ComplianceGroup.of(row.situation)
        is_exception = group not in (ComplianceGroup.UP_TO_DATE, ComplianceGroup.UPDATES)
        if is_exception or row.update_missing or display_text.reports_unhealthy(row):
            why = status_text(situations.evidence_of(row), calendar, now).headline
            yield ExceptionRow(row, group.label, why, from_text(row.assessed_at))


def report(
    db: sqlite3.Connection,
    title: str,
    sheets: Sequence[Sheet],
    now: datetime,
    calendar: Calendar,
    *,
    demo: str = "",
) -> Report:
    """A report with each connection's data time, the release data's end if releases are due, and whether it is a demo."""
    return Report(
        title,
        now,
        [*([demo] if demo else []), *ages(db, now), *horizon_notes(calendar, now)],
        sheets,
    )


def ages(db: sqlite3.Connection, now: datetime) -> list[str]:
    """The time of each connection's data, and the lists that could not be read."""
    found = [
        tr(
            "{name}: data of {time} ({age}){since}",
            name=state.name,
            time=iso(state.finished.replace(microsecond=0)),
            age=age_text(state.finished, now),
            since=f"; since then: {state.problem}" if state.problem else "",
        )
        if state.finished
        else tr("{name}: no completed sync", name=state.name)
        for state in sync_state.sync_states(db)
    ]
    return found + [
        tr(
            "{name}, not known: {what} ({problem})",
            name=unread.connection,
            what=display_text.list_text(unread.what),
            problem=unread.problem,
        )
        for unread in additional_lists.missing(db)
    ]
