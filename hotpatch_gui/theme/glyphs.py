"""State glyphs, drawn, so that they are sharp at any size and available in the first paint."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

from .tokens import Tokens


class Glyph(StrEnum):
    """A state's glyph; each has its own shape, because color isn't enough to distinguish them."""

    OK = "ok"
    INFO = "info"
    UNKNOWN = "unknown"
    WARNING = "warning"
    ERROR = "error"
    RUNNING = "running"
    RESTART = "restart"
    OFF = "off"
    """Not running, or not included: a known state that needs nothing."""
    NONE = "none"
    """A fact without a state."""

    def color(self, tokens: Tokens) -> str:
        return {
            Glyph.OK: tokens.success,
            Glyph.INFO: tokens.accent,
            Glyph.UNKNOWN: tokens.secondary,
            Glyph.WARNING: tokens.warning,
            Glyph.ERROR: tokens.error,
            Glyph.RUNNING: tokens.accent,
            Glyph.RESTART: tokens.warning,
            Glyph.OFF: tokens.secondary,
            Glyph.NONE: tokens.secondary,
        }[self]


def paint(painter: QPainter, glyph: Glyph, rect: QRectF, tokens: Tokens) -> None:
    """Draw the glyph into a square."""
    color = QColor(glyph.color(tokens))
    back = QColor(tokens.surface)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.topLeft())
    painter.scale(rect.width() / 16, rect.height() / 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    _SHAPES[glyph](painter, color, back)
    painter.restore()


def icon(glyph: Glyph, size_px: int, tokens: Tokens, ratio: float = 1.0) -> QIcon:
    """The glyph as an icon that keeps its color on selected rows."""
    picture = pixmap(glyph, size_px, tokens, ratio)
    made = QIcon(picture)
    for mode in (QIcon.Mode.Selected, QIcon.Mode.Active):
        made.addPixmap(picture, mode)
    return made


@lru_cache(maxsize=256)
def pixmap(glyph: Glyph, size_px: int, tokens: Tokens, ratio: float = 1.0) -> QPixmap:
    """The glyph as a cached picture."""
    made = QPixmap(round(size_px * ratio), round(size_px * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    paint(painter, glyph, QRectF(0, 0, size_px, size_px), tokens)
    painter.end()
    return made


def _stroke(painter: QPainter, color: QColor, width: float = 1.7) -> None:
    pen = QPen(color, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _disc(painter: QPainter) -> None:
    painter.drawEllipse(QRectF(0.75, 0.75, 14.5, 14.5))


def _ok(painter: QPainter, _: QColor, back: QColor) -> None:
    _disc(painter)
    _stroke(painter, back)
    painter.drawPolyline(QPolygonF([QPointF(4.6, 8.2), QPointF(7.1, 10.7), QPointF(11.5, 5.6)]))


def _info(painter: QPainter, _: QColor, back: QColor) -> None:
    _disc(painter)
    painter.setBrush(back)
    painter.drawEllipse(QRectF(7, 3.9, 2, 2))
    painter.drawRoundedRect(QRectF(7.15, 7, 1.7, 5), 0.8, 0.8)


def _unknown(painter: QPainter, color: QColor, _: QColor) -> None:
    _stroke(painter, color, 1.5)
    painter.drawEllipse(QRectF(1.5, 1.5, 13, 13))
    painter.drawArc(QRectF(5.6, 4, 4.8, 4.6), -45 * 16, 225 * 16)
    painter.drawLine(QPointF(8, 8.6), QPointF(8, 9.4))
    painter.drawPoint(QPointF(8, 11.9))


def _warning(painter: QPainter, _: QColor, back: QColor) -> None:
    painter.drawPolygon(QPolygonF([QPointF(8, 1), QPointF(15.4, 14.6), QPointF(0.6, 14.6)]))
    painter.setBrush(back)
    painter.drawRoundedRect(QRectF(7.15, 5.6, 1.7, 4.6), 0.8, 0.8)
    painter.drawEllipse(QRectF(7, 11.3, 2, 2))


def _error(painter: QPainter, _: QColor, back: QColor) -> None:
    painter.drawPolygon(
        QPolygonF(
            [
                QPointF(5, 0.8),
                QPointF(11, 0.8),
                QPointF(15.2, 5),
                QPointF(15.2, 11),
                QPointF(11, 15.2),
                QPointF(5, 15.2),
                QPointF(0.8, 11),
                QPointF(0.8, 5),
            ]
        )
    )
    _stroke(painter, back)
    painter.drawLine(QPointF(5.4, 5.4), QPointF(10.6, 10.6))
    painter.drawLine(QPointF(10.6, 5.4), QPointF(5.4, 10.6))


def _running(painter: QPainter, color: QColor, _: QColor) -> None:
    _stroke(painter, color, 2)
    painter.drawArc(QRectF(2, 2, 12, 12), 90 * 16, -270 * 16)


def _restart(painter: QPainter, color: QColor, _: QColor) -> None:
    _stroke(painter, color, 1.9)
    painter.drawArc(QRectF(2.4, 2.8, 11, 11), 60 * 16, 285 * 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawPolygon(QPolygonF([QPointF(9, 0.4), QPointF(14.6, 3.4), QPointF(9.6, 7)]))


def _off(painter: QPainter, color: QColor, _: QColor) -> None:
    _stroke(painter, color, 1.6)
    painter.drawEllipse(QRectF(1.6, 1.6, 12.8, 12.8))
    painter.drawLine(QPointF(5, 8), QPointF(11, 8))


def _nothing(_: QPainter, __: QColor, ___: QColor) -> None:
    return


_SHAPES = {
    Glyph.OK: _ok,
    Glyph.INFO: _info,
    Glyph.UNKNOWN: _unknown,
    Glyph.WARNING: _warning,
    Glyph.ERROR: _error,
    Glyph.RUNNING: _running,
    Glyph.RESTART: _restart,
    Glyph.OFF: _off,
    Glyph.NONE: _nothing,
}
