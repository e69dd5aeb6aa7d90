"""The support request: what it says, what is attached, and what never is."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QMenu, QPushButton

from hotpatch_gui.captures.scenes.steps import show_tab
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.support import CHOICES, NEW_REQUEST
from hotpatch_gui.models.support import MAX_FAILURES, MAX_MACHINES, request_text
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store.database import open_writer, transaction
from hotpatch_gui.store.timestamps import to_text
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.views.dialogs.support import SupportDialog
from hotpatch_gui.views.tabs.history import HistoryTab

pytestmark = pytest.mark.expects_log


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        made.start()
        yield made


def dialog(stage: Stage) -> SupportDialog:
    (found,) = stage.window.findChildren(SupportDialog)
    return found


def test_the_text_names_machine_times_kbs_codes_and_request_ids(stage: Stage) -> None:
    def locked(method: str, _: str) -> Response | None:
        body = {"error": {"code": "ScopeLocked", "message": "Locked."}}
        return Response(409, body, {"x-ms-request-id": "req-1"}) if method == "POST" else None

    stage.simulator.faults.append(locked)
    stage.choose("vm-print-01")
    db = stage.app.source.db
    assert db is not None
    (machine_id,) = stage.window.machines.list.selected_ids
    stage.request.restart([machine_id])
    stage.until(lambda: db.execute("SELECT 1 FROM operations WHERE state='failed'").fetchone())
    menu = QMenu()
    stage.window.machines._fill_menu(menu)
    next(a for a in menu.actions() if a.text() == "Get support…").trigger()
    text = dialog(stage).text.toPlainText()
    for title, choice in CHOICES:
        assert f"{title}: {choice}" in text
    machine = stage.simulator.cloud.guests["vm-print-01"]
    assert f"virtualMachines/{machine.name}" in text
    assert "enableHotpatching True" in text
    assert "Hotpatch status: Enabled" in text
    run = next(r for r in machine.runs if r["status"] == "Failed")
    assert f"run {run['id']}: 0x80070005" in text
    assert "KB5120228: " in text
    assert "x-ms-request-id req-1" in text
    assert "ScopeLocked" in text


def test_unreported_values_are_shown_as_unknown(stage: Stage) -> None:
    db = stage.app.source.db
    assert db is not None
    (machine_id,) = db.execute("SELECT id FROM machines WHERE name='srv-hq-01'").fetchone()
    text = request_text(db, [machine_id], stage.app.clock())
    assert "the article names no service" in text
    assert text.count("none known") == 3
    assert "enableHotpatching not reported" in text or "enableHotpatching True" in text


def test_many_machines_are_counted_and_not_all_described(stage: Stage) -> None:
    db = stage.app.source.db
    assert db is not None
    everyone = [row[0] for row in db.execute("SELECT id FROM machines")]
    text = request_text(db, everyone * 2, stage.app.clock())
    assert text.count("Resource ID: ") == MAX_MACHINES
    assert f"And {2 * len(everyone) - MAX_MACHINES} more machines." in text


def test_the_bundle_has_text_diagnostics_and_log_and_a_failure_is_shown(
    stage: Stage, tmp_path: Path
) -> None:
    stage.choose("vm-print-01")
    stage.window.machines.open_support()
    made = dialog(stage)
    made.text.appendPlainText("It began on Monday <b>.")
    made.write(str(tmp_path / "support.zip"))
    with zipfile.ZipFile(tmp_path / "support.zip") as bundle:
        names = set(bundle.namelist())
        assert (
            {"request.txt", "diagnostics.txt"}
            <= names
            <= {
                "request.txt",
                "diagnostics.txt",
                "hotpatch.log",
            }
        )
        assert "Monday <b>" in bundle.read("request.txt").decode()
        assert "Hotpatch Dashboard" in bundle.read("diagnostics.txt").decode()
    made.write(str(tmp_path / "nowhere" / "support.zip"))
    good, bad = list(stage.app.outcomes.items)[-2:]
    assert (good.glyph, bad.glyph) == (Glyph.OK, Glyph.ERROR)
    made.findChild(QPushButton, "supportCopy").click()
    assert QApplication.clipboard().text() == made.text.toPlainText()


def test_the_portals_page_of_a_new_request_is_opened(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def open_url(url: QUrl) -> bool:
        opened.append(url.toString())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    stage.choose("vm-web-01")
    stage.window.machines.open_support()
    dialog(stage).findChild(QPushButton, "supportPortal").click()
    assert opened == [NEW_REQUEST]


def test_support_is_one_click_from_a_failed_installation(stage: Stage) -> None:
    stage.choose("vm-print-01")
    blade = stage.window.machines.blade
    show_tab(stage, 2)
    tab = blade.findChild(HistoryTab)
    assert tab is not None
    failed = next(
        n
        for n in range(tab.model.rowCount())
        if (run := tab.model.row(n)) and run.status == "Failed"
    )
    tab.panel.table.selectRow(failed)
    stage.settle()
    assert tab.details.support.isVisible()
    tab.details.support.click()
    assert "vm-print-01" in dialog(stage).text.toPlainText()


def test_errors_that_are_not_listed_are_counted(stage: Stage) -> None:
    db = stage.app.source.db
    assert db is not None
    (machine_id,) = db.execute("SELECT id FROM machines WHERE name='vm-print-01'").fetchone()
    now = stage.clock.now()
    with closing(open_writer(stage.app.source.path)) as writer, transaction(writer):
        for day in range(1, MAX_FAILURES + 4):
            started = to_text(now - timedelta(days=day))
            row = writer.execute(
                "INSERT INTO installations (machine_id, run_id, status, started_at, fetched_at)"
                " VALUES (?, ?, 'Failed', ?, ?)",
                (machine_id, f"run-{day}", started, started),
            )
            writer.execute(
                "INSERT INTO installation_errors (installation_id, ordinal, code, message)"
                " VALUES (?, 0, '0x80070005', 'Access denied')",
                (row.lastrowid,),
            )
    text = request_text(db, [machine_id], now)
    listed = [line for line in text.splitlines() if line.startswith("  20")]
    oldest = to_text(now - timedelta(days=MAX_FAILURES + 3))
    assert len([line for line in listed if " run " in line]) == MAX_FAILURES
    assert f"more, the oldest of {oldest}" in text
