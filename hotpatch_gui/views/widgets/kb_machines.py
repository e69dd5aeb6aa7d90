"""The machines of one update: where it is missing, installed or failed."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from hotpatch_gui.domain.kb import help_page
from hotpatch_gui.domain.titles import short_title
from hotpatch_gui.models import columns
from hotpatch_gui.models.kb_machines import KbMachines, KbState, read_kb_machines
from hotpatch_gui.models.listed import ListedModel
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.dialogs.once import open_once
from hotpatch_gui.views.services import Services

from .labels import ElidedLabel, label
from .table import Table, TablePanel

tr = translator("KbMachines")

SEARCH_PX = 320


def open_stop_update(services: Services, owner: QWidget, kb: str) -> None:
    """Open the dialog that stops an update."""
    from hotpatch_gui.views.dialogs.stop_update import StopUpdateDialog  # noqa: PLC0415 - only when it opens

    open_once(owner, partial(StopUpdateDialog, services, owner, kb))


class KbMachinesPane(QWidget):
    """Shows an update's machines; installs it on those selected or on all shown, where it is missing.

    Signals:
        machine_opened (int): a machine's row ID.
    """

    machine_opened = Signal(int)

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._s = services
        theme = services.theme
        self._update: tuple[str | None, str] | None = None
        self._found, self._shown = KbMachines(), KbMachines()
        self.title = ElidedLabel(theme, px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT)
        self.counted = label(theme, role="secondary")
        self.counted.setObjectName("kbMachinesCounted")
        self.search = QLineEdit()
        self.search.setObjectName("kbMachinesSearch")
        self.search.setPlaceholderText(tr("Filter by machine, resource group or tag"))
        self.search.setAccessibleName(tr("Filter by machine, resource group or tag"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(round(SEARCH_PX * theme.scale))
        self.state = QComboBox()
        self.state.setObjectName("kbMachinesState")
        self.state.setAccessibleName(tr("Show machines by the update's state"))
        for state in KbState:
            self.state.addItem(state.label, state)
        self.page = QPushButton(tr("Open KB page"))
        self.page.setObjectName("openKbPage")
        self.page.clicked.connect(self._open_page)
        self.stop = QPushButton(tr("Stop this update…"))
        self.stop.setObjectName("stopKb")
        self.stop.setToolTip(
            tr("Exclude the KB in schedules, and cancel queued installations of it")
        )
        self.stop.clicked.connect(self._stop)
        self.install = QPushButton()
        self.install.setObjectName("installKb")
        self.install.setProperty("primary", True)
        self.install.clicked.connect(self._install)
        self.model = ListedModel(services.source, columns.KB_MACHINES, services.clock, self)
        self.panel = TablePanel(
            theme,
            Table(theme, services.preferences, self.model, "kbMachinesTable", tr("Machines")),
        )
        self.panel.table.opened.connect(self.machine_opened)
        clear = QShortcut(QKeySequence("Esc"), self.panel.table)
        clear.setContext(Qt.ShortcutContext.WidgetShortcut)
        clear.activated.connect(self.panel.table.clearSelection)
        self.panel.table.selectionModel().selectionChanged.connect(self._show_actions)
        self.search.textChanged.connect(self._filter)
        self.state.currentIndexChanged.connect(self._filter)
        self._channel = QueryChannel(services.source, self._show, self._show_failure, self)
        self._lay_out()
        self.show_update(None, "")

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(insets(16, 12, 16, 8))
        head.setSpacing(px(8))
        texts = QVBoxLayout()
        texts.setSpacing(px(2))
        texts.addWidget(self.title)
        texts.addWidget(self.counted)
        head.addLayout(texts, 1)
        head.addWidget(self.page)
        head.addWidget(self.stop)
        head.addWidget(self.install)
        filters = QHBoxLayout()
        filters.setContentsMargins(insets(16, 0, 16, 8))
        filters.setSpacing(px(8))
        filters.addWidget(self.state)
        filters.addWidget(self.search, 1)
        filters.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(filters)
        column.addWidget(self.panel, 1)

    def show_update(self, kb: str | None, name: str) -> None:
        """Show the machines of an update by its KB, or by its name; an empty name for none."""
        is_refresh = self._update == (kb, name)
        self._update = (kb, name) if name else None
        self.title.set_full_text(f"{kb}: {short_title(name, kb)}" if kb else name)
        for button in (self.page, self.stop):
            button.setVisible(kb is not None)
        if self._update is None:
            self._channel.cancel()
            self._show(KbMachines())
            self.panel.empty.show_text(
                Glyph.INFO, tr("No update selected"), tr("Select an update to see its machines.")
            )
            return
        if not is_refresh:  # the rows and the button never belong to another update
            self._found = KbMachines()
            self.counted.setText("")
            self.panel.empty.show_text(Glyph.RUNNING, tr("Reading…"), "")
            self._filter()
        read = partial(read_kb_machines, kb=kb, name=name, clock=self._s.clock)
        self._channel.query(read, is_refresh=is_refresh)

    def _show(self, found: KbMachines) -> None:
        self._found = found
        self.counted.setText(found.text)
        for widget in (self.state, self.search):
            widget.setVisible(bool(found.rows))
        self._filter()

    def _filter(self) -> None:
        self._shown = self._found.showing(KbState(self.state.currentData()), self.search.text())
        self.model.set_rows(self._shown.rows)
        self.panel.show_table(bool(self._shown.rows))
        if self._found.rows and not self._shown.rows:
            self.panel.empty.show_text(
                Glyph.INFO, tr("No machine matches"), tr("Clear the filter to see the others.")
            )
        self._show_actions()

    def _show_failure(self, why: str) -> None:
        self._show(KbMachines())
        self.panel.show_failure(why)

    @property
    def machine_ids(self) -> list[int]:
        """The machines to install on: the selected ones, or all shown, on which the update is missing."""
        return self._shown.missing(self.panel.table.selected_ids)

    def _show_actions(self) -> None:
        ids = self.machine_ids
        kb = self._update[0] if self._update else None
        self.install.setVisible(kb is not None and bool(self._found.rows))
        self.install.setEnabled(bool(ids))
        self.install.setText(tr("Install on %n machine(s)…", len(ids)))
        self.install.setToolTip("" if ids else self._disabled_reason)

    @property
    def _disabled_reason(self) -> str:
        """Why there is no machine to install on."""
        if self.panel.table.selected_ids and self._shown.missing(()):
            return tr(
                "On the selected machines, the update isn't missing or an installation is in progress. Clear the "
                "selection (Esc) to install on all shown."
            )
        return tr("The update isn't missing on these machines, or is being installed.")

    def _open_page(self) -> None:
        if self._update is not None and self._update[0] is not None:
            QDesktopServices.openUrl(QUrl(help_page(self._update[0])))

    def _stop(self) -> None:
        if self._update is not None and self._update[0] is not None:
            open_stop_update(self._s, self.window(), self._update[0])

    def _install(self) -> None:
        from hotpatch_gui.views.dialogs.install import InstallDialog  # noqa: PLC0415 - only when it opens

        ids, update = self.machine_ids, self._update
        if update is None or update[0] is None or not ids:
            return
        kb, owner = update[0], self.window()

        def make() -> QDialog:
            dialog = InstallDialog(self._s, ids, owner, kb=kb)
            dialog.accepted.connect(self.panel.table.clearSelection)
            return dialog

        open_once(owner, make)
