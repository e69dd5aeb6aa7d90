"""The key of a chart: a mark and its meaning, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QWidget

from hotpatch_gui.theme.lengths import px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import CAPTION_PX

from .hatch import fill_hatched
from .labels import label
from .wrap_layout import WrapLayout

MARK_PX = 12


class KeyEntry(NamedTuple):
    """A mark and what it means.

    Attributes:
        symbol: as in pyqtgraph, or ``bar``, ``hatch``, ``dots``, or ``ring`` (around a diamond).
        color: a field of ``Tokens``.
    """

    symbol: str
    color: str
    text: str
    is_outline: bool = False


class _Mark(QWidget):
    """One mark."""

    def __init__(self, theme: Theme, entry: KeyEntry) -> None:
        super().__init__()
        self._theme, self._entry = theme, entry
        self.setFixedSize(QSize(MARK_PX, MARK_PX) * theme.scale)

    def paintEvent(self, _: QPaintEvent) -> None:
        tokens, entry = self._theme.tokens, self._entry
        color = QColor(getattr(tokens, entry.color))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color, 1.6 * self._theme.scale))
        painter.setBrush(QColor(tokens.surface) if entry.is_outline else color)
        room = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        center = room.center()
        match entry.symbol:
            case "o":
                painter.drawEllipse(room)
            case "dots":
                pen = painter.pen()
                pen.setStyle(Qt.PenStyle.DotLine)
                painter.setPen(pen)
                painter.drawEllipse(room)
            case "d":
                painter.drawPolygon(_diamond(room))
            case "t":
                bottom = QPointF(center.x(), room.bottom())
                painter.drawPolygon(QPolygonF([room.topLeft(), room.topRight(), bottom]))
            case "x":
                painter.drawLine(room.topLeft(), room.bottomRight())
                painter.drawLine(room.topRight(), room.bottomLeft())
            case "+":
                painter.setPen(QPen(color, 3.2 * self._theme.scale))
                painter.drawLine(
                    QPointF(center.x(), room.top()), QPointF(center.x(), room.bottom())
                )
                painter.drawLine(
                    QPointF(room.left(), center.y()), QPointF(room.right(), center.y())
                )
            case "ring":
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(room)
                third = room.width() / 3.2
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(tokens.unplanned_baseline))
                painter.drawPolygon(_diamond(room.adjusted(third, third, -third, -third)))
            case "hatch":
                fill_hatched(painter, room, color, scale=self._theme.scale)
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(room)
            case _:
                painter.drawRect(room)
        painter.end()


def _diamond(room: QRectF) -> QPolygonF:
    center = room.center()
    return QPolygonF(
        [
            QPointF(center.x(), room.top()),
            QPointF(room.right(), center.y()),
            QPointF(center.x(), room.bottom()),
            QPointF(room.left(), center.y()),
        ]
    )


class ChartKey(QWidget):
    """The entries side by side."""

    def __init__(self, theme: Theme, entries: Sequence[KeyEntry]) -> None:
        super().__init__()
        self.setLayout(WrapLayout([_entry(theme, entry) for entry in entries], px(16)))


def _entry(theme: Theme, entry: KeyEntry) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(px(6))
    row.addWidget(_Mark(theme, entry))
    row.addWidget(label(theme, entry.text, px=CAPTION_PX, role="secondary"))
    return made
