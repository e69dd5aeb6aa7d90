"""Exports out of the real window: what a view shows, the rows chosen in it, and a report of machines."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtPrintSupport import QPrintDialog
from PySide6.QtWidgets import QFileDialog, QLineEdit, QPushButton

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.models import export_sheets
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.system import resources
from hotpatch_gui.views.dialogs.report import ReportDialog
from hotpatch_gui.views.widgets.export import ExportButton


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Answers of the file dialog; ``requested`` has the last call."""
    response: dict[str, str] = {}

    def save_as(_parent, _title: str, suggested: str, *_: str) -> tuple[str, str]:
        response["suggested"] = suggested
        return str(tmp_path / response["name"]), "CSV, one table (*.csv)"

    monkeypatch.setattr(QFileDialog, "getSaveFileName", save_as)
    return response


def message(stage: Stage) -> str:
    """Close the toast after an export and return its text."""
    shown = stage.window.toasts.shown
    stage.until(lambda: bool(shown))
    toast = shown[0]
    outcome = toast.outcome
    toast.close_button.click()
    stage.settle()
    return outcome.title if outcome.is_good else outcome.detail


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_tab_is_exported_as_shown(stage: Stage, chosen: dict[str, str], tmp_path: Path) -> None:
    stage.start()
    stage.choose("vm-web-02")
    blade = stage.window.machines.blade
    blade.tabs.setCurrentIndex(1)
    stage.settle()
    table, model = blade.compliance.panel.table, blade.compliance.model
    titles = [c.title for n, c in enumerate(model.columns) if not table.isColumnHidden(n)]
    kb = [c.key for c in model.columns].index("kb")
    shown = [model.text(model.row(n), kb) for n in range(model.rowCount())]
    chosen["name"] = "updates"  # without an ending: the kind that was chosen says it
    blade.commands["export"].trigger()
    assert message(stage) == "Exported to updates.csv."
    assert chosen["suggested"].startswith("Compliance vm-web-02 20")
    rows = rows_of(tmp_path / "updates.csv")
    assert len(shown) > 1
    assert [row["KB"] for row in rows] == shown
    assert [head.removesuffix(" (UTC)") for head in rows[0]] == [t for t in titles if t != "Age"]


def test_only_selected_rows_are_exported(
    stage: Stage, chosen: dict[str, str], tmp_path: Path
) -> None:
    stage.start()
    stage.window.show_page("history")
    stage.settle()
    page = stage.table("fleetHistoryTable")
    stage.until(lambda: page.model().rowCount() > 3)
    page.selectRow(1)
    page.selectionModel().select(
        page.model().index(3, 0),
        page.selectionModel().SelectionFlag.Select | page.selectionModel().SelectionFlag.Rows,
    )
    stage.settle()
    wanted = [page.model().row(n).started_at for n in (1, 3)]
    assert len(page.selected_ids) == 2
    chosen["name"] = "history.json"
    button = next(b for b in stage.window.findChildren(ExportButton) if b.isVisible())
    button.click()
    assert not button.isEnabled()
    assert message(stage) == "Exported to history.json."
    assert button.isEnabled()
    found = json.loads((tmp_path / "history.json").read_text(encoding="utf-8"))
    assert [row["Started (UTC)"] for row in found["history"]] == wanted
    demo, age = found["notes"]
    assert demo == "Demo, simulated Azure"
    assert age.startswith("Contoso: data of 20")


def test_a_report_of_machines_has_a_sheet_each(
    stage: Stage, chosen: dict[str, str], tmp_path: Path
) -> None:
    stage.start()
    stage.choose("vm-web-01", "vm-web-02")
    chosen["name"] = "report.json"
    blade = stage.window.machines.blade
    blade.commands["export"].trigger()
    dialog = blade.findChild(ReportDialog)
    assert dialog is not None
    dialog.save.click()
    message(stage)
    found = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert set(found) == {"title", "made", "notes", "machines", "compliance", "history", "restarts"}
    assert sorted(m["Machine"] for m in found["machines"]) == ["vm-web-01", "vm-web-02"]
    assert {row["Machine"] for row in found["history"]} == {"vm-web-01", "vm-web-02"}
    assert all(m["Assessed (UTC)"].endswith("Z") for m in found["machines"])


@pytest.mark.expects_log
def test_unread_lists_are_named_in_an_export(stage: Stage) -> None:
    stage.start()
    handle = stage.simulator.handle
    no = Response(403, {"error": {"code": "AuthorizationFailed", "message": "No."}})

    def without_health(
        method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> Response:
        return no if b"healthresources" in (body or b"") else handle(method, url, headers, body)

    stage.simulator.handle = without_health
    stage.sync()
    db = stage.app.source.db
    assert db is not None
    made = export_sheets.report(db, "x", [], stage.app.clock(), resources.calendar())
    assert any("not known: Resource Health" in note for note in made.notes)


def test_the_report_is_printed_with_the_audit_log(stage: Stage, tmp_path: Path) -> None:
    """A real print dialog and a real printer, which writes a PDF."""
    stage.start()
    stage.window.show_page("overview")
    page = stage.window.page("overview")
    page.report.click()
    dialog = page.findChild(ReportDialog)
    assert dialog is not None
    dialog.audit.setChecked(True)
    dialog.print_button.click()
    printing = page.findChild(QPrintDialog)
    assert printing is not None
    path = tmp_path / "printed.pdf"
    file_name = printing.findChild(QLineEdit, "filename")
    assert file_name is not None
    file_name.setText(str(path))
    printing.accept()
    assert message(stage) == "The report was sent to the printer."
    assert path.read_bytes().startswith(b"%PDF")
    assert path.read_bytes().count(b"/Type /Page\n") > 4


def test_the_audit_log_is_exported_with_bodies_and_request_ids(
    stage: Stage, chosen: dict[str, str], tmp_path: Path
) -> None:
    stage.start()
    (number,) = stage.app.source.db.execute(
        "SELECT id FROM machines WHERE name='vm-web-02'"
    ).fetchone()
    stage.request.install([number], InstallRequest(frozenset({Classification.SECURITY})))
    stage.until(lambda: stage.operation_states() == [OperationState.RUNNING])
    stage.window.show_page("activity")
    stage.window.page("activity").tabs.setCurrentIndex(3)
    stage.settle()
    chosen["name"] = "audit.csv"
    next(b for b in stage.window.findChildren(ExportButton) if b.isVisible()).click()
    assert message(stage) == "Exported to audit.csv."
    sent, *responses = reversed(rows_of(tmp_path / "audit.csv"))
    assert (sent["Event"], sent["Call"], sent["Machine"]) == (
        "Sending",
        "Install updates now",
        "vm-web-02",
    )
    assert json.loads(sent["Body"])["windowsParameters"]["classificationsToInclude"] == ["Security"]
    assert sent["Resource ID"].casefold().endswith("/virtualmachines/vm-web-02")
    assert sent["When (UTC)"].endswith("Z")
    assert sent["Requested by"]
    assert [a["Event"] for a in responses] == ["Accepted"]
    assert responses[0]["Request ID"]


def test_a_file_that_cannot_be_written_is_reported(stage: Stage, chosen: dict[str, str]) -> None:
    stage.start()
    stage.window.show_page("updates")
    stage.settle()
    chosen["name"] = "nowhere/x.xlsx"
    next(b for b in stage.window.findChildren(ExportButton) if b.isVisible()).click()
    assert "couldn't be written: No such file or directory. Choose another place" in message(stage)


def test_the_end_of_the_program_ends_an_export(
    stage: Stage, chosen: dict[str, str], tmp_path: Path
) -> None:
    stage.start()
    stage.window.show_page("updates")
    stage.settle()
    chosen["name"] = "x.pdf"
    next(b for b in stage.window.findChildren(QPushButton, "export") if b.isVisible()).click()


def test_expected_restarts_can_be_exported(
    stage: Stage, chosen: dict[str, str], tmp_path: Path
) -> None:
    stage.start()
    stage.window.show_page("rollout")
    stage.settle()
    chosen["name"] = "rollout.json"
    next(b for b in stage.window.findChildren(ExportButton) if b.isVisible()).click()
    stage.until((tmp_path / "rollout.json").exists)
    stage.until(lambda: (tmp_path / "rollout.json").read_text().rstrip().endswith("}"))
    found = json.loads((tmp_path / "rollout.json").read_text())
    (rows,) = [value for value in found.values() if isinstance(value, list) and len(value) == 16]
    assert {"Machine", "Status", "Restart caused by", "Why"} <= set(rows[0])


def test_export_shortcuts_work_in_list_and_grid(
    stage: Stage, chosen: dict[str, str], tmp_path: Path
) -> None:
    stage.start()
    stage.window.machines.as_grid.setChecked(True)
    stage.settle()
    (button,) = [b for b in stage.window.findChildren(ExportButton) if b.isVisible()]
    for name in ("one.csv", "two.csv"):
        chosen["name"] = name
        assert button.shortcut() == QKeySequence("Ctrl+E")
        button.click()
        stage.until((tmp_path / name).exists)
        stage.until(button.isEnabled)
    lines = (tmp_path / "two.csv").read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + len(stage.simulator.cloud.guests)
    stage.window.machines.as_grid.setChecked(False)


def test_a_short_report_omits_compliant_machines(
    stage: Stage, chosen: dict[str, str], tmp_path: Path
) -> None:
    stage.start()
    stage.window.show_page("overview")
    page = stage.window.page("overview")
    found = []
    for name in ("whole.json", "short.json"):
        chosen["name"] = name
        page.report.click()
        dialog = page.findChild(ReportDialog)
        assert dialog is not None
        dialog.short.setChecked(name == "short.json")
        dialog.save.click()
        message(stage)
        found.append(json.loads((tmp_path / name).read_text(encoding="utf-8")))
    whole, short = found
    assert set(whole) - set(short) == {"machines", "missing updates", "schedules", "restarts"}
    assert short["exceptions"] == whole["exceptions"] != []
    assert any("Short report" in note for note in short["notes"])
