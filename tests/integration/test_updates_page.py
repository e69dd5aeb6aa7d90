"""The Updates page in the window: filters, the machines of an update, and installing it on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QApplication

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.kb import without_kb
from hotpatch_gui.models import update_text
from hotpatch_gui.models.update_text import kb_state_glyph, kb_state_text
from hotpatch_gui.store import lists
from hotpatch_gui.store.database import open_writer, transaction
from hotpatch_gui.store.lists import machines_with
from hotpatch_gui.store.tables import Where
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.views.dialogs.install import InstallDialog
from hotpatch_gui.views.main_window import PAGES
from hotpatch_gui.views.pages.updates import UpdatesPage

CHECKED, UNCHECKED = Qt.CheckState.Checked, Qt.CheckState.Unchecked


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        made.start()
        yield made


def updates(stage: Stage) -> UpdatesPage:
    stage.window.show_page("updates")
    stage.settle()
    page = stage.window.page("updates")
    assert isinstance(page, UpdatesPage)
    return page


def listed(page: UpdatesPage) -> list[tuple[str, str, str]]:
    """(KB, classification, restart) of the rows."""
    rows = [page.model.row(n) for n in range(page.model.rowCount())]
    return [(r.kb, r.classification, r.restart) for r in rows]


def select(stage: Stage, page: UpdatesPage, kb: str) -> None:
    kbs = [kb for kb, _, _ in listed(page)]
    page.panel.table.selectRow(kbs.index(kb))
    stage.settle()


def test_definitions_are_folded_and_each_filter_narrows(stage: Stage) -> None:
    page = updates(stage)
    before = listed(page)
    assert before
    assert "Definition" not in {c for _, c, _ in before}
    page.definitions.setChecked(True)
    stage.settle()
    everything = listed(page)
    assert {c for _, c, _ in everything} - {c for _, c, _ in before} == {"Definition"}
    for box, fits in (
        (page.classification, lambda r: r[1] == "Security"),
        (page.restart, lambda r: r[2] == "NeverReboots"),
    ):
        choices = [box.itemText(n) for n in range(box.count())]
        box.setCurrentIndex(
            choices.index("Security" if box is page.classification else "No restart")
        )
        stage.settle()
        assert listed(page) == [r for r in everything if fits(r)] != everything
        box.setCurrentIndex(0)
    for box in (page.product, page.age):
        counts = []
        for number in range(1, box.count()):
            box.setCurrentIndex(number)
            stage.settle()
            counts.append(len(listed(page)))
        assert min(counts) < len(everything), box.objectName()
        box.setCurrentIndex(0)
    stage.settle()
    assert listed(page) == everything


def test_an_update_lists_the_machines_that_it_counts(stage: Stage) -> None:
    page = updates(stage)
    db = stage.app.source.db
    assert db is not None
    for number in range(page.model.rowCount()):
        row = page.model.row(number)
        page.panel.table.selectRow(number)
        stage.settle()
        rows = page.machines.model.all_rows
        missing = {r.name for r in rows if r.is_missing}
        assert len(missing) == row.machines
        assert sum(r.state == "Failed" for r in rows) <= row.failed
        expected = db.execute(
            "SELECT m.name FROM updates u JOIN machines m ON m.id=u.machine_id WHERE u.kb=? AND m.deleted_at IS NULL",
            (row.kb,),
        )
        assert missing == {r[0] for r in expected}
    select(stage, page, "KB5120228")
    failed = [r for r in page.machines.model.all_rows if r.state == "Failed"]
    assert [r.name for r in failed] == ["vm-print-01"]
    assert "0x80070005" in (failed[0].error or "")
    page.machines.panel.table.opened.emit(failed[0].id)
    stage.settle()
    assert PAGES[stage.window.pages.currentIndex()] == "machines"
    assert stage.window.machines.list.selected_ids == [failed[0].id]


def test_machines_of_an_update_are_filtered_and_only_shown_ones_receive_it(stage: Stage) -> None:
    page = updates(stage)
    select(stage, page, "KB5120708")
    pane = page.machines
    every = list(pane.model.all_rows)
    assert len({r.resource_group for r in every}) > 1
    for state, fits in (
        ("Missing", lambda r: r.is_missing),
        ("Installed by the last run", lambda r: r.state == "Installed"),
        ("Failed in the last run", lambda r: r.state == "Failed"),
        ("Missing, installed or failed", lambda _: True),
    ):
        pane.state.setCurrentText(state)
        assert list(pane.model.all_rows) == [r for r in every if fits(r)], state
    group = next(r.resource_group for r in every if r.is_missing)
    pane.search.setText(f" {group.upper()} VM ")
    shown = [r for r in every if r.resource_group == group and "vm" in r.name]
    assert list(pane.model.all_rows) == shown
    missing = [r.id for r in shown if r.is_missing]
    assert pane.machine_ids == missing
    many = "1 machine" if len(missing) == 1 else f"{len(missing)} machines"
    assert pane.install.text() == f"Install on {many}…"
    pane.search.setText("nothing <b>")
    assert pane.panel.currentWidget() is pane.panel.empty
    assert not pane.install.isEnabled()
    pane.search.clear()
    assert list(pane.model.all_rows) == every


def test_the_machines_below_are_never_those_of_another_update(stage: Stage) -> None:
    page = updates(stage)
    table, pane = page.panel.table, page.machines
    kbs = [kb for kb, _, _ in listed(page)]
    select(stage, page, "KB5120708")
    assert pane.install.isEnabled()
    select_row = partial(table.selectRow, kbs.index("KB5120228"))
    select_row()  # its machines aren't read yet
    assert not pane.model.all_rows
    assert not pane.install.isEnabled()
    stage.settle()
    assert pane.model.all_rows
    select(stage, page, "KB5120708")
    select_row()
    table.clearSelection()  # before the response arrives
    stage.settle()
    assert not pane.title.full_text
    assert not pane.model.all_rows
    stage.app.source.changed.emit(ChangedTables.of("updates"))
    stage.settle()
    assert not table.selected_ids

    rows, toggled = table.selectionModel(), QItemSelectionModel.SelectionFlag.Toggle
    flags = toggled | QItemSelectionModel.SelectionFlag.Rows
    for kb in ("KB5120708", "KB5120228"):
        rows.setCurrentIndex(page.model.index(kbs.index(kb), 0), flags)
    stage.settle()
    assert not pane.title.full_text  # of two, none
    rows.setCurrentIndex(page.model.index(kbs.index("KB5120228"), 0), flags)
    stage.settle()
    assert "KB5120708" in pane.title.full_text
    assert {r.name for r in pane.model.all_rows if r.is_missing}


def test_install_selects_only_the_update_on_the_machines_that_miss_it(stage: Stage) -> None:
    page = updates(stage)
    select(stage, page, "KB5120708")
    every = page.machines.machine_ids
    assert len(every) == 8
    page.machines.panel.table.selectRow(0)
    stage.settle()
    assert len(page.machines.machine_ids) == 1
    assert page.machines.install.text() == "Install on 1 machine…"
    page.machines.panel.table.clearSelection()
    page.machines.install.click()
    stage.settle()
    dialog = stage.window.findChild(InstallDialog)
    assert isinstance(dialog, InstallDialog)
    assert sorted(dialog.machines.ids) == sorted(every)
    request = dialog._make_request()
    assert (request.classifications, request.include) == (frozenset(), ("KB5120708",))


def test_ticks_in_the_preview_write_the_lists(stage: Stage) -> None:
    page = updates(stage)
    select(stage, page, "KB5120708")
    page.machines.install.click()
    stage.settle()
    dialog = stage.window.findChild(InstallDialog)
    assert isinstance(dialog, InstallDialog)
    step = dialog.updates

    def tick(kb: str, state: Qt.CheckState) -> None:
        found = step.preview.findItems(kb, Qt.MatchFlag.MatchExactly, 1)
        found[0].setCheckState(0, state)
        stage.settle()

    def ticked() -> set[str]:
        items = [step.preview.topLevelItem(n) for n in range(step.preview.topLevelItemCount())]
        return {i.text(1) for i in items if i is not None and i.checkState(0) is CHECKED}

    assert ticked() == {"KB5120708"}
    tick("KB5099536", CHECKED)
    assert step.include.kbs == ("KB5120708", "KB5099536")
    assert ticked() == {"KB5120708", "KB5099536"}
    tick("KB5120708", UNCHECKED)
    assert (step.include.kbs, step.exclude.kbs) == (("KB5099536",), ())
    security = next(box for c, box in step.classes.items() if c.value == "Security")
    security.setChecked(True)
    stage.settle()
    assert "KB5120708" in ticked()
    tick("KB5120708", UNCHECKED)
    assert step.exclude.kbs == ("KB5120708",)
    assert "KB5120708" not in ticked()
    tick("KB5120708", CHECKED)
    assert (step.exclude.kbs, step.include.kbs) == ((), ("KB5099536",))
    assert "KB5120708" in ticked()


def test_a_kb_leaves_a_list_in_each_spelling_and_nothing_else_does() -> None:
    text = "kb5120708, 5120708 KB 5120708; 51207, KB5099536"
    assert without_kb(text, "KB5120708") == "51207, KB5099536"
    assert without_kb(text, "KB1234567") == text


def test_a_selection_overridden_by_another_condition_is_shown(stage: Stage) -> None:
    page = updates(stage)
    select(stage, page, "KB5120708")
    page.machines.install.click()
    stage.settle()
    dialog = stage.window.findChild(InstallDialog)
    assert isinstance(dialog, InstallDialog)
    step = dialog.updates
    step.no_restarts.setChecked(True)
    stage.settle()
    found = step.preview.findItems("KB5120708", Qt.MatchFlag.MatchExactly, 1)
    assert found[0].checkState(0) is UNCHECKED
    found[0].setCheckState(0, CHECKED)
    stage.settle()
    found = step.preview.findItems("KB5120708", Qt.MatchFlag.MatchExactly, 1)
    assert found[0].checkState(0) is UNCHECKED
    assert found[0].toolTip(0)


def test_the_selected_update_stays_selected_when_its_row_is_another_one(stage: Stage) -> None:
    page = updates(stage)
    select(stage, page, "KB5120708")
    before = page.panel.table.selected_ids
    with closing(open_writer(stage.app.source.path)) as db, transaction(db):
        (first,) = db.execute("SELECT min(id) FROM updates WHERE kb='KB5120708'").fetchone()
        db.execute("UPDATE updates SET id=id+100000 WHERE id=?", (first,))
        db.execute("UPDATE updates SET name='0 ' || name WHERE kb='KB5120233'")
    stage.app.source.notify(ChangedTables.of("updates"))
    stage.until(lambda: page.panel.table.selected_ids not in (before, []))
    assert page.machines.title.full_text.startswith("KB5120708: ")
    assert len(page.machines.machine_ids) == 8


def test_figures_and_machines_of_an_update_count_each_machines_last_run(stage: Stage) -> None:
    """A machine on which an update failed first and was installed later counts as installed only."""
    db = stage.app.source.db
    assert db is not None
    with closing(open_writer(stage.app.source.path)) as writer, transaction(writer):
        (run,) = writer.execute(
            "SELECT iu.installation_id FROM installation_updates iu JOIN installations i ON i.id=iu.installation_id"
            " WHERE iu.kb='KB5120228' AND iu.state='Installed' LIMIT 1"
        ).fetchone()
        writer.execute(
            "INSERT INTO installations (machine_id, run_id, status, started_at, fetched_at)"
            " SELECT machine_id, 'earlier', 'Failed', '2026-08-12T00:00:00Z', fetched_at FROM installations WHERE id=?",
            (run,),
        )
        writer.execute(
            "INSERT INTO installation_updates (installation_id, patch_id, name, kb, classification, state)"
            " SELECT (SELECT id FROM installations WHERE run_id='earlier'), patch_id, name, kb, classification, 'Failed'"
            " FROM installation_updates WHERE installation_id=? AND kb='KB5120228'",
            (run,),
        )
    stage.app.source.notify(ChangedTables(frozenset({"installations"})))
    shown = updates(stage)
    rows = [shown.model.row(n) for n in range(shown.model.rowCount())]
    number, row = next((n, r) for n, r in enumerate(rows) if r and r.kb == "KB5120228")
    shown.panel.table.selectRow(number)
    stage.settle()
    found = machines_with(db, row.kb, row.name)
    assert row.installed == sum(m.state == "Installed" for m in found)
    assert row.failed == sum(m.state == "Failed" for m in found) == 1


def test_an_unknown_installation_is_not_shown_as_in_progress(stage: Stage) -> None:
    shown = updates(stage)
    select(stage, shown, "KB5120228")
    row = next(r for r in shown.machines.model.all_rows if r.is_missing)
    assert kb_state_text(row._replace(is_installing=1)) == "Missing, installation in progress"
    lost = row._replace(is_installing=1, has_unknown=1)
    assert (kb_state_text(lost), kb_state_glyph(lost)) == ("Missing, result unknown", Glyph.UNKNOWN)


@pytest.mark.parametrize(
    ("kind", "mode", "bypass", "security", "definition"),
    [
        ("vm", "AutomaticByPlatform", 0, "Azure", "Manual"),
        ("vm", "AutomaticByPlatform", 1, "Schedule", "Schedule"),
        ("vm", "AutomaticByOS", None, "Windows", "Windows"),
        ("vm", "Manual", None, "Manual", "Manual"),
        ("vm", None, None, "Not known", "Not known"),
        ("arc", "AutomaticByPlatform", None, "Manual", "Manual"),
    ],
)
def test_the_installer_of_an_update_depends_on_the_machine(
    stage: Stage, kind: str, mode: str | None, bypass: int | None, security: str, definition: str
) -> None:
    db = stage.app.source.db
    assert db is not None
    every = lists.UPDATES
    ((_, first),) = every.rows(db, every.ids(db, Where(), "name", False)[:1]).items()
    row = first._replace(machine_kind=kind, patch_mode=mode, bypass_safety_checks=bypass)
    for classification, by in (("Security", security), ("Definition", definition)):
        assert update_text.installed_by(row._replace(classification=classification)) == by
        assert update_text.installed_by_tip(row._replace(classification=classification))
