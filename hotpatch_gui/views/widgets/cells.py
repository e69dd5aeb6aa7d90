"""Table cells: text with a state glyph.

Painted from the model's row, because the base class asks the model for seven roles per cell, which is slow in Python.
"""

from __future__ import annotations

from typing import Protocol, cast

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from hotpatch_gui.models.row_model import Index, RowsModel
from hotpatch_gui.theme import glyphs
from hotpatch_gui.theme.theme import Theme

from .column_widths import END_PX, FIRST_MARGIN_PX, MARGIN_PX
from .group_heading import paint_heading

GLYPH_PX = 14
GAP_PX = 6
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)


class Painted(Protocol):
    """The table whose cells are painted."""

    rows: RowsModel

    def paint_background(self, painter: QPainter, rect: QRect, index: Index) -> bool: ...

    def is_first(self, column: int) -> bool: ...


class CellDelegate(QStyledItemDelegate):
    """Paints cells of a Table."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        table, rect = cast("Painted", option.widget), option.rect
        table.paint_background(painter, rect, index)
        model, column = table.rows, index.column()
        row, scale = model.row(index.row()), self._theme.scale
        if row is None:
            heading = model.heading(index.row())
            if heading is not None:
                paint_heading(painter, heading, rect, self._theme)
            return
        left = round((FIRST_MARGIN_PX if table.is_first(column) else MARGIN_PX) * scale)
        glyph = model.glyph(row, column)
        if glyph is not None:
            size = round(GLYPH_PX * scale)
            self._paint_glyph(painter, rect, glyph, (left, size))
            left += size + round(GAP_PX * scale)
        room = rect.adjusted(left, 0, -round(END_PX * scale), 0)
        in_middle = model.columns[column].cut_in_middle
        cut = Qt.TextElideMode.ElideMiddle if in_middle else Qt.TextElideMode.ElideRight
        shown = option.fontMetrics.elidedText(model.text(row, column), cut, room.width())
        painter.setPen(QColor(self._theme.tokens.text))
        painter.drawText(room, _RIGHT if model.columns[column].right else _LEFT, shown)

    def _paint_glyph(
        self, painter: QPainter, rect: QRect, glyph: glyphs.Glyph, at: tuple[int, int]
    ) -> None:
        """Paint it ``at`` a left margin and size."""
        left, size = at
        top = rect.top() + (rect.height() - size) // 2
        ratio = painter.device().devicePixelRatio()
        picture = glyphs.pixmap(glyph, size, self._theme.tokens, ratio)
        painter.drawPixmap(QPointF(rect.left() + left, top), picture)
