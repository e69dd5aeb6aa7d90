"""The account's permissions through a connection, and a role with the missing actions."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QHeaderView,
    QPlainTextEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.models.permission_list import PermissionScope, read_scopes, role_text
from hotpatch_gui.models.row_model import plain_tip
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.tokens import ICON_PX, ROW_PX, SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.focus_ring import FocusRing
from hotpatch_gui.views.widgets.labels import label

from .surface import SurfaceDialog

tr = translator("PermissionsDialog")

SCOPE_PX = 150

INTRODUCTION = tr.mark(
    "Read from Azure once a day, and for a machine when you select it. Hover over a "
    "disabled command to see the missing permission. The role below contains only the "
    "required actions."
)
_TABLES = frozenset({"permissions", "connections", "subscriptions"})


class PermissionsDialog(SurfaceDialog):
    """Missing actions by resource group and machine."""

    def __init__(self, services: Services, connection: Connection, parent: QWidget) -> None:
        title = tr("Permissions for {name}", name=connection.name)
        super().__init__(services.theme, "permissionsDialog", title, parent)
        self._s, self._connection = services, connection
        theme = services.theme
        self.list = QTreeWidget()
        FocusRing(self.list)
        self.list.setObjectName("permissionList")
        self.list.setAccessibleName(tr("Permissions by resource group"))
        self.list.setRootIsDecorated(False)
        self.list.setIconSize(QSize(ICON_PX, ICON_PX) * theme.scale)
        self.list.setHeaderLabels(
            (tr("Scope"), tr("Azure virtual machines"), tr("Arc-enabled servers"), tr("Read"))
        )
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.list.setColumnWidth(0, round(SCOPE_PX * theme.scale))
        self.role = QPlainTextEdit()
        self.role.setObjectName("customRole")
        self.role.setAccessibleName(tr("Custom role"))
        self.role.setReadOnly(True)
        self.role.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.column.addWidget(label(theme, tr(INTRODUCTION), role="secondary", wrap=True))
        self.column.addWidget(self.list, 3)
        heading = (
            tr("Custom role for reading and changing")
            if connection.changes_allowed
            else tr("Custom role for reading")
        )
        self.column.addWidget(label(theme, heading, px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT))
        self.column.addWidget(self.role, 2)
        copy = QPushButton(tr("Copy role as JSON"))
        copy.setObjectName("copyRole")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.role.toPlainText()))
        self.finish((900, 640), copy, self.closer())
        services.source.changed.connect(self._on_changed)
        self.reload()

    def reload(self) -> None:
        """Read the permissions again."""
        source, connection = self._s.source, self._connection
        self.role.setPlainText(role_text(source, connection))
        self.list.clear()
        for scope in read_scopes(source, connection.id, self._s.clock()):
            self.list.addTopLevelItem(self._item(scope))

    def _item(self, scope: PermissionScope) -> QTreeWidgetItem:
        item = QTreeWidgetItem([scope.name, *scope.texts, scope.age])
        item.setSizeHint(0, QSize(0, round(ROW_PX * self._theme.scale)))
        item.setToolTip(0, plain_tip(scope.scope))
        ratio = self.devicePixelRatioF()
        for number, missing in enumerate(scope.missing, 1):
            if missing is not None:
                glyph = Glyph.WARNING if missing else Glyph.OK
                item.setIcon(number, self._theme.glyph_icon(glyph, ratio))
                item.setToolTip(number, plain_tip("\n".join(missing)))
        return item

    def _on_changed(self, changes: ChangedTables) -> None:
        if changes.affects(_TABLES):
            self.reload()
