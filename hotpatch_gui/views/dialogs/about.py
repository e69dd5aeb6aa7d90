"""About: versions, where things are, the keys, and what helps whoever is asked for help."""

from __future__ import annotations

import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QPushButton, QWidget

from hotpatch_gui import __version__
from hotpatch_gui.store import catalogue, operations
from hotpatch_gui.system import logs
from hotpatch_gui.system.preferences import FILE_NAME as SETTINGS_FILE
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.labels import ElidedLabel, label

from .surface import SurfaceDialog

SHORTCUTS = (
    ("F5", "Refresh"), ("Shift+F5", "Read everything again"), ("Ctrl+K", "Search machines"), ("Ctrl+F", "Filter the table"),
    ("Ctrl+1 … 7", "The pages, from Machines to Activity"), ("Ctrl+Shift+A", "Assess now"),
    ("Ctrl+I", "Install updates now (opens the dialog)"), ("Ctrl+U", "Update settings"),
    ("Ctrl+E", "Export"), ("Ctrl+C, Ctrl+Shift+C", "Copy rows, with headers"), ("Ctrl+,", "Settings"),
    ("F1", "This page"),
)  # fmt: skip
PACKAGES = (
    "PySide6-Essentials", "azure-identity", "azure-mgmt-compute", "azure-mgmt-hybridcompute",
    "azure-mgmt-resourcegraph",
)  # fmt: skip
LAST_FAILURES, LAST_WARNINGS = 10, 20


class AboutDialog(SurfaceDialog):
    """Nothing secret is in what it copies."""

    def __init__(self, services: Services, parent: QWidget) -> None:
        super().__init__(services.theme, "aboutDialog", "About Hotpatch Dashboard", parent)
        self._s = services
        theme, column = services.theme, self.column
        self.versions = label(theme, "\n".join(versions()), role="secondary")
        column.addWidget(self.versions)
        column.addWidget(
            label(theme, "Data, settings and log", px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT)
        )
        self.place = ElidedLabel(theme)
        self.place.setObjectName("aboutPlace")
        self.place.set_whole(str(services.source.path.parent))
        opener = QPushButton("Open folder")
        opener.setObjectName("aboutOpenFolder")
        opener.setAutoDefault(False)
        opener.clicked.connect(self._open_folder)
        place = QHBoxLayout()
        place.addWidget(self.place, 1)
        place.addWidget(opener)
        column.addLayout(place)
        column.addWidget(label(theme, "Keys", px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT))
        keys = QFormLayout()
        keys.setHorizontalSpacing(24)
        keys.setVerticalSpacing(4)
        for combination, meaning in SHORTCUTS:
            keys.addRow(combination, label(theme, meaning, role="secondary"))
        column.addLayout(keys)
        column.addStretch(1)
        copy = QPushButton("Copy diagnostics")
        copy.setObjectName("copyDiagnostics")
        copy.clicked.connect(self._copy)
        closer = self.closer()
        self.finish((600, 600), copy, closer)
        closer.setFocus()

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._s.source.path.parent)))

    def _copy(self) -> None:
        told = diagnostics(self._s.source.path, self._s.source.db)
        QGuiApplication.clipboard().setText("\n".join(told))


def versions() -> list[str]:
    """Of this program and what it stands on."""
    lines = [
        f"Hotpatch Dashboard {__version__}",
        f"Python {platform.python_version()} on {platform.platform()}",
    ]
    for package in PACKAGES:
        try:
            lines.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            lines.append(f"{package} (version not recorded)")
    return lines


def diagnostics(path: Path, db: sqlite3.Connection | None) -> list[str]:
    """Versions, places, and the last errors with Azure's codes and request ids. No secret is among them: none is ever
    stored, and what looks like one does not come into the log."""
    folder = path.parent
    lines = [*versions(), ""]
    for what, name in (("Data", path.name), ("Settings", SETTINGS_FILE), ("Log", logs.FILE_NAME)):
        size = f"{(folder / name).stat().st_size:,} bytes" if (folder / name).exists() else "none"
        lines.append(f"{what}: {folder / name} ({size})")
    if db is not None:
        lines += [
            f"Sync {state.connection_id}: {state.finished}; {state.problem or 'well'}"
            for state in catalogue.sync_states(db)
        ]
        lines += ["", "The last operations that did not succeed:"]
        lines += [
            f"{row['created_at']} {row['kind']} {row['state']} {row['code'] or ''} {row['request_id'] or ''}".rstrip()
            for row in operations.last_failures(db, LAST_FAILURES)
        ] or ["none"]
    return [
        *lines,
        "",
        "The last warnings of the log:",
        *(logs.warnings_of(folder, LAST_WARNINGS) or ["none"]),
    ]
