"""What Overview claims: every aggregate against a plain count over random fleets, and what is kept of past days."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from helpers.machines import GOOD
from hotpatch_gui.domain.clouds import PUBLIC
from hotpatch_gui.domain.compliance_group import ComplianceGroup, compliance
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.domain.exposure import BuildCount, exposure
from hotpatch_gui.domain.health import Situation
from hotpatch_gui.domain.hotpatch import ELIGIBLE, HotpatchStatus
from hotpatch_gui.domain.machine_filter import Condition, Dimension, MachineFilter
from hotpatch_gui.domain.machines import Machine, build_of, product_of
from hotpatch_gui.domain.records import ASSESSMENTS_KEPT
from hotpatch_gui.domain.releases import Product
from hotpatch_gui.models.overview import group_rows, share_text
from hotpatch_gui.store import connections, daily_states, database, machines, overview, tables
from hotpatch_gui.store.machine_filters import machines_where
from hotpatch_gui.system import resources

NOW = datetime(2026, 8, 20, 9, tzinfo=UTC)
MONTH = timedelta(days=30)
SITUATIONS = ("", *(s.value for s in Situation))


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    made, _ = database.prepare(tmp_path / "hotpatch.sqlite3", "test")
    for name in ("Contoso", "Fabrikam"):
        with database.transaction(made):
            connections.save(made, Connection(name, PUBLIC, SignInMethod.BROWSER))
    yield made
    made.close()


def machine(rng: random.Random, number: int) -> Machine:
    version = rng.choice((None, "10.0.26100.33222", "10.0.26100.33296", "10.0.20348.5256", "10.0"))
    tags = {"env": rng.choice(("prod", "test", ""))} if rng.random() < 0.7 else {}
    return replace(
        GOOD,
        resource_id=f"{GOOD.resource_id}{number}",
        name=f"vm-{number:03d}",
        subscription_id=rng.choice(("s1", "s2")),
        resource_group=rng.choice(("web", "sql", "=cmd()", "<b>")),
        location=rng.choice(("westus2", "northeurope")),
        os_version=version,
        tags=tuple(tags.items()),
    )


def fill(db: sqlite3.Connection, seed: int) -> list[dict[str, object]]:
    """A random fleet; its existing machines as they are stored."""
    rng = random.Random(seed)
    with database.transaction(db):
        for connection_id in (1, 2):
            first = 1000 * connection_id
            machines.save(
                db, connection_id, [machine(rng, first + n) for n in range(rng.randint(1, 40))]
            )
        for (machine_id,) in db.execute("SELECT id FROM machines").fetchall():
            db.execute(
                "UPDATE machines SET situation=?, hotpatch_status=?, restart_pending=?, deleted_at=? WHERE id=?",
                (
                    rng.choice(SITUATIONS),
                    rng.choice(tuple(HotpatchStatus)).value,
                    rng.choice((0, 0, 1)),
                    rng.choice((None, None, None, "2026-08-19T09:00:00Z")),
                    machine_id,
                ),
            )
            for run in range(rng.choice((0, 0, 1, 3))):
                started = NOW - timedelta(days=rng.choice((1, 29, 31, 90)))
                db.execute(
                    "INSERT INTO installations (machine_id, run_id, started_at, status, fetched_at)"
                    " VALUES (?, ?, ?, ?, '')",
                    (
                        machine_id,
                        f"r{run}",
                        f"{started:%Y-%m-%dT%H:%M:%SZ}",
                        rng.choice(("Failed", "Succeeded")),
                    ),
                )
            if rng.random() < 0.2:
                db.execute(
                    "INSERT INTO operations (machine_id, kind, state, created_at) VALUES (?, 'assess', ?, '')",
                    (machine_id, rng.choice(("unknown", "queued"))),
                )
    return [dict(r) for r in db.execute("SELECT * FROM machines WHERE deleted_at IS NULL")]


def listed(db: sqlite3.Connection, wanted: MachineFilter) -> int:
    return tables.count(db, tables.MACHINES, machines_where(wanted))


def ids(db: sqlite3.Connection, wanted: MachineFilter) -> set[int]:
    return set(tables.MACHINES.ids(db, machines_where(wanted), "name", False))


@pytest.mark.parametrize("seed", range(12))
def test_every_figure_is_a_plain_count_and_its_filter_lists_as_many(
    db: sqlite3.Connection, seed: int
) -> None:
    fleet = fill(db, seed)
    counts = overview.counts(db, NOW - MONTH)
    assert dict(counts.situations) == Counter(m["situation"] for m in fleet)
    assert counts.machines == len(fleet)
    assert counts.restart_pending == sum(m["restart_pending"] == 1 for m in fleet)
    assert counts.restart_pending == listed(db, MachineFilter(condition=Condition.RESTART_PENDING))
    statuses = Counter(m["hotpatch_status"] for m in fleet)
    assert counts.enabled == statuses["Enabled"]
    assert counts.eligible == sum(statuses[s.value] for s in ELIGIBLE)
    assert counts.eligible - counts.enabled == listed(
        db, MachineFilter(condition=Condition.HOTPATCH_OFF)
    )
    here = {m["id"] for m in fleet}
    failed = [
        machine_id
        for machine_id, started, status in db.execute(
            "SELECT machine_id, started_at, status FROM installations"
        )
        if machine_id in here and status == "Failed" and started >= "2026-07-21T09:00:00Z"
    ]
    assert (counts.failed, counts.failures) == (len(set(failed)), len(failed))
    assert set(failed) == ids(db, MachineFilter(condition=Condition.FAILED, since=NOW - MONTH))
    assert counts.failed == listed(db, MachineFilter(condition=Condition.FAILED, since=NOW - MONTH))
    unknown = {r[0] for r in db.execute("SELECT machine_id FROM operations WHERE state='unknown'")}
    assert counts.unknown == len(unknown & here)
    assert unknown & here == ids(db, MachineFilter(condition=Condition.UNKNOWN_RESULT))
    waiting = {m["id"] for m in fleet if m["restart_pending"]}
    assert waiting == ids(db, MachineFilter(condition=Condition.RESTART_PENDING))
    assert Counter({(b.product, b.build, b.key): b.machines for b in counts.builds}).total() == len(
        fleet
    )
    for group, number in compliance(counts.situations).items():
        assert number == listed(db, MachineFilter(situations=group.stored))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("dimension", Dimension)
def test_groups_add_up_and_each_lists_its_machines(
    db: sqlite3.Connection, seed: int, dimension: Dimension
) -> None:
    fleet = fill(db, seed)
    rows = group_rows(overview.grouped(db, dimension, "env"))
    assert sum(r.machines for r in rows) == len(fleet)
    for row in rows:
        parts = (row.up_to_date, row.updates, row.attention, row.no_hotpatch, row.not_known)
        assert sum(parts) == row.machines
        assert listed(db, MachineFilter(dimension=dimension, keys=row.keys)) == row.machines
    if dimension is Dimension.GROUP:
        assert {r.name: r.machines for r in rows} == Counter(m["resource_group"] for m in fleet)
    if dimension is Dimension.PRODUCT:
        label = {p.label: p for p in Product}
        assert {label.get(r.name): r.machines for r in rows} == Counter(
            product_of(m["sku"], m["os_name"], m["os_version"], m["edition"]) for m in fleet
        )


def test_every_situation_belongs_to_one_group_and_an_odd_one_is_not_known() -> None:
    found = [s for group in ComplianceGroup for s in group.situations]
    assert sorted(found) == sorted(Situation)
    assert ComplianceGroup.of("of a newer version") is ComplianceGroup.NOT_KNOWN
    assert ComplianceGroup.of("") is ComplianceGroup.NOT_KNOWN


@pytest.mark.parametrize(
    ("part", "total", "shown"),
    [(1, 1000, "1 %"), (999, 1000, "99 %"), (0, 10, "0 %"), (10, 10, "100 %"), (0, 0, "no")],
)
def test_a_share_is_never_rounded_to_all_or_none(part: int, total: int, shown: str) -> None:
    assert share_text(part, total).startswith(shown)


def test_exposure_counts_from_the_first_missing_monthly_update_and_knows_what_it_does_not() -> None:
    calendar, today = resources.calendar(), date(2026, 8, 20)
    newest = calendar.newest(Product.WS2025, today)
    assert newest is not None
    older = calendar.train(Product.WS2025, newest.released - timedelta(days=1))[-1]
    found = exposure(
        [
            BuildCount(Product.WS2025, newest.build, 5, "new"),
            BuildCount(Product.WS2025, older.build, 3, "old"),
            BuildCount(Product.WS2025, "26100.1", 2, "odd"),
            BuildCount(None, "1.1", 1, "none"),
        ],
        calendar,
        today,
    )
    days = (today - newest.released).days
    assert found == (3, days, days, 3, ("old",))
    assert exposure([], calendar, today) == (0, None, 0, 0, ())
    assert build_of("10.0.26100.1") == "26100.1"


def past(db: sqlite3.Connection, day: date) -> list[tuple[str, int]]:
    groups = overview.grouped(db, Dimension.REGION, day=day)
    assert len(groups) == len(daily_states.states_on(db, day))
    return [(g.situation, g.machines) for g in groups]


def at(db: sqlite3.Connection, day: int, situation: str | None = None, pending: int = 0) -> None:
    """Keep the state of machine 1 on a day of August."""
    with database.transaction(db):
        if situation is not None:
            db.execute(
                "UPDATE machines SET situation=?, restart_pending=? WHERE id=1",
                (situation, pending),
            )
        now = NOW.replace(day=day)
        db.execute("UPDATE machines SET assessed_at=? WHERE id=1", (f"{now:%Y-%m-%dT%H:%M:%SZ}",))
        daily_states.record(db, [1], now)
        daily_states.count_day(db, 1, now)


def test_a_past_day_shows_what_was_known_then(db: sqlite3.Connection) -> None:
    with database.transaction(db):
        machines.save(db, 1, [GOOD])
    at(db, 3, "Updates available")
    at(db, 3, "Restart pending", pending=1)
    at(db, 4)
    at(db, 7, "Up to date")
    kept = [tuple(r) for r in db.execute("SELECT day, situation FROM machine_states")]
    assert kept == [("2026-08-03", "Restart pending"), ("2026-08-07", "Up to date")]
    for day, known in (
        (2, []),
        (3, [("Restart pending", 1)]),
        (6, [("Restart pending", 1)]),
        (9, [("Up to date", 1)]),
        (20, [("Assessment too old", 1)]),
    ):
        assert past(db, date(2026, 8, day)) == known
    trend = daily_states.trend(db, date(2026, 8, 1), date(2026, 8, 31))
    assert [(d.day.day, d.situation) for d in trend] == [
        (3, "Restart pending"),
        (4, "Restart pending"),
        (7, "Up to date"),
    ], "days without a sync are gaps"
    assert daily_states.pending_since(db) is None
    at(db, 8, "Restart pending", pending=1)
    assert daily_states.pending_since(db) == date(2026, 8, 8)
    assert daily_states.first_day(db) == date(2026, 8, 3)


def test_a_connection_that_is_not_read_counts_as_last_known_until_it_is_removed(
    db: sqlite3.Connection,
) -> None:
    with database.transaction(db):
        machines.save(db, 1, [GOOD])
        machines.save(db, 2, [replace(GOOD, resource_id=f"{GOOD.resource_id}2")])
        db.execute("UPDATE machines SET situation='Up to date'")
        for connection_id, day in ((1, 3), (2, 4), (2, 5), (2, 6), (2, 7)):
            if day == 5:
                connections.remove(db, 1, NOW.replace(day=5))
            daily_states.count_day(db, connection_id, NOW.replace(day=day))
    found = daily_states.trend(db, date(2026, 8, 4), date(2026, 8, 6))
    assert [(d.day.day, d.machines) for d in found] == [(4, 2), (5, 1), (6, 1)]


def test_without_a_sync_what_was_known_becomes_too_old(db: sqlite3.Connection) -> None:
    with database.transaction(db):
        machines.save(db, 1, [GOOD])
        machines.save(db, 2, [replace(GOOD, resource_id=f"{GOOD.resource_id}2")])
    at(db, 3, "Up to date")
    assert past(db, date(2026, 8, 9)) == [("Up to date", 1)]
    assert past(db, date(2026, 8, 18)) == [("Assessment too old", 1)]
    with database.transaction(db):
        for day in (9, 18):
            daily_states.count_day(db, 2, NOW.replace(day=day))
    found = daily_states.trend(db, date(2026, 8, 5), date(2026, 8, 31))
    assert [(d.day.day, d.situation) for d in found if d.situation] == [
        (9, "Up to date"),
        (18, "Assessment too old"),
    ]
    at(db, 25)
    assert past(db, date(2026, 8, 18)) == [("Assessment too old", 1)]
    assert past(db, date(2026, 8, 26)) == [("Up to date", 1)]


def test_a_connection_without_machines_counts_none(db: sqlite3.Connection) -> None:
    with database.transaction(db):
        machines.save(db, 1, [GOOD])
    at(db, 3, "Up to date")
    with database.transaction(db):
        db.execute("UPDATE machines SET deleted_at='2026-08-05T12:00:00.000Z'")
        daily_states.count_day(db, 1, NOW.replace(day=5))
    found = daily_states.trend(db, date(2026, 8, 1), date(2026, 8, 31))
    assert [d.day.day for d in found] == [3]


def test_a_deleted_machine_stays_in_the_days_before(db: sqlite3.Connection) -> None:
    with database.transaction(db):
        machines.save(db, 1, [GOOD])
    at(db, 3, "Up to date")
    with database.transaction(db):
        db.execute("UPDATE machines SET deleted_at='2026-08-05T12:00:00.000Z'")
    assert past(db, date(2026, 8, 4)) == [("Up to date", 1)]
    assert past(db, date(2026, 8, 5)) == []


def test_what_is_old_is_forgotten_but_the_state_that_still_holds(db: sqlite3.Connection) -> None:
    with database.transaction(db):
        machines.save(db, 1, [GOOD])
    at(db, 3, "Updates available")
    at(db, 4, "Up to date")
    later = NOW.replace(day=10) + ASSESSMENTS_KEPT
    with database.transaction(db):
        daily_states.forget_old(db, later)
    assert past(db, later.date()) == [("Assessment too old", 1)]
    for table, rows in (("machine_states", 1), ("daily_counts", 0)):
        assert db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == rows
