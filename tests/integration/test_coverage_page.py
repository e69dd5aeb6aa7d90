"""The Coverage page: paths, machines, details, and turning hotpatch on from there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QPushButton

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.machine_files import Format, written
from hotpatch_gui.domain.settings import Orchestration
from hotpatch_gui.domain.upgrade_paths import PathKind
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.views.dialogs.new_machine import NewMachineDialog
from hotpatch_gui.views.dialogs.update_settings import UpdateSettingsDialog
from hotpatch_gui.views.pages.coverage import CoveragePage
from hotpatch_gui.views.pages.overview import OverviewPage

pytestmark = pytest.mark.expects_log


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light", scenario="before-upgrade") as made:
        made.start()
        yield made


def coverage(stage: Stage) -> CoveragePage:
    stage.window.show_page("coverage")
    stage.settle()
    page = stage.window.page("coverage")
    assert isinstance(page, CoveragePage)
    return page


def choose(page: CoveragePage, *names: str) -> None:
    table = page.machines_panel.table
    table.clearSelection()
    for number, row in enumerate(page.machines.all_rows):
        if row.name in names:
            table.selectionModel().select(
                page.machines.index(number, 0),
                table.selectionModel().SelectionFlag.Select
                | table.selectionModel().SelectionFlag.Rows,
            )


def details(page: CoveragePage) -> str:
    rows = page.points._rows
    return "\n".join(f"{t.text()}: {d.text()}" for _, t, d in rows if not d.isHidden())


def test_paths_count_the_machines_and_restarts_that_they_list(stage: Stage) -> None:
    page = coverage(stage)
    paths = {row.kind: row for row in page.paths.all_rows}
    page.paths_panel.table.selectAll()
    counted = Counter(row.path.kind for row in page.machines.all_rows)
    assert counted == {kind: row.machines for kind, row in paths.items()}
    assert sum(counted.values()) == len(stage.simulator.cloud.guests)
    for kind, row in paths.items():
        own = [r.avoided for r in page.machines.all_rows if r.path.kind is kind]
        is_on = kind in (PathKind.ON, PathKind.NOT_CONFIRMED)
        assert row.avoided == (None if is_on else sum(own))
    assert page.explanation.text().startswith("Hotpatch is on for 9 of 22 machines.")


def test_a_selected_path_lists_only_its_machines(stage: Stage) -> None:
    page = coverage(stage)
    shown = {row.path.kind for row in page.machines.all_rows}
    assert PathKind.ON not in shown, "machines with hotpatch need no path"
    page.paths_panel.table.select_id(list(PathKind).index(PathKind.UPGRADE))
    names = [row.name for row in page.machines.all_rows]
    assert names == ["srv-lab-01", "srv-plant-01", "srv-plant-02"]


def test_details_distinguish_known_facts_from_the_checklist(stage: Stage) -> None:
    page = coverage(stage)
    choose(page, "srv-lab-01")
    assert page.name.text() == "srv-lab-01: Upgrade in place to Windows Server 2025"
    assert "monitor mode" in details(page)
    choose(page, "vm-intranet-02")
    assert "2025-datacenter-azure-edition-core" in details(page)
    assert "generation 1" in details(page)
    assert page.turn_on.isHidden()
    choose(page, "vm-intranet-01", "vm-intranet-02")
    assert page.details.isHidden(), "several machines have no common details"


def test_hotpatch_is_turned_on_from_here_for_both_kinds_of_machines(stage: Stage) -> None:
    page = coverage(stage)
    choose(page, "vm-file-01", "srv-hq-02", "vm-legacy-01")
    assert page.turn_on.text() == "Turn on or enroll 2 machines…"
    page.turn_on.click()
    (dialog,) = stage.window.findChildren(UpdateSettingsDialog)
    planned = {m.name: m for m in dialog.plan.machines}
    assert set(planned) == {"vm-file-01", "srv-hq-02"}
    assert "Hotpatch" in planned["srv-hq-02"].text
    assert planned["srv-hq-02"].changes_license
    assert "Safe Deployment" in planned["vm-file-01"].text
    assert "1 machine leaves the schedules" in dialog.sum.text(), "the price is named"
    assert dialog.remedy.isHidden(), "nothing is left out"


def test_without_a_selected_machine_hotpatch_is_turned_on_for_all_shown(stage: Stage) -> None:
    page = coverage(stage)
    assert page.name.text() == "Select a machine to see what it needs."
    settable = [
        r for r in page.machines.all_rows if r.path.kind in (PathKind.TURN_ON, PathKind.ENROLL)
    ]
    assert page.turn_on.text() == f"Turn on or enroll {len(settable)} machines…"
    page.turn_on.click()
    (dialog,) = stage.window.findChildren(UpdateSettingsDialog)
    assert len(dialog.plan.affected) == len(settable) > 2


def test_an_empty_page_says_that_there_are_no_machines(qapp: QApplication) -> None:
    with Stage("light") as stage:
        stage.simulator.cloud.guests.clear()
        stage.start()
        page = coverage(stage)
        assert page.paths_panel.empty.headline.text() == "No machines"
        assert page.machines_panel.empty.isVisible()
        assert not page.details.isVisible()


def form(stage: Stage) -> NewMachineDialog:
    (dialog,) = stage.window.findChildren(NewMachineDialog)
    return dialog


def test_a_machine_that_has_to_be_replaced_fills_the_form_of_its_replacement(stage: Stage) -> None:
    page = coverage(stage)
    choose(page, "vm-intranet-02")
    assert page.new.text() == "Plan a replacement…"
    page.new.click()
    dialog = form(stage)
    machine = dialog.machine
    assert (machine.name, machine.resource_group, machine.location) == (
        "vm-intranet-hp",
        "rg-legacy",
        "eastus",
    )
    assert machine.image.sku == "2025-datacenter-azure-edition-core"
    assert machine.time_zone == "Pacific Standard Time"
    assert not dialog.save.isEnabled(), "the administrator's name isn't known"
    assert dialog.text.toPlainText() == ""
    dialog.admin.setText("operator")
    assert dialog.save.isEnabled()
    for number, kind in enumerate(Format):
        dialog.format.setCurrentIndex(number)
        assert dialog.text.toPlainText() == written(dialog.machine, kind)


def test_a_selection_that_azure_would_reject_is_named_and_writes_no_file(stage: Stage) -> None:
    page = coverage(stage)
    choose(page, "srv-hq-02")
    assert page.new.text() == "New hotpatch machine…"
    page.new.click()
    dialog = form(stage)
    dialog.name.setText("vm-new-10")
    dialog.admin.setText("operator")
    assert dialog.save.isEnabled()
    dialog.orchestration.setCurrentText(Orchestration.CUSTOMER_SCHEDULES.label)
    assert not dialog.save.isEnabled()
    texts = [detail.text() for _, _, detail in dialog.points._rows if not detail.isHidden()]
    assert len(texts) == 1
    assert "safety checks" in texts[0]
    dialog.hotpatch.setChecked(False)
    assert dialog.save.isEnabled()
    texts = [detail.text() for _, _, detail in dialog.points._rows if not detail.isHidden()]
    assert any("restarts the machine" in text for text in texts)


def test_the_file_is_written_whole_or_the_reason_is_shown(stage: Stage, tmp_path: Path) -> None:
    page = coverage(stage)
    choose(page, "vm-legacy-01")
    page.new.click()
    dialog = form(stage)
    dialog.admin.setText("operator")
    dialog.write(str(tmp_path / "machine.bicep"))
    assert (tmp_path / "machine.bicep").read_text() == written(dialog.machine, Format.BICEP)
    dialog.write(str(tmp_path / "nowhere" / "machine.bicep"))
    good, bad = list(stage.app.outcomes.items)[-2:]
    assert (good.glyph, bad.glyph) == (Glyph.OK, Glyph.ERROR)
    assert "nowhere" in bad.detail
    dialog.findChild(QPushButton, "newMachineCopy").click()
    assert QApplication.clipboard().text() == dialog.text.toPlainText()


def test_coverage_and_overview_count_the_same_machines(stage: Stage) -> None:
    page = coverage(stage)
    stage.window.show_page("overview")
    stage.settle()
    overview = stage.window.page("overview")
    assert isinstance(overview, OverviewPage)
    on = overview.tiles["coverage"].figure.text().split(" of ")[0]
    assert page.explanation.text().startswith(f"Hotpatch is on for {on} of ")
    counted = {row.kind: row.machines for row in page.paths.all_rows}
    assert counted[PathKind.ON] == int(on)
    assert counted[PathKind.NOT_CONFIRMED] == 2
    assert sum(counted.values()) == 22
