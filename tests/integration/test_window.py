"""The window: foreign text, keys, filters, dialogs, copying, and what is kept over a refresh."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QWidget,
)
from pytestqt.qtbot import QtBot

from hotpatch_gui.captures.stage import Stage, stopped_simulator
from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.installs import FleetReview, InstallRequest, RestartSetting, plan
from hotpatch_gui.domain.machine_filter import Dimension, MachineFilter
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.settings import Orchestration, SettingsChange
from hotpatch_gui.domain.situation import Situation
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.models.selection import read_selection
from hotpatch_gui.models.work import is_any_queued_or_in_progress
from hotpatch_gui.simulator.arm import SimulatorApi
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.store.database import open_writer, transaction
from hotpatch_gui.views.dialogs.confirm import ConfirmDialog
from hotpatch_gui.views.dialogs.help import HelpDialog
from hotpatch_gui.views.dialogs.install import InstallDialog
from hotpatch_gui.views.dialogs.preferences import PreferencesDialog
from hotpatch_gui.views.dialogs.update_settings import UpdateSettingsDialog
from hotpatch_gui.views.main_window import FRAME_PX, SIZE_PX, first_size
from hotpatch_gui.views.pages.history import HistoryPage
from hotpatch_gui.views.rail import PAGES
from hotpatch_gui.views.widgets.table import Table
from hotpatch_gui.views.widgets.wave_choice import WaveChoice
from hotpatch_gui.worker.commands import ReadMachine
from hotpatch_gui.worker.operation_queue import missing_machines

HOSTILE = (
    "<b>bold<b>",
    "\"quotes' & co",
    "=cmd()|'calc'!A0",
    "\u202egnp.exe",
    "🔥-vm-😀",
    "x" * 300,
    "a%20b?c#d",
)


def test_foreign_text_is_plain_text(qapp, tmp_path: Path) -> None:
    simulator = stopped_simulator(SteppedClock(EPOCH))
    template = simulator.cloud.guests["vm-web-02"]
    for name in HOSTILE:
        guest = replace(deepcopy(template), name=name)
        guest.assessment["patches"][0]["name"] = f"<img src=x> {name}"
        simulator.cloud.guests[name.casefold()] = guest
    with Stage("light", folder=tmp_path, simulator=simulator) as stage:
        stage.start()
        model = stage.window.machines.model
        shown = {model.index(n, 0).data() for n in range(model.rowCount())}
        assert set(HOSTILE) <= shown
        for name in HOSTILE:
            stage.choose(name)
            assert stage.window.machines.blade.title.full_text == f"{name} | Hotpatch"
            stage.window.machines.blade.tabs.setCurrentIndex(1)
            stage.settle()
            updates = stage.window.machines.blade.compliance.model
            texts = [updates.index(n, 1).data() for n in range(updates.rowCount())]
            assert f"<img src=x> {name}" in texts
            tips = [
                updates.index(n, 1).data(Qt.ItemDataRole.ToolTipRole)
                for n in range(updates.rowCount())
            ]
            assert not any("<img" in tip for tip in tips)
            stage.window.machines.blade.tabs.setCurrentIndex(0)
        rich = [
            w.objectName() or w.text()
            for w in stage.window.findChildren(QLabel)
            if w.textFormat() is not Qt.TextFormat.PlainText
            and w.text()
            and not isinstance(w.window(), QMenu)  # pyqtgraph's own, never shown
        ]
        assert rich == [], "every label that shows text shows it plain"
        table = stage.window.machines.list
        table.selectAll()
        table.copy()
        lines = QGuiApplication.clipboard().text().split("\n")
        assert not any(line.startswith(("=", "+", "-", "@")) for line in lines)
        assert "'=cmd()|'calc'!A0" in lines


def test_each_control_has_an_accessible_name(stage: Stage) -> None:
    stage.start()
    for page in PAGES:
        stage.window.show_page(page)
        stage.settle()
    stage.window.show_page("machines")
    stage.settle()
    kinds = (QAbstractButton, QLineEdit, QComboBox)
    nameless = [
        f"{type(w).__name__} {w.objectName()}"
        for kind in kinds
        for w in stage.window.findChildren(kind)
        if not (w.accessibleName() or getattr(w, "text", lambda: "")() or w.toolTip())
        and not w.objectName().startswith("qt_")
        and not type(w).__name__.startswith("ScrollLeft")
        and w.parent() is not None
        and w.isVisible()
    ]
    assert nameless == []


def test_each_shortcut_has_its_effect(stage: Stage, qtbot: QtBot) -> None:
    stage.start()
    window = stage.window
    window.activateWindow()
    stage.until(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.currentIndex() == 1
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.header.search.hasFocus()
    qtbot.keyClicks(window.header.search, "vm-web")
    stage.until(lambda: window.machines.model.rowCount() == 2)
    window.header.search.clear()
    stage.until(lambda: window.machines.model.rowCount() == 16)
    for key, kind in ((Qt.Key.Key_Comma, PreferencesDialog),):
        qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
        dialog = window.findChild(kind)
        assert dialog is not None
        dialog.reject()
    qtbot.keyClick(window, Qt.Key.Key_F1)
    shown = window.findChild(HelpDialog)
    assert shown is not None
    shown.reject()


def test_no_key_starts_an_installation_without_its_dialog(stage: Stage, qtbot: QtBot) -> None:
    stage.start()
    stage.choose("vm-web-02")
    stage.window.activateWindow()
    stage.until(stage.window.isActiveWindow)
    qtbot.keyClick(stage.window, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.result() == QDialog.DialogCode.Rejected
    assert stage.operation_states() == []


def test_selection_and_order_are_kept_over_a_refresh(stage: Stage) -> None:
    stage.start()
    page = stage.window.machines
    page.choices.sort.setCurrentText("Name")
    stage.settle()
    names = [page.model.index(n, 0).data() for n in range(16)]
    assert names == sorted(names)
    stage.choose("vm-file-01")
    chosen = page.list.selected_ids
    guests = stage.simulator.cloud.guests
    guests["a-first"] = replace(deepcopy(guests["vm-web-01"]), name="a-first")
    stage.app.actions.sync()
    stage.until(lambda: page.model.rowCount() == 17)
    assert page.list.selected_ids == chosen
    assert page.model.index(0, 0).data() == "a-first"
    assert stage.window.machines.blade.title.full_text == "vm-file-01 | Hotpatch"


def test_the_list_filters_by_state(stage: Stage) -> None:
    stage.start()
    page = stage.window.machines
    page.choices.state.setCurrentText("Off the hotpatch train")
    stage.until(lambda: page.model.rowCount() == 1)
    assert page.model.index(0, 0).data() == "vm-sql-01"
    page.choices.state.setCurrentText("Needs attention")
    stage.until(lambda: page.model.rowCount() == 4)


def test_compliance_filters(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-web-02")
    stage.window.machines.blade.tabs.setCurrentIndex(1)
    tab = stage.window.machines.blade.compliance
    stage.settle()

    def kbs() -> set[str]:
        return {tab.model.row(n).kb for n in range(tab.model.rowCount())}

    assert kbs() == {"KB5120228", "KB5120708", "KB2267602"}

    def chip(name):
        return stage.window.findChild(QAbstractButton, f"complianceChip-{name}")

    chip("Definition").click()
    stage.until(lambda: kbs() == {"KB2267602"})
    chip("Definition").click()
    chip("restart").click()
    stage.until(lambda: kbs() == {"KB5120708"})
    chip("restart").click()
    tab.search.setText("5120228")
    stage.until(lambda: kbs() == {"KB5120228"})
    tab.search.setText("nothing like it")
    stage.until(lambda: tab.model.rowCount() == 0)
    assert tab.panel.empty.headline.text() == "No update matches"


@pytest.mark.parametrize(
    ("machine", "headline"),
    [
        ("vm-web-01", "Up to date"),
        ("vm-new-01", "Never assessed"),
        ("vm-batch-01", "The assessment is too old"),
    ],
)
def test_an_empty_list_names_the_reason(stage: Stage, machine: str, headline: str) -> None:
    stage.start()
    stage.choose(machine)
    stage.window.machines.blade.tabs.setCurrentIndex(1)
    stage.settle()
    assert stage.window.machines.blade.compliance.panel.empty.headline.text() == headline


def test_history_tiles_filter_and_a_run_shows_its_errors(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-print-01")
    stage.window.machines.blade.tabs.setCurrentIndex(2)
    tab = stage.window.machines.blade.history
    stage.settle()
    total = tab.model.rowCount()
    assert tab.tiles["total"].figure.text() == str(total)
    tab.tiles["failed"].clicked.emit()
    stage.until(lambda: tab.model.rowCount() == 1)
    tab.panel.table.selectRow(0)
    assert not tab.details.isHidden()
    assert "access was denied" in tab.details.errors.text()
    results = tab.details.results
    states = {
        results.topLevelItem(n).text(1): results.topLevelItem(n).text(3)
        for n in range(results.topLevelItemCount())
    }
    assert states == {"KB5120228": "Failed", "KB2267602": "Installed"}


def test_the_history_shows_its_chart_after_a_failure_and_a_run_despite_a_chosen_tile(
    stage: Stage,
) -> None:
    stage.start()
    window = stage.window
    window.resize(1600, 1000)
    window.show_page("history")
    page = window.page("history")
    assert isinstance(page, HistoryPage)
    stage.settle()
    tab = page.tab
    assert tab.chart.isVisible()
    tab._show_failure("The file can't be read.")
    assert not tab.chart.isVisible()
    tab.range.setCurrentIndex(tab.range.count() - 1)
    stage.settle()
    assert tab.chart.isVisible()
    run, count = stage.app.source.read(
        lambda db: db.execute(
            "SELECT maintenance_run_id, count(*) FROM installations WHERE maintenance_run_id<>''"
            " GROUP BY 1 HAVING min(status)='Succeeded' AND max(status)='Succeeded'"
        ).fetchone(),
        ("", 0),
    )
    assert count
    for _ in range(2):  # the second time, nothing but the tile differs
        tab.tiles["failed"].clicked.emit()
        window._show_maintenance_run(run)
        stage.settle()
        assert tab.model.rowCount() == count


def test_further_requirements_of_hotpatch_are_one_click_away(stage: Stage) -> None:
    """Turning hotpatch on for machines whose orchestration prevents it once only reported that nothing changes."""
    stage.start()
    stage.choose("vm-file-01", "vm-web-01")
    stage.window.machines.blade.command_bar.open_settings()
    dialog = stage.window.findChild(UpdateSettingsDialog)
    assert dialog is not None
    dialog.hotpatch.setCheckState(Qt.CheckState.Checked)
    assert not dialog.plan.affected
    assert dialog.remedy.isVisible()
    assert (
        dialog.remedy.text() == "Also choose Azure Managed - Safe Deployment on 1 of these machines"
    )
    dialog.remedy.click()
    assert [m.name for m in dialog.plan.affected] == ["vm-file-01"]
    assert not dialog.remedy.isVisible()
    assert dialog.save.isEnabled()


def test_settings_that_azure_would_reject_cannot_be_saved(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-web-01")
    stage.window.machines.blade.command_bar.open_settings()
    dialog = stage.window.findChild(UpdateSettingsDialog)
    assert dialog is not None
    assert not dialog.save.isEnabled()
    assert dialog.save.toolTip() == "Nothing is changed."
    dialog.orchestrations[Orchestration.CUSTOMER_SCHEDULES].setChecked(True)
    assert not dialog.save.isEnabled()
    assert "safety checks" in dialog.problem.text()
    dialog.hotpatch.setChecked(False)
    assert dialog.save.isEnabled()
    assert "waits for the next baseline, planned for 13 Oct 2026" in dialog.hotpatch_hint.text()
    dialog.save.click()
    stage.until(lambda: OperationState.RUNNING in stage.operation_states())
    stage.clock.advance(minutes=2)
    stage.until(lambda: stage.operation_states() == [OperationState.SUCCEEDED])
    stage.settle()
    assert "Hotpatch is off" in stage.window.machines.blade.banner.headline.text()


def test_a_restart_is_confirmed_by_name_and_done(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-dc-01")
    stage.window.machines.blade.commands["restart"].trigger()
    yes = stage.window.findChild(QAbstractButton, "confirmYes")
    assert yes is not None
    assert yes.text() == "Restart 1 machine"
    yes.click()
    stage.until(lambda: OperationState.RUNNING in stage.operation_states())
    stage.clock.advance(minutes=4)
    stage.until(lambda: stage.operation_states()[0] is OperationState.SUCCEEDED)
    assert stage.simulator.cloud.guests["vm-dc-01"].build == "20348.5386"
    stage.until(lambda: stage.operation_states()[1:] == [OperationState.RUNNING])
    stage.clock.advance(minutes=4)
    stage.until(lambda: stage.operation_states()[1:] == [OperationState.SUCCEEDED])
    stage.settle()
    headline = stage.window.machines.blade.banner.headline.text()
    assert "restart is needed" not in headline, "the automatic assessment shows it"


def test_more_than_twenty_machines_are_confirmed_by_their_number(qapp, tmp_path: Path) -> None:
    simulator = stopped_simulator(SteppedClock(EPOCH))
    template = simulator.cloud.guests["vm-web-02"]
    for n in range(25):
        simulator.cloud.guests[f"many-{n}"] = replace(deepcopy(template), name=f"many-{n}")
    with Stage("light", folder=tmp_path, simulator=simulator) as stage:
        stage.start()
        stage.choose(*(f"many-{n}" for n in range(25)))
        stage.window.machines.blade.command_bar.open_install()
        dialog = stage.window.findChild(InstallDialog)
        assert dialog is not None
        dialog.go_to(1)
        dialog.go_to(3)
        assert not dialog.act.isEnabled()
        assert "Type 25" in dialog.problem.text()
        dialog.typed.setText("25")
        assert dialog.act.isEnabled()
        dialog.reject()


@pytest.mark.parametrize(
    ("names", "reported"),
    [
        (("vm-web-01", "vm-web-02"), "All are in one group: rg-web (2)."),
        (("vm-web-01", "vm-app-01"), "2 groups, in this order: rg-app (1); rg-web (1)."),
    ],
)
def test_the_review_names_the_groups_in_their_order(
    stage: Stage, names: tuple[str, ...], reported: str
) -> None:
    stage.start()
    stage.choose(*names)
    stage.window.machines.blade.command_bar.open_install()
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None
    stage.until(lambda: dialog.machines.rowCount() == len(names))
    dialog.properties.order.setCurrentIndex(dialog.properties.order.findData("group"))
    dialog.go_to(1)
    dialog.go_to(3)
    stage.until(lambda: reported in dialog.facts.text())
    dialog.reject()


def test_waves_are_proposed_for_many_machines_until_the_user_chooses(stage: Stage) -> None:
    choice = WaveChoice(stage.app.theme, stage.window, proposes_above=20)
    for machines, order in ((20, "all"), (21, "some"), (5, "all")):
        choice.set_groups([], machines)
        assert choice.order.currentData() == order
    choice.order.setCurrentIndex(choice.order.findData("zone"))
    choice.set_groups(["app"], 2000)
    assert choice.order.currentData() == "zone", "the user's choice stays"


def test_one_invalid_token_does_not_affect_valid_numbers(stage: Stage) -> None:
    """The preview shows what the request says, whatever else is in the boxes."""
    stage.start()
    stage.choose("vm-web-02", "vm-app-01", "vm-dev-01")
    stage.window.machines.blade.command_bar.open_install()
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None
    dialog.go_to(1)
    dialog.updates.include.setPlainText("🦊 rubbish 890830")
    dialog.updates.exclude.setPlainText("KB5120708, oops")
    marked = [box.extraSelections() for box in (dialog.updates.include, dialog.updates.exclude)]
    assert [[m.cursor.selectedText() for m in marks] for marks in marked] == [
        ["🦊", "rubbish"],
        ["oops"],
    ]
    for piece in ("“🦊”", "“rubbish”", "“oops”"):
        assert piece in dialog.problem.text()
    assert not dialog.next.isEnabled()
    assert selected(dialog)["KB5120708"] == "No"
    dialog.updates.include.setPlainText("890830")
    dialog.updates.exclude.setPlainText("KB5120708")
    shown = selected(dialog)
    taken = {kb for kb, verdict in shown.items() if verdict == "Yes"}
    assert dialog.updates.counted.text().startswith(
        f"{len(shown)} available: {len(taken)} selected, {len(shown) - len(taken)} excluded"
    )
    dialog.go_to(2)
    dialog.go_to(3)
    assert "3 machines: install on 2, 1 skipped" in dialog.facts.text()
    assert "Skipped: vm-dev-01: The machine is deallocated" in dialog.facts.text()
    dialog.act.click()
    stage.until(lambda: len(stage.operation_states()) == 2)
    db = stage.app.source.db
    assert db is not None
    for (text,) in db.execute("SELECT request FROM operations"):
        requested = json.loads(text)["windowsParameters"]
        assert requested["kbNumbersToInclude"] == ["890830"]
        assert requested["kbNumbersToExclude"] == ["5120708"]


@pytest.mark.parametrize("name", ["vm-new-01", "vm-batch-01"])
def test_machines_without_a_current_assessment_may_restart(stage: Stage, name: str) -> None:
    stage.start()
    stage.choose(name, "vm-web-02")
    stage.window.machines.blade.command_bar.open_install()
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None
    offered = {
        dialog.machines.index(n, 0).data(): dialog.machines.index(n, 2).data() for n in range(2)
    }
    assert offered == {name: "–", "vm-web-02": "3"}
    for step in (1, 2, 3):
        dialog.go_to(step)
    assert (
        "It isn't known what would be installed on 1 more; it may restart."
        in dialog.sentence.headline.text()
    )
    rows = {
        dialog.review_list.index(n, 0).data(): [
            dialog.review_list.index(n, c).data() for c in (1, 2)
        ]
        for n in range(2)
    }
    assert rows[name][0] == "not known"
    assert rows[name][1] == "No current assessment shows what would be installed; it may restart."
    dialog.reject()


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        (RestartSetting.IF_REQUIRED, "it may restart"),
        (RestartSetting.ALWAYS, "it always restarts"),
        (RestartSetting.NEVER, "Azure will not restart it"),
    ],
)
def test_unknown_updates_still_follow_the_restart_setting(
    setting: RestartSetting, says: str
) -> None:
    request = InstallRequest(frozenset({Classification.SECURITY}), restart=setting)
    unknown = plan(request, [], is_known=False)
    assert (
        FleetReview(request, {1: unknown}).sentence
        == f"It isn't known what would be installed on 1 machine; {says}."
    )
    assert FleetReview(request, {1: unknown}).may_restart is (setting is not RestartSetting.NEVER)


def test_a_kb_that_one_machine_is_offered_is_available(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-web-02", "vm-dc-01")
    stage.window.machines.blade.command_bar.open_install()
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None
    dialog.go_to(1)
    dialog.updates.include.setPlainText("KB5120708 KB890830000")
    dialog.updates.include.setPlainText("KB5120708 KB8908399")
    assert selected(dialog)["KB5120708"] == "Yes"
    assert dialog.updates.counted.text().endswith("Not available for these machines: KB8908399.")
    dialog.reject()


def test_a_filter_without_a_match_differs_from_an_empty_list(stage: Stage) -> None:
    stage.start()
    page = stage.window.machines
    page.choices.state.setCurrentText("No permission")
    stage.until(lambda: page.model.rowCount() == 0)
    stage.settle()
    assert page.blade.empty.headline.text() == "No machine matches"


def selected(dialog: InstallDialog) -> dict[str, str]:
    """The preview: KB -> whether it is taken."""
    items = [
        dialog.updates.preview.topLevelItem(n)
        for n in range(dialog.updates.preview.topLevelItemCount())
    ]
    return {item.text(1): item.text(5) for item in items}


def test_a_machine_that_does_not_run_cannot_be_chosen_for_installation(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-web-02", "vm-dev-01")
    stage.window.machines.blade.command_bar.open_install()
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None
    assert len(dialog.machines.ids) == 1
    dialog.reject()
    stage.choose("vm-dev-01")
    assert not stage.window.machines.blade.commands["assess"].isEnabled()


def test_columns_and_window_are_remembered(qapp, tmp_path: Path) -> None:
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        table = stage.window.machines.blade.compliance.panel.table
        table.setColumnWidth(2, 211)
        stage.until(lambda: not stage.app.preferences.state("columns-complianceTable").isEmpty())
        stage.window.resize(1111, 700)
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        assert stage.window.machines.blade.compliance.panel.table.columnWidth(2) == 211
        assert stage.window.width() == 1111


def test_columns_share_the_width_and_show_their_content(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-web-02")
    stage.window.machines.blade.tabs.setCurrentIndex(1)
    stage.settle()
    table = stage.window.machines.blade.compliance.panel.table
    header = table.horizontalHeader()
    for width in (1280, 1700, 1100):
        stage.window.resize(width, 800)
        stage.settle()
        assert header.length() >= table.viewport().width()
        if width == 1700:
            measure = table.fontMetrics().horizontalAdvance
            for number, column in enumerate(table.rows.columns):
                for row in range(table.rows.rowCount()):
                    text = table.rows.index(row, number).data()
                    width_px = table.columnWidth(number)
                    is_hidden = table.isColumnHidden(number)
                    assert is_hidden or column.key == "name" or measure(text) < width_px, text


def test_the_theme_changes_while_the_program_runs(stage: Stage) -> None:
    stage.start()
    stage.window.open_preferences()
    dialog = stage.window.findChild(PreferencesDialog)
    assert dialog is not None
    dialog.theme.setCurrentIndex(dialog.theme.findData("dark"))
    stage.settle()
    assert stage.app.theme.tokens.name == "dark"
    assert stage.app.preferences.theme == "dark"
    assert stage.window.palette().window().color().name().upper() == "#1B1A19"
    dialog.theme.setCurrentIndex(dialog.theme.findData("contrast-dark"))
    stage.settle()
    assert stage.app.preferences.theme == "contrast-dark"
    assert stage.window.palette().window().color().name() == "#000000"


def test_size_and_start_page_apply_at_the_next_start(qapp: QApplication, tmp_path: Path) -> None:
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        stage.window.show_page("history")
        stage.window.open_preferences()
        dialog = stage.window.findChild(PreferencesDialog)
        assert dialog is not None
        dialog.size_.setCurrentIndex(dialog.size_.findData(150))
        dialog.page.setCurrentIndex(dialog.page.findData("updates"))
        dialog.reject()
        stage.window.close()
    with Stage("light", folder=tmp_path, scale=None) as later:
        later.window.show_start_page()
        later.start()
        assert later.app.theme.scale == 1.5
        assert later.window.pages.currentIndex() == PAGES.index("updates")


def test_the_last_installation_names_its_kb_or_counts_its_updates(stage: Stage) -> None:
    stage.start()
    db = stage.app.source.db
    assert db is not None
    (run,) = db.execute(
        "SELECT i.id, i.machine_id FROM installations i JOIN machines m ON m.id=i.machine_id WHERE m.name='vm-web-01'"
        " ORDER BY i.started_at DESC LIMIT 1"
    ).fetchall()
    kbs = ("KB5120708", "KB2267602")
    for updates, text in (
        ([(kbs[0], "Security"), (kbs[1], "Definition")], "KB5120708"),
        ([(kbs[1], "Definition")], "definitions"),
        ([(kbs[0], "Security"), ("KB890830", "UpdateRollUp")], "2 updates"),
        ([], ""),
    ):
        with closing(open_writer(stage.app.source.path)) as writer, transaction(writer):
            writer.execute("DELETE FROM installation_updates WHERE installation_id=?", (run[0],))
            for number, (kb, kind) in enumerate(updates):
                writer.execute(
                    "INSERT INTO installation_updates (installation_id, patch_id, name, kb, classification, state)"
                    " VALUES (?, ?, ?, ?, ?, 'Installed')",
                    (run[0], str(number), kb, kb, kind),
                )
        found = read_selection(db, [run[1]])
        assert found is not None
        assert found.last_installed == text
    several = read_selection(db, [row[0] for row in db.execute("SELECT id FROM machines LIMIT 3")])
    assert several is not None
    assert several.last_installed == ""


@pytest.mark.parametrize(("size", "scale"), [((1024, 640), 1.0), ((1920, 1080), 2.0)])
def test_nothing_is_pushed_out_of_the_window(qapp, size: tuple[int, int], scale: float) -> None:
    with Stage("light", scale=scale) as stage:
        stage.window.resize(*size)
        stage.start()
        assert (stage.window.width(), stage.window.height()) == size
        outside = [
            w.objectName()
            for w in stage.window.findChildren(QAbstractButton)
            if w.isVisible() and w.objectName() and _right(w, stage.window) > size[0]
        ]
        assert outside == []


def _right(widget: QWidget, window: QWidget) -> int:
    return widget.mapTo(window, widget.rect().topRight()).x()


def test_machines_are_found_by_their_tags_and_show_them(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-sql-01")
    shown = stage.window.findChild(QLabel, "essential-Tags")
    assert shown is not None
    assert shown.text() == "app:sql"
    stage.window.header.search.setText("app:sql")
    stage.settle()
    model = stage.window.machines.model
    assert [model.row(n).name for n in range(model.rowCount())] == ["vm-sql-01"]


def test_a_search_that_hides_the_machine_moves_on_to_the_first_hit(stage: Stage) -> None:
    """No command may point at a machine that the list does not show as selected."""
    stage.start()
    stage.choose("vm-dc-01")
    page = stage.window.machines
    stage.window.header.search.setText("sql")
    stage.until(lambda: page.model.rowCount() == 1)
    stage.settle()
    (hit,) = page.list.selected_ids
    assert page.blade.machine_ids == (hit,)
    assert page.blade.title.full_text == "vm-sql-01 | Hotpatch"
    page.blade.command_bar.open_install()
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None
    assert dialog.machines.ids == [hit]
    dialog.reject()
    stage.window.header.search.setText("nothing has this name")
    stage.until(lambda: page.model.rowCount() == 0)
    stage.settle()
    assert page.blade.machine_ids == ()
    assert not any(
        page.blade.commands[key].isEnabled()
        for key in ("assess", "install", "restart", "configure")
    )
    stage.window.header.search.clear()
    stage.until(lambda: page.model.rowCount() == 16)
    stage.settle()
    assert page.blade.machine_ids == tuple(page.list.selected_ids)
    assert len(page.list.selected_ids) == 1


def test_a_filter_keeps_of_several_machines_those_that_it_shows(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-web-01", "vm-web-02", "vm-sql-01")
    page = stage.window.machines
    stage.window.header.search.setText("vm-web")
    stage.until(lambda: page.model.rowCount() < 16)
    stage.settle()
    assert page.blade.machine_ids == tuple(page.list.selected_ids)
    assert len(page.blade.machine_ids) == 2


@pytest.mark.parametrize("key", [Qt.Key.Key_Down, Qt.Key.Key_Return])
def test_enter_and_down_lead_from_the_search_to_the_first_hit(
    stage: Stage, qtbot: QtBot, key: Qt.Key
) -> None:
    stage.start()
    stage.window.show_page("calendar")
    search = stage.window.header.search
    search.setFocus()
    search.setText("web")
    page = stage.window.machines
    stage.until(lambda: page.model.rowCount() < 16)
    stage.settle()
    qtbot.keyClick(search, key)
    assert stage.window.pages.currentWidget() is page
    assert page.list.currentIndex().row() == 0
    assert page.list.selected_ids == [page.model.id_at(0)]
    assert stage.window.focusWidget() is page.list


def test_a_restart_has_cancel_in_focus_and_lists_what_is_skipped(
    stage: Stage, qtbot: QtBot
) -> None:
    stage.start()
    names = ("vm-dc-01", "vm-web-01", "vm-dev-01", "srv-hq-01")
    stage.choose(*names)
    blade = stage.window.machines.blade
    blade.commands["restart"].trigger()
    dialog = stage.window.findChild(ConfirmDialog)
    assert dialog is not None
    assert dialog.yes.text() == "Restart 2 machines"
    assert dialog.skipped.text().startswith("4 selected; 2 skipped:")
    assert "vm-dev-01: The machine is deallocated" in dialog.skipped.text()
    assert "srv-hq-01: Azure doesn't start or restart Arc-enabled servers" in dialog.skipped.text()
    assert dialog.focusWidget() is dialog.cancel
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    stage.settle()
    assert stage.operation_states() == [], "Enter restarts nothing"
    assert stage.simulator.cloud.received == {}


def test_settings_of_several_machines_say_mixed_and_send_what_was_touched(stage: Stage) -> None:
    stage.simulator.cloud.guests["vm-web-02"].hotpatching = False
    stage.start()
    stage.choose("vm-web-01", "vm-web-02")
    blade = stage.window.machines.blade
    blade.command_bar.open_settings()
    dialog = stage.window.findChild(UpdateSettingsDialog)
    assert dialog is not None
    assert dialog.mixed["hotpatch"].text() == "Mixed: off for 1, on for 1"
    assert dialog.hotpatch.checkState() is Qt.CheckState.PartiallyChecked
    assert not dialog.save.isEnabled()
    assert dialog.change() == SettingsChange()
    dialog.periodic.setChecked(not dialog.periodic.isChecked())
    assert dialog.change() == SettingsChange(periodic_assessment=dialog.periodic.isChecked())
    assert dialog.save.text() == "Save for 2 machines"
    listed = [dialog.list.topLevelItem(n).text(1) for n in range(dialog.list.topLevelItemCount())]
    assert listed == ["Periodic assessment: on → off"] * 2
    assert dialog.sum.text() == "2 selected: 2 to change, 0 already set, 0 skipped."
    dialog.save.click()
    stage.until(lambda: stage.operation_states() == [OperationState.RUNNING] * 2)
    db = stage.app.source.db
    assert db is not None
    for (request,) in db.execute("SELECT request FROM operations"):
        patch = json.loads(request)["properties"]["osProfile"]["windowsConfiguration"][
            "patchSettings"
        ]
        assert patch == {"assessmentMode": "ImageDefault"}, "what was not touched is not sent"
    stage.clock.advance(minutes=5)
    stage.until(lambda: stage.operation_states() == [OperationState.SUCCEEDED] * 2)
    guests = stage.simulator.cloud.guests
    assert (guests["vm-web-01"].hotpatching, guests["vm-web-02"].hotpatching) == (True, False)


def test_a_setting_that_some_machines_cannot_have_skips_them_by_name(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-web-01", "vm-legacy-01")
    stage.window.machines.blade.command_bar.open_settings()
    dialog = stage.window.findChild(UpdateSettingsDialog)
    assert dialog is not None
    dialog.hotpatch.setCheckState(Qt.CheckState.Unchecked)
    dialog.hotpatch.setCheckState(Qt.CheckState.Checked)
    assert dialog.sum.text().startswith("2 selected: 0 to change, 1 already set, 1 skipped.")
    texts = [dialog.list.topLevelItem(n).text(1) for n in range(2)]
    assert texts[0].startswith("Skipped: ")
    assert texts[1] == "No change: already set."
    assert not dialog.save.isEnabled()


def test_choices_for_both_kinds_of_machines_are_kept_and_saved_together(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-web-01", "vm-web-02", "srv-hq-01", "srv-hq-02")
    stage.window.machines.blade.command_bar.open_settings()
    dialog = stage.window.findChild(UpdateSettingsDialog)
    assert dialog is not None
    before = dialog.periodic.isChecked()
    dialog.periodic.setChecked(not before)
    virtual = {m.name for m in dialog.plan.affected}
    assert virtual == {"vm-web-01", "vm-web-02"}
    dialog.kinds[True].setChecked(True)
    dialog.enroll.setChecked(not dialog.enroll.isChecked())
    dialog.enroll.setChecked(False)
    dialog.enroll.setChecked(True)
    servers = {m.name for m in dialog.plan.affected} - virtual
    assert servers
    dialog.kinds[False].setChecked(True)
    assert dialog.periodic.isChecked() is not before
    dialog.kinds[True].setChecked(True)
    assert dialog.enroll.isChecked()
    assert dialog.hotpatch.isChecked()
    many = len(virtual | servers)
    assert {m.name for m in dialog.plan.affected} == virtual | servers
    assert dialog.save.text() == f"Save for {many} machines"
    assert dialog.list.topLevelItemCount() == 4
    dialog.save.click()
    stage.until(lambda: sum(stage.simulator.cloud.received.values()) >= many)
    sent = stage.simulator.cloud.received
    assert sent["settings"] >= len(virtual)
    assert sent["enroll"] == len([n for n in servers if n == "srv-hq-02"])


def test_hotpatch_follows_the_enrollment_and_can_stay_off(stage: Stage) -> None:
    stage.start()
    stage.choose("srv-hq-02", "hci-app-01")
    stage.window.machines.blade.command_bar.open_settings()
    dialog = stage.window.findChild(UpdateSettingsDialog)
    assert dialog is not None
    dialog.enroll.setChecked(True)
    texts = {m.name: m.text for m in dialog.plan.machines}
    assert texts["srv-hq-02"] == "Hotpatch license: not enrolled → enrolled"
    assert texts["hci-app-01"] == "Hotpatch: off → on", "enrolled, with hotpatch off"
    assert (len(dialog.plan.license_changed), len(dialog.plan.configured)) == (1, 1)
    dialog.hotpatch.setChecked(False)
    texts = {m.name: m.text for m in dialog.plan.machines}
    assert texts["srv-hq-02"].endswith("; Hotpatch: on with the enrollment → off")
    assert len(dialog.plan.configured) == 1


def test_azure_machines_and_arc_servers_are_changed_one_kind_at_a_time(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-web-01", "srv-hq-01")
    stage.window.machines.blade.command_bar.open_settings()
    dialog = stage.window.findChild(UpdateSettingsDialog)
    assert dialog is not None
    assert dialog.kinds[False].isVisible()
    assert dialog.kinds[False].isChecked()
    assert dialog.subtitle.text() == "vm-web-01"
    assert dialog.enroll.isHidden()
    dialog.kinds[True].setChecked(True)
    assert dialog.subtitle.text() == "srv-hq-01"
    assert not dialog.enroll.isHidden()
    assert dialog.orchestrations[Orchestration.SAFE_DEPLOYMENT].isHidden()
    dialog.periodic.setChecked(not dialog.periodic.isChecked())
    assert [m.name for m in dialog.plan.affected] == ["srv-hq-01"]


def test_shortcuts_reach_their_targets(stage: Stage, qtbot) -> None:
    stage.start()
    stage.choose("vm-web-02")
    window = stage.window
    window.machines.blade.tabs.setCurrentIndex(1)
    stage.settle()
    window.activateWindow()
    window.machines.list.setFocus()
    qtbot.keyClick(window.machines.list, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.machines.blade.compliance.search.hasFocus()
    window.machines.list.setFocus()
    row = window.machines.list.currentIndex().row()
    qtbot.keyClick(window.machines.list, Qt.Key.Key_Tab)
    assert window.machines.list.currentIndex().row() == row
    assert not window.machines.list.hasFocus()


def test_work_under_way_is_on_the_machine_and_its_end_in_the_status_bar(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-new-01")
    blade = stage.window.machines.blade
    assert not blade.work.isVisible()
    blade.commands["assess"].trigger()
    stage.until(blade.work.isVisible)
    assert blade.work.headline.text() == "Assessing vm-new-01."
    stage.until(lambda: not blade.commands["assess"].isEnabled())
    assert "“Assess now” is already in progress" in blade.commands["assess"].toolTip()
    assert blade.commands["install"].isEnabled()
    assert "sent when “Assess now” finishes" in blade.commands["install"].toolTip()
    stage.until(lambda: OperationState.RUNNING in stage.operation_states())
    stage.clock.advance(minutes=4)
    stage.until(lambda: not blade.work.isVisible())
    assert blade.commands["assess"].isEnabled()
    work = stage.window.status_bar.work
    stage.until(lambda: "Assess now on vm-new-01: succeeded" in work.text())
    assert work.isVisible()


def test_the_schedule_agrees_with_the_banner(stage: Stage) -> None:
    stage.start()
    effects = {}
    for name in ("vm-web-02", "vm-sql-01", "vm-file-01"):
        stage.choose(name)
        stage.window.machines.blade.tabs.setCurrentIndex(3)
        stage.settle()
        table = stage.window.machines.blade.schedule.table
        effects[name] = [table.item(n, 3).text() for n in range(3)]
    assert effects["vm-web-02"][0].startswith("No restart")
    assert effects["vm-sql-01"][0] == "Restarts: no hotpatches before the next baseline"
    assert effects["vm-sql-01"][2].startswith("No restart"), "it rejoins with the baseline before"
    assert set(effects["vm-file-01"]) == {"Restarts: hotpatch is off"}


@pytest.mark.parametrize("name", ["vm-new-01", "vm-batch-01"])
def test_updates_without_a_list_have_no_count(stage: Stage, name: str) -> None:
    """Never assessed, or so long ago that Azure has dropped the list."""
    stage.start()
    stage.choose(name)
    essentials = stage.window.machines.blade.status.essentials
    assert "Not known" in [v.text() for v in essentials.findChildren(QLabel)]
    assert stage.window.machines.blade.tabs.tabText(1) == "Update compliance (–)"


def test_a_pending_restart_is_announced(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-dc-01")
    stage.window.machines.blade.command_bar.open_install()
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None
    dialog.updates.classes[Classification.DEFINITION].setChecked(True)
    dialog.go_to(3)
    assert "restart is already pending" in dialog.sentence.headline.text()
    dialog.reject()


def test_a_first_start_selects_after_all_machines_are_read(qapp, simulator: SimulatorApi) -> None:
    """Not the first one that comes in: the one that most needs attention, the same each time."""
    requested = []
    seen = threading.Event()

    def slow(method: str, path: str) -> None:
        requested.append(path)
        if "ResourceGraph" in path and len(requested) > 3:
            seen.wait(10)  # the window shows what has come by now

    simulator.faults.append(slow)
    with Stage("light", simulator=simulator) as stage:
        blade = stage.window.machines.blade
        stage.app.start()
        stage.until(stage.window.machines.model.rowCount)
        assert stage.window.is_syncing
        assert blade.machine_ids == ()
        assert "Reading your machines" in blade.empty.headline.text()
        seen.set()
        stage.until(lambda: not stage.window.is_syncing)
        stage.settle()
        assert blade.title.full_text == "srv-branch-01 | Hotpatch"


def test_a_first_start_keeps_the_users_selection(qapp, simulator: SimulatorApi) -> None:
    simulator.faults.append(lambda method, path: time.sleep(0.3))
    with Stage("light", simulator=simulator) as stage:
        stage.app.start()
        stage.until(lambda: stage.window.machines.model.rowCount() == 16)
        machines = stage.window.machines
        chosen = machines.model.id_at(5)
        assert chosen is not None
        machines.choose(chosen)
        assert stage.window.is_syncing
        stage.until(lambda: not stage.window.is_syncing)
        stage.settle()
        assert machines.blade.machine_ids == (chosen,)


def test_closing_skips_a_chart_that_is_not_drawn_yet(stage: Stage) -> None:
    stage.start()
    stage.window.machines.blade.tabs.setCurrentIndex(2)
    host = stage.window.machines.blade.history.chart
    QApplication.sendPostedEvents()  # laid out, and not painted yet
    assert host.isVisible()
    assert not host.is_ready
    host.repaint()
    stage.app.close()
    QApplication.processEvents()
    assert not host.is_ready


def test_several_machines_show_nothing_of_others_and_no_command_until_they_are_read(
    stage: Stage,
) -> None:
    stage.start()
    stage.choose("vm-web-01")
    blade, list_ = stage.window.machines.blade, stage.window.machines.list
    assert blade.commands["install"].isEnabled()
    list_.selectAll()
    assert not any(blade.commands[key].isEnabled() for key in ("assess", "install", "restart"))
    assert "Reading 16 machines" in blade.currentWidget().headline.text()
    stage.settle()
    assert blade.commands["install"].isEnabled()
    assert blade.title.full_text == "16 machines | Hotpatch"


def test_invalid_numbers_in_preferences_are_ignored(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-web-01", "vm-web-02")
    big = 2**31 - 1
    with closing(open_writer(stage.app.source.path)) as db, transaction(db):
        db.execute("UPDATE machines SET level=-5")
        db.execute(
            "INSERT INTO operations (machine_id, kind, state, created_at, done, total)"
            " VALUES (1, 'assess', 'running', '', ?, ?)",
            (big, big),
        )
    stage.app.source.notify(ChangedTables.of("machines", "operations"))
    stage.settle()
    assert stage.window.status_bar.progress.value() == 100
    assert "2 machines" in stage.window.machines.blade.title.full_text


@pytest.mark.parametrize("room", [(1280, 752), (1920, 1040), (1024, 700)])
def test_the_first_window_fits_on_its_screen(room: tuple[int, int]) -> None:
    """It was larger than what a screen of 1280 x 800 leaves beside its task bar."""
    size = first_size(QSize(*room))
    assert size.width() + FRAME_PX[0] <= room[0] or size.width() == SIZE_PX[0]
    assert size.height() + FRAME_PX[1] <= room[1]
    assert size.boundedTo(QSize(*SIZE_PX)) == size


def test_a_ticked_row_stays_and_only_this_removes_the_others(stage: Stage) -> None:
    """Selected updates once moved to the top, so the next click hit another one."""
    stage.start()
    stage.choose("vm-web-02")
    stage.window.machines.blade.command_bar.open_install()
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None
    dialog.go_to(1)
    preview = dialog.updates.preview

    def kbs() -> list[str]:
        return [preview.topLevelItem(n).text(1) for n in range(preview.topLevelItemCount())]

    def ticked() -> set[str]:
        items = [preview.topLevelItem(n) for n in range(preview.topLevelItemCount())]
        return {i.text(1) for i in items if i.checkState(0) is Qt.CheckState.Checked}

    before = kbs()
    assert len(before) >= 3
    for number in range(len(before)):
        item = preview.topLevelItem(number)
        was = ticked()
        other = Qt.CheckState.Unchecked if item.text(1) in was else Qt.CheckState.Checked
        item.setCheckState(0, other)
        stage.settle()
        assert kbs() == before
        assert ticked() ^ was == {before[number]}
    preview.setCurrentItem(preview.topLevelItem(1))
    assert dialog.updates.only_this.text() == f"Only {before[1]}"
    dialog.updates.only_this.click()
    stage.settle()
    assert ticked() == {before[1]}
    assert kbs() == before


def test_machines_without_a_selected_update_can_be_left_out(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-web-01", "vm-web-02", "vm-dc-01", "vm-dev-01")
    stage.window.machines.blade.command_bar.open_install()
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None
    kb = "KB5120228"
    dialog.updates.select_only(kb)
    dialog.go_to(3)
    stage.settle()
    planned = dialog._planned
    assert planned is not None
    idle = planned.idle
    assert 0 < idle < 3
    assert dialog.leave_idle.isVisible()
    assert dialog.act.text() == "Install on 3 machines"
    assert "restart is already pending" in str(planned.rows[0]), "what restarts comes first"
    dialog.leave_idle.setChecked(True)
    stage.settle()
    count = 3 - idle
    assert dialog._planned is not None
    assert len(dialog._planned.rows) == count
    assert f"4 machines: install on {count}, {idle} left out" in dialog.facts.text()
    assert "1 skipped" in dialog.facts.text()
    dialog.do_it()
    stage.until(lambda: len(stage.operation_states()) == count)


def test_the_banner_is_of_the_machine_that_is_shown_also_while_work_is_in_progress(
    stage: Stage,
) -> None:
    stage.start()
    db = stage.app.source.db
    assert db is not None
    failed, other = (
        db.execute(
            f"SELECT id, name FROM machines WHERE situation{sign}? AND situation NOT LIKE '%restart%' ORDER BY id",
            (Situation.LAST_FAILED,),
        ).fetchone()
        for sign in ("=", "!=")
    )
    stage.choose(other["name"])
    stage.request.assess([other["id"], failed["id"]])
    stage.settle()
    for name, is_visible in ((failed["name"], False), (other["name"], True)) * 2:
        stage.choose(name)
        blade = stage.window.machines.blade
        assert blade.work.isVisible()
        assert blade.banner.isVisible() is is_visible, name


@pytest.mark.parametrize(("state", "asks"), [("queued", True), ("unknown", False)])
def test_closing_asks_only_while_operations_are_in_progress(
    stage: Stage, state: str, *, asks: bool
) -> None:
    stage.start()
    assert stage.app.source.db is not None
    (machine,) = stage.app.source.db.execute("SELECT min(id) FROM machines").fetchone()
    with closing(open_writer(stage.app.source.path)) as db, transaction(db):
        db.execute(
            "INSERT INTO operations (machine_id, kind, state, requested_by, created_at)"
            " VALUES (?, 'restart', ?, 'a', ?)",
            (machine, state, stage.clock.now().isoformat()),
        )
    assert is_any_queued_or_in_progress(stage.app.source) is asks
    with closing(open_writer(stage.app.source.path)) as db, transaction(db):
        db.execute("DELETE FROM operations")
        db.execute(
            "INSERT INTO schedule_changes (connection_id, kind, resource_id, subject, request, state, requested_by, created_at)"
            " VALUES (1, 'delete schedule', '/x', 'x', '', ?, 'a', ?)",
            (state, stage.clock.now().isoformat()),
        )
    assert is_any_queued_or_in_progress(stage.app.source) is asks


def test_a_recreated_machine_is_shown_when_it_is_read(stage: Stage) -> None:
    stage.start()
    db = stage.app.source.db
    assert db is not None
    (number,) = db.execute("SELECT id FROM machines WHERE name='vm-web-01'").fetchone()
    with closing(open_writer(stage.app.source.path)) as writer, transaction(writer):
        writer.execute("UPDATE machines SET vm_id='the old one' WHERE id=?", (number,))
    heard: list[ChangedTables] = []
    stage.app.source.changed.connect(heard.append)
    stage.app.engine.send(
        ReadMachine(
            db.execute("SELECT resource_id FROM machines WHERE id=?", (number,)).fetchone()[0]
        )
    )
    stage.until(
        lambda: db.execute(
            "SELECT 1 FROM machines WHERE name='vm-web-01' AND id<>?", (number,)
        ).fetchone()
    )
    stage.until(lambda: any(changes.affects(frozenset({"machines"})) for changes in heard))


def test_one_missing_machine_uses_the_singular(stage: Stage) -> None:
    assert missing_machines(1).sentence == (
        "One of the machines isn't in the current data, so nothing was requested for it."
    )


def test_the_view_of_the_machines_is_remembered(qapp, tmp_path: Path) -> None:
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        machines = stage.window.machines
        machines.choices.sort.setCurrentIndex(2)
        machines.as_grid.setChecked(True)
        machines.choices.group.setCurrentIndex(machines.choices.group.findData(Dimension.GROUP))
        stage.window.close()
    with Stage("light", folder=tmp_path) as stage:
        stage.window.show_start_page()  # before anything is built, as at a real start
        stage.start()
        machines = stage.window.machines
        grids = stage.window.findChildren(Table, "machinesGrid")
        assert grids == [machines.grid], "one grid, which the commands follow"
        machines.grid.selectRow(2)
        stage.settle()
        assert machines.blade.machine_ids == tuple(machines.grid.selected_ids) != ()
        assert machines.as_grid.isChecked()
        assert machines.choices.group.currentData() == Dimension.GROUP
        assert machines.choices.sort.currentIndex() == 2
        assert machines.model.sort_key == "name"
        assert machines.grid.isVisible()
        assert machines.grid.rows.heading(0) is not None
        stage.window.close()


def test_a_search_in_a_filtered_list_names_its_scope(stage: Stage) -> None:
    stage.start()
    machines = stage.window.machines
    machines.show_only(MachineFilter(situations=(Situation.LAST_FAILED.value,)))
    stage.window.header.search.setText("vm-web-01")
    stage.settle()
    assert machines.nothing.isVisible()
    assert machines.nothing.explanation.text() == "Only the filtered machines were searched."
    machines.nothing.button.click()
    stage.settle()
    assert machines.model.rowCount() == 1
    assert machines._current_filter.text == "vm-web-01"


def test_a_machine_that_a_filter_hides_is_shown_when_it_is_opened(stage: Stage) -> None:
    stage.start()
    machines = stage.window.machines
    machines.show_only(MachineFilter(situations=(Situation.LAST_FAILED.value,)))
    stage.settle()
    db = stage.app.source.db
    assert db is not None
    (other,) = db.execute("SELECT id FROM machines WHERE name='vm-web-01'").fetchone()
    assert machines.model.number_of(other) is None
    machines.choose(other)
    stage.settle()
    assert machines.blade.machine_ids == (other,)
    assert machines.list.selected_ids == [other]


def test_enter_on_the_last_step_of_an_installation_cancels(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-web-02")
    stage.window.machines.blade.commands["install"].trigger()
    dialog = stage.window.findChild(InstallDialog)
    assert isinstance(dialog, InstallDialog)
    dialog.go_to(1)
    assert dialog.next.isDefault()
    dialog.go_to(3)
    assert dialog.cancel.isDefault()
    assert not dialog.back.autoDefault()
    dialog.reject()


def test_obstacles_to_hotpatch_are_one_click_away(stage: Stage) -> None:
    stage.start()
    stage.choose("srv-branch-01")
    blade = stage.window.machines.blade
    blade.tabs.setCurrentIndex(2)
    assert blade.banner.button.text() == "Show prerequisites"
    blade.banner.button.click()
    stage.settle()
    assert blade.tabs.currentIndex() == 0
    seen = blade.status.points.visibleRegion()
    assert not seen.isEmpty()
