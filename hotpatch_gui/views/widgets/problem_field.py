"""An input field with its error below."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from hotpatch_gui.theme.lengths import px
from hotpatch_gui.theme.theme import Theme

from .labels import label


class ProblemField(QWidget):
    """``edit``, with ``beside`` at its right. A problem shows once something was typed."""

    def __init__(self, theme: Theme, edit: QLineEdit, *beside: QWidget) -> None:
        super().__init__()
        self.edit = edit
        self.problem = label(theme, role="error", wrap=True)
        self.problem.setObjectName(f"{edit.objectName()}Problem")
        self.problem.hide()
        self._was_edited = False
        row = QHBoxLayout()
        row.setSpacing(px(8))
        row.addWidget(edit, 1)
        for widget in beside:
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(2))
        column.addLayout(row)
        column.addWidget(self.problem)
        edit.textEdited.connect(self._on_edited)

    def _on_edited(self) -> None:
        self._was_edited = True

    def show_problem(self, text: str) -> bool:
        """Show the error, or none; return whether one is shown."""
        shown = bool(text) and (self._was_edited or bool(self.edit.text()))
        self.problem.setText(text if shown else "")
        self.problem.setVisible(shown)
        self.edit.setProperty("invalid", shown)
        self.edit.style().unpolish(self.edit)
        self.edit.style().polish(self.edit)
        self.edit.setAccessibleDescription(text if shown else "")
        return shown
