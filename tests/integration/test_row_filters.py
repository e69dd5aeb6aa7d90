"""Searching Activity and the audit log, and what machine rows show of operations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from PySide6.QtWidgets import QApplication

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.machine_filter import Condition, MachineFilter
from hotpatch_gui.models import export_sheets, update_text
from hotpatch_gui.store.database import open_writer, transaction
from hotpatch_gui.store.history_rows import InstallationRunRow
from hotpatch_gui.system import resources
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.views.main_window import PAGES
from hotpatch_gui.views.pages.activity import ActivityPage
from hotpatch_gui.views.pages.history import HistoryPage


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        made.start()
        yield made


def ids(stage: Stage) -> dict[str, int]:
    db = stage.app.source.db
    assert db is not None
    return dict(db.execute("SELECT name, id FROM machines").fetchall())


def activity(stage: Stage) -> ActivityPage:
    stage.window.show_page("activity")
    stage.settle()
    page = stage.window.page("activity")
    page.tabs.setCurrentWidget(page.operations)
    assert isinstance(page, ActivityPage)
    return page


@pytest.mark.expects_log
def test_operations_and_calls_are_searched_by_text_and_time(stage: Stage) -> None:
    known = ids(stage)
    stage.request.assess([known["vm-web-01"], known["vm-app-01"]])
    db = stage.app.source.db
    assert db is not None
    stage.until(lambda: db.execute("SELECT count(*) FROM audit_log").fetchone()[0] >= 4)
    page = activity(stage)
    page.tabs.setCurrentWidget(page.operations)
    assert page.operations.model.rowCount() == 2
    page.operations.filter.search.setText("vm-web")
    stage.settle()
    assert [
        page.operations.model.row(n).machine_name for n in range(page.operations.model.rowCount())
    ] == ["vm-web-01"]
    page.operations.filter.search.setText("100%_\\")
    stage.settle()
    assert page.operations.model.rowCount() == 0
    assert page.operations.panel.empty.headline.text() == "No operation matches"
    page.operations.filter.search.clear()
    with closing(open_writer(stage.app.source.path)) as writer, transaction(writer):
        writer.execute("UPDATE operations SET created_at='2026-01-01T00:00:00Z' WHERE id=1")
    page.operations.filter.range.setCurrentIndex(0)
    stage.settle()
    assert page.operations.model.rowCount() == 1
    page.tabs.setCurrentWidget(page.audit)
    calls = page.audit.model.rowCount()
    page.audit.filter.search.setText("vm-app accepted")
    stage.settle()
    assert 0 < page.audit.model.rowCount() < calls
    page.audit.filter.search.setText("nobody")
    stage.settle()
    assert page.audit.panel.empty.headline.text() == "No call matches"


@pytest.mark.expects_log
def test_a_row_opens_its_machine_which_shows_the_work(stage: Stage) -> None:
    known = ids(stage)
    machines = stage.window.machines
    stage.request.assess([known["vm-web-01"]])
    stage.until(lambda: stage.operation_states()[0].is_under_way)
    stage.settle()
    number = machines.model.number_of(known["vm-web-01"])
    assert number is not None
    lines = machines.model.lines(number, stage.app.clock())
    assert lines is not None
    assert (lines.glyph, lines.summary) == (Glyph.RUNNING, "Assessing…")
    page = activity(stage)
    page.tabs.setCurrentWidget(page.operations)
    operation_id = page.operations.model.id_at(0)
    assert operation_id is not None
    page.operations.panel.table.opened.emit(operation_id)
    stage.settle()
    assert PAGES[stage.window.pages.currentIndex()] == "machines"
    assert machines.list.selected_ids == [known["vm-web-01"]]


@pytest.mark.expects_log
def test_installations_are_found_by_their_error_and_show_its_code(stage: Stage) -> None:
    stage.window.show_page("history")
    page = stage.window.page("history")
    assert isinstance(page, HistoryPage)
    tab = page.tab
    stage.settle()
    for text in ("0x80070005", "ACCESS was"):
        tab.search.setText(text)
        stage.settle()
        rows = [tab.model.row(n) for n in range(tab.model.rowCount())]
        assert [row.machine_name for row in rows if row] == ["vm-print-01"]
        assert tab.tiles["total"].figure.text() == "1"
    assert rows[0] is not None
    assert update_text.run_status_text(rows[0]) == "Failed (0x80070005)"
    found = export_sheets.sheet(
        "history", stage.app.source.db, None, resources.calendar(), stage.app.clock()
    )
    errors = [row[list(found.heads).index("Error")] for row in found.rows]
    assert sum("disk space (0x80070005)" in str(error) for error in errors) == 1


def test_an_error_without_a_message_is_its_code() -> None:
    row = InstallationRunRow(*([None] * len(InstallationRunRow._fields)))._replace(status="Failed")
    assert update_text.run_error_text(row) == ""
    assert (
        update_text.run_error_text(row._replace(error_code="0x80240022", error="")) == "0x80240022"
    )
    both = row._replace(error_code="0x80240022", error="All failed.")
    assert update_text.run_error_text(both) == "0x80240022: All failed."


@pytest.mark.expects_log
def test_ranges_and_ages_move_on_with_the_time(stage: Stage) -> None:
    """In a window that stays open: a table never lists what its filter excludes by now."""
    known = ids(stage)
    stage.request.assess([known["vm-web-01"]])
    stage.window.show_page("history")
    page = stage.window.page("history")
    assert isinstance(page, HistoryPage)
    history, operations = page.tab, activity(stage).operations
    for box in (history.range, operations.filter.range):
        box.setCurrentIndex(0)
    machines = stage.window.machines
    machines.show_only(MachineFilter(condition=Condition.FAILED))
    stage.settle()
    lists = (history.model, operations.model, machines.model)
    assert all(model.rowCount() for model in lists)
    stage.app.clock.observe(stage.app.clock() + timedelta(days=40), 0.0)
    stage.app.source.minute_passed.emit()
    stage.until(lambda: [model.rowCount() for model in lists] == [0, 0, 0])
    stage.until(lambda: history.tiles["total"].figure.text() == "0")


def test_the_range_yesterday_is_one_day(stage: Stage) -> None:
    known, now = ids(stage), stage.clock.now()
    yesterday = now.date() - timedelta(days=1)
    times = (
        now.date().isoformat() + "T00:00:00Z",
        f"{yesterday}T23:59:59Z",
        f"{yesterday}T00:00:00Z",
        f"{yesterday - timedelta(days=1)}T23:59:59Z",
    )
    with closing(open_writer(stage.app.source.path)) as writer, transaction(writer):
        for at in times:
            writer.execute(
                "INSERT INTO operations (machine_id, kind, state, requested_by, created_at, ended_at, note)"
                " VALUES (?, 'assess', 'succeeded', 'a', ?, ?, ?)",
                (known["vm-web-01"], at, at, at),
            )
    stage.app.source.notify(ChangedTables.of("operations"))
    page = activity(stage)
    box = page.operations.filter.range
    box.setCurrentIndex(box.findText("Yesterday (UTC)"))
    stage.settle()
    model = page.operations.model
    shown = [model.row(n) for n in range(model.rowCount())]
    assert {row.note for row in shown if row is not None} == {times[1], times[2]}


def test_an_installation_opens_its_machine(stage: Stage) -> None:
    stage.window.show_page("history")
    stage.settle()
    page = stage.window.page("history")
    assert isinstance(page, HistoryPage)
    stage.window.machines.as_grid.setChecked(True)
    run = page.tab.model.row(0)
    assert run is not None
    page.tab.panel.table.opened.emit(page.tab.model.id_at(0))
    stage.settle()
    assert PAGES[stage.window.pages.currentIndex()] == "machines"
    assert stage.window.machines.blade.machine_ids == (run.machine_id,)
    assert stage.window.machines.blade.isVisible()
