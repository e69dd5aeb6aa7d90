"""The rollout as a drawing: phases side by side, with regions, zones and sets as bars."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from hotpatch_gui.domain.rollout_progress import RolloutStatus
from hotpatch_gui.models.display_text import LEVEL_GLYPHS
from hotpatch_gui.models.rollout import Phase, Region, ZoneGroup
from hotpatch_gui.theme import glyphs
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import CAPTION_PX, CORNER_PX, SEMIBOLD_WEIGHT, TEXT_PX
from hotpatch_gui.translation import translator

from .hatch import FALLING, RISING, UPRIGHT, fill_hatched

tr = translator("RolloutPlan")

GAP_PX, PAD_PX = 12, 12
HEAD_PX, REGION_PX, LANE_PX, BAR_PX = 26, 24, 20, 10
LANE_NAME_PX, COUNT_PX, GLYPH_PX = 108, 52, 14
COLUMN_PX, BETWEEN_PX = 250, 20
"""The width of a phase's regions, and their distance."""
ORDER = (
    RolloutStatus.PATCHED,
    RolloutStatus.BEING_PATCHED,
    RolloutStatus.UNHEALTHY,
    RolloutStatus.FAILED,
    RolloutStatus.NOT_RUNNING,
    RolloutStatus.ON_HOLD,
    RolloutStatus.WAITING,
)


HATCHES = {
    RolloutStatus.FAILED: (RISING,),
    RolloutStatus.NOT_RUNNING: (FALLING,),
    RolloutStatus.ON_HOLD: (UPRIGHT,),
    RolloutStatus.UNHEALTHY: (RISING, FALLING),
}
BEING_PATCHED_PX = 4
"""The bar height of machines that are being patched; lower than that of patched ones."""


def _height(regions: Sequence[Region]) -> int:
    return sum(REGION_PX + LANE_PX * len(r.zone_groups) for r in regions)


class RolloutDiagram(QWidget):
    """Painted directly, so that ten thousand machines are as fast as twelve.

    Signals:
        height_changed (int): the height that shows everything, which depends on the width.
    """

    height_changed = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("rolloutPlan")
        self._theme = theme
        self._phases: Sequence[Phase] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_phases(self, phases: Sequence[Phase], alt_text: str) -> None:
        self._phases = phases
        self.setAccessibleName(alt_text)
        self._fit()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Set the height of the highest phase."""
        heights = [max(map(_height, self._columns(p)), default=0) for p in self._phases]
        height = 2 * PAD_PX + HEAD_PX + max(heights) if heights else 0
        needed = round(height * self._theme.scale)
        if needed != self.height():
            self.setFixedHeight(needed)
            self.height_changed.emit(needed)

    @property
    def _card_width(self) -> float:
        count = max(1, len(self._phases))
        return (self.width() / self._theme.scale - GAP_PX * (count - 1)) / count

    def _columns(self, phase: Phase) -> list[list[Region]]:
        """The phase's regions in columns of similar height."""
        inner = self._card_width - 2 * PAD_PX
        count = max(
            1, min(len(phase.regions), int((inner + BETWEEN_PX) // (COLUMN_PX + BETWEEN_PX)))
        )
        columns: list[list[Region]] = [[] for _ in range(count)]
        for region in phase.regions:
            min(columns, key=_height).append(region)
        return columns

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._phases:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = self._theme.scale
        painter.scale(scale, scale)
        width, height = self._card_width, self.height() / scale
        for number, phase in enumerate(self._phases):
            self._paint_phase(painter, phase, QRectF(number * (width + GAP_PX), 0, width, height))
        painter.end()

    def caption_font(self) -> QFont:
        return self._font(CAPTION_PX)

    def _font(self, px: int, weight: int = 400) -> QFont:
        made = self._theme.font(px, weight)
        made.setPixelSize(px)  # the painter is scaled already
        return made

    def _paint_phase(self, painter: QPainter, phase: Phase, card: QRectF) -> None:
        t = self._theme.tokens
        painter.setPen(QPen(QColor(t.divider), 1))
        painter.setBrush(QColor(t.raised))
        painter.drawRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), CORNER_PX, CORNER_PX)
        inner = card.adjusted(PAD_PX, PAD_PX, -PAD_PX, -PAD_PX)
        glyph = QRectF(inner.left(), inner.top() + 2, GLYPH_PX, GLYPH_PX)
        glyphs.paint(painter, LEVEL_GLYPHS[phase.level], glyph, t)
        left = inner.left() + GLYPH_PX + 8
        painter.setFont(self._font(TEXT_PX, SEMIBOLD_WEIGHT))
        self._text(painter, QRectF(left, inner.top(), 80, 18), phase.title, t.text)
        painter.setFont(self._font(CAPTION_PX))
        state = QRectF(left + 72, inner.top(), inner.right() - left - 72, 18)
        self._text(painter, state, phase.state, t.secondary, right=True)
        columns = self._columns(phase)
        width = (inner.width() - BETWEEN_PX * (len(columns) - 1)) / len(columns)
        for number, regions in enumerate(columns):
            left = inner.left() + number * (width + BETWEEN_PX)
            self._paint_column(painter, regions, QRectF(left, inner.top() + HEAD_PX, width, 0))

    def _paint_column(self, painter: QPainter, regions: Sequence[Region], column: QRectF) -> None:
        y = column.top()
        for region in regions:
            painter.setFont(self._font(TEXT_PX))
            row = QRectF(column.left(), y, column.width(), REGION_PX)
            self._text(painter, row, region.name, self._theme.tokens.text)
            y += REGION_PX
            painter.setFont(self._font(CAPTION_PX))
            for lane in region.zone_groups:
                self._paint_lane(painter, lane, QRectF(column.left(), y, column.width(), LANE_PX))
                y += LANE_PX

    def _paint_lane(self, painter: QPainter, lane: ZoneGroup, row: QRectF) -> None:
        t = self._theme.tokens
        total = sum(lane.counts.values())
        name_width = min(LANE_NAME_PX, row.width() * 0.4)
        self._text(
            painter, QRectF(row.left(), row.top(), name_width, row.height()), lane.name, t.secondary
        )
        bar = QRectF(
            row.left() + name_width,
            row.center().y() - BAR_PX / 2,
            row.width() - name_width - COUNT_PX,
            BAR_PX,
        )
        painter.setPen(Qt.PenStyle.NoPen)
        left = bar.left()
        for status in ORDER:
            many = lane.counts.get(status, 0)
            if many:
                width = bar.width() * many / total
                piece = QRectF(left, bar.top(), max(1.0, width - 1), BAR_PX)
                self.paint_piece(painter, status, piece)
                left += width
        count = QRectF(bar.right(), row.top(), COUNT_PX, row.height())
        self._text(painter, count, f"{lane.patched:,}/{total:,}", t.text, right=True)

    def paint_piece(self, painter: QPainter, status: RolloutStatus, piece: QRectF) -> None:
        """Filled: done; thin: being patched; hatched: a problem; outlined: still to come."""
        t = self._theme.tokens
        color = QColor(color_of(status, self._theme))
        hatched = status in HATCHES
        if status is RolloutStatus.WAITING:
            painter.setBrush(QColor(t.surface))
            painter.setPen(QPen(color, 1))
            painter.drawRect(piece.adjusted(0.5, 0.5, -0.5, -0.5))
            painter.setPen(Qt.PenStyle.NoPen)
            return
        if status is RolloutStatus.BEING_PATCHED:
            inset = (piece.height() - BEING_PATCHED_PX) / 2
            piece = piece.adjusted(0, inset, 0, -inset)
        painter.setBrush(QColor(t.surface) if hatched else color)
        painter.drawRect(piece)
        if hatched:
            for slope in HATCHES[status]:
                fill_hatched(painter, piece, color, slope)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(color, 1))
            painter.drawRect(piece.adjusted(0.5, 0.5, -0.5, -0.5))
            painter.setPen(Qt.PenStyle.NoPen)

    def _text(
        self, painter: QPainter, rect: QRectF, text: str, color: str, *, right: bool = False
    ) -> None:
        painter.setPen(QColor(color))
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        shown = painter.fontMetrics().elidedText(
            text, Qt.TextElideMode.ElideRight, int(rect.width())
        )
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignVCenter | side), shown)


def color_of(status: RolloutStatus, theme: Theme) -> str:
    t = theme.tokens
    return {
        RolloutStatus.PATCHED: t.success,
        RolloutStatus.BEING_PATCHED: t.accent,
        RolloutStatus.UNHEALTHY: t.error,
        RolloutStatus.FAILED: t.warning,
        RolloutStatus.NOT_RUNNING: t.secondary,
        RolloutStatus.ON_HOLD: t.warning,
    }.get(status, t.border)


class RolloutLegend(QWidget):
    """The legend of the bars."""

    def __init__(self, theme: Theme, plan: RolloutDiagram) -> None:
        super().__init__()
        self._theme, self._plan = theme, plan
        self.setFixedHeight(round(20 * theme.scale))
        self.setAccessibleName(tr("Legend: {statuses}", statuses=", ".join(s.label for s in ORDER)))
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self._theme.scale, self._theme.scale)
        painter.setFont(self._plan.caption_font())
        left = 0.0
        for status in ORDER:
            painter.setPen(Qt.PenStyle.NoPen)
            self._plan.paint_piece(painter, status, QRectF(left, 5, 18, BAR_PX))
            painter.setPen(QColor(self._theme.tokens.secondary))
            width = painter.fontMetrics().horizontalAdvance(status.label)
            painter.drawText(
                QRectF(left + 24, 0, width + 2, 20),
                int(Qt.AlignmentFlag.AlignVCenter),
                status.label,
            )
            left += 24 + width + 18
        painter.end()
