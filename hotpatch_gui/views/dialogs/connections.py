"""Connections: sign-in, subscriptions and permissions."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.models import connection_list
from hotpatch_gui.models.connection_list import sign_in_glyph, sign_in_text
from hotpatch_gui.theme.lengths import px
from hotpatch_gui.theme.tokens import ROW_PX, SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translated, translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.focus_ring import FocusRing
from hotpatch_gui.views.widgets.labels import label

from .connect import READ_ONLY, ConnectDialog
from .permissions import PermissionsDialog
from .question import QuestionDialog
from .surface import SurfaceDialog

tr = translator("ConnectionsDialog")

_TABLES = frozenset({"connections", "subscriptions", "sync_state"})
_ID = Qt.ItemDataRole.UserRole


class ConnectionsDialog(SurfaceDialog):
    """Stores every change at once and shows it as stored."""

    def __init__(self, services: Services, parent: QWidget) -> None:
        super().__init__(services.theme, "connectionsDialog", tr("Connections"), parent)
        self._s = services
        self._filling = False
        self._found: dict[int, Connection] = {}
        self._make_parts()
        self._lay_out()
        self.list.currentItemChanged.connect(self._show_selection)
        self.subscriptions.itemChanged.connect(self._choose_subscriptions)
        self.changes_allowed.clicked.connect(self._allow)
        services.source.changed.connect(self._on_changed)
        self.reload()

    def _make_parts(self) -> None:
        self.list = self._tree(
            "connectionList",
            (tr("Connection"), tr("Cloud"), tr("Sign-in"), tr("Changes")),
            (150, 170, 290, 90),
        )
        self.list.setAccessibleName(tr("Connections"))
        self.subscriptions = self._tree("subscriptionList", (tr("Subscription"), "ID"), (280, 320))
        self.subscriptions.setAccessibleName(tr("Subscriptions"))
        self.changes_allowed = QCheckBox(tr("Allow changes through this connection"))
        self.changes_allowed.setObjectName("allowActions")
        self.buttons = {
            key: QPushButton(text)
            for key, text in (
                ("add", tr("Add…")),
                ("change", tr("Edit…")),
                ("sign-in", tr("Sign in")),
                ("permissions", tr("Permissions…")),
                ("remove", tr("Remove…")),
            )
        }
        for key, slot in (
            ("add", self._add),
            ("change", self._change),
            ("sign-in", self._sign_in_or_out),
            ("permissions", self._permissions),
            ("remove", self._remove),
        ):
            self.buttons[key].setObjectName(f"connection-{key}")
            self.buttons[key].setAutoDefault(False)
            self.buttons[key].clicked.connect(slot)

    def _tree(self, name: str, headers: tuple[str, ...], widths: tuple[int, ...]) -> QTreeWidget:
        tree = QTreeWidget()
        FocusRing(tree)
        tree.setObjectName(name)
        tree.setRootIsDecorated(False)
        tree.setHeaderLabels(headers)
        for number, width in enumerate(widths):
            tree.setColumnWidth(number, round(width * self._theme.scale))
        return tree

    def _lay_out(self) -> None:
        theme = self._theme
        row = QHBoxLayout()
        row.setSpacing(px(8))
        for button in self.buttons.values():
            row.addWidget(button)
        row.addStretch(1)
        self.list.setMinimumHeight(round(5 * ROW_PX * theme.scale))
        self.column.addWidget(self.list, 2)
        self.column.addLayout(row)
        self.column.addWidget(
            label(theme, tr("Subscriptions"), px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT)
        )
        self.column.addWidget(self.subscriptions, 3)
        self.column.addWidget(self.changes_allowed)
        self.column.addWidget(label(theme, translated(READ_ONLY), role="secondary", wrap=True))
        self.demo = QPushButton(tr("Explore the demo"))
        self.demo.setVisible(not self._s.cloud.demo)
        self.demo.clicked.connect(self._explore)
        self.finish((780, 640), self.demo, self.closer())

    def reload(self) -> None:
        """Read the connections again."""
        found = connection_list.read_all(self._s.source)
        selected = self.selected.id if self.selected else 0
        self._found = {c.id: c for c, _ in found}
        self._filling = True
        self.list.clear()
        for connection, state in found:
            item = QTreeWidgetItem(
                [
                    connection.name,
                    connection.cloud.name,
                    sign_in_text(connection, state),
                    tr("Allowed") if connection.changes_allowed else tr("Read only"),
                ]
            )
            glyph = sign_in_glyph(connection, state)
            item.setIcon(2, self._theme.glyph_icon(glyph, self.devicePixelRatioF()))
            item.setData(0, _ID, connection.id)
            item.setSizeHint(0, QSize(0, round(ROW_PX * self._theme.scale)))
            self.list.addTopLevelItem(item)
            if connection.id == selected or len(found) == 1:
                self.list.setCurrentItem(item)
        self._filling = False
        self._show_selection()

    @property
    def selected(self) -> Connection | None:
        item = self.list.currentItem()
        return self._found.get(item.data(0, _ID)) if item is not None else None

    def _show_selection(self) -> None:
        if self._filling:
            return
        self._filling = True
        selected = self.selected
        self.subscriptions.clear()
        if selected is not None:
            for number, name, is_read in connection_list.subscriptions(self._s.source, selected.id):
                item = QTreeWidgetItem([name, number])
                item.setSizeHint(0, QSize(0, round(ROW_PX * self._theme.scale)))
                item.setCheckState(0, Qt.CheckState.Checked if is_read else Qt.CheckState.Unchecked)
                self.subscriptions.addTopLevelItem(item)
        self.changes_allowed.setChecked(selected is not None and selected.changes_allowed)
        for widget in (self.changes_allowed, self.buttons["change"], self.buttons["remove"]):
            widget.setEnabled(selected is not None and not selected.cloud.is_demo)
        self.buttons["permissions"].setEnabled(selected is not None)
        button = self.buttons["sign-in"]
        button.setEnabled(selected is not None and selected.method.asks_user)
        button.setText(
            tr("Sign out") if selected is not None and selected.account else tr("Sign in")
        )
        self._filling = False

    def _choose_subscriptions(self) -> None:
        """Store the selection; selecting all includes later ones."""
        selected = self.selected
        if self._filling or selected is None:
            return
        items = [
            self.subscriptions.topLevelItem(n)
            for n in range(self.subscriptions.topLevelItemCount())
        ]
        ticked = [
            i.text(1) for i in items if i is not None and i.checkState(0) is Qt.CheckState.Checked
        ]
        if not ticked:
            self.reload()  # at least one stays selected
            return
        wanted = () if len(ticked) == len(items) else tuple(ticked)
        self._s.actions.choose_subscriptions(selected.id, wanted)

    def _allow(self) -> None:
        if self.selected is not None:
            self._s.actions.allow_changes(
                self.selected.id, changes_allowed=self.changes_allowed.isChecked()
            )

    def _add(self) -> None:
        ConnectDialog(self._s, self).open()

    def _change(self) -> None:
        if self.selected is not None:
            ConnectDialog(self._s, self, self.selected).open()

    def _sign_in_or_out(self) -> None:
        selected = self.selected
        if selected is None:
            return
        if selected.account:
            self._s.actions.sign_out(selected.id)
        else:
            self._s.actions.sign_in(selected.id)

    def _permissions(self) -> None:
        if self.selected is not None:
            PermissionsDialog(self._s, self.selected, self).open()

    def _remove(self) -> None:
        selected = self.selected
        if selected is None:
            return
        QuestionDialog(
            self._s.theme,
            tr("Remove {name}?", name=selected.name),
            self,
            consequence=tr(
                "You'll be signed out, and its machines are removed from the list. Their data is "
                "kept, and nothing changes in Azure."
            ),
            yes=tr("Remove"),
            act=lambda: self._s.actions.remove_connection(selected.id),
        ).open()

    def _explore(self) -> None:
        self.accept()
        self._s.actions.show_demo()

    def _on_changed(self, changes: ChangedTables) -> None:
        if changes.affects(_TABLES):
            self.reload()
