"""Automatic guest patching in the simulator, and machines are patched by the rules."""

from __future__ import annotations

import itertools
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotpatch_gui.domain.ledger import MONTHLY, InstalledUpdate, reason
from hotpatch_gui.domain.off_peak import is_off_peak
from hotpatch_gui.domain.releases import Product
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.simulator.build import build_simulator
from hotpatch_gui.simulator.catalog import Catalog
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.cloud import SimulatedCloud
from hotpatch_gui.simulator.fleet import CORE_25, EPOCH, JULY_25, WS25
from hotpatch_gui.simulator.guest import Guest
from hotpatch_gui.simulator.guest_patching import is_included
from hotpatch_gui.simulator.scenarios import SCENARIOS
from hotpatch_gui.system import resources

OTHERS = resources.read_json("other-updates.json")
PAIRS = resources.read_json("region-pairs.json")["pairs"]
SEPTEMBER_25 = "26100.33438"
PACIFIC = "Pacific Standard Time"


def world(
    scenario: str = "today", path: Path | None = None, now: datetime | None = None
) -> SimulatedCloud:
    clock = SteppedClock(now or SCENARIOS[scenario].start)
    return build_simulator(
        resources.calendar(), OTHERS, clock=clock, scenario=scenario, pairs=PAIRS, state_path=path
    ).cloud


def of(*guests: Guest, start: datetime = EPOCH) -> SimulatedCloud:
    catalog = Catalog(resources.calendar(), OTHERS)
    return SimulatedCloud(catalog, SteppedClock(start), guests, pairs=PAIRS)


def machine(name: str = "vm", build: str = JULY_25, **changed: Any) -> Guest:
    made = Guest(name, "rg", "westus2", WS25, CORE_25, build)
    for key, value in changed.items():
        setattr(made, key, value)
    return made


def advance_and_sync(cloud: SimulatedCloud, **step: float) -> None:
    assert isinstance(cloud.clock, SteppedClock)
    cloud.clock.advance(**step)
    cloud.settle()


def by_platform(cloud: SimulatedCloud, name: str, since: datetime = EPOCH) -> list[dict[str, Any]]:
    runs = cloud.guests[name].runs
    begun = (datetime.fromisoformat(r["started"]) for r in runs)
    return [
        r
        for r, at in zip(runs, begun, strict=True)
        if at >= since and r["started_by"] == "Platform"
    ]


def kbs(run: dict[str, Any], state: str = "Installed") -> set[str]:
    return {p["kb"] for p in run["patches"] if p["state"] == state}


def test_only_included_machines_are_patched_in_a_month() -> None:
    cloud = world()
    advance_and_sync(cloud, days=40)
    for name in ("vm-web-01", "vm-web-02", "vm-app-01", "vm-sql-01", "vm-new-01", "vm-print-01"):
        assert cloud.guests[name].build == SEPTEMBER_25, name
    assert cloud.guests["vm-dev-01"].build == "20348.5386", "it is off"
    assert cloud.guests["vm-legacy-01"].build == "20348.5386", "Windows patches it automatically"
    for name in cloud.guests:
        for run in by_platform(cloud, name):
            taken = {p["classification"] for p in run["patches"] if p["state"] != "NotSelected"}
            assert taken <= {"Critical", "Security"}
            at = datetime.fromisoformat(run["started"])
            own = not str(run["maintenance_run_id"]).startswith("auto-")
            assert own == (name == "vm-file-01"), "by its own schedule"
            assert own or is_off_peak(cloud.guests[name].time_zone, at)


def test_the_september_release_reaches_all_machines_in_phases_within_thirty_days() -> None:
    cloud = world()
    advance_and_sync(cloud, days=50)
    released = datetime(2026, 9, 8, 17, tzinfo=UTC)
    first: dict[str, datetime] = {}
    for guest in cloud.guests.values():
        for run in by_platform(cloud, guest.name.casefold(), released):
            at = datetime.fromisoformat(run["started"])
            first[guest.location] = min(at, first.get(guest.location, at))
            assert at < released + timedelta(days=30)
    assert first["northeurope"] + timedelta(hours=24) <= min(first["westus2"], first["eastus"])


def test_a_machine_that_was_off_is_patched_after_its_next_assessment() -> None:
    cloud = of(
        machine(power="deallocated"), machine("other"), start=datetime(2026, 9, 8, tzinfo=UTC)
    )
    advance_and_sync(cloud, days=4)
    assert cloud.guests["other"].build == SEPTEMBER_25
    assert cloud.guests["vm"].assessment is None
    cloud.guests["vm"].power = "running"
    advance_and_sync(cloud, days=2)
    assert cloud.guests["vm"].build == SEPTEMBER_25
    seen = cloud.guests["vm"].assessment
    assert seen is not None
    assert seen["started_by"] == "Platform"


def test_a_failed_installation_is_retried_in_the_next_window() -> None:
    cloud = of(machine(fails_kb="KB5122871"), start=datetime(2026, 9, 8, tzinfo=UTC))
    advance_and_sync(cloud, days=3)
    tried = [r for r in by_platform(cloud, "vm") if "KB5122871" in kbs(r, "Failed")]
    starts = [datetime.fromisoformat(r["started"]) for r in tried]
    assert len(starts) >= 2
    assert all(b - a == timedelta(days=1) for a, b in itertools.pairwise(starts))
    cloud.guests["vm"].fails_kb = None
    advance_and_sync(cloud, days=1)
    assert cloud.guests["vm"].build == SEPTEMBER_25


def test_a_bad_update_halts_the_rollout_in_its_phase() -> None:
    cloud = world("bad-update")
    advance_and_sync(cloud, days=20)
    rollout = cloud.patching.rollout
    assert rollout is not None
    assert rollout.released.date().isoformat() == "2026-09-08", "the out-of-band one is not offered"
    halted = rollout.halted
    assert halted is not None
    ill = {g.name.casefold() for g in cloud.guests.values() if g.health == "Unavailable"}
    assert {m.key for m in halted.unhealthy} == ill
    assert {cloud.guests[k].location for k in ill} == {"westus2"}
    waiting = [g for g in cloud.guests.values() if g.location == "westus2" and g.zone == "3"]
    assert waiting
    assert all(g.build != SEPTEMBER_25 for g in waiting if g.patch_mode == "AutomaticByPlatform")


def test_a_machine_with_kb5070881_leaves_and_rejoins_the_train() -> None:
    cloud = world("october-2025")
    off, on = cloud.guests["vm-web-01"], cloud.guests["vm-web-02"]
    builds: dict[str, tuple[str, str]] = {}
    for month, until in (
        ("October", datetime(2025, 10, 31, tzinfo=UTC)),
        ("November", datetime(2025, 11, 30, tzinfo=UTC)),
        ("December", datetime(2025, 12, 31, tzinfo=UTC)),
        ("January", datetime(2026, 1, 31, tzinfo=UTC)),
        ("February", datetime(2026, 2, 28, tzinfo=UTC)),
    ):
        advance_and_sync(cloud, seconds=(until - cloud.clock.now()).total_seconds())
        builds[month] = off.build, on.build
    assert builds == {
        "October": ("26100.6905", "26100.6899"),
        "November": ("26100.7178", "26100.7092"),  # and KB5072359, out of band, on the 18th
        "December": ("26100.7462", "26100.7392"),
        "January": ("26100.32230", "26100.32230"),
        "February": ("26100.32313", "26100.32313"),
    }
    assert _monthly_restarts(cloud, "vm-web-01") == ["KB5068861", "KB5072033", "KB5073379"]
    assert _monthly_restarts(cloud, "vm-web-02") == ["KB5073379"]
    assert any("KB5070893" in kbs(r) for r in on.runs), "what keeps it on the train"


def _monthly_restarts(cloud: SimulatedCloud, name: str) -> list[str]:
    """The KBs of the monthly releases for which the machine restarted, oldest first."""
    found = []
    for run in by_platform(cloud, name, SCENARIOS["october-2025"].start):
        requested = [
            InstalledUpdate(p["kb"], p["name"])
            for p in run["patches"]
            if p["state"] == "Installed" and p["restart"] != "NeverReboots"
        ]
        why = reason(resources.calendar(), Product.WS2025, requested)
        if run["restart_status"] == "Completed" and why.cause in MONTHLY:
            found.append(str(why.kb))
    return found


def test_a_year_of_patching_restarts_once_per_baseline() -> None:
    start = datetime(2025, 1, 10, tzinfo=UTC)
    enrolled = machine("on", "26100.2605", location="westus2")
    ordinary = machine("off", "26100.2605", hotpatching=False, receives_hotpatches=False)
    cloud = of(enrolled, ordinary, start=start)
    advance_and_sync(cloud, days=365)
    causes = {}
    for guest in (enrolled, ordinary):
        counted: Counter[bool] = Counter()
        for run in guest.runs:
            requested = [
                InstalledUpdate(p["kb"], p["name"])
                for p in run["patches"]
                if p["state"] == "Installed" and p["restart"] != "NeverReboots"
            ]
            if run["restart_status"] == "Completed":
                counted[
                    reason(resources.calendar(), Product.WS2025, requested).cause in MONTHLY
                ] += 1
        causes[guest.name] = counted[True]
    assert causes["on"] == 4
    assert causes["off"] >= 11, "some months' update is overtaken by an out-of-band one"


def test_machines_are_assessed_daily_if_their_mode_requests_it_otherwise_every_few_days() -> None:
    cloud = of(
        machine("daily"),
        machine("default", assessment_mode="ImageDefault"),
        machine("manual", patch_mode="Manual", assessment_mode="ImageDefault", hotpatching=False),
    )
    seen: dict[str, set[str]] = {name: set() for name in cloud.guests}
    for _ in range(12 * 24):
        advance_and_sync(cloud, hours=1)
        for name, guest in cloud.guests.items():
            if guest.assessment and guest.assessment["started_by"] == "Platform":
                seen[name].add(guest.assessment["modified"])
    assert len(seen["daily"]) == 12
    assert 4 <= len(seen["default"]) <= 5
    assert seen["manual"] == set()


SATURDAYS = {
    "name": "Saturdays",
    "starts": "2026-01-03 13:00",
    "minutes": 180,
    "time_zone": PACIFIC,
    "recurs": "Week Saturday",
    "classifications": ["Critical", "Security"],
}


@pytest.mark.parametrize(
    ("changed", "patched", "run_name"),
    [
        ({"bypass_safety_checks": True, "schedule": SATURDAYS}, True, "Saturdays-20260912"),
        ({"bypass_safety_checks": True}, False, ""),
        ({"schedule": SATURDAYS}, False, ""),
        ({}, True, "auto-2026-09-08"),
        ({"patch_mode": "Manual", "schedule": SATURDAYS}, False, ""),
        ({"patch_mode": "Manual"}, False, ""),
    ],
)
def test_modes_bypass_and_schedules_decide_who_patches(
    changed: dict[str, Any], patched: bool, run_name: str
) -> None:
    guest = machine(hotpatching=False, receives_hotpatches=False, **changed)
    cloud = of(
        guest, start=datetime(2026, 9, 8, 16, tzinfo=UTC)
    )  # at daytime, an hour before the release
    advance_and_sync(cloud, days=6)
    assert (guest.build == SEPTEMBER_25) == patched
    names = {r["maintenance_run_id"] for r in guest.runs}
    assert len(names) == int(patched)
    assert all(name.startswith(run_name) for name in names)


def test_a_schedule_runs_at_the_customers_time_also_in_the_middle_of_the_day() -> None:
    guest = machine(hotpatching=False, bypass_safety_checks=True, schedule=SATURDAYS)
    cloud = of(guest, start=datetime(2026, 9, 8, 12, tzinfo=UTC))
    advance_and_sync(cloud, days=12)
    assert next(r["started"] for r in guest.runs) == "2026-09-12T20:00:00+00:00"  # 13:00 in Seattle


def test_while_the_platform_installs_the_machine_is_busy_and_then_done() -> None:
    cloud = of(machine(), start=datetime(2026, 9, 8, 12, tzinfo=UTC))
    advance_and_sync(cloud, hours=17.2)  # 22:12 on the first night, in Seattle
    guest = cloud.guests["vm"]
    assert cloud.is_busy(guest)
    op = cloud.running(guest, "install")
    assert op is not None
    run = cloud.installation_at(op, cloud.clock.now())
    assert (run["status"], run["started_by"]) == ("InProgress", "Platform")
    advance_and_sync(cloud, hours=1)
    assert not cloud.is_busy(guest)
    assert guest.build == SEPTEMBER_25
    assert cloud.operations == {}, "no address of its own is kept of it"


def test_a_state_file_of_an_earlier_version_continues(tmp_path: Path) -> None:
    """Its fields and kinds had other names: the demo could not start after an update of the program."""
    path = tmp_path / "world.sqlite3"
    before = world(path=path)
    before.begin_enrollment(before.guests["srv-hq-02"], on=True)
    before.close()
    with closing(sqlite3.connect(path)) as state:
        for new, old in (
            ('"unhealthy_after"', '"ill_of"'),
            ('"resource_health_since"', '"health_since"'),
            ('"license"', '"licence"'),
            ('"license_error"', '"licence_error"'),
            ('"enroll"', '"enrol"'),
        ):
            state.execute("UPDATE item SET value=replace(value, ?, ?)", (new, old))
        (found,) = state.execute("SELECT count(*) FROM item WHERE value LIKE '%licence_error%'")
        assert found == (1,)
        state.commit()
    after = world(path=path)
    assert after.guests["srv-hq-02"].license == "Enabling"
    after.clock.advance(hours=1)
    after.settle()
    assert after.guests["srv-hq-02"].license == "Enabled"
    after.close()


def test_a_restarted_simulation_continues_like_an_uninterrupted_one(tmp_path: Path) -> None:
    full, path = world("bad-update"), tmp_path / "world.sqlite3"
    advance_and_sync(full, days=9)
    now = SCENARIOS["bad-update"].start
    for days in (1.35, 0.1, 1.05, 0.02, 0.03, 1.2, 2.25, 3.0):
        part = world("bad-update", path, now)
        advance_and_sync(part, days=days)
        now = part.clock.now()
        part.close()
    part = world("bad-update", path, now)
    assert now == full.clock.now()
    assert {k: (g.build, g.health, len(g.runs)) for k, g in part.guests.items()} == {
        k: (g.build, g.health, len(g.runs)) for k, g in full.guests.items()
    }
    assert part.patching.rollout is not None
    assert full.patching.rollout is not None
    assert part.patching.rollout.halted == full.patching.rollout.halted is not None


def test_turning_hotpatch_off_returns_to_cumulative_updates_and_on_waits_for_the_baseline() -> None:
    guest = machine(build="26100.32230")  # January 2026's baseline
    cloud = of(guest, start=datetime(2026, 2, 9, tzinfo=UTC))
    guest.set_hotpatching(False, cloud.clock.now().date())
    advance_and_sync(cloud, days=20)
    assert guest.build == "26100.32370", "February's cumulative update"
    guest.set_hotpatching(True, cloud.clock.now().date())
    advance_and_sync(cloud, days=30)
    assert guest.build == "26100.32522", "March's too: on again, it waits for the baseline"
    advance_and_sync(cloud, days=60)
    assert guest.build == "26100.32772", "May's hotpatch"


def test_periodic_assessment_starts_when_it_is_turned_on() -> None:
    guest = machine(patch_mode="Manual", assessment_mode="ImageDefault", hotpatching=False)
    cloud = of(guest)
    advance_and_sync(cloud, days=7)
    assert guest.assessment is None
    guest.assessment_mode = "AutomaticByPlatform"
    advance_and_sync(cloud, days=4)
    assert guest.assessment is not None


def test_a_machine_with_a_security_update_left_has_another_turn_the_next_night() -> None:
    """Two updates fit into no single hour of the first night, or one is offered only after the other."""
    cloud = world("today")
    advance_and_sync(cloud, days=12)
    now = cloud.clock.now()
    for guest in cloud.guests.values():
        if is_included(guest, cloud.maintenance) and guest.power == "running":
            left = [
                p
                for p in guest.offered(cloud.catalog, now)
                if p.classification in (Classification.CRITICAL, Classification.SECURITY)
                and p.kb != guest.fails_kb
            ]
            assert not left, (guest.name, left)
