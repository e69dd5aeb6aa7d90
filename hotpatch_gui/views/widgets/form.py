"""A form: fields with their labels at the left."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from hotpatch_gui.theme.lengths import px

from .problem_field import ProblemField

SPACING_PX, COLUMN_PX, HINT_PX = 8, 24, 4
_LINE = (QLineEdit, QComboBox, QAbstractSpinBox, QCheckBox, QPushButton)


class Form(QFormLayout):
    """Labels are centered on their field's first line; a hint is close below its field."""

    def __init__(self, spacing_px: int = SPACING_PX) -> None:
        super().__init__()
        self.setHorizontalSpacing(COLUMN_PX)
        self.setVerticalSpacing(spacing_px)

    def add(self, text: str, field: QWidget | QLayout, hint: QWidget | None = None) -> None:
        """Add a row."""
        title = QLabel(text)
        title.setTextFormat(Qt.TextFormat.PlainText)
        line = _first_line(field)
        if line is not None:
            line.ensurePolished()
            title.setMinimumHeight(min(line.sizeHint().height(), line.maximumHeight()))
            title.setBuddy(line)
        if hint is None:
            self._add(title, field)
            return
        column = QVBoxLayout()
        column.setSpacing(px(HINT_PX))
        if isinstance(field, QLayout):
            column.addLayout(field)
        else:
            column.addWidget(field)
        column.addWidget(hint)
        self._add(title, column)

    def _add(self, title: QLabel, field: QWidget | QLayout) -> None:
        self.addRow(title, field)
        self.setAlignment(title, Qt.AlignmentFlag.AlignTop)


def _first_line(field: QWidget | QLayout) -> QWidget | None:
    """The control on the field's first line; None if that is text."""
    if isinstance(field, ProblemField):
        return field.edit
    if isinstance(field, _LINE):
        return field
    if isinstance(field, QLayout):
        parts = [field.itemAt(n) for n in range(field.count())]
        widgets = [part.widget() for part in parts if part is not None]
        return next((w for w in widgets if isinstance(w, _LINE)), None)
    return None
