"""Layouts that continue in another line where the width doesn't suffice."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class WrapLayout(QLayout):
    """Widgets in their own width, side by side as far as they fit."""

    def __init__(self, widgets: Sequence[QWidget], gap_px: int) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._gap = gap_px
        self.setContentsMargins(0, 0, 0, 0)
        for widget in widgets:
            self.addWidget(widget)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), moves=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, moves=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        sizes = [item.minimumSize() for item in self._shown]
        inset = self.contentsMargins()
        width = max((s.width() for s in sizes), default=0) + inset.left() + inset.right()
        return QSize(
            width, max((s.height() for s in sizes), default=0) + inset.top() + inset.bottom()
        )

    @property
    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def lines(self, width: int) -> list[list[tuple[QLayoutItem, int]]]:
        """The shown items by line, each with its width."""
        lines: list[list[tuple[QLayoutItem, int]]] = []
        used = 0
        for item in self._shown:
            wide = min(item.sizeHint().width(), width)
            if not lines or used + self._gap + wide > width:
                lines.append([])
                used = -self._gap
            lines[-1].append((item, wide))
            used += self._gap + wide
        return lines

    def _place(self, rect: QRect, *, moves: bool) -> int:
        """Place the items, and return the height."""
        inset = self.contentsMargins()
        room = rect.adjusted(inset.left(), inset.top(), -inset.right(), -inset.bottom())
        top = room.top()
        for line in self.lines(room.width()):
            height = max(_height(item, wide) for item, wide in line)
            left = room.left()
            for item, wide in line:
                if moves:
                    item.setGeometry(QRect(left, top, wide, height))
                left += wide + self._gap
            top += height + self._gap
        return top - (self._gap if self._shown else 0) + inset.bottom() - rect.top()


class EvenLayout(WrapLayout):
    """Widgets of equal width in as few lines as possible, at least ``least_px`` wide; the lines are as full as each other."""

    def __init__(self, widgets: Sequence[QWidget], gap_px: int, least_px: int) -> None:
        super().__init__(widgets, gap_px)
        self._least = least_px

    def lines(self, width: int) -> list[list[tuple[QLayoutItem, int]]]:
        shown = self._shown
        fitting = max(1, (width + self._gap) // (self._least + self._gap))
        count = max(1, -(-len(shown) // fitting))
        columns = max(1, -(-len(shown) // count))
        edges = [round((width + self._gap) * n / columns) for n in range(columns + 1)]
        wide = [b - a - self._gap for a, b in pairwise(edges)]
        chunks = [shown[n : n + columns] for n in range(0, len(shown), columns)]
        return [list(zip(chunk, wide, strict=False)) for chunk in chunks]


def _height(item: QLayoutItem, width: int) -> int:
    return item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
