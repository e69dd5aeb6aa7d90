"""A ring of shares with its key; each entry of the key is a button."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from hotpatch_gui.models.overview_groups import COLUMN_GROUPS
from hotpatch_gui.theme.lengths import px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import CAPTION_PX, FIGURE_PX, LIGHT_WEIGHT, Tokens
from hotpatch_gui.translation import translator

from .labels import label

tr = translator("Ring")

RING_PX = 148
STROKE_PX = 16
SWATCH_PX = 12
FULL = 360 * 16
"""A full circle for QPainter, in sixteenths of a degree."""
GAP = 2 * 16
"""Between shares."""


class Slice(NamedTuple):
    """One share; ``machines`` is its size."""

    key: str
    label: str
    machines: int


def colors(tokens: Tokens) -> dict[str, str]:
    """Colors by the key of a compliance group."""
    return dict(zip(COLUMN_GROUPS, tokens.compliance, strict=True))


class _Circle(QWidget):
    """The ring itself, with a figure in its middle."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._slices: Sequence[Slice] = ()
        size = round(RING_PX * theme.scale)
        self.setFixedSize(size, size)
        self.figure = label(theme, px=FIGURE_PX, weight=LIGHT_WEIGHT)
        self.figure.setObjectName("ringFigure")
        self.caption = label(theme, px=CAPTION_PX, role="secondary")
        column = QVBoxLayout(self)
        column.setSpacing(0)
        column.addStretch(1)
        for text in (self.figure, self.caption):
            column.addWidget(text, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        theme.changed.connect(self.update)

    def show_slices(self, slices: Sequence[Slice]) -> None:
        self._slices = slices
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        t, stroke = self._theme.tokens, STROKE_PX * self._theme.scale
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(t.divider if not self._slices else t.surface), stroke)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        half = stroke / 2 + 1
        room = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.drawArc(room, 0, FULL)
        total, passed = sum(s.machines for s in self._slices), 0
        gap = GAP if sum(s.machines > 0 for s in self._slices) > 1 else 0
        for part in self._slices:
            if part.machines:
                start, end = (round(FULL * n / total) for n in (passed, passed + part.machines))
                pen.setColor(QColor(colors(t)[part.key]))
                painter.setPen(pen)
                painter.drawArc(room, FULL // 4 - start, min(-1, start - end + gap))
                passed += part.machines
        painter.end()


class _Swatch(QWidget):
    """A color of the key."""

    def __init__(self, theme: Theme, key: str) -> None:
        super().__init__()
        self._theme, self._key = theme, key
        self.setFixedSize(QSize(SWATCH_PX, SWATCH_PX) * theme.scale)
        theme.changed.connect(self.update)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colors(self._theme.tokens)[self._key]))
        painter.end()


class Ring(QWidget):
    """The ring and its key.

    Signals:
        opened (str): the key of a share whose button was clicked.
    """

    opened = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.circle = _Circle(theme)
        self._key = QGridLayout()
        self._key.setHorizontalSpacing(px(8))
        self._key.setVerticalSpacing(px(2))
        self.buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(24))
        row.addWidget(self.circle)
        row.addLayout(self._key, 1)

    def show_slices(
        self, slices: Sequence[Slice], figure: str, caption: str, *, opens: bool
    ) -> None:
        """Show the shares; ``opens``: whether their buttons open the machines."""
        self.circle.show_slices(slices)
        self.circle.figure.setText(figure)
        self.circle.caption.setText(caption)
        description = ", ".join(f"{s.label} {s.machines:,}" for s in slices)
        self.circle.setAccessibleName(description)
        for number, part in enumerate(slices):
            if part.key not in self.buttons:
                self._add_button(number, part.key)
            button = self.buttons[part.key]
            button.setText(f"{part.label}  {part.machines:,}")
            button.setEnabled(opens and part.machines > 0)

    def clear(self) -> None:
        """Show that nothing is known."""
        self.circle.show_slices(())
        self.circle.figure.setText("–")
        for button in self.buttons.values():
            button.setEnabled(False)

    def _add_button(self, number: int, key: str) -> None:
        button = QPushButton()
        button.setObjectName(f"ring-{key}")
        button.setProperty("flat", True)
        button.setToolTip(tr("Show machines"))
        button.clicked.connect(partial(self.opened.emit, key))
        self._key.addWidget(_Swatch(self._theme, key), number, 0)
        self._key.addWidget(button, number, 1, Qt.AlignmentFlag.AlignLeft)
        self._key.setColumnStretch(2, 1)
        self.buttons[key] = button
