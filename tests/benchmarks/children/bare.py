"""The floor: a window with one table. Prints the clock at its first painted frame and ends."""

import os
import time

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QMainWindow, QTableView


def report() -> None:
    print(time.clock_gettime(time.CLOCK_MONOTONIC), flush=True)
    os._exit(0)


class Watch(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() is QEvent.Type.Paint:
            QTimer.singleShot(0, report)
        return False


application = QApplication([])
model = QStandardItemModel(12, 4)
for row in range(12):
    for column in range(4):
        model.setItem(row, column, QStandardItem(f"cell {row} {column}"))
table = QTableView()
table.setModel(model)
window = QMainWindow()
window.setCentralWidget(table)
window.resize(1280, 800)
watch = Watch()
table.viewport().installEventFilter(watch)
window.show()
application.exec()
