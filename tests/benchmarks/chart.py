"""The cost of the window over the number of rows, as a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyqtgraph as pg
from PySide6.QtGui import QColor

from hotpatch_gui.captures.stage import application

WIDTH_PX, HEIGHT_PX = 1200, 380
COLOURS = ("#0078d4", "#ca5010", "#107c10", "#8764b8", "#c239b3", "#5d5a58", "#986f0b", "#038387")


def draw(
    figures: Mapping[str, Mapping[str, Sequence[float]]],
    sizes: Sequence[int],
    limit_ms: float,
    path: Path,
) -> None:
    """``figures`` are ms by view, action and size; one plot a view, one line an action, all on one scale."""
    application()
    widget = pg.GraphicsLayoutWidget(size=(WIDTH_PX, HEIGHT_PX))
    widget.setBackground("w")
    places = [math.log10(size) for size in sizes]
    for column, (view, actions) in enumerate(figures.items()):
        plot = widget.addPlot(row=0, col=column, title=f"<span style='color: black'>{view}</span>")
        plot.addLegend(offset=(8, 4), colCount=2, labelTextColor="k", labelTextSize="8pt")
        plot.setYRange(0, limit_ms * 1.6)
        plot.setXRange(places[0] - 0.1, places[-1] + 0.25)
        plot.setLabel("bottom", "rows")
        plot.setLabel("left", "UI thread, ms")
        plot.getAxis("bottom").setTicks(
            [[(p, f"{s:,}") for p, s in zip(places, sizes, strict=True)]]
        )
        plot.addItem(pg.InfiniteLine(limit_ms, angle=0, pen=pg.mkPen("#a80000", width=1)))
        for color, (action, costs) in zip(COLOURS[: len(actions)], actions.items(), strict=True):
            pen = pg.mkPen(QColor(color), width=2)
            plot.plot(
                places,
                list(costs),
                pen=pen,
                symbol="o",
                symbolSize=6,
                symbolBrush=color,
                name=action,
            )
        for side in ("bottom", "left"):
            plot.getAxis(side).setTextPen("k")
    widget.show()
    application().processEvents()
    assert widget.grab().save(str(path)), f"{path} couldn't be written"
