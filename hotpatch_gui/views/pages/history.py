"""The History page: installation runs of all machines."""

from __future__ import annotations

from PySide6.QtCore import Signal

from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.tabs.history import HistoryTab
from hotpatch_gui.views.widgets.export import ExportButton, table_report

from .table_page import PageFrame

tr = translator("HistoryPage")


class HistoryPage(PageFrame):
    """The history tab for all machines.

    Signals:
        machine_opened (int): a machine's row ID.
    """

    machine_opened = Signal(int)

    def __init__(self, services: Services) -> None:
        super().__init__(
            services.theme,
            tr("History"),
            tr(
                "Installations on all machines. Azure keeps 30 days; this program keeps everything "
                "it has read."
            ),
        )
        self.tab = HistoryTab(services, "fleetHistory")
        self.fill(self.tab)
        self.tab.show_machines(None)
        self.tab.machine_opened.connect(self.machine_opened)
        self.tools.addWidget(
            ExportButton(
                services,
                tr("History"),
                lambda: table_report(self.tab.panel.table, tr("History"), services),
            )
        )
