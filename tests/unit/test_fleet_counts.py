"""Overview's aggregates against a plain count over random fleets, and the history of past days."""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from helpers.machines import GOOD
from hotpatch_gui.domain.clouds import PUBLIC
from hotpatch_gui.domain.compliance_group import ComplianceGroup, compliance
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.domain.exposure import MissingUpdates, exposure, missing_updates
from hotpatch_gui.domain.hotpatch import ELIGIBLE, HotpatchStatus
from hotpatch_gui.domain.machine_filter import (
    EVERY_MACHINE,
    Choice,
    Condition,
    Dimension,
    MachineFilter,
)
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.records import ASSESSMENTS_KEPT
from hotpatch_gui.domain.releases import Product
from hotpatch_gui.domain.resource_health import UNHEALTHY_STATES
from hotpatch_gui.domain.situation import Situation
from hotpatch_gui.models.filters import from_text, to_text
from hotpatch_gui.models.overview import share_text
from hotpatch_gui.models.overview_groups import group_filter, group_rows
from hotpatch_gui.store import connections, daily_states, database, machines, overview, tables
from hotpatch_gui.store.machine_filters import machines_where
from hotpatch_gui.system import resources

NOW = datetime(2026, 8, 20, 9, tzinfo=UTC)
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
                "UPDATE machines SET situation=?, hotpatch_status=?, restart_pending=?, deleted_at=?, product=?,"
                " update_missing=?, missing_since=?, baseline_missing=?, power=?, license_error=?, assessed_at=?, resource_health=?, resource_health_at=?,"
                " patch_mode=?, updates_restarting=?, updates_may_restart=? WHERE id=?",
                (
                    rng.choice(SITUATIONS),
                    rng.choice(tuple(HotpatchStatus)).value,
                    rng.choice((0, 0, 1)),
                    rng.choice((None, None, None, "2026-08-19T09:00:00Z")),
                    rng.choice(("WS2022", "WS2025", "", None)),
                    rng.choice((None, 0, 1)),
                    rng.choice((None, "2026-08-11", "2026-07-14")),
                    rng.choice((0, 1)),
                    rng.choice(tuple(PowerState)).value,
                    rng.choice((None, "", "denied")),
                    rng.choice(
                        (
                            None,
                            "2026-08-20T01:00:00.000Z",
                            "2026-08-14T01:00:00.000Z",
                            "2026-08-01T01:00:00.000Z",
                        )
                    ),
                    rng.choice((None, "Available", "Unavailable", "degraded")),
                    rng.choice((None, "2026-08-19T12:00:00.000Z", "2026-07-23T00:00:00.000Z")),
                    rng.choice((None, "AutomaticByOS", "AutomaticByPlatform", "Manual")),
                    rng.choice((0, 0, 1)),
                    rng.choice((0, 0, 2)),
                    machine_id,
                ),
            )
            for run in range(rng.choice((0, 0, 1, 3))):
                started = NOW - timedelta(days=rng.choice((1, 29, 31, 90)))
                (run_row,) = db.execute(
                    "INSERT INTO installations (machine_id, run_id, started_at, status, fetched_at)"
                    " VALUES (?, ?, ?, ?, '') RETURNING id",
                    (
                        machine_id,
                        f"r{run}",
                        f"{started:%Y-%m-%dT%H:%M:%SZ}",
                        rng.choice(("Failed", "Succeeded", "Succeeded")),
                    ),
                ).fetchone()
                db.execute(
                    "INSERT INTO installation_updates (installation_id, patch_id, name, classification, state)"
                    " VALUES (?, 'p', 'p', ?, ?)",
                    (
                        run_row,
                        rng.choice(("Security", "Security", "Definition")),
                        rng.choice(("Installed", "Installed", "Failed")),
                    ),
                )
            if rng.random() < 0.2:
                db.execute(
                    "INSERT INTO operations (machine_id, kind, state, created_at) VALUES (?, 'assess', ?, '')",
                    (machine_id, rng.choice(("unknown", "queued"))),
                )
    return [dict(r) for r in db.execute("SELECT * FROM machines WHERE deleted_at IS NULL")]


def is_ill(one: dict[str, object]) -> bool:
    is_on = one["power"] in ("running", "starting", "unknown")
    return is_on and str(one["resource_health"]).casefold() in ("unavailable", "degraded")


def unhealthy_after_an_installation(
    db: sqlite3.Connection, fleet: list[dict[str, object]]
) -> set[object]:
    """The machines that became unhealthy at a known time, if the last installation of more than definitions before is of the
    last 30 days."""
    found = set()
    for one in fleet:
        runs = db.execute(
            "SELECT started_at FROM installations i JOIN installation_updates u ON u.installation_id=i.id"
            " WHERE machine_id=? AND status='Succeeded' AND classification='Security' AND state='Installed'",
            (one["id"],),
        )
        at = str(one["resource_health_at"] or "")
        before = [str(started) for (started,) in runs if str(started) <= at]
        if is_ill(one) and before and max(before) >= "2026-07-21T09:00:00Z":
            found.add(one["id"])
    return found


def listed(db: sqlite3.Connection, wanted: MachineFilter) -> int:
    return tables.count(db, tables.MACHINES, machines_where(wanted, NOW))


def ids(db: sqlite3.Connection, wanted: MachineFilter) -> set[int]:
    return set(tables.MACHINES.ids(db, machines_where(wanted, NOW), "name", False))


@pytest.mark.parametrize("seed", range(12))
def test_every_figure_is_a_plain_count_and_its_filter_lists_as_many(
    db: sqlite3.Connection, seed: int
) -> None:
    fleet = fill(db, seed)
    counts = overview.counts(db, NOW)

    def count(fits: Callable[[overview.FleetGroup], bool]) -> int:
        return sum(g.machines for g in counts.groups if fits(g))

    here = {m["id"] for m in fleet}
    failed = [
        machine_id
        for machine_id, started, status in db.execute(
            "SELECT machine_id, started_at, status FROM installations"
        )
        if machine_id in here and status == "Failed" and started >= "2026-07-21T09:00:00Z"
    ]
    unknown = {r[0] for r in db.execute("SELECT machine_id FROM operations WHERE state='unknown'")}
    assert (counts.failed, counts.failures) == (len(set(failed)), len(failed))
    assert counts.unknown == len(unknown & here)
    assert count(lambda _: True) == len(fleet)
    plain: dict[Condition, tuple[set[object], int]] = {
        Condition.UPDATE_MISSING: (
            having(fleet, update_missing=1),
            count(lambda g: g.is_missing is True),
        ),
        Condition.BASELINE_MISSING: (
            having(fleet, baseline_missing=1, restart_pending=0),
            count(lambda g: g.is_baseline_due),
        ),
        Condition.RELEASE_UNKNOWN: (
            having(fleet, update_missing=None),
            count(lambda g: g.is_missing is None),
        ),
        Condition.RESTART_PENDING: (
            having(fleet, restart_pending=1),
            count(lambda g: g.restart_pending),
        ),
        Condition.FAILED: (set(failed), counts.failed),
        Condition.UNKNOWN_RESULT: (unknown & here, counts.unknown),
        Condition.UNHEALTHY: (
            {one["id"] for one in fleet if is_ill(one)},
            count(lambda g: g.is_unhealthy),
        ),
        Condition.UNHEALTHY_SINCE: (
            unhealthy_after_an_installation(db, fleet),
            counts.became_unhealthy,
        ),
        Condition.HOTPATCH_ON: (having(fleet, hotpatch_status="Enabled"), count(lambda g: g.is_on)),
        Condition.HOTPATCH_OFF: (
            {m["id"] for m in fleet if m["hotpatch_status"] in set(ELIGIBLE) - {"Enabled"}},
            count(lambda g: g.is_eligible) - count(lambda g: g.is_on),
        ),
        Condition.ENROLLMENT_FAILED: (
            {m["id"] for m in fleet if m["enablement_error"] or m["license_error"]},
            count(lambda g: g.enrollment_failed),
        ),
        Condition.DISCONNECTED: (
            having(fleet, power="disconnected"),
            count(lambda g: g.is_disconnected),
        ),
        Condition.RESTARTS_BY_WINDOWS: (
            {
                m["id"]
                for m in fleet
                if m["patch_mode"] == "AutomaticByOS"
                and (m["restart_pending"] or m["updates_restarting"] or m["updates_may_restart"])
            },
            counts.by_windows,
        ),
    }
    assert set(plain) == set(Condition)
    for condition, (expected, figure) in plain.items():
        assert ids(db, MachineFilter(condition=condition)) == expected, condition
        assert figure == len(expected), condition
    for group, number in compliance((g.situation, g.machines) for g in counts.groups).items():
        assert number == sum(m["situation"] in group.stored for m in fleet)
        assert number == listed(db, MachineFilter(situations=group.stored))


def having(fleet: list[dict[str, object]], **values: object) -> set[object]:
    """The IDs of the machines with these values."""
    return {m["id"] for m in fleet if all(m[c] == value for c, value in values.items())}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("dimension", Dimension)
def test_groups_add_up_and_each_lists_its_machines(
    db: sqlite3.Connection, seed: int, dimension: Dimension
) -> None:
    fleet = fill(db, seed)
    rows = group_rows(overview.grouped(db, dimension, NOW, "env"))
    assert sum(r.machines for r in rows) == len(fleet)
    for row in rows:
        parts = (row.up_to_date, row.updates, row.attention, row.no_hotpatch, row.not_known)
        assert sum(parts) == row.machines
        wanted = group_filter(row, dimension, "env", "machines")
        assert listed(db, wanted) == row.machines
        stored = from_text(to_text(wanted))
        assert stored is not None
        assert listed(db, stored) == row.machines
    if dimension is Dimension.GROUP:
        assert {r.name: r.machines for r in rows} == Counter(m["resource_group"] for m in fleet)
    if dimension is Dimension.TAG:
        pairs = [dict(json.loads(str(m["tag_pairs"]))) for m in fleet]
        assert {r.name: r.machines for r in rows} == Counter(p.get("env", "") for p in pairs)


def test_choices_and_conditions_combine_and_replace_their_predecessors(
    db: sqlite3.Connection,
) -> None:
    fleet = fill(db, 3)
    regions = Choice(Dimension.REGION, ("westus2",), "westus2")
    wanted = EVERY_MACHINE.with_choice(regions._replace(keys=("nowhere",))).with_choice(regions)
    wanted = wanted.with_choice(Choice(Dimension.TAG, ("prod",), "prod", "env"))
    wanted = wanted._replace(condition=Condition.RESTART_PENDING)
    assert ids(db, wanted) == {
        m["id"]
        for m in fleet
        if m["location"] == "westus2"
        and m["restart_pending"]
        and '["env", "prod"]' in str(m["tag_pairs"])
    }
    assert wanted.with_choice(regions._replace(keys=())).choices == wanted.choices[1:]
    for text in (
        "",
        "[]",
        "{",
        "[" * 100_000,
        '{"situations": [], "condition": null, "choices": [{"dimension": "Planet"}]}',
        '{"situations": ["Of a newer version"], "choices": [], "condition": null}',
        to_text(EVERY_MACHINE.with_choice(Choice(Dimension.TAG, ("x",), "x", "\ud800"))),
    ):
        assert from_text(text) is None


def test_a_search_finds_machines_that_miss_or_installed_a_kb(db: sqlite3.Connection) -> None:
    with database.transaction(db):
        machines.save(
            db, 1, [replace(GOOD, resource_id=f"{GOOD.resource_id}{n}") for n in range(3)]
        )
        db.execute(
            "INSERT INTO updates (machine_id, patch_id, kb, name, classification, restart, fetched_at, pass_number)"
            " VALUES (1, 'a', 'KB5066131', 'u', 'Security', 'NeverReboots', '', 1)"
        )
        db.execute(
            "INSERT INTO installations (id, machine_id, run_id, started_at, status, fetched_at)"
            " VALUES (7, 2, 'r', '', 'Succeeded', '')"
        )
        db.execute(
            "INSERT INTO installation_updates (installation_id, patch_id, kb, name, classification, state)"
            " VALUES (7, 'a', 'KB5066131', 'u', 'Security', 'Installed')"
        )
    assert ids(db, MachineFilter("kb5066131")) == ids(db, MachineFilter("5066131")) == {1, 2}


def test_each_situation_belongs_to_one_group_and_invalid_ones_are_unknown() -> None:
    found = [s for group in ComplianceGroup for s in group.situations]
    assert sorted(found) == sorted(Situation)
    assert ComplianceGroup.of("of a newer version") is ComplianceGroup.NOT_KNOWN
    assert ComplianceGroup.of("") is ComplianceGroup.NOT_KNOWN


@pytest.mark.parametrize(
    ("part", "total", "shown"),
    [(1, 1000, "1%"), (999, 1000, "99%"), (0, 10, "0%"), (10, 10, "100%"), (0, 0, "no")],
)
def test_a_share_is_never_rounded_to_all_or_none(part: int, total: int, shown: str) -> None:
    assert share_text(part, total).startswith(shown)


def test_missing_updates_are_known_by_build_by_cumulative_update_and_by_revision() -> None:
    calendar, today = resources.calendar(), date(2026, 8, 20)
    monthly = calendar.monthly(Product.WS2025, today)
    newest, older = monthly[-1], monthly[-2]
    assert newest.build
    assert older.build

    def missing(build: str | None, product: Product | None = Product.WS2025) -> MissingUpdates:
        return missing_updates(product, build, calendar, today, today)

    assert missing(newest.build) == (False, None, False)
    since, restarts = newest.released, newest.kind.is_baseline
    assert missing(older.build) == (True, since, restarts)
    if newest.lcu_build:
        assert missing(newest.lcu_build).is_missing is False
    assert missing("26100.1") == (True, monthly[0].released, True)
    below = int(older.build.partition(".")[2]) - 1
    assert missing(f"26100.{below}").since == older.released, "by revision"
    assert missing("26100.99999").is_missing is None, "newer than the release data"
    for unknown in (missing(None), missing("odd"), missing(newest.build, None)):
        assert unknown.is_missing is None
    late = missing_updates(
        Product.WS2025, newest.build, calendar, date(2028, 1, 1), date(2028, 1, 1)
    )
    assert late.is_missing is not False, "releases after the release data aren't known"


def test_a_release_since_the_last_reading_is_not_known_to_be_missing() -> None:
    calendar, today = resources.calendar(), date(2026, 9, 9)
    newest, older, oldest = reversed(calendar.monthly(Product.WS2025, today)[-3:])
    before = newest.released - timedelta(days=1)

    def missing(build: str | None, read: date) -> MissingUpdates:
        return missing_updates(Product.WS2025, build, calendar, today, read)

    assert missing(older.build, today) == (True, newest.released, newest.kind.is_baseline)
    assert missing(older.build, before).is_missing is None
    assert missing(oldest.build, before) == (True, older.released, older.kind.is_baseline)
    assert missing(newest.build, today).is_missing is False


def test_exposure_is_the_median_and_the_worst_of_the_missing() -> None:
    today = date(2026, 8, 20)
    found = exposure(
        [
            (True, date(2026, 8, 11), 3),
            (True, date(2026, 5, 12), 1),
            (False, None, 5),
            (None, None, 2),
        ],
        today,
    )
    assert found == (4, 9, 100, 2)
    assert exposure([], today) == (0, None, 0, 0)


def past(db: sqlite3.Connection, day: date) -> list[tuple[str, int]]:
    groups = overview.grouped(db, Dimension.REGION, NOW, day=day)
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


def test_a_connection_that_was_not_read_is_not_judged_by_the_sync_of_another(
    db: sqlite3.Connection,
) -> None:
    with database.transaction(db):
        machines.save(db, 1, [GOOD])
        machines.save(db, 2, [replace(GOOD, resource_id=f"{GOOD.resource_id}2")])
        for connection_id, day in ((1, 1), (2, 1), (2, 20)):
            daily_states.count_day(db, connection_id, NOW.replace(day=day))
    on_20th = date(2026, 8, 20)
    assert daily_states.last_synced(db, on_20th) == {1: date(2026, 8, 1), 2: on_20th}
    with database.transaction(db):
        connections.remove(db, 1, NOW.replace(day=18))
    assert daily_states.last_synced(db, on_20th) == {2: on_20th}
    assert set(daily_states.last_synced(db, date(2026, 8, 17))) == {1, 2}, "it existed then"


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


def test_old_states_are_deleted_except_the_last(db: sqlite3.Connection) -> None:
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


@pytest.mark.parametrize("seed", range(4))
def test_the_most_urgent_machines_come_first_in_the_order_of_an_index(
    db: sqlite3.Connection, seed: int
) -> None:
    fleet = fill(db, seed)
    rng = random.Random(seed)
    for one in fleet:
        one["level"] = rng.randint(0, 4)
        db.execute("UPDATE machines SET level=? WHERE id=?", (one["level"], one["id"]))

    def urgency(one: dict[str, object]) -> tuple[object, ...]:
        health = str(one["resource_health"] or "").casefold()
        is_unhealthy = one["level"] == 4 and health in UNHEALTHY_STATES
        since = one["missing_since"] or "9999"
        return (-int(str(one["level"])), not is_unhealthy, since, one["name"], one["id"])

    found = list(tables.MACHINES.ids(db, tables.PRESENT, "urgency", descending=True))
    assert found == [one["id"] for one in sorted(fleet, key=urgency)]
    sql = tables.MACHINES.ids_sql(tables.PRESENT, "urgency", descending=True)
    plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}"))
    assert "machines_by_attention" in plan
    assert "TEMP B-TREE FOR ORDER BY" not in plan
