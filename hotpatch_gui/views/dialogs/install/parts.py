"""Parts that several steps use."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, QSize
from PySide6.QtWidgets import QLayout, QTreeView, QTreeWidget, QVBoxLayout, QWidget

from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import ICON_PX
from hotpatch_gui.views.widgets.focus_ring import FocusRing
from hotpatch_gui.views.widgets.row_ticks import RowTicks

WIDEST_PX, TICK_ROOM_PX, MEASURED_ROWS = 320, 52, 1000
"""At most, the width of a column of names; the room of a tick and margins; the rows whose names are measured."""


def step(*parts: QWidget | QLayout | None) -> QWidget:
    """A page of the dialog; None is stretch."""
    page = QWidget()
    page.setObjectName("surface")
    column = QVBoxLayout(page)
    column.setContentsMargins(insets(24, 16, 24, 16))
    column.setSpacing(px(12))
    for part in parts:
        if part is None:
            column.addStretch(1)
        elif isinstance(part, QWidget):
            column.addWidget(part, 1 if isinstance(part, QTreeView | QTreeWidget) else 0)
        else:
            column.addLayout(part)
    return page


def fit_names(view: QTreeView) -> None:
    """Widen the first column so that names fit, if there are longer ones than it was made for."""
    model, measure = view.model(), view.fontMetrics().horizontalAdvance
    rows = range(min(model.rowCount(), MEASURED_ROWS))
    needed = max((measure(model.index(n, 0).data()) for n in rows), default=0) + TICK_ROOM_PX
    view.setColumnWidth(0, min(max(view.columnWidth(0), needed), WIDEST_PX))


def list_of(
    theme: Theme, model: QAbstractItemModel, name: str, accessible_name: str, widths: Sequence[int]
) -> QTreeView:
    """A list of machines that only draws visible rows."""
    made = QTreeView()
    FocusRing(made)
    RowTicks(made)
    made.setObjectName(name)
    made.setAccessibleName(accessible_name)
    made.setRootIsDecorated(False)
    made.setIconSize(QSize(ICON_PX, ICON_PX) * theme.scale)
    made.setUniformRowHeights(True)
    made.setModel(model)
    for number, width in enumerate(widths):
        made.setColumnWidth(number, round(width * theme.scale))
    return made
