"""A place for a chart that is built after the first paint, because pyqtgraph takes 0.6 s to import."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hotpatch_gui.theme.lengths import px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import CAPTION_PX, Tokens
from hotpatch_gui.translation import translator

from .chart_key import ChartKey
from .labels import label

if TYPE_CHECKING:
    from .charts import Chart

tr = translator("ChartHost")

LOW_PX = 360
"""Below this height a tab hides its chart, because the table matters more."""


class ChartHost(QWidget):
    """A chart's place, newest data and text.

    Args:
        make: builds the chart when it is first visible.
    """

    def __init__(
        self, theme: Theme, name: str, height_px: int, make: Callable[[Theme], Chart]
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self._theme, self._make = theme, make
        self._chart: Chart | None = None
        self._data: Any = None
        self._drawn: tuple[Any, Tokens, float] | None = None
        self.setFixedHeight(round(height_px * theme.scale))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(px(4))
        self._column.addStretch(1)
        self.caption = label(theme, px=CAPTION_PX, role="secondary", wrap=True)
        self.caption.setObjectName(f"{name}Text")
        self._column.addWidget(self.caption)
        theme.changed.connect(self._draw)

    def fits(self, tab: QWidget) -> bool:
        """Whether ``tab`` is high enough for the chart and its table."""
        return tab.height() >= round(LOW_PX * self._theme.scale)

    @property
    def is_ready(self) -> bool:
        """Whether the chart itself is visible."""
        return self._chart is not None

    def wait(self) -> None:
        """Hide the old data until new data arrive."""
        self._data = self._drawn = None
        self.caption.setText(tr("Reading…"))
        if self._chart is not None:
            self._chart.widget.hide()

    def show_data(self, data: Any, alt_text: str) -> None:
        """Show data; ``alt_text`` is the chart as text."""
        self._data = data
        self.caption.setText(alt_text)
        self.setAccessibleName(alt_text)
        self._draw()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._chart is None:
            QTimer.singleShot(0, self, self._build)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._draw()
        return done

    def _build(self) -> None:
        """Build the chart if it is still visible."""
        if self._chart is None and self.isVisible():
            self._chart = self._make(self._theme)
            self._column.insertWidget(0, self._chart.widget, 100)
            if self._chart.key:
                self._column.insertWidget(0, ChartKey(self._theme, self._chart.key))
            self._chart.widget.setVisible(self._data is not None)
            self._draw()

    def _draw(self) -> None:
        """Draw what changed in data, theme or screen."""
        wanted = (self._data, self._theme.tokens, self.devicePixelRatioF())
        if self._chart is not None and self._data is not None and wanted != self._drawn:
            self._drawn = wanted
            self._chart.widget.show()
            self._chart.draw(self._data, self._theme)
