"""A place for a chart that is filled after the first paint: pyqtgraph takes 0.6 s to import."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import CAPTION_PX, Tokens

from .labels import label

if TYPE_CHECKING:
    from .charts import Chart


LOW_PX = 360
"""Below this height a tab leaves its chart out: the table matters more, and the words say the same."""


class ChartHost(QWidget):
    """Keeps a chart's place, its newest data and its text equivalent.

    Args:
        make: builds the chart, called once, when the place is first seen.
    """

    def __init__(
        self, theme: Theme, name: str, height_px: int, make: Callable[[Theme], Chart]
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self._theme, self._make = theme, make
        self._chart: Chart | None = None
        self._shown: tuple[Any, str, Tokens] | None = None
        self._read: Callable[[], tuple[Any, str]] | None = None
        self.setFixedHeight(round(height_px * theme.scale))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addStretch(1)
        self.caption = label(theme, px=CAPTION_PX, role="secondary", wrap=True)
        self.caption.setObjectName(f"{name}Text")
        self._column.addWidget(self.caption)
        theme.changed.connect(self._draw)

    def fits(self, tab: QWidget) -> bool:
        """Whether ``tab`` is high enough for the chart beside its table."""
        return tab.height() >= round(LOW_PX * self._theme.scale)

    @property
    def is_ready(self) -> bool:
        """Whether what is on the screen is the chart and not its place."""
        return self._chart is not None

    def show_later(self, read: Callable[[], tuple[Any, str]]) -> None:
        """``read`` gives the data and, in words, what the chart shows; called when there is a chart."""
        self._read = read
        self._draw()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        super().paintEvent(event)
        if self._chart is None:
            QTimer.singleShot(0, self, self._build)

    def _build(self) -> None:
        """Not where it went out of sight meanwhile: the next paint asks again, and after the last
        window was closed there is no file to read."""
        if self._chart is None and self.isVisible():
            self._chart = self._make(self._theme)
            self._column.insertWidget(0, self._chart.widget, 100)
            self._draw()

    def _draw(self) -> None:
        """Draw what has changed since the last time, be it the data or the theme."""
        if self._chart is None or self._read is None:
            return
        data, in_words = self._read()
        shown = (data, in_words, self._theme.tokens)
        if shown == self._shown:
            return
        self._shown = shown
        self.caption.setText(in_words)
        self.setAccessibleName(in_words)
        self._chart.draw(data, self._theme)
