"""The Updates page: one row per update across all machines, and the machines of the selected one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QSplitter

from hotpatch_gui.domain.releases import Product
from hotpatch_gui.domain.update_filter import UpdateFilter
from hotpatch_gui.domain.updates import Classification, RestartBehavior
from hotpatch_gui.models.lists import KbsModel
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.export import ExportButton, table_report
from hotpatch_gui.views.widgets.kb_machines import KbMachinesPane
from hotpatch_gui.views.widgets.table import Table, TablePanel
from hotpatch_gui.views.widgets.wrap_layout import WrapLayout

from .table_page import PageFrame

tr = translator("UpdatesPage")

SEARCH_PX = 168

AGES_DAYS = (7, 30, 90)
RESTARTS = (
    (tr.mark("No restart"), (RestartBehavior.NEVER.value,)),
    (
        tr.mark("Restarts or may restart"),
        tuple(b.value for b in RestartBehavior if b is not RestartBehavior.NEVER),
    ),
)


class UpdatesPage(PageFrame):
    """The machines on which each update is missing, installed and failed.

    Signals:
        machine_opened (int): a machine's row ID.
    """

    machine_opened = Signal(int)

    def __init__(self, services: Services) -> None:
        super().__init__(
            services.theme,
            tr("Updates"),
            tr("Available updates of the last assessments, across all machines."),
        )
        self._s = services
        self.model = KbsModel(services.source, services.clock, self)
        self.panel = TablePanel(
            services.theme,
            Table(services.theme, services.preferences, self.model, "updatesTable", tr("Updates")),
        )
        self.machines = KbMachinesPane(services)
        self._selected_update: tuple[str | None, str] | None = None
        self._make_filters()
        self.tools.addWidget(
            ExportButton(
                services,
                tr("Updates"),
                lambda: table_report(self.panel.table, tr("Updates"), services),
            )
        )
        panes = QSplitter(Qt.Orientation.Vertical)
        panes.addWidget(self.panel)
        panes.addWidget(self.machines)
        panes.setChildrenCollapsible(False)
        panes.setHandleWidth(1)
        panes.setStretchFactor(0, 3)
        panes.setStretchFactor(1, 2)
        self.fill(panes)
        services.source.minute_passed.connect(self._filter)
        self.machines.machine_opened.connect(self.machine_opened)
        self.model.rows_changed.connect(self._show)
        self.panel.table.selectionModel().selectionChanged.connect(self._choose)
        self._filter()
        self._show()

    def _make_filters(self) -> None:
        self.search = QLineEdit()
        self.search.setObjectName("updatesSearch")
        self.search.setFixedWidth(round(SEARCH_PX * self._s.theme.scale))
        self.search.setAccessibleName(tr("Filter by KB or name"))
        self.search.setPlaceholderText(tr("Filter by KB or name"))
        self.search.setClearButtonEnabled(True)
        self.classification = _choices(
            "updatesClassification",
            tr("Any classification"),
            [(c.label, c.value) for c in Classification],
        )
        self.restart = _choices(
            "updatesRestart",
            tr("Any restart behavior"),
            [(tr(n), values) for n, values in RESTARTS],
        )
        self.product = _choices(
            "updatesProduct", tr("Any product"), [(p.label, p.value) for p in Product]
        )
        self.age = _choices(
            "updatesAge",
            tr("Any age"),
            [(tr("Older than %n day(s)", days), days) for days in AGES_DAYS],
        )
        self.definitions = QCheckBox(tr("Show definition updates"))
        self.definitions.setObjectName("updatesDefinitions")
        boxes = (self.classification, self.restart, self.product, self.age)
        for box in boxes:
            box.currentIndexChanged.connect(self._filter)
        filters = WrapLayout([self.search, *boxes, self.definitions], px(8))
        filters.setContentsMargins(insets(16, 0, 16, 8))
        self.column.addLayout(filters)
        self.search.textChanged.connect(self._filter)
        self.definitions.toggled.connect(self._filter)

    @property
    def update_filter(self) -> UpdateFilter:
        """The filter as chosen."""
        classification, days = self.classification.currentData(), self.age.currentData()
        return UpdateFilter(
            text=self.search.text(),
            hides_definitions=not self.definitions.isChecked()
            and classification != Classification.DEFINITION.value,
            classification=classification or "",
            restarts=tuple(self.restart.currentData() or ()),
            product=self.product.currentData() or "",
            published_before=self._s.clock() - timedelta(days=days) if days else None,
        )

    def _filter(self) -> None:
        self.model.filter(self.update_filter)

    def _choose(self) -> None:
        """Remember the user's selection, including an empty one."""
        self._selected_update = None
        self._show_machines()

    def _show_machines(self) -> None:
        ids = self.panel.table.selected_ids
        number = self.model.number_of(ids[0]) if len(ids) == 1 else None
        row = self.model.row(number) if number is not None else None
        if row is not None:
            self._selected_update = row.kb, row.name
        self.machines.show_update(row.kb if row else None, row.name if row else "")

    def _choose_again(self) -> None:
        """Select the update that was selected: its row ID may be another one after an assessment."""
        table = self.panel.table
        if self._selected_update is None or table.selectionModel().hasSelection():
            return
        for number in range(self.model.rowCount()):
            row = self.model.row(number)
            if row is not None and (row.kb, row.name) == self._selected_update:
                table.selectRow(number)
                return

    def _show(self) -> None:
        listed = self.model.rowCount() > 0
        self.panel.show_table(listed)
        self._choose_again()
        self._show_machines()
        empty, update_filter = self.panel.empty, self.update_filter
        if not self.model.is_loaded:
            empty.show_text(Glyph.RUNNING, tr("Reading…"), "")
        elif update_filter == UpdateFilter():
            empty.show_text(
                Glyph.INFO,
                tr("No updates available"),
                tr("The latest assessments list no updates."),
            )
        elif update_filter == UpdateFilter(hides_definitions=True):
            empty.show_text(
                Glyph.INFO,
                tr("No updates available"),
                tr("The latest assessments list no updates. Definition updates are hidden."),
            )
        else:
            empty.show_text(Glyph.INFO, tr("No update matches"), tr("Change or clear the filter."))


def _choices(name: str, everything: str, values: Sequence[tuple[str, object]]) -> QComboBox:
    """A combo box whose first entry, without data, filters nothing."""
    box = QComboBox()
    box.setObjectName(name)
    box.setAccessibleName(everything)
    box.addItem(everything, None)
    for text, value in values:
        box.addItem(text, value)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(13)
    return box
