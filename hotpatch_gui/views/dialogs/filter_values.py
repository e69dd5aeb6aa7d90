"""Chooses the values of one dimension by which machines are filtered."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QPushButton, QWidget

from hotpatch_gui.domain.machine_filter import Choice, Dimension
from hotpatch_gui.models.filters import Value, choice_of, read_values
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.models.row_model import plain_tip
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.row_ticks import RowTicks

from .surface import SurfaceDialog

tr = translator("FilterValuesDialog")

SIZE_PX = (420, 460)
CHECKED = Qt.CheckState.Checked
ROW = Qt.ItemDataRole.UserRole


class FilterValuesDialog(SurfaceDialog):
    """Values with the number of machines, to be ticked; ``apply`` receives the choice. It filters, unless ``title`` says otherwise."""

    def __init__(
        self,
        services: Services,
        dimension: Dimension,
        parent: QWidget,
        *,
        tag: str,
        ticked: frozenset[str],
        apply: Callable[[Choice], None],
        title: str = "",
    ) -> None:
        title = title or tr("Filter: {name}", name=tag or dimension.label)
        super().__init__(services.theme, "filterValuesDialog", title, parent)
        self._dimension, self._tag, self._ticked, self._apply = dimension, tag, ticked, apply
        self.search = QLineEdit()
        self.search.setObjectName("filterValuesSearch")
        self.search.setPlaceholderText(tr("Search values"))
        self.search.setAccessibleName(tr("Search values"))
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setObjectName("filterValues")
        self.list.setAccessibleName(tr("Values"))
        self.problem = label(services.theme, role="secondary", wrap=True)
        self.problem.hide()
        for widget in (self.search, self.list, self.problem):
            self.column.addWidget(widget)
        self.column.setStretchFactor(self.list, 1)
        self.yes = QPushButton(tr("Apply"))
        self.yes.setObjectName("filterApply")
        self.yes.setProperty("primary", True)
        self.yes.clicked.connect(self._accept)
        self.search.textChanged.connect(self._search)
        self.search.returnPressed.connect(self._on_return)
        self.list.itemActivated.connect(self._toggle)
        RowTicks(self.list)
        self.yes.setEnabled(False)
        self.finish(SIZE_PX, self.yes, self.closer(tr("Cancel")), default=self.yes)
        self.search.setFocus()
        self._channel = QueryChannel(services.source, self._show, self._show_failure, self)
        read = partial(read_values, dimension=dimension, now=services.clock(), tag=tag)
        self._channel.query(read)

    def _show(self, values: list[Value]) -> None:
        known = {value.key for value in values}
        gone = [Value(key, key, 0) for key in sorted(self._ticked - known)]
        self.yes.setEnabled(True)
        for value in (*values, *gone):
            item = QListWidgetItem(f"{value.label}  ({value.machines:,})", self.list)
            item.setToolTip(plain_tip(value.label))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            is_ticked = value.key in self._ticked
            item.setCheckState(CHECKED if is_ticked else Qt.CheckState.Unchecked)
            item.setData(ROW, value)

    def _show_failure(self, why: str) -> None:
        self.problem.setText(why)
        self.problem.show()
        self.yes.setEnabled(False)

    def _search(self, text: str) -> None:
        folded = text.strip().casefold()
        for item in self._items:
            item.setHidden(folded not in self._value(item).label.casefold())

    def _toggle(self, item: QListWidgetItem) -> None:
        was = item.checkState() is CHECKED
        item.setCheckState(Qt.CheckState.Unchecked if was else CHECKED)

    @property
    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(n) for n in range(self.list.count())]

    @staticmethod
    def _value(item: QListWidgetItem) -> Value:
        value: Value = Value(*item.data(ROW))
        return value

    def _on_return(self) -> None:
        """Tick the values that the search found; if one of them is ticked, apply."""
        found = [item for item in self._items if not item.isHidden()]
        if any(item.checkState() is CHECKED for item in found):
            self._accept()
            return
        for item in found if self.search.text().strip() else ():
            item.setCheckState(CHECKED)

    def _accept(self) -> None:
        """Apply what is ticked; no tick removes the filter."""
        if not self.yes.isEnabled():
            return
        values = [self._value(item) for item in self._items if item.checkState() is CHECKED]
        self._apply(choice_of(self._dimension, self._tag, values))
        self.accept()
