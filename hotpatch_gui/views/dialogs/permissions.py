"""What the account of a connection may do, and a role that has what it lacks."""

from __future__ import annotations

import json

from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QTreeWidget, QTreeWidgetItem, QWidget

from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.permissions import Grant, allows, custom_role, needed
from hotpatch_gui.models import words
from hotpatch_gui.models.rows import plain_tip
from hotpatch_gui.store import connections, permissions
from hotpatch_gui.store.changes import Changes
from hotpatch_gui.store.machines import ARC, VM
from hotpatch_gui.theme import glyphs
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.tokens import ROW_PX, SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.labels import label

from .surface import SurfaceDialog

INTRODUCTION = (
    "Read from Azure once a day, and for a machine when you choose it. A command that is greyed names the action "
    "that it lacks. With the role below, an administrator gives the account what it needs and no more."
)
_TABLES = frozenset({"permissions", "connections", "subscriptions"})


class PermissionsDialog(SurfaceDialog):
    """By resource group and machine: everything is allowed, or what is missing."""

    def __init__(self, services: Services, connection: Connection, parent: QWidget) -> None:
        title = f"Permissions over {connection.name}"
        super().__init__(services.theme, "permissionsDialog", title, parent)
        self._s, self._connection = services, connection
        theme = services.theme
        self.list = QTreeWidget()
        self.list.setObjectName("permissionList")
        self.list.setAccessibleName("Permissions by resource group")
        self.list.setRootIsDecorated(False)
        self.list.setHeaderLabels(
            ("Where", "Azure virtual machines", "Arc-enabled servers", "Read")
        )
        for number, width in enumerate((170, 270, 270, 120)):
            self.list.setColumnWidth(number, round(width * theme.scale))
        self.role = QPlainTextEdit()
        self.role.setObjectName("customRole")
        self.role.setAccessibleName("Custom role")
        self.role.setReadOnly(True)
        self.role.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.column.addWidget(label(theme, INTRODUCTION, role="secondary", wrap=True))
        self.column.addWidget(self.list, 3)
        what = "reading and acting" if connection.may_act else "reading"
        heading = f"A custom role for {what}"
        self.column.addWidget(label(theme, heading, px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT))
        self.column.addWidget(self.role, 2)
        copy = QPushButton("Copy role as JSON")
        copy.setObjectName("copyRole")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.role.toPlainText()))
        self.finish((900, 640), copy, self.closer())
        services.source.changed.connect(self._on_changed)
        self.reload()

    def reload(self) -> None:
        db = self._s.source.db
        if db is None:
            return
        mine = self._connection.id
        ids = [i for i, _, is_read in connections.subscriptions(db, mine) if is_read]
        role = custom_role(ids, may_act=self._connection.may_act)
        self.role.setPlainText(json.dumps(role, indent=2))
        self.list.clear()
        kinds = permissions.kinds_at(db, mine)
        for scope, grants, fetched in permissions.read_all(db, mine):
            self.list.addTopLevelItem(self._item(scope, grants, fetched, kinds.get(scope, set())))

    def _item(
        self, scope: str, grants: tuple[Grant, ...], fetched: str, kinds: set[str]
    ) -> QTreeWidgetItem:
        where = scope.rsplit("/", 1)[-1]
        found = {
            number: missing(grants, is_arc=kind == ARC)
            for number, kind in enumerate((VM, ARC), 1)
            if kind in kinds
        }
        shown = {
            n: f"Missing: {', '.join(m)}" if m else "Everything is allowed"
            for n, m in found.items()
        }
        texts = [shown.get(n, words.NOTHING) for n in (1, 2)]
        item = QTreeWidgetItem([where, *texts, words.since_text(fetched, self._s.clock())])
        item.setSizeHint(0, QSize(0, round(ROW_PX * self._theme.scale)))
        item.setToolTip(0, plain_tip(scope))
        ratio, tokens = self.devicePixelRatioF(), self._theme.tokens
        for number, lacking in found.items():
            glyph = Glyph.WARNING if lacking else Glyph.OK
            item.setIcon(number, QIcon(glyphs.pixmap(glyph, 16, tokens, ratio)))
            item.setToolTip(number, plain_tip("\n".join(lacking)))
        return item

    def _on_changed(self, changes: Changes) -> None:
        if changes.touch(_TABLES):
            self.reload()


def missing(grants: tuple[Grant, ...], *, is_arc: bool) -> list[str]:
    """The actions that an account lacks for this program's operations, by their last parts."""
    wanted = dict.fromkeys(needed(kind, is_arc=is_arc) for kind in OperationKind)
    lacking = [a for a in wanted if a is not None and not allows(grants, a)]
    return [a.split("/", 2)[2] for a in lacking]
