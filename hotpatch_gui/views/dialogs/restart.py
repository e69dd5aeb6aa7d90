"""Restart: named machines, what it means, Cancel as the default."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from hotpatch_gui.views.services import Services

NAMED = 10


def confirm_restart(
    services: Services, rows: Sequence[sqlite3.Row], parent: QWidget
) -> QMessageBox:
    """The box that asks, and queues the restarts on yes."""
    names = ", ".join(r["name"] for r in rows[:NAMED])
    more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    box = QMessageBox(parent)
    box.setObjectName("restartDialog")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle("Restart")
    box.setTextFormat(Qt.TextFormat.PlainText)
    count = len(rows)
    box.setText(f"Restart {count} machine{'' if count == 1 else 's'}?")
    box.setInformativeText(
        f"{names}{more}. What runs on {'it' if count == 1 else 'them'} is interrupted for some minutes. "
        "Azure does not stagger restarts by availability zones and sets."
    )
    yes = box.addButton(
        f"Restart {count} machine{'' if count == 1 else 's'}", QMessageBox.ButtonRole.AcceptRole
    )
    yes.setObjectName("restartYes")
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel)
    ids = [r["id"] for r in rows]
    yes.clicked.connect(lambda: services.requests.restart(ids))
    return box
