"""The machine list: two lines per machine, with glyph, situation and age."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.models.machine_list import MachineLines, MachinesModel
from hotpatch_gui.system.preferences import Preferences
from hotpatch_gui.theme import glyphs
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import CAPTION_PX, SEMIBOLD_WEIGHT
from hotpatch_gui.translation import translator

from .table import Table

tr = translator("MachineListWidget")

ROW_HEIGHT_PX = 52
GLYPH_PX = 16


class _MachineDelegate(QStyledItemDelegate):
    """Paints machines. It asks the view instead of ``option.state``, whose type takes 9 ms to load."""

    def __init__(self, theme: Theme, clock: Clock) -> None:
        super().__init__()
        self._theme, self._clock = theme, clock

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(option.rect.width(), round(ROW_HEIGHT_PX * self._theme.scale))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        t = self._theme.tokens
        painter.save()
        rect, view = option.rect, option.widget
        assert isinstance(view, MachineList)
        is_selected = view.paint_background(painter, rect, index)
        lines = view.machines.lines(index.row(), self._clock())
        if lines is not None:
            self._paint_lines(painter, option, lines)
        if is_selected and view.hasFocus() and view.currentIndex() == index:
            painter.fillRect(rect.left(), rect.top(), 3, rect.height(), QColor(t.accent))
        painter.restore()

    def _paint_lines(
        self, painter: QPainter, option: QStyleOptionViewItem, lines: MachineLines
    ) -> None:
        t = self._theme.tokens
        scale = self._theme.scale
        beside, above = 12 * scale, 7 * scale
        area = QRectF(option.rect).adjusted(beside, above, -beside, -above)
        size = GLYPH_PX * scale
        middle = area.top() + area.height() / 4  # of the first line
        glyph_area = QRectF(area.left(), round(middle - size / 2), size, size)
        glyphs.paint(painter, lines.glyph, glyph_area, t)
        area.setLeft(area.left() + size + 10 * scale)
        top = QRectF(area.left(), area.top(), area.width(), area.height() / 2)
        below = QRectF(area.left(), area.center().y(), area.width(), area.height() / 2)
        self._pair(painter, top, lines.name, lines.hotpatch, t.text, strong=True)
        self._pair(painter, below, lines.summary, lines.age, t.secondary, strong=False)

    def _pair(
        self, painter: QPainter, area: QRectF, left: str, right: str, color: str, *, strong: bool
    ) -> None:
        t = self._theme.tokens
        right_font = self._theme.font(CAPTION_PX)
        painter.setFont(right_font)
        painter.setPen(QColor(t.secondary))
        width = painter.fontMetrics().horizontalAdvance(right)
        centre = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(area, centre | Qt.AlignmentFlag.AlignRight, right)
        left_font = (
            self._theme.font(weight=SEMIBOLD_WEIGHT) if strong else self._theme.font(CAPTION_PX)
        )
        painter.setFont(left_font)
        painter.setPen(QColor(color))
        room = int(area.width() - width - 12 * self._theme.scale)
        shown = painter.fontMetrics().elidedText(left, Qt.TextElideMode.ElideRight, room)
        painter.drawText(area, centre | Qt.AlignmentFlag.AlignLeft, shown)


class MachineList(Table):
    """The list on the left of the Machines page."""

    def __init__(
        self, theme: Theme, settings: Preferences, model: MachinesModel, clock: Clock
    ) -> None:
        super().__init__(
            theme,
            settings,
            model,
            "machineList",
            tr("Machines"),
            delegate=_MachineDelegate(theme, clock),
        )
        self.machines = model
        self.horizontalHeader().hide()
        self.setSortingEnabled(False)
        self.verticalHeader().setDefaultSectionSize(round(ROW_HEIGHT_PX * theme.scale))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
