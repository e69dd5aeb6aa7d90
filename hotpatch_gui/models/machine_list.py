"""The machine list: its filter, and each machine's two lines. In the first paint."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from PySide6.QtCore import QObject

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.domain.machine_filter import MachineFilter
from hotpatch_gui.store import tables
from hotpatch_gui.store.rows import MachineListRow
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from . import display_text, operation_text
from .row_model import Column
from .source import DataSource
from .windowed import WindowedModel

tr = translator("MachineListModel")

COLUMNS = (
    Column(
        "name",
        tr.mark("Machine"),
        260,
        lambda r, _: r.name,
        tip=lambda r, now: tr(
            "{name}: {summary}; assessed {age}",
            name=r.name,
            summary=display_text.machine_summary(r),
            age=display_text.assessed_age(r, now),
        ),
        sort="name",
    ),
)


class MachineLines(NamedTuple):
    """A machine's row in the list."""

    glyph: Glyph
    name: str
    hotpatch: str
    summary: str
    age: str


class MachinesModel(WindowedModel[MachineListRow]):
    """Existing machines."""

    def __init__(self, source: DataSource, clock: Clock, parent: QObject) -> None:
        super().__init__(
            source, tables.MACHINES, COLUMNS, clock, where=tables.PRESENT, parent=parent
        )

    def filter(self, machine_filter: MachineFilter) -> None:
        """Show the machines that fit."""
        from hotpatch_gui.store.machine_filters import machines_where  # noqa: PLC0415 - after the first paint

        self.set_where(machines_where(machine_filter, self._clock()))

    def total(self) -> int:
        """All existing machines."""
        return count(self.source)

    def lines(self, number: int, now: datetime) -> MachineLines | None:
        """The lines of the machine at a position; None if there is none."""
        row = self.row(number)
        if row is None:
            return None
        return MachineLines(
            Glyph.RUNNING if row.doing else display_text.machine_glyph(row),
            row.name,
            display_text.hotpatch_text(row.hotpatch_status),
            operation_text.kind_doing(row.doing)
            if row.doing
            else display_text.machine_line(row, now),
            display_text.assessed_age(row, now),
        )


class MachineLink(NamedTuple):
    """A machine's name, its resource ID as Azure spells it, and its page in the portal, empty without one."""

    name: str
    azure_id: str
    page: str


def read_links(source: DataSource, machine_ids: Sequence[int]) -> list[MachineLink]:
    """The links of existing machines."""
    from hotpatch_gui.store import connections, machines  # noqa: PLC0415 - after the first paint

    def read(db: sqlite3.Connection) -> list[MachineLink]:
        clouds = {c.id: c.cloud for c in connections.read_all(db)}
        return [
            MachineLink(name, azure_id, cloud.resource_page(azure_id) if cloud else "")
            for name, azure_id, connection_id in machines.links(db, machine_ids)
            for cloud in (clouds.get(connection_id),)
        ]

    return source.read_list(read)


def has_several(source: DataSource) -> bool:
    """Whether more than one machine is known."""
    return count(source) > 1


def count(source: DataSource) -> int:
    """How many machines exist."""
    return source.read(lambda db: tables.count(db, tables.MACHINES, tables.PRESENT), 0)


def everyone(source: DataSource) -> tuple[int, ...]:
    """Row IDs of all existing machines."""
    from hotpatch_gui.store import machines  # noqa: PLC0415 - after the first paint

    return tuple(source.read_list(machines.present))


def name_of(source: DataSource, machine_id: int) -> str:
    """The machine's name; empty if there is none."""
    from hotpatch_gui.store import machines  # noqa: PLC0415 - after the first paint

    row = source.read(lambda db: machines.read_row(db, machine_id), None)
    return row.name if row is not None else ""
