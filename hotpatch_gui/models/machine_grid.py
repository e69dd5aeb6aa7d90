"""The machine list as a grid: its columns and groups."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial

from PySide6.QtCore import QObject, Qt

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.domain.machine_filter import Grouping, MachineFilter
from hotpatch_gui.domain.machines import build_of
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.releases import Product
from hotpatch_gui.domain.situation import RESTART_UNREPORTED
from hotpatch_gui.domain.update_errors import explained
from hotpatch_gui.store.machine_filters import machines_where
from hotpatch_gui.store.machine_grid import (
    GRID,
    Group,
    GroupedMachines,
    MachineGridRow,
    read_grouped,
)
from hotpatch_gui.store.tables import PRESENT, QueryRows
from hotpatch_gui.translation import translator

from . import display_text
from .query_channel import QueryChannel
from .row_model import Column, Heading, Index, field, time_of
from .source import DataSource
from .windowed import WindowedModel

tr = translator("MachineGrid")


def _missing(row: MachineGridRow, now: datetime) -> str:
    """For how long a monthly update has been missing."""
    if row.update_missing is None:
        return tr("not known")
    if not row.update_missing:
        return tr("none")
    days = (now.date() - date.fromisoformat(row.missing_since)).days if row.missing_since else 0
    return tr("%n d", days)


def _product(row: MachineGridRow, _: datetime) -> str:
    try:
        year = Product(row.product).value[2:] if row.product else ""
    except ValueError:  # stored by a newer version
        return str(row.product)
    return tr("Server {year}", year=year) if year else display_text.NOTHING


def _number(key: str, title: str, width_px: int, *, hidden: bool = False) -> Column:
    """A count of updates; none without a current assessment that reports it."""

    def known(row: MachineGridRow) -> int | None:
        return getattr(row, key) if display_text.is_counted(row) else None

    return Column(
        key,
        title,
        width_px,
        lambda r, _: display_text.number(known(r)),
        right=True,
        sort=key,
        raw=known,
        hidden=hidden,
    )


def _pending(row: MachineGridRow, _: datetime) -> str:
    if row.restart_pending:
        return tr("Yes")
    is_known = row.in_graph and row.assessed_at and RESTART_UNREPORTED not in row.unreported
    return tr("No") if is_known else tr("Not known")


def _text(key: str, title: str, width_px: int, name: str, *, hidden: bool = False) -> Column:
    """A column with a text as stored."""
    return Column(
        key,
        title,
        width_px,
        lambda r, _: getattr(r, name) or display_text.NOTHING,
        sort=key,
        hidden=hidden,
    )


COLUMNS = (
    Column("name", tr.mark("Machine"), 168, lambda r, _: r.name, sort="name"),
    Column(
        "urgency",
        tr.mark("Status"),
        216,
        lambda r, _: display_text.machine_summary(r),
        glyph=display_text.machine_glyph,
        sort="urgency",
    ),
    Column(
        "hotpatch",
        tr.mark("Hotpatch"),
        112,
        lambda r, _: display_text.hotpatch_text(r.hotpatch_status),
        sort="hotpatch",
    ),
    _number("updates", tr.mark("Updates"), 76),
    _number("critical", tr.mark("Critical updates"), 108, hidden=True),
    _number("security", tr.mark("Security updates"), 112, hidden=True),
    Column(
        "missing",
        tr.mark("Monthly update missing"),
        176,
        _missing,
        sort="missing",
        raw=field("missing_since"),
    ),
    Column(
        "restart",
        tr.mark("Restart pending"),
        128,
        _pending,
        sort="restart",
    ),
    Column(
        "assessed",
        tr.mark("Assessed"),
        88,
        display_text.assessed_age,
        sort="assessed",
        raw=time_of("assessed_at"),
        tip=lambda r, now: display_text.time_tip(r.assessed_at, now),
    ),
    Column(
        "power",
        tr.mark("Power state"),
        96,
        lambda r, _: PowerState.parse(r.power).label,
        sort="power",
    ),
    Column("product", tr.mark("Product"), 104, _product, sort="product"),
    Column(
        "build",
        tr.mark("Build"),
        104,
        lambda r, _: build_of(r.os_version) or display_text.NOTHING,
        sort="build",
        hidden=True,
    ),
    _text("group", tr.mark("Resource group"), 120, "resource_group"),
    _text("region", tr.mark("Region"), 96, "location"),
    _text("zone", tr.mark("Zone"), 56, "zone", hidden=True),
    _text("subscription", tr.mark("Subscription"), 152, "subscription", hidden=True),
    _text("connection", tr.mark("Connection"), 112, "connection", hidden=True),
    Column(
        "last_run",
        tr.mark("Last installation"),
        136,
        lambda r, _: display_text.time_text(r.last_run_at),
        sort="last_run",
        raw=time_of("last_run_at"),
        hidden=True,
    ),
    _text("error", tr.mark("Last error"), 220, "last_run_error", hidden=True)._replace(
        tip=lambda r, _: (
            f"{r.last_run_error}\n{explained(r.last_run_error)}".strip() if r.last_run_error else ""
        )
    ),
    _text("tags", tr.mark("Tags"), 160, "tags", hidden=True),
    _text("id", tr.mark("Resource ID"), 240, "azure_id", hidden=True)._replace(sort=None),
)


class MachineGridModel(WindowedModel[MachineGridRow]):
    """Existing machines with all of their columns, by group."""

    def __init__(self, source: DataSource, clock: Clock, parent: QObject) -> None:
        super().__init__(source, GRID, COLUMNS, clock, where=PRESENT, parent=parent)
        self._grouping: Grouping | None = None
        self._groups: dict[int, Group] = {}
        self._folded: set[int] = set()
        self._grouped = QueryChannel(source, self._show_groups, self.failed.emit, self)

    def show(self, machine_filter: MachineFilter, grouping: Grouping | None) -> None:
        """Show the machines that fit, those of a group together below its heading."""
        where = machines_where(machine_filter, self._clock())
        if self.is_loaded and (where, grouping) == (self._where, self._grouping):
            return
        if grouping != self._grouping:
            self._grouping, self._folded = grouping, set()
        self._where = where
        self.query_again()

    def heading(self, number: int) -> Heading | None:
        group = self._groups.get(self.id_at(number) or 0)
        if group is None:
            return None
        text = tr("{name} · %n machine(s)", group.machines, name=group.name or tr("(none)"))
        return Heading(text, group.id in self._folded)

    def fold(self, number: int) -> None:
        group_id = self.id_at(number)
        if group_id in self._groups:
            self._folded ^= {group_id}
            self.query_again()

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings can't be selected."""
        flags = super().flags(index)
        is_heading = (self.id_at(index.row()) or 0) in self._groups
        return flags & ~Qt.ItemFlag.ItemIsSelectable if is_heading else flags

    def _query(
        self, limit: int | None = None, *, synchronous: bool = False, is_refresh: bool = False
    ) -> None:
        if self._grouping is None:
            super()._query(limit, synchronous=synchronous, is_refresh=is_refresh)
            return
        work = partial(
            read_grouped,
            grouping=self._grouping,
            now=self._clock(),
            where=self._where,
            order=(self.sort_key, self.sort_descending),
            folded=frozenset(self._folded),
        )
        self._grouped.query(work, synchronous=synchronous, is_refresh=is_refresh)

    def _show_groups(self, read: GroupedMachines) -> None:
        if self._grouping is not None:
            self._groups = read.groups
            super()._show_rows(read.found)
            self._repaint()

    def _show_rows(self, found: QueryRows[MachineGridRow]) -> None:
        if self._grouping is None:
            self._groups = {}
            super()._show_rows(found)

    def _repaint(self) -> None:
        """Headings may differ although the rows don't."""
        if self.rowCount():
            last = self.index(self.rowCount() - 1, len(self.columns) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
