"""With each translated text in brackets, no window shows the program's own words outside them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListView,
    QTabBar,
    QWidget,
)

from hotpatch_gui import translation
from hotpatch_gui.captures import scenes
from hotpatch_gui.captures.scenes.registry import SCENES
from hotpatch_gui.domain.support import CHOICES
from hotpatch_gui.domain.update_error_list import ERRORS
from hotpatch_gui.store.database import FILE_NAME

WITH_ADDRESSES = (
    "connection",
    "connections-side-by-side",
    "permissions",
    "about",
    "no-connection",
)
"""Scenes that show names of clouds, versions and actions, or wait for an English text."""
ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
)
ROWS = 6
INNERMOST = re.compile(r"⟦[^⟦⟧]*⟧")
NAMES = frozenset(
    [
        "Contoso",
        "Ctrl",
        "Shift",
        "KB",
        "ID",
        "UTC",
        "span",
        "br",
        "quot",
        "amp",
        "Jan",
        "Feb",
        "Mar",
        "Apr",
        "May",
        "Jun",
        "Jul",
        "Aug",
        "Sep",
        "Oct",
        "Nov",
        "Dec",
        "January",
        "February",
        "March",
        "April",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ]
)
"""Names, keys, and dates, whose languages are the system's."""


FOREIGN = ("prefFolder", "scheduleZone", "newMachineTimeZone", "bannerLink", "deployChanges")
"""Shows the path of the data folder; list Windows' names of time zones; has an address as its tooltip; lists Azure's resources."""
PORTAL_WORDS = frozenset(
    word for pair in CHOICES for text in pair for word in re.findall(r"[A-Za-z]{2,}", text)
)
"""What the Azure portal calls its own choices."""
ERROR_NAMES = frozenset(
    word for e in ERRORS for word in re.findall(r"[A-Za-z]{2,}", f"{e.code} {e.name} {e.source}")
)
"""Error codes and the addresses of their pages."""


@pytest.fixture
def _bracketed() -> Iterator[None]:
    previous = translation.set_lookup(lambda context, source, number: f"⟦{source}⟧")
    yield
    translation.set_lookup(previous)


@pytest.mark.expects_log
@pytest.mark.usefixtures("_bracketed")
@pytest.mark.parametrize("name", [n for n in SCENES if n not in WITH_ADDRESSES])
def test_each_text_of_the_window_is_translated(name: str) -> None:
    with scenes.set_up(name, "light") as stage:
        shown = scenes.play(name, stage)
        data = NAMES | ERROR_NAMES | PORTAL_WORDS | _words_of(stage.folder / FILE_NAME)
        found = {
            (slot, text)
            for slot, text in _texts(shown.window())
            if slot not in FOREIGN and _words(_outside(text)) - data
        }
        assert not found


def _outside(text: str) -> str:
    """The parts of a text outside brackets; nothing of an elided text."""
    while (shorter := INNERMOST.sub("", text)) != text:
        text = shorter
    return "" if "⟦" in text or "…" in text else text


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z]{2,}", text))


def _words_of(path: Path) -> set[str]:
    """The words that the file contains: names, updates, and messages of Azure."""
    found: set[str] = set()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        tables = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        for table in tables:
            for row in db.execute(f"SELECT * FROM {table}"):
                for value in row:
                    found |= _words(_outside(value)) if isinstance(value, str) else set()
    return found


def _texts(window: QWidget) -> Iterator[tuple[str, str]]:
    """(widget, text) of everything that a widget shows or reads out."""
    for widget in [window, *window.findChildren(QWidget)]:
        if type(widget).__module__.startswith("pyqtgraph") or not _is_ours(widget):
            continue
        slot = widget.objectName() or type(widget).__name__
        for text in _texts_of(widget):
            yield slot, text


def _is_ours(widget: QWidget) -> bool:
    """Whether it isn't a part that Qt or pyqtgraph builds and names itself."""
    above: QWidget | None = widget
    while above is not None:
        if above.metaObject().className() in ("QMenu", "QScrollBar"):
            return False
        above = above.parentWidget()
    return not widget.objectName().startswith("Scroll")


def _texts_of(widget: QWidget) -> Iterator[str]:
    yield from (
        widget.windowTitle(),
        widget.toolTip(),
        widget.accessibleName(),
        widget.accessibleDescription(),
    )
    match widget:
        case QLabel() | QAbstractButton():
            yield widget.text()
        case QLineEdit():
            yield widget.placeholderText()
        case QComboBox():
            yield from (widget.itemText(n) for n in range(widget.count()))
        case QTabBar():
            yield from (widget.tabText(n) for n in range(widget.count()))
        case QHeaderView() | QListView():
            return
        case QAbstractItemView():
            yield from _cells(widget.model())


def _cells(model: QAbstractItemModel) -> Iterator[str]:
    for column in range(model.columnCount()):
        yield str(model.headerData(column, Qt.Orientation.Horizontal) or "")
        for row in range(min(model.rowCount(), ROWS)):
            for role in ROLES:
                value = model.data(model.index(row, column), role)
                if isinstance(value, str):
                    yield value
