"""The windowed model: Qt's own rules, and a cost that does not grow with the rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt, QTimer
from PySide6.QtWidgets import QTableView

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.update_filter import UpdateFilter
from hotpatch_gui.models import columns
from hotpatch_gui.models.machine_list import COLUMNS as MACHINE_COLUMNS
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.models.source import DataSource
from hotpatch_gui.models.windowed import PAGE_ROWS, PAGES_KEPT, WindowedModel
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.store import database, lists, tables

ROWS = 20_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "hotpatch.sqlite3"
    db, _ = database.prepare(made, "test")
    with database.transaction(db):
        db.execute(
            "INSERT INTO machines (id, resource_id, azure_id, name, subscription_id, resource_group, location, power, fetched_at)"
            " VALUES (1, 'r', 'r', 'vm', 's', 'g', 'l', 'running', '2026-08-20T09:00:00Z')"
        )
        db.executemany(
            "INSERT INTO updates (machine_id, patch_id, name, kb, classification, restart, published_at, fetched_at, pass_number)"
            " VALUES (1, ?, ?, ?, ?, 'NeverReboots', '2026-08-11T17:00:00Z', 'x', 1)",
            (
                (
                    f"p{n}",
                    f"Update {n:06d}",
                    f"KB{5_000_000 + n}",
                    "Security" if n % 3 else "Definition",
                )
                for n in range(ROWS)
            ),
        )
    db.close()
    return made


@pytest.fixture
def source(qapp, path: Path):
    made = DataSource(path)
    yield made
    made.close()
    made.deleteLater()


def model_of(source: DataSource, table: tables.TableQuery, shown: tuple) -> WindowedModel:
    return WindowedModel(source, table, shown, lambda: EPOCH, parent=source)


def loaded(qtbot, model: WindowedModel) -> WindowedModel:
    model.load_first_screen()
    qtbot.waitUntil(lambda: model.rowCount() != 100)
    return model


@pytest.mark.parametrize(
    ("table", "shown"),
    [
        (lists.UPDATES, columns.COMPLIANCE),
        (lists.KBS, columns.KBS),
        (lists.HISTORY, columns.HISTORY),
        (lists.OPERATIONS, columns.OPERATIONS),
        (tables.MACHINES, MACHINE_COLUMNS),
    ],
    ids=["updates", "kbs", "history", "operations", "machines"],
)
def test_each_model_passes_the_model_tester(
    qtmodeltester, source: DataSource, table: tables.TableQuery, shown: tuple
) -> None:
    model = model_of(source, table, shown)
    model.set_where(
        lists.updates_where([1], text="00001") if table is lists.UPDATES else model.where
    )
    model.load_first_screen()
    qtmodeltester.check(model, force_py=True)


def test_every_column_can_be_sorted_by_what_it_names(source: DataSource, path: Path) -> None:
    for table, shown in (
        (lists.UPDATES, columns.COMPLIANCE),
        (lists.KBS, columns.KBS),
        (lists.HISTORY, columns.HISTORY),
        (lists.OPERATIONS, columns.OPERATIONS),
        (tables.MACHINES, MACHINE_COLUMNS),
    ):
        for key in {c.sort for c in shown if c.sort}:
            assert key in table.sorts
            assert source.db is not None
            table.ids(source.db, tables.Where(), key, True, 10)


def test_the_first_screen_appears_at_once_and_all_rows_follow(qtbot, source: DataSource) -> None:
    model = model_of(source, lists.UPDATES, columns.COMPLIANCE)
    model.load_first_screen()
    assert model.rowCount() == 100
    qtbot.waitUntil(lambda: model.rowCount() == ROWS)


def test_only_visible_rows_are_fetched(qtbot, source: DataSource) -> None:
    model = loaded(qtbot, model_of(source, lists.UPDATES, columns.COMPLIANCE))
    view = QTableView()
    qtbot.addWidget(view)
    view.setModel(model)
    view.resize(800, 600)
    view.show()
    view.scrollToBottom()
    view.viewport().repaint()
    assert len(model._pages) <= 4, "two pages at the top, two at the end"
    for number in range(0, ROWS, PAGE_ROWS):
        model.row(number)
    assert len(model._pages) == PAGES_KEPT


def test_sorting_and_filtering_are_done_by_sql(qtbot, source: DataSource) -> None:
    model = loaded(qtbot, model_of(source, lists.UPDATES, columns.COMPLIANCE))
    name = next(n for n, c in enumerate(model.columns) if c.key == "name")
    model.sort(name, Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: model.index(0, name).data() == f"Update {ROWS - 1:06d}")
    model.set_where(lists.updates_where([1], text="Update 000012"))
    qtbot.waitUntil(lambda: model.rowCount() == 1)
    model.set_where(lists.updates_where([1], text="100%_"))
    qtbot.waitUntil(lambda: model.rowCount() == 0)


def test_the_newest_request_wins(qtbot, source: DataSource) -> None:
    model = loaded(qtbot, model_of(source, lists.UPDATES, columns.COMPLIANCE))
    for text in ("0", "00", "000", "0000", "00004", "000042"):
        model.set_where(lists.updates_where([1], text=f"Update {text}"))
    qtbot.waitUntil(lambda: model.rowCount() == 1)
    assert source.reader.is_idle
    assert model.row(0).name == "Update 000042"


def test_a_refresh_keeps_the_selection_by_row_and_not_by_place(
    qtbot, source: DataSource, path: Path
) -> None:
    model = loaded(qtbot, model_of(source, lists.UPDATES, columns.COMPLIANCE))
    view = QTableView()
    qtbot.addWidget(view)
    view.setModel(model)
    chosen = 15_000
    row_id = model.id_at(chosen)
    flags = QItemSelectionModel.SelectionFlag
    view.selectionModel().setCurrentIndex(model.index(chosen, 0), flags.ClearAndSelect | flags.Rows)
    db = sqlite3.connect(path)
    with db:
        db.execute(
            "DELETE FROM updates WHERE id IN (SELECT id FROM updates WHERE classification='Security' ORDER BY id LIMIT 500)"
        )
    db.close()
    source.notify(ChangedTables.of("updates"))
    qtbot.waitUntil(lambda: model.rowCount() == ROWS - 500)
    (selected,) = view.selectionModel().selectedRows()
    assert model.id_at(selected.row()) == row_id
    assert selected.row() == chosen - 500


def test_a_row_deleted_under_the_view_is_blank_and_not_a_crash(
    qtbot, source: DataSource, path: Path
) -> None:
    model = loaded(qtbot, model_of(source, lists.UPDATES, columns.COMPLIANCE))
    db = sqlite3.connect(path)
    with db:
        db.execute("DELETE FROM updates")
    db.close()
    assert model.index(ROWS - 1, 1).data() is None
    assert model.row(ROWS + 5) is None


def test_a_burst_of_changes_causes_two_complete_reads(source: DataSource, qtbot) -> None:
    """One read immediately, and one for all changes that arrived in the meantime."""
    heard: list[ChangedTables] = []
    source.changed.connect(heard.append)
    source.notify(ChangedTables.of("machines"))
    assert heard == [ChangedTables.of("machines")]
    for table in ("updates", "assessments", "updates"):
        source.notify(ChangedTables.of(table))
    assert len(heard) == 1
    assert source.has_pending_changes
    qtbot.waitUntil(lambda: not source.has_pending_changes)
    assert heard[1:] == [ChangedTables.of("updates", "assessments")]


SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<3000000) SELECT max(i) FROM n"


def slowly(db: sqlite3.Connection) -> int:
    return int(db.execute(SLOW).fetchone()[0])


def test_a_long_query_completes_although_the_file_changes(qtbot, source: DataSource) -> None:
    responses: list[int] = []
    channel = QueryChannel(source, responses.append, source)
    channel.query(slowly)
    news = QTimer(source)
    news.timeout.connect(lambda: channel.query(slowly, is_refresh=True))
    news.start(20)
    qtbot.waitUntil(lambda: len(responses) > 1, timeout=30_000)
    news.stop()
    assert set(responses) == {3_000_000}
    qtbot.waitUntil(lambda: source.reader.is_idle)


def test_a_new_query_cancels_the_previous_one(qtbot, source: DataSource) -> None:
    responses: list[str] = []
    channel = QueryChannel(source, responses.append, source)
    channel.query(lambda db: str(slowly(db)))
    qtbot.wait(30)
    channel.query(lambda db: "the newest")
    qtbot.waitUntil(lambda: bool(responses))
    assert source.reader.is_idle
    assert responses == ["the newest"]


def test_a_fully_read_table_shows_its_rows_without_a_query(qtbot, source: DataSource) -> None:
    model = model_of(source, lists.KBS, columns.KBS)
    model.set_where(lists.kbs_where(UpdateFilter("000123")))
    qtbot.waitUntil(lambda: model.rowCount() == 1)
    source.db.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
    assert model.index(0, 0).data() == "Update 000123"
    source.db.set_authorizer(None)


def test_rows_of_another_selection_replace_all_earlier_ones(qtbot, source: DataSource) -> None:
    model = loaded(qtbot, model_of(source, lists.UPDATES, columns.COMPLIANCE))
    model.show_others(lists.updates_where([1], text="KB500000"), synchronous=False)
    assert model.rowCount() == 0
    assert not model.is_loaded
    qtbot.waitUntil(lambda: model.rowCount() == 10)
    model.show_others(lists.updates_where([2]), synchronous=True)
    assert model.rowCount() == 0
    assert model.is_loaded


@pytest.mark.parametrize("how", ["taken away", "newer"])
def test_an_unreadable_file_is_reported_instead_of_the_rows(
    qtbot, source: DataSource, path: Path, how: str
) -> None:
    if how == "newer":
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA user_version=999")
    else:
        path.rename(path.with_name("elsewhere"))
    responses: list[int] = []
    failures: list[str] = []
    channel = QueryChannel(source, responses.append, failures.append, source)
    channel.query(lambda db: db.execute("SELECT 1").fetchone()[0])
    qtbot.waitUntil(lambda: bool(failures))
    assert {"taken away": "was moved, deleted or replaced", "newer": "newer version"}[
        how
    ] in failures[0]
    assert not responses
