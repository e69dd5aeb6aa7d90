"""Calendar and rollout in the window: links, what is chosen, and the way to a machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox
from pytestqt.qtbot import QtBot

from hotpatch_gui.captures.scenes.steps import advance_and_sync
from hotpatch_gui.captures.stage import Stage, SteppedClock
from hotpatch_gui.domain.clouds import PUBLIC
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.domain.rollout_progress import RolloutStatus
from hotpatch_gui.domain.updates import RestartBehavior
from hotpatch_gui.models.rollout import MACHINES, RolloutFilter, read_rollout
from hotpatch_gui.simulator.build import build_simulator
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.store import connections
from hotpatch_gui.store.database import open_writer, transaction
from hotpatch_gui.store.timestamps import to_text
from hotpatch_gui.system import resources
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.views.pages.calendar import CalendarPage
from hotpatch_gui.views.pages.rollout import RolloutPage
from hotpatch_gui.views.widgets.table import TablePanel

pytestmark = pytest.mark.expects_log


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        yield made


class Browser(QObject):
    """Receives the addresses that Qt would open."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toString())


def calendar(stage: Stage) -> CalendarPage:
    stage.window.show_page("calendar")
    stage.settle()
    page = stage.window.page("calendar")
    assert isinstance(page, CalendarPage)
    return page


def rollout(stage: Stage) -> RolloutPage:
    stage.window.show_page("rollout")
    stage.settle()
    page = stage.window.page("rollout")
    assert isinstance(page, RolloutPage)
    return page


def test_enter_on_a_release_opens_microsofts_page_of_its_kb(stage: Stage, qtbot: QtBot) -> None:
    stage.start()
    page, browser = calendar(stage), Browser()
    QDesktopServices.setUrlHandler("https", browser, "open")
    try:
        rows = [page.releases.row(n) for n in range(page.releases.count())]
        august = next(r for r in rows if r is not None and r.kb == "KB5120228")
        planned = next(r for r in rows if r is not None and r.kb is None)
        for row in (planned, august):
            assert page.release_table.select_id(row.id)
            qtbot.keyClick(page.release_table, Qt.Key.Key_Return)
    finally:
        QDesktopServices.unsetUrlHandler("https")
    assert browser.opened == ["https://support.microsoft.com/help/5120228"]


def test_the_calendar_shows_installations_of_the_selected_machines(
    stage: Stage,
) -> None:
    stage.start()
    stage.choose("vm-web-01")
    page = calendar(stage)
    assert "vm-web-01: 2 monthly releases installed" in page.chart.caption.text()
    assert page.total.text().startswith("vm-web-01: ")
    stage.window.show_page("machines")
    stage.choose("vm-web-01", "vm-dc-01", "vm-print-01")
    page = calendar(stage)
    assert "The 3 selected machines: " in page.chart.caption.text()
    assert "1 failed" in page.chart.caption.text()
    stage.window.show_page("machines")
    page.period.setCurrentText("2022")
    calendar(stage)
    of_2022 = [r for r in resources.calendar().releases if r.released.year == 2022]
    assert page.releases.count() == len(of_2022) == 18
    assert "Released: 4 planned baselines" in page.chart.caption.text()


def test_hostile_names_stay_text_on_the_new_pages(stage: Stage) -> None:
    name = "<b>vm</b>=cmd()|'x'!A0 \u202e\U0001f680"
    guests = stage.simulator.cloud.guests
    guests[name.casefold()] = replace(deepcopy(guests["vm-web-01"]), name=name)
    stage.start()
    stage.choose(name)
    page = calendar(stage)
    assert page.total.text().startswith(f"{name}: ")
    assert page.total.textFormat() is Qt.TextFormat.PlainText
    assert page.chart.caption.textFormat() is Qt.TextFormat.PlainText
    order = rollout(stage)
    shown = [order.model.row(n) for n in range(order.model.count())]
    assert name in {row.name for row in shown if row is not None}
    order.panel.table.selectAll()
    order.panel.table.copy()
    lines = QApplication.clipboard().text().split("\n")
    assert not any(cell.startswith(("=", "+", "@")) for line in lines for cell in line.split("\t"))


def test_a_row_of_the_rollout_opens_its_machine(stage: Stage) -> None:
    stage.start()
    page = rollout(stage)
    rows = [page.model.row(n) for n in range(page.model.count())]
    wanted = next(r for r in rows if r is not None and r.name == "vm-erp-01")
    page.panel.table.opened.emit(wanted.id)
    stage.settle()
    assert stage.window.pages.currentWidget() is stage.window.machines
    assert stage.window.machines.blade.title.full_text == "vm-erp-01 | Hotpatch"


def test_the_rollout_table_sorts_and_keeps_the_selection(stage: Stage) -> None:
    stage.start()
    page = rollout(stage)
    rows = [page.model.row(n) for n in range(page.model.count())]
    wanted = next(r for r in rows if r is not None and r.name == "vm-web-02")
    page.panel.table.select_id(wanted.id)
    state = [c.key for c in page.model.columns].index("status")
    page.panel.table.sortByColumn(state, Qt.SortOrder.DescendingOrder)
    status = [page.model.row(n).status for n in range(page.model.count())]
    assert status == sorted(status, reverse=True)
    stage.sync()
    assert page.panel.table.selected_ids == [wanted.id]


def test_without_a_sync_the_rollout_stays_as_of_the_last_one(stage: Stage) -> None:
    stage.start()
    advance_and_sync(stage, days=19, hours=5)
    db = stage.app.source.db
    assert db is not None
    pairs, now = resources.read_json("region-pairs.json")["pairs"], stage.app.clock()
    calendar_ = resources.calendar()
    fresh = read_rollout(db, calendar_, pairs, lambda: now)
    assert "As of the last sync" not in fresh.detail
    later = read_rollout(db, calendar_, pairs, lambda: now + timedelta(hours=30))
    assert later.detail.startswith("As of the last sync, ")
    with closing(open_writer(stage.app.source.path)) as writer, transaction(writer):
        connections.save(writer, Connection("Never synced", PUBLIC, SignInMethod.BROWSER))
    never = read_rollout(db, calendar_, pairs, lambda: now + timedelta(hours=30))
    assert never.detail == later.detail, "a connection without a sync makes nothing current"
    windows = {row.id: row.window for row in fresh.rows}
    assert {row.id: row.window for row in later.rows} == windows, "expected starts don't move"
    column = next(c for c in MACHINES if c.key == "window")
    passed = [
        r for r in later.rows if r.window is not None and r.window < now + timedelta(hours=29)
    ]
    waiting = [r for r in passed if r.status is RolloutStatus.WAITING]
    assert waiting
    for row in waiting:
        assert column.text(row, now + timedelta(hours=30)).endswith(", not confirmed")
        assert not column.text(row, now).endswith(", not confirmed")


def restarts_of(stage: Stage, since: datetime) -> set[str]:
    """Machines whose installation since then restarted them."""
    db = stage.app.source.db
    assert db is not None
    rows = db.execute(
        "SELECT m.name FROM installations i JOIN machines m ON m.id=i.machine_id"
        " WHERE i.restart_status='Completed' AND i.started_at>=?",
        (to_text(since),),
    )
    return {name for (name,) in rows}


def test_machines_listed_for_the_next_day_are_those_that_restart(qapp: QApplication) -> None:
    """Besides machines that are only expected to, those that are patched already but miss another Security update."""
    clock = SteppedClock(EPOCH)
    pairs = resources.read_json("region-pairs.json")["pairs"]
    simulator = build_simulator(
        resources.calendar(),
        resources.read_json("other-updates.json"),
        clock=clock,
        quota=1000,
        machines=80,
        pairs=pairs,
    )
    with Stage("light", simulator=simulator) as stage:
        stage.clock = clock
        stage.start()
        now = clock.now()
        assert stage.app.source.db is not None
        data = read_rollout(stage.app.source.db, resources.calendar(), pairs, lambda: now)
        due = [r for r in data.rows if RolloutFilter.DAY_RESTARTS.includes(r, now)]
        certain = {r.name for r in due if r.restart is RestartBehavior.ALWAYS}
        again = {r.name for r in due if r.status is RolloutStatus.PATCHED}
        advance_and_sync(stage, days=1)
        restarted = restarts_of(stage, now)
        assert certain <= restarted <= {r.name for r in due}
        assert again & restarted, "patched, but another Security update was left"


def test_schedules_of_machines_are_listed_also_without_a_release(stage: Stage) -> None:
    stage.start()
    db = stage.app.source.db
    assert db is not None
    pairs = resources.read_json("region-pairs.json")["pairs"]
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    data = read_rollout(db, resources.calendar(), pairs, lambda: now)
    assert (data.headline, data.phases) == ("The newest release isn't known", [])
    assert len(data.rows) == 16
    assert RolloutStatus.NOT_KNOWN in {row.status for row in data.rows}
    (row,) = [row for row in data.rows if row.window is not None]
    assert (row.name, row.status) == ("vm-file-01", RolloutStatus.NOT_INCLUDED)
    assert now < row.window < now + timedelta(days=7)


def test_empty_pages_say_that_there_are_no_machines(qapp: QApplication) -> None:
    with Stage("light") as stage:
        stage.simulator.cloud.guests.clear()
        stage.start()
        for key in ("calendar", "planner"):
            stage.window.show_page(key)
            stage.settle()
        for key, box, texts in (
            ("updates", "updatesDefinitions", ("Definition updates are hidden.", "no updates.")),
            ("history", "fleetHistoryRange", ("Choose a longer range", "everything it has read.")),
        ):
            stage.window.show_page(key)
            shown = stage.window.page(key)
            panel = shown.findChild(TablePanel)
            stage.settle()
            assert texts[0] in panel.empty.explanation.text()
            if key == "updates":
                shown.findChild(QCheckBox, box).setChecked(True)
            else:
                choice = shown.findChild(QComboBox, box)
                choice.setCurrentIndex(choice.count() - 1)
            stage.settle()
            assert panel.empty.explanation.text().endswith(texts[1])
            assert panel.empty.headline.text().startswith(("No updates", "No installations"))
        page = rollout(stage)
        assert page.panel.empty.headline.text() == "Nothing to show"
        assert page.panel.empty._glyph._glyph is Glyph.INFO
