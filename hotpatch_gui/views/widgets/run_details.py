"""One installation run below the table: errors and results by update."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hotpatch_gui.domain.kb import normalize_kb
from hotpatch_gui.models.history import ResultLine, RunText
from hotpatch_gui.models.row_model import plain_tip
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import ICON_PX, ROW_PX, SEMIBOLD_WEIGHT
from hotpatch_gui.translation import translator

from .focus_ring import FocusRing
from .labels import ElidedLabel, label, line
from .links import LinkButton
from .scroll_area import ScrollArea
from .wrap_layout import WrapLayout

tr = translator("RunDetails")

_TITLES = (
    tr.mark("Update"),
    "KB",
    tr.mark("Classification"),
    tr.mark("Result"),
    tr.mark("Restart"),
)
KB_COLUMN = 1
MAX_LINKS = 3
MAX_ROWS = 20
"""Results that are shown without a scroll bar of their own."""
SPARE_PX = 18
"""Room for a horizontal scroll bar."""


class RunDetails(QFrame):
    """Errors and results.

    Signals:
        stop_requested (str): the KB of an update to stop.
        support_requested (): write a support request about the machine.
    """

    stop_requested = Signal(str)
    support_requested = Signal()

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName("surface")
        self._theme = theme
        self.title = ElidedLabel(theme, weight=SEMIBOLD_WEIGHT)
        self.title.elides = Qt.TextElideMode.ElideMiddle
        self.errors = label(theme, role="error", wrap=True)
        self.errors.setObjectName(f"{name}Errors")
        self.errors.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.results = QTreeWidget()
        FocusRing(self.results)
        self.results.setObjectName(f"{name}Results")
        self.results.setAccessibleName(tr("Results by update"))
        self.results.setRootIsDecorated(False)
        self.results.setIconSize(QSize(ICON_PX, ICON_PX) * theme.scale)
        self.results.setHeaderLabels([tr(title) for title in _TITLES])
        header = self.results.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        text = tr("Microsoft's page about this error")
        self.links = [LinkButton(text) for _ in range(MAX_LINKS)]
        self.stop = QPushButton()
        self.stop.setObjectName(f"{name}Stop")
        self.stop.setAutoDefault(False)
        self.stop.clicked.connect(self._stop)
        self.results.itemSelectionChanged.connect(self._show_button)
        self.support = QPushButton(tr("Get support…"))
        self.support.setObjectName(f"{name}Support")
        self.support.setAutoDefault(False)
        self.support.clicked.connect(self.support_requested)
        self._lay_out()

    def _lay_out(self) -> None:
        texts = QVBoxLayout()
        texts.setContentsMargins(insets(16, 8, 16, 4))
        texts.setSpacing(px(4))
        texts.addWidget(self.title)
        texts.addWidget(self.errors)
        texts.addLayout(WrapLayout([self.support, self.stop, *self.links], px(8)))
        body = QWidget()
        body.setObjectName("surface")
        inner = QVBoxLayout(body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addLayout(texts)
        table_part = QHBoxLayout()
        table_part.setContentsMargins(insets(5, 0, 0, 0))  # as far as the text above
        table_part.addWidget(self.results)
        inner.addLayout(table_part)
        inner.addStretch(1)
        area = ScrollArea(tr("Details of the installation"), body)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(line())
        column.addWidget(area, 1)

    def show_run(self, run: RunText) -> None:
        self.title.set_full_text(run.title)
        self.errors.setText(run.errors)
        self.errors.setVisible(bool(run.errors))
        self.support.setVisible(bool(run.errors))
        for number, link in enumerate(self.links):
            link.set_page(run.pages[number] if number < len(run.pages) else "")
        self.results.clear()
        items = [self._item(result) for result in run.results]
        self.results.addTopLevelItems(items)
        with_kb = (n for n, r in enumerate(run.results) if normalize_kb(r.cells[KB_COLUMN]))
        first = min(with_kb, key=lambda n: run.results[n].glyph is not Glyph.ERROR, default=None)
        if first is not None:
            self.results.setCurrentItem(items[first])
        self._show_button()
        rows = min(len(run.results), MAX_ROWS) + 1
        self.results.setFixedHeight(round(rows * ROW_PX * self._theme.scale) + SPARE_PX)

    @property
    def _selected(self) -> str | None:
        """The KB of the selected update; None without one."""
        items = self.results.selectedItems()
        return normalize_kb(items[0].text(KB_COLUMN)) if items else None

    def _show_button(self) -> None:
        kb = self._selected
        self.stop.setVisible(kb is not None)
        self.stop.setText(tr("Stop {kb}…", kb=kb) if kb else "")

    def _stop(self) -> None:
        if self._selected is not None:
            self.stop_requested.emit(self._selected)

    def _item(self, result: ResultLine) -> QTreeWidgetItem:
        item = QTreeWidgetItem(result.cells)
        item.setToolTip(0, plain_tip(result.cells[0]))
        if result.glyph is not None:
            ratio = self.devicePixelRatioF()
            item.setIcon(3, self._theme.glyph_icon(result.glyph, ratio))
        return item
