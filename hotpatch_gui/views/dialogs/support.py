"""Get support: where the request is filed, its text, and a file to attach."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QPushButton, QWidget

from hotpatch_gui.domain.support import CHOICES, NEW_REQUEST
from hotpatch_gui.models.support import request_text, write_bundle
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.points import Point, Points

from .surface import SurfaceDialog

tr = translator("SupportDialog")

SIZE_PX = (760, 620)
BUNDLE = "hotpatch-support.zip"


class SupportDialog(SurfaceDialog):
    """The text can be changed before it is copied or saved. Nothing is sent."""

    def __init__(self, services: Services, machine_ids: Sequence[int], parent: QWidget) -> None:
        super().__init__(services.theme, "supportDialog", tr("Get support"), parent)
        self._s = services
        theme = services.theme
        introduction = tr(
            "Open a support request in the Azure portal, choose what Microsoft's article names, paste the text, and attach the "
            "file. Complete the first lines. Neither contains a secret; check whether names and IDs may leave your company."
        )
        self.column.addWidget(label(theme, introduction, role="secondary", wrap=True))
        choices = Points(theme)
        choices.show_points([Point(Glyph.NONE, "", title, text) for title, text in CHOICES])
        self.column.addWidget(choices)
        self.text = QPlainTextEdit()
        self.text.setObjectName("supportText")
        self.text.setAccessibleName(tr("Text of the request"))
        now = services.clock()
        self.text.setPlainText(
            services.source.read(lambda db: request_text(db, machine_ids, now), "")
        )
        self.column.addWidget(self.text, 1)
        buttons = []
        for name, text, act in (
            ("supportPortal", tr("Open the Azure portal"), self._open_portal),
            ("supportCopy", tr("Copy text"), self._copy),
            ("supportSave", tr("Save with diagnostics…"), self._save),
        ):
            button = QPushButton(text)
            button.setObjectName(name)
            button.clicked.connect(act)
            buttons.append(button)
        closer = self.closer()
        self.finish(SIZE_PX, *buttons, closer, default=closer)
        self.text.setFocus()

    def _open_portal(self) -> None:
        QDesktopServices.openUrl(QUrl(NEW_REQUEST))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())

    def _save(self) -> None:
        dialog = QFileDialog(self, tr("Save with diagnostics"))
        dialog.setObjectName("supportFile")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("zip")
        dialog.selectFile(BUNDLE)
        dialog.fileSelected.connect(self.write)
        dialog.open()

    def write(self, path: str) -> None:
        """Write the bundle, and report its path or the error."""
        source, outcomes = self._s.source, self._s.outcomes
        try:
            write_bundle(Path(path), self.text.toPlainText(), source.path, source.db)
        except OSError as error:
            why = tr("{path}: {why}", path=path, why=error.strerror or error)
            outcomes.add(Glyph.ERROR, tr("The support file wasn't saved"), why)
        else:
            outcomes.add(Glyph.OK, tr("The support file was saved"), path)
