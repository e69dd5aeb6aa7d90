"""The command bar: enables commands, explains disabled ones and opens their dialogs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolBar, QToolButton, QWidget

from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.models.permitted_actions import PermittedActions, split
from hotpatch_gui.models.row_model import plain_tip
from hotpatch_gui.models.selection import SelectionSummary
from hotpatch_gui.models.work import WorkText
from hotpatch_gui.theme.lengths import insets
from hotpatch_gui.translation import translator

from .dialogs.once import open_once
from .services import Services
from .widgets.typed_number import TYPED_ABOVE

tr = translator("CommandBar")

ICON_PX = 18

_ASSESS_MEANING = tr.mark(
    "Each machine checks for updates. This takes a few minutes and changes nothing on the machines."
)
_RESTART_MEANING = tr.mark(
    "Workloads on the selected machines are interrupted for a few minutes. Azure doesn't stagger "
    "restarts by availability zones and sets. A machine that is installing updates restarts when "
    "the installation finishes."
)
_START_MEANING = tr.mark(
    "Azure charges for a machine while it runs. Assess it once it is running to see what is missing."
)
_KINDS = {
    "assess": OperationKind.ASSESS,
    "install": OperationKind.INSTALL,
    "restart": OperationKind.RESTART,
    "start": OperationKind.START,
    "configure": OperationKind.SETTINGS,
}
"""The operation of each command."""
_OFFLINE_TIP = tr.mark("No connection to Azure. Showing the last known data.")


class CommandBar(QFrame):
    """Commands. ``owner`` has the shortcuts and is the parent of dialogs.

    Signals:
        export_requested (): Export was chosen.
    """

    export_requested = Signal()

    def __init__(self, services: Services, owner: QWidget) -> None:
        super().__init__()
        self.setObjectName("commands")
        self._s, self._owner = services, owner
        self._ids: tuple[int, ...] = ()
        self._selection: SelectionSummary | None = None
        self._work = WorkText()
        self.commands: dict[str, QAction] = {}
        self._bar = QToolBar()
        """Commands that don't fit go into its overflow menu."""
        self._bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._bar.setIconSize(QSize(ICON_PX, ICON_PX) * services.theme.scale)
        self._lay_out()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(insets(8, 2, 8, 4))
        row.addWidget(self._bar)
        for key, icon, text, keys, slot in (
            ("refresh", "refresh", tr("Refresh"), "F5", self._refresh),
            ("assess", "assess", tr("Assess now"), "Ctrl+Shift+A", self._assess),
            ("install", "install", tr("Install updates now"), "Ctrl+I", self.open_install),
            ("configure", "configure", tr("Update settings"), "Ctrl+U", self.open_settings),
            ("restart", "restart", tr("Restart"), None, self._restart),
            ("start", "start", tr("Start"), None, self._start),
            ("export", "export", tr("Export"), "Ctrl+E", self.export_requested.emit),
        ):
            self._add_command(key, icon, text, keys, slot)
        more = self._bar.findChild(QToolButton, "qt_toolbar_ext_button")
        assert isinstance(more, QToolButton)
        more.setIconSize(self._bar.iconSize())
        more.setToolTip(tr("More commands"))
        more.setAccessibleName(tr("More commands"))
        self._s.icons.give("more", more.setIcon)
        refresh_all = QShortcut(QKeySequence("Shift+F5"), self._owner)
        refresh_all.activated.connect(self._refresh_all)

    def _refresh_all(self) -> None:
        """Sync everything, including what can't have changed."""
        self._s.actions.sync(full=True)

    def _add_command(
        self, key: str, icon: str, text: str, keys: str | None, slot: Callable[[], object]
    ) -> None:
        action = QAction(text, self._owner)
        action.setObjectName(f"command-{key}")
        action.triggered.connect(slot)
        if keys is not None:
            action.setShortcut(QKeySequence(keys))
        self._owner.addAction(action)
        self.commands[key] = action
        self._bar.addAction(action)
        button = self._bar.widgetForAction(action)
        button.setObjectName(f"button-{key}")
        button.setAccessibleName(text)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._s.icons.give(icon, action.setIcon)

    def show_state(
        self,
        machine_ids: Sequence[int],
        selection: SelectionSummary | None,
        work: WorkText,
        *,
        online: bool,
    ) -> None:
        """Show the state of these machines (``selection`` is None while they are read), and operations in progress."""
        self._ids, self._selection, self._work = tuple(machine_ids), selection, work
        for key, kind in _KINDS.items():
            action = self.commands[key]
            permitted = self._permitted(kind)
            why, then = "", ""
            if not online:
                why = tr(_OFFLINE_TIP)
            elif not permitted.ids:
                why = permitted.disabled_reason or tr("No machine selected.")
            elif self._is_open_on_each(kind, permitted.ids):
                why = tr("“{label}” is already in progress.", label=kind.label)
            elif self._work.doing:
                then = tr(
                    "Azure runs one operation per machine; this one is sent when “{kind}” finishes.",
                    kind=self._work.kind,
                )
            action.setEnabled(not why)
            action.setVisible(kind is not OperationKind.START or bool(permitted.ids))
            tip = f"{action.text()}: {why or then}" if why or then else action.text()
            action.setToolTip(plain_tip(tip))

    def _is_open_on_each(self, kind: OperationKind, machine_ids: Sequence[int]) -> bool:
        """Whether this operation is open on each of them."""
        work = self._work
        return work.by_kind.get(kind, 0) + work.unknown.get(kind, 0) >= len(machine_ids)

    def _permitted(self, kind: OperationKind) -> PermittedActions:
        """On which of the machines the operation is possible."""
        return (
            self._selection.permitted[kind] if self._selection is not None else PermittedActions(())
        )

    def _refresh(self) -> None:
        self._s.actions.sync()
        if len(self._ids) == 1:
            self._s.actions.read_machine(self._ids[0])

    def _assess(self) -> None:
        permitted = self._permitted(OperationKind.ASSESS).ids
        if len(permitted) <= TYPED_ABOVE and len(permitted) == len(self._ids):
            self._s.actions.assess(permitted)
        else:
            self._confirm(OperationKind.ASSESS, tr(_ASSESS_MEANING), self._s.actions.assess)

    def open_install(self) -> None:
        """Open the install dialog."""
        from .dialogs.install import InstallDialog  # noqa: PLC0415 - after the first paint

        open_once(self._owner, lambda: InstallDialog(self._s, self._ids, self._owner))

    def open_settings(self) -> None:
        from .dialogs.update_settings import UpdateSettingsDialog  # noqa: PLC0415 - only when it opens

        open_once(self._owner, lambda: UpdateSettingsDialog(self._s, self._ids, self._owner))

    def _restart(self) -> None:
        self._confirm(OperationKind.RESTART, tr(_RESTART_MEANING), self._s.actions.restart)

    def _start(self) -> None:
        self._confirm(OperationKind.START, tr(_START_MEANING), self._s.actions.start)

    def _confirm(
        self, kind: OperationKind, meaning: str, do: Callable[[Sequence[int]], object]
    ) -> None:
        """Confirm, naming possible and skipped machines."""
        from .dialogs.confirm import ConfirmDialog  # noqa: PLC0415 - after the first paint

        permitted, skipped = split(self._s.source, self._ids, kind)
        count = len(permitted)
        what = {
            OperationKind.ASSESS: tr("Assess %n machine(s)", count),
            OperationKind.RESTART: tr("Restart %n machine(s)", count),
            OperationKind.START: tr("Start %n machine(s)", count),
        }[kind]
        open_once(
            self._owner,
            lambda: ConfirmDialog(
                self._s.theme, what, permitted, self._owner, meaning=meaning, do=do, skipped=skipped
            ),
        )
