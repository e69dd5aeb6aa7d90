"""The heading of a group of rows in a table."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from hotpatch_gui.models.row_model import Heading
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, TEXT_PX

MARGIN_PX, ARROW_PX, GAP_PX = 16, 8, 8


def paint_heading(painter: QPainter, heading: Heading, cell: QRect, theme: Theme) -> None:
    """Paint the part of a heading that lies in ``cell``; it begins at the view's left edge."""
    t, scale = theme.tokens, theme.scale
    painter.save()
    painter.setClipRect(cell)
    painter.fillRect(cell.adjusted(0, 0, 0, -1), QColor(t.background))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    half = ARROW_PX * scale / 2
    center = QPointF(MARGIN_PX * scale + half, cell.center().y())
    ends = (-half, -half / 2), (0, half / 2), (half, -half / 2)
    turned = [QPointF(y, x) if heading.is_folded else QPointF(x, y) for x, y in ends]
    painter.setPen(QPen(QColor(t.secondary), 1.5 * scale))
    painter.drawPolyline(QPolygonF([center + point for point in turned]))
    painter.setPen(QColor(t.text))
    painter.setFont(theme.font(TEXT_PX, SEMIBOLD_WEIGHT))
    left = round((MARGIN_PX + ARROW_PX + GAP_PX) * scale)
    room = QRect(left, cell.top(), cell.right(), cell.height())
    painter.drawText(
        room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), heading.text
    )
    painter.restore()
