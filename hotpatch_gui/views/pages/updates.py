"""The Updates page: one row per update across all machines."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit

from hotpatch_gui.models.lists import KbsModel
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.export import ExportButton, table_report
from hotpatch_gui.views.widgets.table import Table, TablePanel

from .table_page import Page

tr = translator("UpdatesPage")


class UpdatesPage(Page):
    """Where each update is missing, installed and failed."""

    def __init__(self, services: Services) -> None:
        super().__init__(
            services.theme,
            tr("Updates"),
            tr("Available updates of the last assessments, across all machines."),
        )
        self.model = KbsModel(services.source, services.clock, self)
        self.panel = TablePanel(
            services.theme,
            Table(services.theme, services.settings, self.model, "updatesTable", tr("Updates")),
        )
        self.search = QLineEdit()
        self.search.setObjectName("updatesSearch")
        self.search.setAccessibleName(tr("Filter by KB or name"))
        self.search.setPlaceholderText(tr("Filter by KB or name"))
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(round(240 * services.theme.scale))
        self.tools.addWidget(self.search)
        self.tools.addWidget(
            ExportButton(
                services,
                tr("Updates"),
                lambda: table_report(self.panel.table, tr("Updates"), services),
            )
        )
        self.fill(self.panel)
        self.search.textChanged.connect(self.model.filter)
        self.model.rows_changed.connect(self._show)
        self.model.refresh()
        self._show()

    def _show(self) -> None:
        listed = self.model.rowCount() > 0
        self.panel.show_table(listed)
        if not self.model.is_loaded:
            self.panel.empty.show_text(Glyph.RUNNING, tr("Reading…"), "")
        elif not listed and self.search.text().strip():
            self.panel.empty.show_text(
                Glyph.INFO, tr("No update matches"), tr("Change or clear the filter.")
            )
        elif not listed:
            self.panel.empty.show_text(
                Glyph.INFO,
                tr("No updates available"),
                tr("The latest assessments list no updates."),
            )
