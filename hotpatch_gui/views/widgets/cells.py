"""Table cells with a state glyph in front of their text."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from hotpatch_gui.models.windowed import GlyphRole, Index
from hotpatch_gui.theme import glyphs
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.theme import Theme

GLYPH_PX = 14


class CellDelegate(QStyledItemDelegate):
    """Paints a state glyph in front of the text, where the column has one."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        glyph = index.data(GlyphRole)
        if glyph is None:
            super().paint(painter, option, index)
            return
        shifted = QStyleOptionViewItem(option)
        self.initStyleOption(shifted, index)
        text, shifted.text = shifted.text, ""
        style = option.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, shifted, painter, option.widget)
        rect = option.rect
        side = float(GLYPH_PX)
        place = QRectF(rect.left() + 11, rect.center().y() - side / 2 + 0.5, side, side)
        glyphs.paint(painter, Glyph(glyph), place, self._theme.tokens)
        room = rect.adjusted(11 + GLYPH_PX + 6, 0, -6, 0)
        shown = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.setPen(option.palette.text().color())
        painter.setFont(option.font)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
