"""The floor: a window with one table. Prints the clock when its first paint has been painted, and ends."""

import os
import time

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QTableView


class Rows(QAbstractTableModel):
    def rowCount(self, parent: QModelIndex) -> int:
        return 12

    def columnCount(self, parent: QModelIndex) -> int:
        return 4

    def data(self, index: QModelIndex, role: int) -> str | None:
        if role == Qt.ItemDataRole.DisplayRole:
            return f"cell {index.row()} {index.column()}"
        return None


class Table(QTableView):
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        QTimer.singleShot(0, report)


def report() -> None:
    print(time.clock_gettime(time.CLOCK_MONOTONIC), flush=True)
    os._exit(0)


application = QApplication([])
model = Rows()
table = Table()
table.setModel(model)
window = QMainWindow()
window.setCentralWidget(table)
window.resize(1280, 800)
window.show()
application.exec()
