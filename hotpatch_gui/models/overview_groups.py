"""The Overview page's table: groups of machines by compliance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

from hotpatch_gui.domain.compliance_group import ComplianceGroup, compliance
from hotpatch_gui.domain.machine_filter import Choice, Dimension, MachineFilter
from hotpatch_gui.store.overview import GroupCount
from hotpatch_gui.translation import translator

from .row_model import Column, field

tr = translator("OverviewGroups")


class GroupRow(NamedTuple):
    """A group of machines by compliance."""

    id: int
    name: str
    keys: tuple[str, ...]
    machines: int
    up_to_date: int
    updates: int
    attention: int
    no_hotpatch: int
    not_known: int


def group_rows(groups: Sequence[GroupCount]) -> list[GroupRow]:
    """Groups by value, the largest first."""
    keys: dict[str, set[str]] = {}
    counts: dict[str, list[tuple[str, int]]] = {}
    for group in groups:
        keys.setdefault(group.value, set()).add(group.key)
        counts.setdefault(group.value, []).append((group.situation, group.machines))
    rows = []
    for value, found in counts.items():
        by_group = compliance(found)
        total = sum(by_group.values())
        rows.append(GroupRow(0, value, tuple(sorted(keys[value])), total, *by_group.values()))
    rows.sort(key=lambda r: (-r.machines, r.name))
    return [row._replace(id=crc32(row.name.encode()) & 0x7FFFFFFF) for row in rows]


def group_filter(row: GroupRow, dimension: Dimension, tag: str, column: str) -> MachineFilter:
    """The machines behind a cell: of the group by dimension or tag, and of the column's compliance group."""
    group = COLUMN_GROUPS.get(column)
    choice = Choice(dimension, row.keys, name_text(row), tag)
    return MachineFilter(situations=group.stored if group else (), choices=(choice,))


def name_text(row: GroupRow) -> str:
    """The group's name."""
    return row.name or tr("(none)")


COLUMN_GROUPS = {
    "up_to_date": ComplianceGroup.UP_TO_DATE,
    "updates": ComplianceGroup.UPDATES,
    "attention": ComplianceGroup.ATTENTION,
    "no_hotpatch": ComplianceGroup.NO_HOTPATCH,
    "not_known": ComplianceGroup.NOT_KNOWN,
}
"""Compliance groups by their column."""


def _number(key: str, title: str, width_px: int) -> Column:
    return Column(
        key,
        title,
        width_px,
        lambda r, _: f"{getattr(r, key):,}",
        right=True,
        sort=key,
        raw=field(key),
    )


GROUPS = (
    Column("name", tr.mark("Group"), 240, lambda r, _: name_text(r), sort="name"),
    _number("machines", tr.mark("Machines"), 92),
    _number("up_to_date", tr.mark("Up to date"), 100),
    _number("updates", tr.mark("Updates available"), 136),
    _number("attention", tr.mark("Needs attention"), 124),
    _number("no_hotpatch", tr.mark("Without hotpatch"), 132),
    _number("not_known", tr.mark("Not known"), 100),
)
