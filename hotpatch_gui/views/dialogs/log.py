"""The program's log: searched, filtered and copied."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from hotpatch_gui.system import logs
from hotpatch_gui.theme.lengths import px
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.focus_ring import FocusRing
from hotpatch_gui.views.widgets.labels import label

from .surface import SurfaceDialog

tr = translator("LogDialog")

SIZE_PX = (960, 600)
MAX_ENTRIES = 5000
"""The newest entries, which are shown."""


class LogDialog(SurfaceDialog):
    """Shows the newest entries last. The log contains no tokens and no headers."""

    def __init__(self, services: Services, parent: QWidget) -> None:
        super().__init__(services.theme, "logDialog", tr("Log"), parent)
        self._folder = services.source.path.parent
        self.search = QLineEdit()
        self.search.setObjectName("logSearch")
        self.search.setAccessibleName(tr("Search the log"))
        self.search.setPlaceholderText(tr("Search the log"))
        self.search.setClearButtonEnabled(True)
        self.only = QCheckBox(tr("Warnings and errors only"))
        self.only.setObjectName("logWarnings")
        self.text = QPlainTextEdit()
        FocusRing(self.text)
        self.text.setObjectName("logText")
        self.text.setAccessibleName(tr("Log"))
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.count = label(services.theme, role="secondary")
        self.count.setObjectName("logCount")
        row = QHBoxLayout()
        row.setSpacing(px(16))
        row.addWidget(self.search, 1)
        row.addWidget(self.only)
        self.column.addLayout(row)
        self.column.addWidget(self.text, 1)
        self.column.addWidget(self.count)
        again = QPushButton(tr("Refresh"))
        again.setObjectName("logRefresh")
        again.clicked.connect(self._read)
        copy = QPushButton(tr("Copy"))
        copy.setObjectName("logCopy")
        copy.clicked.connect(self._copy)
        self.finish(SIZE_PX, again, copy, self.closer())
        self.search.textChanged.connect(self._show)
        self.only.toggled.connect(self._show)
        self._read()

    def _read(self) -> None:
        self._entries = logs.entries_of(self._folder)[-MAX_ENTRIES:]
        self._show()

    def _show(self) -> None:
        wanted = self.search.text().casefold()
        shown = [
            entry
            for entry in self._entries
            if wanted in entry.casefold() and (not self.only.isChecked() or logs.is_warning(entry))
        ]
        self.text.setPlainText("\n".join(shown))
        self.text.setPlaceholderText(
            tr("No entries match.") if self._entries else tr("There is no log yet.")
        )
        self.text.moveCursor(QTextCursor.MoveOperation.End)
        self.count.setText(tr("{shown:,} of %n entries", len(self._entries), shown=len(shown)))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
