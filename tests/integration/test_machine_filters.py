"""Filters, the grid and the context menu of the Machines page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QApplication, QInputDialog, QMenu
from pytestqt.qtbot import QtBot

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.clouds import CHINA, PUBLIC, US_GOVERNMENT, demo
from hotpatch_gui.domain.machine_filter import (
    EVERY_MACHINE,
    Choice,
    Condition,
    Dimension,
    LastAssessed,
    MachineFilter,
)
from hotpatch_gui.models.filters import read_values, to_text
from hotpatch_gui.store.database import open_writer, transaction
from hotpatch_gui.store.machine_grid import MachineGridRow
from hotpatch_gui.views.dialogs.filter_values import FilterValuesDialog
from hotpatch_gui.views.pages.machines import MachinesPage

CHECKED = Qt.CheckState.Checked


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        made.start()
        made.window.show_page("machines")
        made.settle()
        yield made


def machines(stage: Stage) -> MachinesPage:
    stage.settle()
    return stage.window.machines


def action(menu: QMenu, text: str) -> QAction:
    """The menu's action, or one of its submenus'."""
    for found in menu.findChildren(QAction) + menu.actions():
        if found.text() == text:
            return found
    raise AssertionError(text)


def open_values(stage: Stage, text: str) -> FilterValuesDialog:
    page = machines(stage)
    page.filters.menu.aboutToShow.emit()
    action(page.filters.menu, text).trigger()
    stage.settle()
    stage.settle()
    dialog = next(d for d in stage.window.findChildren(FilterValuesDialog) if d.isVisible())
    assert isinstance(dialog, FilterValuesDialog)
    return dialog


def test_each_dimension_offers_its_values_and_lists_as_many_machines(stage: Stage) -> None:
    page = machines(stage)
    for dimension in (d for d in Dimension if d is not Dimension.TAG):
        values = stage.app.source.read_list(
            lambda db, d=dimension: read_values(db, d, page._s.clock())
        )
        dialog = open_values(stage, f"{dimension.label}…")
        assert dialog.list.count() == len(values) > 0
        dialog.list.item(0).setCheckState(CHECKED)
        dialog.yes.click()
        assert machines(stage).model.rowCount() == values[0].machines, dimension
        assert page.filters.chips[0].text() == f"{dimension.label}: {values[0].label} ✕"
        page.filters.chips[0].click()
        assert machines(stage).model.rowCount() == 16


def test_values_are_searched_ticked_and_combined_with_a_condition(
    stage: Stage, qtbot: QtBot
) -> None:
    page = machines(stage)
    dialog = open_values(stage, "Region…")
    dialog.search.setText("europe")
    assert sum(not dialog.list.item(n).isHidden() for n in range(dialog.list.count())) == 2
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    ticked = [n for n in range(dialog.list.count()) if dialog.list.item(n).checkState() is CHECKED]
    assert len(ticked) == 2, "Return ticks what the search found"
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert machines(stage).model.rowCount() == 6
    page.filters.menu.aboutToShow.emit()
    action(page.filters.menu, Condition.UPDATE_MISSING.label).trigger()
    stage.settle()
    assert len(page.filters.chips) == 2
    db = stage.app.source.db
    assert db is not None
    (count,) = db.execute(
        "SELECT count(*) FROM machines WHERE location LIKE '%europe' AND update_missing=1"
    ).fetchone()
    assert machines(stage).model.rowCount() == count
    assert page.count_label.text() == f"{count} of 16"
    dialog = open_values(stage, "Region…")
    ticked = [dialog.list.item(n).text() for n in range(dialog.list.count())]
    assert len(ticked) == 4
    assert {
        dialog.list.item(n).checkState() is CHECKED
        for n in range(dialog.list.count())
        if "europe" in dialog.list.item(n).text()
    } == {True}, "what is chosen is ticked"


def test_filters_are_saved_by_name_applied_and_deleted(stage: Stage, qtbot: QtBot) -> None:
    page = machines(stage)
    page.show_only(MachineFilter(condition=Condition.HOTPATCH_ON))
    on = machines(stage).model.rowCount()
    page.filters.menu.aboutToShow.emit()
    action(page.filters.menu, "Save filter…").trigger()
    dialog = stage.window.findChild(QInputDialog)
    assert isinstance(dialog, QInputDialog)
    dialog.setTextValue("R&D <b>")
    dialog.accept()
    page.filters.menu.aboutToShow.emit()
    action(page.filters.menu, "Clear filters").trigger()
    assert machines(stage).model.rowCount() == 16 > on > 0
    page.filters.menu.aboutToShow.emit()
    next(a for a in page.filters.menu.actions() if a.text() == "R&&D <b>").trigger()
    assert machines(stage).model.rowCount() == on
    page.filters.menu.aboutToShow.emit()
    titles = [
        m for m in page.filters.menu.findChildren(QMenu) if m.title() == "Delete saved filter"
    ]
    titles[-1].actions()[0].trigger()
    assert stage.app.preferences.filters == {}


def test_a_saved_filter_includes_its_search(stage: Stage) -> None:
    page = machines(stage)
    wanted = MachineFilter(condition=Condition.HOTPATCH_ON, text="web")
    page.show_only(MachineFilter(condition=Condition.HOTPATCH_ON))
    stage.window.header.search.setText("web")
    stage.settle()
    found = page.model.rowCount()
    stage.app.preferences.filters = {"web servers": to_text(page._current_filter)}
    stage.window.header.search.clear()
    page.filters.filtered.emit(EVERY_MACHINE)
    stage.settle()
    assert page.model.rowCount() > found > 0
    page.filters.menu.aboutToShow.emit()
    action(page.filters.menu, "web servers").trigger()
    stage.settle()
    assert (page._current_filter, page.model.rowCount()) == (wanted, found)
    assert stage.window.header.search.text() == "web"


def test_times_of_assessments_are_offered_from_the_latest(stage: Stage) -> None:
    machines(stage)
    db = stage.app.source.db
    assert db is not None
    values = read_values(db, Dimension.ASSESSED, stage.clock.now())
    order = [last.value for last in LastAssessed]
    assert [v.key for v in values] == sorted((v.key for v in values), key=order.index)
    assert len(values) > 2


def test_filter_and_selection_survive_a_restart(qapp: QApplication, tmp_path: Path) -> None:
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        stage.window.show_page("machines")
        page = machines(stage)
        page.show_only(MachineFilter(condition=Condition.HOTPATCH_ON))
        stage.settle()
        kept = [page.model.id_at(n) for n in (2, 3)]
        page.list.select_id(kept[0])
        stage.settle()
        shown = page.model.rowCount()
    with Stage("light", folder=tmp_path) as stage:
        stage.window.show_start_page()
        stage.start()
        page = machines(stage)
        assert page.model.rowCount() == shown
        assert page.list.selected_ids == [kept[0]]
        assert page.filters.chips[0].text() == "Hotpatch on ✕"
        stage.app.preferences.machine_filter = '{"condition": "of a newer version"'
        stage.window.show_start_page()
        stage.settle()


def test_the_grid_groups_selects_and_opens(stage: Stage) -> None:
    page = machines(stage)
    page.as_grid.setChecked(True)
    stage.settle()
    assert page._grid_model.rowCount() == 16
    assert not page._blade.isVisible()
    page.choices.group.setCurrentIndex(page.choices.group.findData(Dimension.REGION))
    stage.settle()
    assert_grouped(page, lambda row: row.location)
    page.grid.selectRow(0)
    stage.settle()
    assert page.blade.machine_ids == (), "a heading can't be selected"
    page.grid.selectRow(1)
    stage.settle()
    machine_id = page._grid_model.id_at(1)
    assert page.blade.machine_ids == (machine_id,)
    page.grid.selectAll()
    stage.settle()
    assert len(page.blade.machine_ids) == 16
    page.choices.group.setCurrentIndex(0)
    page.show_only(MachineFilter(condition=Condition.HOTPATCH_ON))
    stage.settle()
    stage.settle()
    assert page._grid_model.rowCount() == page.model.rowCount() < 16
    assert list(page.blade.machine_ids) == page.grid.selected_ids
    first = page._grid_model.id_at(0)
    assert first is not None
    page.grid.opened.emit(first)
    stage.settle()
    assert (page.as_grid.isChecked(), page.list.selected_ids) == (False, [first])


def assert_grouped(page: MachinesPage, value: Callable[[MachineGridRow], str]) -> None:
    """Each group's machines are below its heading, which counts them."""
    model = page._grid_model
    texts = [model.heading(n) for n in range(model.rowCount())]
    places = [n for n, heading in enumerate(texts) if heading is not None]
    assert len(places) == model.rowCount() - 16
    for place, end in zip(places, [*places[1:], model.rowCount()], strict=True):
        values = {value(model.row(n)) for n in range(place + 1, end)}
        assert len(values) == 1
        name, machines = values.pop() or "(none)", end - place - 1
        many = f"{machines} machine{'s' if machines > 1 else ''}"
        assert model.index(place, 0).data() == f"{name} · {many}"
        assert model.index(place, 1).data() is None


def test_the_grid_shows_unknown_counts_as_unknown(stage: Stage) -> None:
    page = machines(stage)
    page.as_grid.setChecked(True)
    stage.settle()
    model = page._grid_model
    places = {c.key: n for n, c in enumerate(model.columns)}
    rows = {row.name: n for n in range(model.rowCount()) if (row := model.row(n)) is not None}
    for name, updates, pending in (
        ("vm-new-01", "–", "Not known"),
        ("vm-batch-01", "–", "Not known"),
        ("vm-web-01", "0", "No"),
        ("vm-dc-01", "1", "Yes"),
    ):
        shown = [model.index(rows[name], places[key]).data() for key in ("updates", "restart")]
        assert shown == [updates, pending], name


def test_a_group_of_the_grid_folds_and_counts_its_machines(stage: Stage, qtbot: QtBot) -> None:
    page = machines(stage)
    page.as_grid.setChecked(True)
    page.choices.group.setCurrentIndex(page.choices.group.findData(Dimension.GROUP))
    stage.settle()
    stage.settle()
    model, grid = page._grid_model, page.grid
    assert_grouped(page, lambda row: row.resource_group)
    rows, heading = model.rowCount(), model.heading(0)
    second = next(n for n in range(1, rows) if model.heading(n))
    grid.setCurrentIndex(model.index(0, 0))
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    stage.settle()
    assert page.as_grid.isChecked(), "Enter on a heading opens no machine"
    assert model.rowCount() == rows - second + 1
    assert model.heading(0) == heading._replace(is_folded=True)
    spoken = model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.endswith(", collapsed")
    middle = grid.visualRect(model.index(0, 0)).center()
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    stage.settle()
    assert model.rowCount() == rows
    page.grid.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    stage.settle()
    assert_grouped(page, lambda row: row.resource_group)
    names = [row.name for n in range(1, second) if (row := model.row(n))]
    assert names == sorted(names, key=str.casefold, reverse=True)


def test_the_grid_groups_by_the_value_of_a_tag(stage: Stage) -> None:
    page = machines(stage)
    tag = "ow'ner\""
    pairs = json.dumps([["env", "prod"], [tag, "R&D <b>"]])
    with closing(open_writer(stage.app.source.path)) as db, transaction(db):
        db.execute("UPDATE machines SET tag_pairs=?, tags=? WHERE id%3=0", (pairs, pairs))
    page.as_grid.setChecked(True)
    page.choices.group.setCurrentIndex(page.choices.group.findData(Dimension.TAG))
    page.choices.tag.setCurrentText(tag)
    stage.settle()
    stage.settle()
    assert page.choices.tag.isVisible()
    assert page.choices.tag.currentText() == tag
    assert_grouped(page, lambda row: "R&D <b>" if row.tags == pairs else "")
    page.as_grid.setChecked(False)
    assert not page.choices.tag.isVisible()


def test_the_last_column_can_not_be_hidden(stage: Stage) -> None:
    page = machines(stage)
    page.as_grid.setChecked(True)
    stage.settle()
    for _ in page._grid_model.columns:
        menu = page.grid.column_menu()
        shown = [a for a in menu.actions() if a.isChecked()]
        if not shown[0].isEnabled():
            break
        shown[0].trigger()
    assert sum(not page.grid.isColumnHidden(n) for n in range(len(page._grid_model.columns))) == 1


def test_the_context_menu_acts_on_the_selection(stage: Stage) -> None:
    page = machines(stage)
    with closing(open_writer(stage.app.source.path)) as db, transaction(db):
        db.execute("UPDATE connections SET cloud='public'")
    names = [page.model.row(n).name for n in range(2)]
    page.list.selectRow(0)
    stage.settle()
    menu = page.list.context_menu()
    texts = [a.text() for a in menu.actions() if a.isVisible()]
    assert texts[:4] == ["Assess now", "Install updates now", "Update settings", "Restart"]
    assert action(menu, "Open in the Azure portal").isEnabled()
    action(menu, "Copy name").trigger()
    assert QGuiApplication.clipboard().text() == names[0]
    page.list.selectAll()
    stage.settle()
    menu = page.list.context_menu()
    assert not action(menu, "Open in the Azure portal").isEnabled()
    action(menu, "Copy resource ID").trigger()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 16
    assert all(line.startswith("/subscriptions/") for line in lines)


def test_a_portal_page_belongs_to_the_cloud_and_its_path_is_quoted() -> None:
    identifier = (
        "/subscriptions/s/resourceGroups/a b/providers/Microsoft.Compute/virtualMachines/v#1"
    )
    for cloud, host in (
        (PUBLIC, "portal.azure.com"),
        (US_GOVERNMENT, "portal.azure.us"),
        (CHINA, "portal.azure.cn"),
    ):
        page = cloud.resource_page(identifier)
        assert page.startswith(f"https://{host}/#resource/subscriptions/s/")
        assert page.endswith("a%20b/providers/Microsoft.Compute/virtualMachines/v%231")
    assert demo().resource_page(identifier) == ""


@pytest.mark.parametrize("ids", [(), (3,), (5, 9)])
def test_the_selection_survives_a_restart_without_a_filter(
    qapp: QApplication, tmp_path: Path, ids: tuple[int, ...]
) -> None:
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        stage.app.preferences.selected = ids
        stage.app.preferences.save()
        stage.window.machines.save = lambda: None
    with Stage("light", folder=tmp_path) as stage:
        stage.window.show_start_page()
        stage.start()
        page = machines(stage)
        assert sorted(page.list.selected_ids) == sorted(ids or (page.model.id_at(0),))
        page.search("nothing has this name")
        stage.settle()
        page.search("")
        stage.settle()
        assert page.list.selected_ids == list(page.blade.machine_ids)


def test_commands_act_on_what_the_visible_view_shows_as_selected(stage: Stage) -> None:
    """After the grid was left, the blade had all of its machines and the list one."""
    page = machines(stage)
    page.list.selectRow(1)
    stage.settle()
    first = page.list.selected_ids
    page.as_grid.setChecked(True)
    stage.settle()
    assert page.grid.selected_ids == first == list(page.blade.machine_ids)
    page.grid.selectAll()
    stage.settle()
    page.as_grid.setChecked(False)
    stage.settle()
    assert len(page.list.selected_ids) == 16
    assert sorted(page.blade.machine_ids) == sorted(page.list.selected_ids)
    page.list.selectRow(2)
    stage.settle()
    assert list(page.blade.machine_ids) == page.list.selected_ids


def test_an_unreadable_saved_filter_is_reported_and_changes_nothing(stage: Stage) -> None:
    page = machines(stage)
    page.show_only(MachineFilter(condition=Condition.HOTPATCH_ON))
    before = machines(stage).model.rowCount()
    stage.app.preferences.filters = {"odd": "garbage"}
    page.filters.menu.aboutToShow.emit()
    next(a for a in page.filters.menu.actions() if a.text() == "odd").trigger()
    assert machines(stage).model.rowCount() == before
    assert "“odd” can't be read" in stage.window.toasts.shown[0].outcome.title


def test_values_apply_after_they_are_read_and_missing_ones_stay(stage: Stage) -> None:
    page = machines(stage)
    page.show_only(
        MachineFilter(choices=(Choice(Dimension.REGION, ("eastus", "gone"), "eastus, gone"),))
    )
    stage.settle()
    page.filters.open_values(Dimension.REGION)
    dialog = next(d for d in stage.window.findChildren(FilterValuesDialog) if d.isVisible())
    assert not dialog.yes.isEnabled()
    stage.settle()
    stage.settle()
    assert dialog.yes.isEnabled()
    ticked = {
        dialog.list.item(n).text()
        for n in range(dialog.list.count())
        if dialog.list.item(n).checkState() is CHECKED
    }
    assert ticked == {"eastus  (5)", "gone  (0)"}
    dialog.yes.click()
    assert page.filters.machine_filter.choices[0].keys == ("eastus", "gone")


def test_the_search_finds_displayed_texts_and_accepts_long_ones(stage: Stage) -> None:
    page = machines(stage)
    for text, least in (("Windows Server 2025", 5), ("Hybrid", 1), ("Contoso", 16), ("26100", 1)):
        page.search(text)
        assert machines(stage).model.rowCount() >= least, text
    for text in ("zq " * 1200, "b" * 60_000, "%_\\ '\""):
        page.search(text)
        assert machines(stage).model.rowCount() == 0
        assert page.nothing.headline.text() == "No match"


def test_the_grid_has_the_commands_and_counts_the_selection(stage: Stage) -> None:
    page = machines(stage)
    page.as_grid.setChecked(True)
    stage.settle()
    assert page.selected.isVisible()
    page.grid.clearSelection()
    stage.settle()
    assert page.selected.text() == "0 selected"
    assess = page.blade.commands["assess"]
    assert not assess.isEnabled()
    for number in (0, 1, 2):
        page.grid.selectionModel().select(
            page.grid.rows.index(number, 0),
            QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows,
        )
    stage.settle()
    assert page.selected.text() == "3 selected"
    assert assess.isEnabled()
    assert assess in page._bar.actions()
    page.as_grid.setChecked(False)
    stage.settle()
    assert not page._bar.isVisible()


def test_a_click_on_a_row_ticks_it_and_a_click_on_its_box_too(stage: Stage, qtbot: QtBot) -> None:
    machines(stage)
    dialog = open_values(stage, "Region…")
    rect = dialog.list.visualItemRect(dialog.list.item(0))
    view, left = dialog.list.viewport(), Qt.MouseButton.LeftButton
    for place in (rect.center(), rect.topLeft() + QPoint(12, rect.height() // 2)):
        before = dialog.list.item(0).checkState()
        qtbot.mouseClick(view, left, pos=place)
        assert dialog.list.item(0).checkState() is not before
        qtbot.wait(QApplication.doubleClickInterval() + 50)
    dialog.reject()


def test_the_text_for_no_match_fits_the_list(stage: Stage) -> None:
    stage.start()
    machines = stage.window.machines
    machines.show_only(MachineFilter(text="nowhere", condition=Condition.HOTPATCH_ON))
    stage.settle()
    shown = machines.nothing
    assert shown.isVisible()
    assert shown.explanation.text()
    assert shown.rect().contains(shown.explanation.geometry())
    assert shown.explanation.height() >= shown.explanation.heightForWidth(shown.explanation.width())
