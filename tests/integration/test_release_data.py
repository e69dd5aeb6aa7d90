"""Release knowledge that grows after the program was built: from the fleet, from Microsoft, from a file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton

from helpers.commands import run
from helpers.context import run_with, sync
from helpers.msrc import NOVEMBER, Feed, feed
from hotpatch_gui.captures.stage import Stage, stopped_simulator
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.learning import FLEET, Sighting, learn
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, Release, ReleaseKind
from hotpatch_gui.domain.situation import Level, Situation
from hotpatch_gui.domain.titles import ReleaseTitle
from hotpatch_gui.domain.updates import RestartBehavior
from hotpatch_gui.models import export_sheets
from hotpatch_gui.models.rollout import read_rollout
from hotpatch_gui.simulator.arm import SimulatorApi
from hotpatch_gui.simulator.build import build_simulator
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.fleet import CORE_25, EPOCH, WS25, assessment_of, past_run
from hotpatch_gui.simulator.guest import Guest
from hotpatch_gui.store import database, machines, releases
from hotpatch_gui.store.database import FILE_NAME, open_writer
from hotpatch_gui.system import resources
from hotpatch_gui.views.dialogs.releases import ReleasesDialog
from hotpatch_gui.worker.context import Context
from hotpatch_gui.worker.sync.fleet import sync_fleet

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
OCTOBER, HOTPATCHED = "26100.33650", "26100.33750"
HOTPATCH = Release(
    Product.WS2025,
    "2026-11",
    date(2026, 11, 10),
    ReleaseKind.HOTPATCH,
    "hotpatch",
    "KB5991125",
    HOTPATCHED,
    False,
    "KB5991025",
    "26100.33800",
    "high",
    "made up for a test",
    "",
)
BASELINE = Release(
    Product.WS2025,
    "2026-11",
    date(2026, 11, 10),
    ReleaseKind.UNPLANNED_BASELINE,
    "hotpatch",
    "KB5991025",
    "26100.33800",
    True,
    "KB5991025",
    "26100.33800",
    "high",
    "made up for a test",
    "",
)

CUMULATIVE = ReleaseTitle(
    "2026-11", is_hotpatch=False, kb="KB5991025", restart=RestartBehavior.ALWAYS
)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    made, _ = database.prepare(tmp_path / FILE_NAME, "https://azure.demo.invalid")
    with closing(made):
        yield made


Read = Callable[[], Calendar]


def fleet_of(builds: list[str], release: Release, clock: SteppedClock) -> SimulatorApi:
    """A simulated Azure that knows one release more than the program, and machines that run these builds."""
    calendar = resources.calendar().with_releases([*resources.calendar().releases, release])
    simulator = build_simulator(
        calendar, resources.read_json("other-updates.json"), clock=clock, quota=1000, machines=0
    )
    cloud = simulator.cloud
    cloud.guests.clear()
    for number, build in enumerate(builds):
        guest = Guest(f"vm-{number}", "rg", "westus2", WS25, CORE_25, build)
        seen = clock.now() - timedelta(hours=1)
        guest.assessment = assessment_of(guest, cloud.catalog, seen, seen, "Platform")
        cloud.guests[guest.name] = guest
    return simulator


def read(db: sqlite3.Connection, simulator: SimulatorApi, clock: SteppedClock) -> Calendar:
    """The calendar in force after one sync."""

    async def job(context: Context) -> Calendar:
        await sync_fleet(context, lambda _: None, full=True)
        return context.calendar

    try:
        return run_with(db, simulator, CloudClock(clock.now()), job)
    finally:
        simulator.cloud.close()


def situations(db: sqlite3.Connection) -> list[tuple[str, int]]:
    return [tuple(r) for r in db.execute("SELECT situation, level FROM machines ORDER BY name")]


def test_a_hotpatch_that_several_machines_are_offered_is_learned(db: sqlite3.Connection) -> None:
    clock = SteppedClock(NOW)
    calendar = read(db, fleet_of([OCTOBER] * 3, HOTPATCH, clock), clock)
    november = calendar.month(Product.WS2025, "2026-11")
    assert november is not None
    assert (november.kind, november.kb, november.build) == (ReleaseKind.HOTPATCH, "KB5991125", None)
    assert november.machines == 3
    assert november.source == "Seen in your fleet on 3 machines"
    assert calendar.complete_until(Product.WS2025) == date(2026, 12, 7)
    assert calendar.complete_until(Product.WS2022) == date(2026, 11, 9)
    assert situations(db) == [(Situation.BEHIND, Level.WARNING)] * 3
    kinds = db.execute("SELECT kind FROM releases WHERE kb='KB5991125'").fetchall()
    assert [k[0] for k in kinds] == ["hotpatch"], "joins know it too"


def test_an_update_seen_on_one_machine_is_a_hint_and_completes_no_month(
    db: sqlite3.Connection,
) -> None:
    clock = SteppedClock(NOW)
    calendar = read(db, fleet_of([OCTOBER], HOTPATCH, clock), clock)
    assert calendar.month(Product.WS2025, "2026-11") is None
    assert calendar.complete_until(Product.WS2025) == date(2026, 11, 9)
    ((origin, hint),) = releases.read_learned(db)
    assert (origin, hint.machines, hint.confidence) == ("fleet", 1, "hint")


def test_the_build_is_what_machines_report_after_the_installation(db: sqlite3.Connection) -> None:
    clock = SteppedClock(NOW)
    simulator = fleet_of([OCTOBER] * 3, HOTPATCH, clock)
    for guest in list(simulator.cloud.guests.values())[:2]:
        patch = simulator.cloud.catalog.release_patch(HOTPATCH)
        guest.apply(patch, NOW, simulator.cloud.catalog)
        from hotpatch_gui.simulator.fleet import past_run

        guest.runs = [
            past_run(
                [(patch, "Installed")], NOW - timedelta(days=3), "Platform", restart="NotNeeded"
            )
        ]
        guest.assessment = assessment_of(guest, simulator.cloud.catalog, NOW, NOW, "Platform")
    calendar = read(db, simulator, clock)
    november = calendar.month(Product.WS2025, "2026-11")
    assert november is not None
    assert (november.build, november.machines) == (HOTPATCHED, 3)
    assert [s for s, _ in situations(db)] == [Situation.BEHIND] * 3, (
        "two are offered definitions only"
    )
    assert [a for _, a in situations(db)] == [Level.INFO, Level.INFO, Level.WARNING]


def test_a_cumulative_update_in_a_month_of_a_baseline_is_that_baseline(
    db: sqlite3.Connection,
) -> None:
    january = datetime(2027, 1, 20, 9, tzinfo=UTC)
    planned = replace(
        BASELINE, month="2027-01", released=date(2027, 1, 12), kind=ReleaseKind.PLANNED_BASELINE
    )
    clock = SteppedClock(january)
    calendar = read(db, fleet_of([OCTOBER] * 2, planned, clock), clock)
    learned = calendar.month(Product.WS2025, "2027-01")
    assert learned is not None
    assert (learned.kind, learned.kb, learned.restarts) == (
        ReleaseKind.PLANNED_BASELINE,
        "KB5991025",
        True,
    )


def test_a_cumulative_update_in_a_month_of_a_hotpatch_is_a_hint_on_any_number_of_machines(
    db: sqlite3.Connection,
) -> None:
    """It may be a baseline instead of the hotpatch; or all of these machines have left the train with it."""
    clock = SteppedClock(NOW)
    simulator = fleet_of([OCTOBER] * 3, HOTPATCH, clock)
    for guest in list(simulator.cloud.guests.values())[:2]:
        cumulative = simulator.cloud.catalog.standard_patch(Product.WS2025, NOW.date(), OCTOBER)
        assert cumulative is not None
        guest.build = cumulative.build or ""
        guest.runs = [
            past_run(
                [(cumulative, "Installed")], NOW - timedelta(hours=3), "User", restart="Completed"
            )
        ]
        guest.assessment = assessment_of(guest, simulator.cloud.catalog, NOW, NOW, "Platform")
    simulator.cloud.guests["vm-2"].assessment = None
    calendar = read(db, simulator, clock)
    assert calendar.month(Product.WS2025, "2026-11") is None
    assert calendar.complete_until(Product.WS2025) == date(2026, 11, 9)
    assert all(level != Level.OK for _, level in situations(db))


def test_a_hint_is_no_release_for_the_rollout(db: sqlite3.Connection) -> None:
    clock = SteppedClock(NOW)
    calendar = read(db, fleet_of([OCTOBER], HOTPATCH, clock), clock)
    assert calendar.by_kb(Product.WS2025, "KB5991125") is not None, "one machine's hint"
    found = read_rollout(db, calendar, [], lambda: NOW)
    assert (found.level, found.headline) == (Level.UNKNOWN, "The newest release isn't known")


def test_a_hotpatch_that_is_seen_later_replaces_the_hint(db: sqlite3.Connection) -> None:
    clock = SteppedClock(NOW)
    hint = learn([Sighting(n, Product.WS2025, CUMULATIVE) for n in range(5)], resources.calendar())
    with database.transaction(db):
        releases.save_learned(db, FLEET, hint, NOW)
    calendar = read(db, fleet_of([OCTOBER] * 2, HOTPATCH, clock), clock)
    november = calendar.month(Product.WS2025, "2026-11")
    assert november is not None
    assert (november.kind, november.machines) == (ReleaseKind.HOTPATCH, 2)


def test_a_machine_off_the_train_teaches_nothing(db: sqlite3.Connection) -> None:
    clock = SteppedClock(NOW)
    drifted = ["26100.33296"] * 3
    calendar = read(db, fleet_of(drifted, HOTPATCH, clock), clock)
    assert calendar.month(Product.WS2025, "2026-11") is None
    assert releases.read_learned(db) == []


def test_a_published_row_replaces_what_the_fleet_showed(db: sqlite3.Connection) -> None:
    clock = SteppedClock(NOW)
    seen = read(db, fleet_of([OCTOBER] * 2, HOTPATCH, clock), clock)
    with database.transaction(db):
        releases.save_learned(db, "msrc", [HOTPATCH], NOW)
    calendar = releases.calendar_of(db, resources.calendar())
    november = calendar.month(Product.WS2025, "2026-11")
    assert seen.month(Product.WS2025, "2026-11").machines == 2
    assert november is not None
    assert (november.machines, november.build, november.source) == (
        None,
        HOTPATCHED,
        "made up for a test",
    )


# commands


@pytest.fixture
def msrc() -> Iterator[Feed]:
    with feed() as made:
        yield made


def test_the_commands_show_update_export_and_import(tmp_path: Path, msrc: Feed) -> None:
    here = tmp_path / "here"
    shown = run(here, "releases", "--json")
    assert shown.returncode == 0, shown.stderr
    before = json.loads(shown.stdout)
    assert [p["complete_until"] for p in before["products"]] == ["2026-11-09"] * 2
    assert (before["last_read"], set(before["sources"])) == (None, {"with the program"})
    updated = run(here, "releases", "update", "--url", msrc.address)
    assert updated.returncode == 0, updated.stderr
    assert updated.stdout.startswith("4 releases added or completed.")
    assert "complete until 7 Dec 2026" in updated.stdout
    assert "not known" not in updated.stdout
    after = json.loads(run(here, "releases", "--json").stdout)
    assert after["sources"]["from Microsoft or a file"] == 4
    listed = tmp_path / "releases.json"
    assert run(here, "releases", "export", "--out", str(listed)).returncode == 0
    there = tmp_path / "there"
    imported = run(there, "releases", "import", str(listed), "--json")
    assert json.loads(imported.stdout) == {"added": 4, "rejected": []}, imported.stderr


def test_a_failed_update_keeps_what_was_known(tmp_path: Path, msrc: Feed) -> None:
    assert run(tmp_path, "releases", "update", "--url", msrc.address).returncode == 0
    msrc.responses["/updates"] = (503, {}, b"")
    failed = run(tmp_path, "releases", "update", "--url", msrc.address)
    assert failed.returncode == 1
    assert "answered 503" in failed.stderr
    assert "Traceback" not in failed.stderr
    after = json.loads(run(tmp_path, "releases", "--json").stdout)
    assert [p["complete_until"] for p in after["products"]] == ["2026-12-07"] * 2


def test_a_rejected_row_is_named_and_the_exit_code_is_partly_done(
    tmp_path: Path, msrc: Feed
) -> None:
    november = json.loads(json.dumps(NOVEMBER).replace("20348.5850", "26100.5850"))
    msrc.documents[1] = november
    done = run(tmp_path, "releases", "update", "--url", msrc.address)
    assert done.returncode == 4
    assert (
        "Refused: KB5991122 is listed for Windows Server 2022 with build 10.0.26100.5850"
        in done.stderr
    )


# the window


def test_the_window_updates_releases_and_reports_it(stage: Stage, msrc: Feed) -> None:
    stage.clock.jump_to(NOW)
    stage.app.preferences._store.setValue("release_feed", msrc.address)
    stage.start()
    stage.choose("vm-web-01")
    blade = stage.window.machines.blade
    assert "current" not in blade.banner.headline.text()
    assert "up to date." not in blade.banner.headline.text()
    if not blade.banner.button.isVisible():
        blade.open_releases()
    else:
        blade.banner.button.click()
    dialog = stage.window.findChild(ReleasesDialog)
    assert dialog is not None
    assert "aren't known yet" in dialog.horizon.headline.text()
    assert "9 Nov 2026" in dialog.summary.text()
    dialog.findChild(QPushButton, "releasesUpdate").click()
    stage.until(lambda: dialog.outcome.text() == "4 releases added or completed.")
    stage.settle()
    assert dialog.horizon.headline.text() == "All planned releases so far are known"
    assert "7 Dec 2026" in dialog.summary.text()
    assert stage.app.releases().complete_until(Product.WS2025) == date(2026, 12, 7)
    dialog.reject()


def test_the_daily_release_update_is_off_by_default(stage: Stage, msrc: Feed) -> None:
    stage.app.preferences._store.setValue("release_feed", msrc.address)
    stage.start()
    assert msrc.requested == [], "nothing is read unless the user requests it"
    stage.window.open_preferences()
    stage.window.findChild(QPushButton, "prefReleases").click()
    dialog = stage.window.findChild(ReleasesDialog)
    assert dialog is not None
    assert not dialog.daily.isChecked()
    dialog.daily.click()
    stage.until(lambda: "/cvrf/2026-Nov" in msrc.requested)
    stage.until(lambda: dialog.outcome.text().startswith("4 releases"))
    assert stage.app.preferences.reads_releases
    many = len(msrc.requested)
    stage.app.actions.read_releases_daily(msrc.address)
    stage.idle()
    assert len(msrc.requested) == many, "once a day"
    with closing(open_writer(stage.app.source.path)) as db:
        db.execute("UPDATE release_documents SET read_at='2026-01-01T00:00:00Z'")
    for _ in range(3):
        stage.app.actions.read_releases_daily(msrc.address)
        stage.idle()
    stage.until(lambda: len(msrc.requested) > many)
    stage.idle()
    assert msrc.requested[many:] == ["/updates"], "a day on which nothing is new is a day, too"
    dialog.reject()


def test_files_are_imported_in_the_window_and_invalid_ones_reported(
    stage: Stage, tmp_path: Path
) -> None:
    stage.start()
    stage.window.machines.blade.open_releases()
    dialog = stage.window.findChild(ReleasesDialog)
    assert dialog is not None
    wrong = tmp_path / "<b>wrong<i>.json"
    dialog.read_file(wrong)
    stage.until(lambda: "No releases could be read" in dialog.outcome.text())
    assert "<b>wrong<i>.json" in dialog.outcome.text()
    saved = tmp_path / "2026-Nov.json"
    saved.write_text(json.dumps(NOVEMBER), encoding="utf-8")
    dialog.read_file(saved)
    stage.until(lambda: dialog.outcome.text() == "2 releases added or completed.")
    dialog.reject()


def test_an_export_derives_states_as_of_its_day(stage: Stage) -> None:
    """`list` and `export` read nothing: what the last sync wrote was true in August."""
    stage.start()
    db = stage.app.source.db
    assert db is not None

    def situations_at(now: datetime) -> dict[str, str]:
        sheet = export_sheets.sheet("machines", db, None, resources.calendar(), now)
        name, situation = (list(sheet.heads).index(head) for head in ("Machine", "Status"))
        return {row[name]: row[situation] for row in sheet.rows}

    assert situations_at(EPOCH)["vm-web-01"] == "Up to date"
    assert situations_at(NOW)["vm-web-01"] == "Assessment too old"
    assert "Up to date" not in situations_at(NOW).values()


def test_a_start_after_weeks_shows_no_outdated_green(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    """Evaluated before Azure has answered: the wire may be slow, or away."""
    august = SteppedClock(EPOCH)
    simulator = stopped_simulator(august)
    sync(db, simulator, CloudClock(august.now()))
    assert (Situation.UP_TO_DATE, Level.OK) in situations(db)
    seen: list[bool] = []

    def look(method: str, path: str) -> None:
        with closing(database.open_reader(tmp_path / FILE_NAME)) as reader:
            seen.append((Situation.UP_TO_DATE, Level.OK) in situations(reader))

    simulator.faults.append(look)
    sync(db, simulator, CloudClock(NOW))
    assert seen
    assert not seen[0], "reclassified before the first request"
    simulator.cloud.close()


def test_machines_are_derived_again_once_a_release_is_known(stage: Stage, msrc: Feed) -> None:
    stage.clock.jump_to(NOW)
    stage.start()
    db = stage.app.source.db
    assert db is not None
    green = "SELECT count(*) FROM machines WHERE level=0"
    assert db.execute(green).fetchone()[0] == 0, "nothing is green past the horizon"
    assert machines.present(db)
    stage.app.actions.update_releases(msrc.address)
    stage.until(lambda: stage.app.releases().complete_until(Product.WS2025) > date(2026, 12, 1))
