"""A list of facts, each with one button."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from hotpatch_gui.models.overview_actions import ActionItem
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import CAPTION_PX

from .labels import ElidedLabel, GlyphLabel, label


class _Row:
    def __init__(self, theme: Theme, grid: QGridLayout, number: int, name: str) -> None:
        self.glyph = GlyphLabel(theme)
        self.title = label(theme, wrap=True)
        self.detail = ElidedLabel(theme, px=CAPTION_PX, role="secondary")
        self.button = QPushButton()
        self.button.setObjectName(f"{name}-{number}")
        self.button.setProperty("chip", True)
        top = Qt.AlignmentFlag.AlignTop
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self.title)
        texts.addWidget(self.detail)
        grid.addWidget(self.glyph, number, 0, top)
        grid.addLayout(texts, number, 1)
        grid.addWidget(self.button, number, 2, Qt.AlignmentFlag.AlignVCenter)

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        return self.glyph, self.title, self.detail, self.button


class ActionList(QWidget):
    """The list; one sentence if there is nothing.

    Signals:
        action_requested (ActionItem): its button was clicked.
    """

    action_requested = Signal(object)

    def __init__(self, theme: Theme, name: str) -> None:
        """``name``: begins the buttons' object names."""
        super().__init__()
        self._theme, self._name = theme, name
        self._items: Sequence[ActionItem] = ()
        self._rows: list[_Row] = []
        self._calm_glyph = GlyphLabel(theme)
        self.calm: QLabel = label(theme, wrap=True)
        self.calm.setObjectName(f"{name}-none")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(px(12))
        self._grid.setVerticalSpacing(px(8))
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(self._calm_glyph, 0, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(self.calm, 0, 1)
        self._first = 1
        """The first row below the calm sentence."""

    def show_items(self, items: Sequence[ActionItem], calm: tuple[Glyph, str]) -> None:
        """Show the items, or the glyph and sentence of ``calm`` if there are none."""
        self._items = items
        self._calm_glyph.set_glyph(calm[0])
        self.calm.setText(calm[1])
        self._calm_glyph.setVisible(not items)
        self.calm.setVisible(not items)
        while len(self._rows) < len(items):
            self._add_row()
        for number, row in enumerate(self._rows):
            for widget in row.widgets:
                widget.setVisible(number < len(items))
            row.button.setVisible(number < len(items) and bool(items[number].action))
            if number < len(items):
                self._fill(row, items[number])

    def _add_row(self) -> None:
        number = len(self._rows)
        row = _Row(self._theme, self._grid, number + self._first, self._name)
        row.button.clicked.connect(lambda: self.action_requested.emit(self._items[number]))
        self._rows.append(row)

    def _fill(self, row: _Row, item: ActionItem) -> None:
        row.glyph.set_glyph(item.glyph)
        row.title.setText(item.title)
        row.detail.set_full_text(item.detail)
        row.button.setText(item.action)
        row.button.setAccessibleName(f"{item.title}: {item.action}")
