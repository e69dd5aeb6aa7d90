"""Tiles with one figure each; some filter on a click."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import CAPTION_PX, FIGURE_PX, LIGHT_WEIGHT

from .labels import ElidedLabel, GlyphLabel, label

TILE_PX = 152
"""The least width of a tile among others."""


class Tile(QFrame):
    """A figure with a caption.

    Signals:
        clicked (): only if ``clickable``.
    """

    clicked = Signal()

    def __init__(
        self,
        theme: Theme,
        caption: str,
        name: str,
        *,
        clickable: bool = False,
        has_note: bool = False,
    ) -> None:
        super().__init__()
        self.setObjectName("tile")
        self._clickable = clickable
        self._is_selected = False
        self.figure = label(theme, "–", px=FIGURE_PX, weight=LIGHT_WEIGHT)
        self.figure.setObjectName(name)
        self.caption = ElidedLabel(theme, px=CAPTION_PX, role="secondary")
        self.caption.set_full_text(caption)
        self.note = ElidedLabel(theme, px=CAPTION_PX, role="secondary")
        column = QVBoxLayout(self)
        column.setContentsMargins(insets(12, 12, 12, 12))
        column.setSpacing(px(2))
        self._glyph = GlyphLabel(theme)
        self._glyph.hide()
        row = QHBoxLayout()
        row.setSpacing(px(8))
        row.addWidget(self.figure, 1)
        row.addWidget(self._glyph)
        column.addWidget(self.caption)
        column.addLayout(row)
        column.addWidget(self.note)
        self.note.setVisible(has_note or not clickable)
        if clickable:
            self.set_opens(True)

    def show_value(self, figure: str, note: str = "", glyph: Glyph | None = None) -> None:
        self.figure.setText(figure)
        self._glyph.setVisible(glyph is not None)
        if glyph is not None:
            self._glyph.set_glyph(glyph)
        self.note.set_full_text(note)
        self.setAccessibleName(f"{self.caption.full_text}: {figure}. {note}".strip())

    def set_opens(self, opens: bool) -> None:
        """Set whether a click opens or filters something."""
        self._clickable = opens
        self.setProperty("clickable", opens)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if opens else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if opens else Qt.CursorShape.ArrowCursor)

    def set_selected(self, selected: bool) -> None:
        if selected == self._is_selected:
            return  # restyling is slow
        self._is_selected = selected
        self.setProperty("selected", selected)
        self.style().unpolish(self)
        self.style().polish(self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._clickable and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._clickable and event.key() in (
            Qt.Key.Key_Space,
            Qt.Key.Key_Return,
            Qt.Key.Key_Enter,
        ):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)
