"""About: the data folder, and the diagnostics to copy."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton

from hotpatch_gui import __version__
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.simulator.arm import Response
from hotpatch_gui.system import logs
from hotpatch_gui.views.dialogs.about import AboutDialog
from hotpatch_gui.views.dialogs.log import LogDialog

BEARER = "eyJhbGciOiJub25lIn0.c2VjcmV0.c2ln"
REQUEST_ID = "00000000-1111-4222-8333-444455556666"


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    logs.start_log(tmp_path)
    yield
    for handler in [h for h in root.handlers if h not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


@pytest.mark.expects_log
def test_diagnostics_contain_versions_and_last_errors_but_no_secret(
    qapp: QApplication, tmp_path: Path, logged: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        refused = {"error": {"code": "AuthorizationFailed", "message": "No."}}
        headers = {"x-ms-request-id": REQUEST_ID}
        stage.simulator.faults.append(
            lambda method, _: Response(403, refused, headers) if method == "POST" else None
        )
        db = stage.app.source.db
        assert db is not None
        (machine,) = db.execute("SELECT id FROM machines WHERE name='vm-web-02'").fetchone()
        stage.request.restart([machine])
        stage.until(lambda: stage.operation_states() == [OperationState.FAILED])
        logging.getLogger("hotpatch_gui.test").warning("Authorization: Bearer %s", BEARER)
        stage.window.open_about()
        dialog = stage.window.findChild(AboutDialog)
        assert dialog is not None
        assert dialog.folder.full_text == str(tmp_path)
        for name in ("aboutOpenFolder", "copyDiagnostics"):
            button = dialog.findChild(QPushButton, name)
            assert button is not None
            button.click()
        copied = QGuiApplication.clipboard().text()
    assert opened == [str(tmp_path)]
    assert f"Hotpatch Dashboard {__version__}" in copied
    assert f"restart failed AuthorizationFailed {REQUEST_ID}" in copied
    assert str(tmp_path / logs.FILE_NAME) in copied
    assert "WARNING" in copied.partition("Recent warnings")[2]
    assert BEARER not in copied
    assert REQUEST_ID in (tmp_path / logs.FILE_NAME).read_text(), "the log has Azure's request IDs"


def test_the_log_is_rotated(tmp_path: Path, logged: None, monkeypatch: pytest.MonkeyPatch) -> None:
    line = "x" * 10_000
    for _ in range(logs.MAX_BYTES * (logs.KEPT + 2) // len(line)):
        logging.getLogger("hotpatch_gui.test").info(line)
    kept = sorted(p.name for p in tmp_path.glob(f"{logs.FILE_NAME}*"))
    assert len(kept) == logs.KEPT + 1
    assert all((tmp_path / name).stat().st_size <= logs.MAX_BYTES for name in kept)


@pytest.mark.expects_log
def test_the_log_is_searched_filtered_and_copied(
    qapp: QApplication, tmp_path: Path, logged: None
) -> None:
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        log = logging.getLogger("hotpatch_gui.test")
        log.info("began <b>quietly</b>")
        log.warning("a warning of the test")
        try:
            int("of the test")
        except ValueError:
            log.exception("an error of the test")
        stage.window.open_about()
        about = stage.window.findChild(AboutDialog)
        assert about is not None
        about.findChild(QPushButton, "aboutLog").click()
        dialog = about.findChild(LogDialog)
        assert dialog is not None
        dialog.search.setText("OF THE TEST")
        assert dialog.count.text().startswith("2 of ")
        assert "ValueError: invalid literal" in dialog.text.toPlainText(), "with its traceback"
        dialog.search.setText("quietly")
        assert "began <b>quietly</b>" in dialog.text.toPlainText()
        dialog.only.setChecked(True)
        assert dialog.text.toPlainText() == ""
        assert dialog.text.placeholderText() == "No entries match."
        dialog.search.clear()
        assert "INFO" not in dialog.text.toPlainText()
        log.warning("a later one")
        dialog.findChild(QPushButton, "logRefresh").click()
        assert "a later one" in dialog.text.toPlainText()
        dialog.findChild(QPushButton, "logCopy").click()
        assert "a later one" in QGuiApplication.clipboard().text()
