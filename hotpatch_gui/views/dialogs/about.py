"""About: versions, locations, keyboard shortcuts and diagnostics."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QPushButton, QWidget

from hotpatch_gui.models.diagnostics import diagnostics, versions
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.labels import ElidedLabel, label

from .glossary import GlossaryDialog
from .support import SupportDialog
from .surface import SurfaceDialog

tr = translator("AboutDialog")

SHORTCUTS = (
    ("F5", tr.mark("Refresh")),
    ("Shift+F5", tr.mark("Read everything again")),
    ("Ctrl+K", tr.mark("Search machines")),
    ("Ctrl+F", tr.mark("Filter the table")),
    ("Ctrl+1 … 9, 0", tr.mark("The pages, from Overview to Activity")),
    ("Ctrl+Shift+A", tr.mark("Assess now")),
    ("Ctrl+I", tr.mark("Install updates now (opens the dialog)")),
    ("Ctrl+U", tr.mark("Update settings")),
    ("Ctrl+E", tr.mark("Export")),
    ("Ctrl+C, Ctrl+Shift+C", tr.mark("Copy rows, with headers")),
    ("Ctrl+,", tr.mark("Settings")),
    ("F1", tr.mark("Help")),
)


class AboutDialog(SurfaceDialog):
    """Shows and copies diagnostics, which contain no secrets."""

    def __init__(self, services: Services, parent: QWidget) -> None:
        super().__init__(services.theme, "aboutDialog", tr("About Hotpatch Dashboard"), parent)
        self._s = services
        theme, column = services.theme, self.column
        self.versions = label(theme, "\n".join(versions()), role="secondary")
        column.addWidget(self.versions)
        column.addWidget(
            label(theme, tr("Data, settings and log"), px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT)
        )
        self.folder = ElidedLabel(theme)
        self.folder.setObjectName("aboutPlace")
        self.folder.set_full_text(str(services.source.path.parent))
        opener = QPushButton(tr("Open folder"))
        opener.setObjectName("aboutOpenFolder")
        opener.setAutoDefault(False)
        opener.clicked.connect(self._open_folder)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(opener)
        column.addLayout(row)
        column.addWidget(
            label(theme, tr("Keyboard shortcuts"), px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT)
        )
        keys = QFormLayout()
        keys.setHorizontalSpacing(24)
        keys.setVerticalSpacing(4)
        for combination, meaning in SHORTCUTS:
            keys.addRow(combination, label(theme, tr(meaning), role="secondary"))
        column.addLayout(keys)
        column.addStretch(1)
        copy = QPushButton(tr("Copy diagnostics"))
        copy.setObjectName("copyDiagnostics")
        copy.clicked.connect(self._copy)
        glossary = QPushButton(tr("Glossary"))
        glossary.setObjectName("aboutGlossary")
        glossary.clicked.connect(self._open_glossary)
        closer = self.closer()
        support = QPushButton(tr("Get support…"))
        support.setObjectName("aboutSupport")
        support.clicked.connect(self._open_support)
        self.finish((600, 600), glossary, support, copy, closer)
        closer.setFocus()

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._s.source.path.parent)))

    def _open_glossary(self) -> None:
        GlossaryDialog(self._theme, self).open()

    def _open_support(self) -> None:
        SupportDialog(self._s, (), self).open()

    def _copy(self) -> None:
        lines = diagnostics(self._s.source.path, self._s.source.db)
        QGuiApplication.clipboard().setText("\n".join(lines))
