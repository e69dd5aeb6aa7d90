"""The audit log: every call that changed something, with its body and result."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hotpatch_gui.models import operation_text
from hotpatch_gui.models.lists import CallsModel
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.row_filter import RowFilter
from hotpatch_gui.views.widgets.table import Table, TablePanel

tr = translator("AuditTab")

DETAIL_PX = 96


class AuditTab(QWidget):
    """Newest first; the selected line is shown in full below, to be copied."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.setObjectName("surface")
        theme = services.theme
        self.model = CallsModel(services.source, services.clock, self)
        self.panel = TablePanel(
            theme, Table(theme, services.settings, self.model, "auditTable", tr("Audit log"))
        )
        self.detail = label(theme, wrap=True)
        self.detail.setObjectName("auditDetail")
        self.detail.setContentsMargins(16, 10, 16, 12)
        self.detail.setMinimumHeight(round(DETAIL_PX * theme.scale))
        self.detail.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.filter = RowFilter(services, "audit", tr("Filter by machine, account, call or result"))
        column.addWidget(self.filter)
        column.addWidget(self.panel, 1)
        column.addWidget(self.detail)
        self.filter.edited.connect(lambda: self.model.filter(self.filter.text, self.filter.span))
        self.model.rows_changed.connect(self._show)
        self.panel.table.selectionModel().selectionChanged.connect(self._show_detail)
        self.model.load_first_screen()

    def _show(self) -> None:
        self.panel.show_table(self.model.rowCount() > 0)
        self.detail.setVisible(self.model.rowCount() > 0)
        if self.filter.is_filtering:
            self.panel.empty.show_text(
                Glyph.INFO, tr("No call matches"), tr("Change or clear the filter.")
            )
        else:
            self.panel.empty.show_text(
                Glyph.INFO,
                tr("No calls yet"),
                tr(
                    "Every call that changes something appears here: who made it, on which resource, its "
                    "body and its result. Entries can't be changed or deleted."
                ),
            )
        self._show_detail()

    def _show_detail(self) -> None:
        """Show the selected line in full."""
        ids = self.panel.table.selected_ids
        number = self.model.number_of(ids[0]) if ids else None
        row = self.model.row(number) if number is not None else None
        if row is None:
            self.detail.setText(tr("Select a call to see its body and its result."))
            return
        parts = [
            f"{operation_text.event(row)}: {row.result}" if row.result else "",
            tr("Body: {body}", body=row.body) if row.body else tr("The call has no body."),
            tr("On {resource_id}", resource_id=row.resource_id),
            tr("Azure's code: {code}", code=row.code) if row.code else "",
        ]
        self.detail.setText("\n".join(part for part in parts if part))
