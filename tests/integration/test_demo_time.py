"""The demo's own time: the whole window follows where it goes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from operator import itemgetter

import pytest
from PySide6.QtWidgets import QApplication

from hotpatch_gui.application.user_actions import NextSession
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.demo import time as demo_time
from hotpatch_gui.domain.machine_filter import Condition, MachineFilter
from hotpatch_gui.models.kb_machines import read_kb_machines
from hotpatch_gui.models.selection import read_selection
from hotpatch_gui.simulator.build import build_simulator
from hotpatch_gui.simulator.clock import RunningClock
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.store import unhealthy
from hotpatch_gui.store.machine_filters import machines_where
from hotpatch_gui.system import resources
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.views.dialogs.install import InstallDialog
from hotpatch_gui.views.pages.calendar import CalendarPage
from hotpatch_gui.views.pages.overview import OverviewPage
from hotpatch_gui.views.pages.rollout import RolloutPage

pytestmark = pytest.mark.expects_log


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        yield made


def actions(stage: Stage) -> dict[str, bool]:
    menu = stage.window.header.demo.menu()
    assert menu is not None
    menu.aboutToShow.emit()
    return {a.text(): a.isEnabled() for a in menu.actions() if not a.isSeparator()}


def situation(stage: Stage, name: str) -> str:
    db = stage.app.source.db
    assert db is not None
    return str(db.execute("SELECT situation FROM machines WHERE name=?", (name,)).fetchone()[0])


def test_stepping_to_the_next_release_updates_the_window(stage: Stage) -> None:
    stage.start()
    assert actions(stage)["Step to the next release (8 Sep 2026)"]
    assert situation(stage, "vm-new-01") == "Never assessed"
    demo = stage.app.demo
    assert demo is not None
    demo.step()
    stage.until(lambda: "8 Sep 2026" in stage.window.header.demo.text())
    stage.until(lambda: situation(stage, "vm-new-01") != "Never assessed")
    stage.choose("vm-web-01")
    headline = stage.window.machines.blade.banner.headline.text()
    assert (
        headline == "After the last assessment, the September 2026 baseline KB5122871 was released."
    )
    stage.window.show_page("calendar")
    stage.settle()
    page = stage.window.page("calendar")
    assert isinstance(page, CalendarPage)
    shown = [page.releases.row(n) for n in range(page.releases.count())]
    september = next(r for r in shown if r is not None and r.kb == "KB5122871")
    assert september.has_changed


def test_after_the_last_known_release_there_is_no_step(stage: Stage) -> None:
    stage.start()
    stage.clock.advance(days=60)
    stage.sync()
    assert actions(stage)["No later release is known"] is False


def test_fast_forward_ends_after_a_month(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_time, "PLAY_S", 2.0)
    monkeypatch.setattr(demo_time, "SYNC_MS", 300)
    simulator = build_simulator(
        resources.calendar(),
        resources.read_json("other-updates.json"),
        clock=RunningClock(EPOCH, 60.0),
        quota=1000,
        pairs=resources.read_json("region-pairs.json")["pairs"],
    )
    with Stage("light", simulator=simulator) as stage:
        stage.start()
        demo = stage.app.demo
        assert demo is not None
        seen: list[str] = []
        demo.changed.connect(lambda: seen.append("playing" if demo.is_playing else "over"))
        demo.play()
        assert actions(stage)["Stop here"]
        stage.until(lambda: "× speed" in stage.window.header.demo.text())
        stage.until(lambda: seen == ["playing", "over"])
        assert simulator.cloud.clock.now() >= EPOCH + timedelta(days=30)
        stage.sync()
        assert situation(stage, "vm-web-02") in ("Up to date", "Updates available")
        assert "faster" not in stage.window.header.demo.text()


def test_playing_can_be_paused(qapp: QApplication) -> None:
    simulator = build_simulator(
        resources.calendar(),
        resources.read_json("other-updates.json"),
        clock=RunningClock(EPOCH, 60.0),
        quota=1000,
    )
    with Stage("light", simulator=simulator) as stage:
        stage.start()
        demo = stage.app.demo
        assert demo is not None
        demo.play()
        demo.stop()
        stopped = simulator.cloud.clock.now()
        assert not demo.is_playing
        assert simulator.cloud.clock.rate() == 1.0
        assert simulator.cloud.clock.now() - stopped < timedelta(minutes=1)
        assert stopped < EPOCH + timedelta(days=20)


def test_another_scenario_restarts_the_program(stage: Stage) -> None:
    stage.start()
    assert "Restart the demo: 22 Oct 2025, the day before KB5070881" in actions(stage)
    demo = stage.app.demo
    assert demo is not None
    demo.begin("october-2025")
    assert stage.app.next == NextSession(scenario="october-2025")
    assert not stage.window.isVisible()


def test_sentence_and_ledger_show_the_case_of_kb5070881(qapp: QApplication) -> None:
    with Stage("light", scenario="october-2025") as stage:
        stage.start()
        stage.choose("vm-web-01")
        sentence = stage.window.machines.blade.banner
        assert sentence.headline.text() == "Hotpatch is on and up to date."
        reported: dict[str, str] = {}
        for until in (
            datetime(2025, 10, 26, tzinfo=UTC),
            datetime(2025, 11, 15, tzinfo=UTC),
            datetime(2025, 12, 15, tzinfo=UTC),
            datetime(2026, 1, 16, tzinfo=UTC),
            datetime(2026, 2, 14, tzinfo=UTC),
        ):
            stage.clock.jump_to(until)
            stage.sync()
            reported[f"{until:%B}"] = f"{sentence.headline.text()} {sentence.detail.text()}"
        for month in ("October", "November", "December"):
            assert reported[month].startswith(
                "Off the hotpatch train: no hotpatches until the next"
            ), month
        assert "It runs the out-of-band update KB5070881" in reported["October"]
        assert "planned for 13 Jan 2026" in reported["December"]
        assert "January 2026 baseline KB5073379" in reported["January"]
        assert "It runs the hotpatch KB5075942 on the January 2026 baseline" in reported["February"]
        stage.window.show_page("calendar")
        stage.settle()
        page = stage.window.page("calendar")
        assert isinstance(page, CalendarPage)
        rows = [page.restarts.row(n) for n in range(page.restarts.count())]
        causes = [(r.kb, r.cause.value) for r in reversed(rows) if r is not None]
        assert causes == [
            ("KB5066835", "Planned baseline"),
            ("KB5070881", "Out-of-band update"),
            ("KB5068861", "Cumulative update, no hotpatch"),
            ("KB5072359", "Out-of-band update"),
            ("KB5072033", "Cumulative update, no hotpatch"),
            ("KB5073379", "Planned baseline"),
        ]
        assert "Monthly releases of the operating system caused 4 of them." in page.total.text()


def test_a_bad_update_halts_the_rollout_and_the_page_explains_it(qapp: QApplication) -> None:
    with Stage("light", scenario="bad-update") as stage:
        stage.start()
        stage.window.show_page("rollout")
        stage.settle()
        page = stage.window.page("rollout")
        assert isinstance(page, RolloutPage)
        stage.clock.advance(days=5)
        stage.sync()
        assert (
            page.banner.headline.text()
            == "Rollout halted in phase 2 of 2 (westus2), inferred from Azure's published rules and an assumed limit"
        )
        assert "vm-app-01 became unhealthy after the update" in page.banner.detail.text()
        rows = [page.model.row(n) for n in range(page.model.count())]
        status = {r.name: r.status.value for r in rows if r is not None}
        assert status["vm-app-01"] == "Unhealthy"
        assert "On hold" in status.values()
        assert status["vm-legacy-01"] == "Not included"
        ill = {g.name for g in stage.simulator.cloud.guests.values() if g.health == "Unavailable"}
        assert {n for n, s in status.items() if s == "Unhealthy"} == ill


def test_a_bad_update_is_shown_wherever_it_can_be_installed(qapp: QApplication) -> None:
    with Stage("light", scenario="bad-update") as stage:
        stage.start()
        stage.clock.advance(days=5)
        stage.sync()
        db = stage.app.source.db
        assert db is not None
        ill = {g.name for g in stage.simulator.cloud.guests.values() if g.health == "Unavailable"}
        now = stage.clock.now()
        where = machines_where(MachineFilter(condition=Condition.UNHEALTHY_SINCE), now)
        found = db.execute(f"SELECT m.name FROM machines m{where.sql}", where.parameters)
        assert {row[0] for row in found} == ill != set()
        stage.window.show_page("overview")
        stage.settle()
        page = stage.window.page("overview")
        assert isinstance(page, OverviewPage)
        titles = [item.title for item in page.next_steps._items]
        assert titles[0] == f"Unhealthy since an installation: {len(ill)} machine"
        kb, count = max(unhealthy.by_kb(db, now).items(), key=itemgetter(1))
        assert count == len(ill)
        missing = db.execute("SELECT machine_id, name FROM updates WHERE kb=?", (kb,)).fetchall()
        ids, name = sorted({row[0] for row in missing}), missing[0]["name"]
        pane = read_kb_machines(db, kb, name, stage.clock.now)
        assert pane.text.endswith("1 machine became unhealthy after it was installed.")
        dialog = InstallDialog(stage.window.machines._s, ids, stage.window)
        dialog.open()
        stage.settle()
        dialog.go_to(3)
        stage.settle()
        assert f"became unhealthy after {kb} was installed" in dialog.facts.text()
        dialog.reject()


def rollout_after(stage: Stage, *, days: int) -> RolloutPage:
    stage.clock.advance(days=days)
    stage.sync()
    stage.window.show_page("rollout")
    stage.settle()
    page = stage.window.page("rollout")
    assert isinstance(page, RolloutPage)
    return page


def test_a_rollout_ends_after_thirty_days(qapp: QApplication) -> None:
    with Stage("light", scenario="bad-update") as stage:
        stage.start()
        page = rollout_after(stage, days=31)
        assert page.banner.headline.text() == "Nothing to roll out until 13 Oct 2026"
        assert not page.banner.button.isVisible()


def test_the_halted_rollout_shows_its_unhealthy_machines(qapp: QApplication) -> None:
    with Stage("light", scenario="bad-update") as stage:
        stage.start()
        page = rollout_after(stage, days=5)
        page.banner.button.click()
        assert {row.name for row in page.model.all_rows} == {
            g.name for g in stage.simulator.cloud.guests.values() if g.health == "Unavailable"
        }


def test_an_unhealthy_machine_is_not_green(qapp: QApplication) -> None:
    with Stage("light", scenario="bad-update") as stage:
        stage.start()
        stage.clock.advance(days=5)
        stage.sync()
        ill = next(g for g in stage.simulator.cloud.guests.values() if g.health == "Unavailable")
        stage.choose(ill.name)
        stage.settle()
        banner = stage.window.machines.blade.banner
        assert banner.headline.text().startswith("Resource Health reports “Unavailable” since")
        assert banner.property("level") == "error"
        assert "Check the machine before you install updates" in banner.detail.text()
        assert banner.button.text() == "Show history", "not the command that made it unhealthy"
        banner.button.click()
        blade = stage.window.machines.blade
        assert blade.tabs.tabText(blade.tabs.currentIndex()) == "Update history"
        machines = stage.window.machines
        lines = [
            line
            for n in range(machines.model.count())
            if (line := machines.model.lines(n, stage.clock.now())) is not None
        ]
        own = next(n for n, line in enumerate(lines) if line.name == ill.name)
        assert lines[own].glyph is Glyph.ERROR
        assert lines[own].summary.startswith("Unhealthy")
        assert {line.glyph for line in lines[:own]} <= {Glyph.ERROR}, "most urgent first"
        db = stage.app.source.db
        assert db is not None
        ids = [row[0] for row in db.execute("SELECT id FROM machines WHERE deleted_at IS NULL")]
        summary = read_selection(db, ids)
        assert summary is not None
        group = next(g for g in summary.status_groups if ill.name in g.names)
        assert (group.glyph, group.situation) == (Glyph.ERROR, "Unhealthy · Up to date")
        ill.health = "Available"
        stage.sync()
        row = next(
            line
            for n in range(machines.model.count())
            if (line := machines.model.lines(n, stage.clock.now())) and line.name == ill.name
        )
        assert row.glyph is not Glyph.ERROR
        assert not row.summary.startswith("Unhealthy")


def test_a_fault_is_still_shown_while_an_operation_runs(stage: Stage) -> None:
    guest = next(g for g in stage.simulator.cloud.guests.values() if g.name == "vm-print-01")
    guest.health = "Unavailable"
    stage.start()
    stage.choose("vm-print-01")
    stage.settle()
    blade = stage.window.machines.blade
    assert blade.banner.headline.text().startswith("Resource Health reports “Unavailable”")
    stage.app.actions.assess(list(blade.machine_ids))
    stage.until(blade.work.isVisible)
    assert blade.banner.isVisible()
