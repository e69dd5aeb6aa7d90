"""The machines that are chosen, and what adds up over them: worked out beside the UI thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.standing import Level
from hotpatch_gui.store import machines

from .ability import Ability, ability
from .words import is_counted, level_of, situation_of

NAMES = 12
"""Of the machines that stand alike, as many as are named."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Machines that stand alike; ``names`` are the first of theirs."""

    level: Level
    situation: str
    count: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """At least one machine. ``one`` is the whole row of a single one, and None for several.

    ``assessed``, ``listed``, ``offered`` and ``restarting`` count machines: with an assessment, with its list in
    Resource Graph, with updates on offer, with one among them that restarts or may. ``able`` says on which of
    them each operation can be asked for. ``updates`` counts
    updates of those assessed; ``critical``, ``security`` and ``other`` those of the lists.
    """

    ids: tuple[int, ...]
    one: sqlite3.Row | None
    able: Mapping[OperationKind, Ability]
    level: Level
    assessed: int
    listed: int
    offered: int
    restarting: int
    updates: int
    critical: int
    security: int
    other: int
    last_run_at: str | None
    resource_groups: tuple[str, ...]
    platforms: tuple[tuple[str | None, str | None, str | None], ...]
    standings: tuple[Standing, ...]
    """What needs most attention first."""


def read_chosen(db: sqlite3.Connection, machine_ids: Sequence[int]) -> Chosen | None:
    """None where none of them is there. A single one is read whole, several no further than they add up."""
    read = machines.read_rows if len(machine_ids) == 1 else machines.read_briefly
    rows = read(db, machine_ids)
    return _sum_up(rows) if rows else None


def _sum_up(rows: list[sqlite3.Row]) -> Chosen:
    columns: dict[str, tuple[Any, ...]] = dict(
        zip(rows[0].keys(), zip(*rows, strict=True), strict=True)
    )
    assessed = [r for r in rows if r["assessed_at"]]
    listed = [r for r in assessed if is_counted(r)]
    offered = [r for r in assessed if r["updates"]]
    return Chosen(
        ids=columns["id"],
        one=rows[0] if len(rows) == 1 else None,
        able={kind: ability(rows, kind) for kind in OperationKind},
        level=max(map(level_of, rows)),
        assessed=len(assessed),
        listed=len(listed),
        offered=len(offered),
        restarting=sum(r["updates_that_restart"] > 0 for r in offered),
        updates=sum(r["updates"] for r in offered),
        critical=sum(r["critical"] for r in listed),
        security=sum(r["security"] for r in listed),
        other=sum(r["updates"] - r["important"] for r in listed),
        last_run_at=max(filter(None, columns["last_run_at"]), default=None),
        resource_groups=tuple(sorted(set(columns["resource_group"]))),
        platforms=tuple(
            dict.fromkeys(
                zip(columns["sku"], columns["os_name"], columns["os_version"], strict=True)
            )
        ),
        standings=_standings(rows),
    )


def _standings(rows: Sequence[sqlite3.Row]) -> tuple[Standing, ...]:
    groups: dict[tuple[int, str], list[sqlite3.Row]] = {}
    for row in rows:
        groups.setdefault((row["attention"], row["situation"]), []).append(row)
    return tuple(
        Standing(
            level_of(alike[0]), situation_of(alike[0]), len(alike),
            tuple(row["display_name"] for row in alike[:NAMES]),
        )
        for _, alike in sorted(groups.items(), reverse=True)
    )  # fmt: skip
