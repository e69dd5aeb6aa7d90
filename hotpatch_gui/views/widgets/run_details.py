"""One installation run beneath the table: its errors in words, and every update's result."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFrame, QTreeWidget, QTreeWidgetItem, QVBoxLayout

from hotpatch_gui.models import doubts, outcomes, words
from hotpatch_gui.models.rows import plain_tip
from hotpatch_gui.theme import glyphs
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT

from .labels import label, line

_TITLES = ("Update", "KB", "Classification", "Result", "Restart")
_WIDTHS = (380, 96, 116, 116, 110)


class RunDetails(QFrame):
    """Per-update results and errors."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName("surface")
        self._theme = theme
        self.title = label(theme, weight=SEMIBOLD_WEIGHT)
        self.errors = label(theme, role="error", wrap=True)
        self.errors.setObjectName(f"{name}Errors")
        self.errors.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.results = QTreeWidget()
        self.results.setObjectName(f"{name}Results")
        self.results.setAccessibleName("Results by update")
        self.results.setRootIsDecorated(False)
        self.results.setHeaderLabels(_TITLES)
        for number, width in enumerate(_WIDTHS):
            self.results.setColumnWidth(number, round(width * theme.scale))
        words_part = QVBoxLayout()
        words_part.setContentsMargins(16, 8, 16, 4)
        words_part.setSpacing(4)
        words_part.addWidget(self.title)
        words_part.addWidget(self.errors)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(line())
        column.addLayout(words_part)
        column.addWidget(self.results, 1)

    def show_run(
        self, run: sqlite3.Row, results: Sequence[sqlite3.Row], errors: Sequence[sqlite3.Row]
    ) -> None:
        status = outcomes.run_status_text(run)
        self.title.setText(f"{run['machine_name']}, {words.time_text(run['started_at'])}: {status}")
        told = [_error_text(e) for e in errors] + doubts.sentences(run)
        self.errors.setText("\n".join(told))
        self.errors.setVisible(bool(told))
        self.results.clear()
        for row in results:
            self.results.addTopLevelItem(self._item(row))

    def _item(self, row: sqlite3.Row) -> QTreeWidgetItem:
        restart = outcomes.restart_of(row).label if row["restart"] else words.NOTHING
        texts = [row["name"], row["kb"] or words.NOTHING, outcomes.classification_text(row["classification"]),
                 row["state"], restart]  # fmt: skip
        item = QTreeWidgetItem(texts)
        item.setToolTip(0, plain_tip(row["name"]))
        glyph = outcomes.UPDATE_STATE_GLYPHS.get(row["state"])
        if glyph is not None:
            ratio = self.devicePixelRatioF()
            item.setIcon(3, QIcon(glyphs.pixmap(glyph, 16, self._theme.tokens, ratio)))
        return item


def _error_text(error: sqlite3.Row) -> str:
    """The message, and Azure's code where the message does not name it."""
    message, code = error["message"], error["code"]
    return message if not code or code in message else f"{message} ({code})".strip()
