"""Hatched areas. Qt's own patterns are in device pixels, so they get finer with the screen's resolution."""

from __future__ import annotations

from math import floor

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

STEP_PX = 6
SLANTED_PX = 1.5
"""The width of slanted lines, which look thinner than upright ones."""
RISING, UPRIGHT, FALLING = 1, 0, -1
"""The slope of the lines."""


def fill_hatched(
    painter: QPainter, room: QRectF, color: QColor, slope: int = RISING, scale: float = 1.0
) -> None:
    """Fill ``room`` with parallel lines; ``scale`` applies to their width and distance."""
    painter.save()
    painter.setClipRect(room, Qt.ClipOperation.IntersectClip)
    painter.setPen(QPen(color, (SLANTED_PX if slope else 1.0) * scale))
    shift = slope * room.height()
    left = room.left() - abs(shift)
    for n in range(int((room.right() + abs(shift) - left) / (STEP_PX * scale)) + 1):
        x = left + n * STEP_PX * scale
        x = x if slope else floor(x) + 0.5  # on whole pixels, to be sharp
        painter.drawLine(QPointF(x, room.bottom()), QPointF(x + shift, room.top()))
    painter.restore()
