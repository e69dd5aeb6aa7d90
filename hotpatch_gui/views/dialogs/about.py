"""About: versions, locations and diagnostics."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from hotpatch_gui.models.diagnostics import diagnostics, versions
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.labels import ElidedLabel, label

from .log import LogDialog
from .support import SupportDialog
from .surface import SurfaceDialog

tr = translator("AboutDialog")


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
        column.addStretch(1)
        copy = QPushButton(tr("Copy diagnostics"))
        copy.setObjectName("copyDiagnostics")
        copy.clicked.connect(self._copy)
        closer = self.closer()
        support = QPushButton(tr("Get support…"))
        support.setObjectName("aboutSupport")
        support.clicked.connect(self._open_support)
        log = QPushButton(tr("Log…"))
        log.setObjectName("aboutLog")
        log.clicked.connect(self._open_log)
        self.finish((600, 320), log, support, copy, closer)
        closer.setFocus()

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._s.source.path.parent)))

    def _open_support(self) -> None:
        SupportDialog(self._s, (), self).open()

    def _open_log(self) -> None:
        LogDialog(self._s, self).open()

    def _copy(self) -> None:
        lines = diagnostics(self._s.source.path, self._s.source.db)
        QGuiApplication.clipboard().setText("\n".join(lines))
