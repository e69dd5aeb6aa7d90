"""The same actions on the same file with Qt's own QSqlTableModel: sql_model.py FILE; prints JSON.

Wall time in ms until the view has painted the right rows, and memory in MB above the bare view.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from hotpatch_gui.captures import environment

environment.prepare()

from PySide6.QtCore import Qt
from PySide6.QtSql import QSqlDatabase, QSqlTableModel
from PySide6.QtWidgets import QApplication, QTableView

from tests.benchmarks.measure import resident_mb

NAME_COLUMN = 3


def main(path: str) -> None:
    application = QApplication([])
    db = QSqlDatabase.addDatabase("QSQLITE")
    db.setDatabaseName(path)
    assert db.open()
    view = QTableView()
    view.resize(1600, 900)
    view.show()
    application.processEvents()
    bare = resident_mb()
    model = QSqlTableModel(db=db)
    model.setTable("updates")
    found: dict[str, float] = {}

    def measure(name: str, act: Callable[[], object]) -> None:
        begun = time.perf_counter()
        act()
        view.viewport().repaint()
        application.processEvents()
        found[name] = (time.perf_counter() - begun) * 1000
        assert model.rowCount() > 0, model.lastError().text()

    def open_table() -> None:
        model.select()
        view.setModel(model)

    def to_the_end() -> None:
        while model.canFetchMore():
            model.fetchMore()
        view.scrollToBottom()

    def sort() -> None:
        model.setSort(NAME_COLUMN, Qt.SortOrder.AscendingOrder)
        model.select()

    def filter_names() -> None:
        model.setFilter("name LIKE '%Update 4999 %'")

    def filter_nothing() -> None:
        model.setSort(-1, Qt.SortOrder.AscendingOrder)
        model.setFilter("")

    measure("open", open_table)
    measure("sort", sort)
    measure("filter", filter_names)
    filter_nothing()
    measure("to the end", to_the_end)
    print(json.dumps({"costs": found, "memory": resident_mb() - bare}))


if __name__ == "__main__":
    main(*sys.argv[1:])
