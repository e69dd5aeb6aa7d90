"""Planning an installation for many machines off the UI thread. Machines with the same available updates share a plan."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from hotpatch_gui.domain.installs import FleetReview, InstallRequest, Plan, harmless_kbs, plan
from hotpatch_gui.domain.machines import Freshness, Machine, freshness
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.phrases import some_names
from hotpatch_gui.domain.updates import Update
from hotpatch_gui.store import assessments, machine_columns, machines, unhealthy
from hotpatch_gui.store.timestamps import from_text
from hotpatch_gui.translation import translator

from . import display_text
from .checked import CheckedRow
from .permitted_actions import disabled_reason

tr = translator("InstallPlan")


MAX_NAMES = 3
"""Machines that are named with a reason; the others are counted."""


class Candidate(NamedTuple):
    """A selected machine. ``offer`` is the key of its updates; ``skip_reason`` is empty if updates can be installed on
    it."""

    id: int
    name: str
    skip_reason: str
    offer: str
    is_listed: bool
    restart_pending: bool
    assessed: datetime | None
    zone: str
    resource_group: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class InstallCandidates:
    """The selected machines, their rows, and available updates by key.

    ``unhealthy`` is by KB how many machines of the fleet became unhealthy after its installation.
    """

    machines: tuple[Candidate, ...]
    rows: tuple[CheckedRow, ...]
    offers: Mapping[str, tuple[Update, ...]]
    unhealthy: Mapping[str, int]

    @property
    def skipped(self) -> int:
        """On how many machines nothing can be installed."""
        return sum(bool(m.skip_reason) for m in self.machines)

    @property
    def skip_reasons(self) -> list[str]:
        """Why nothing can be installed on machines, and on which: those of the most machines first."""
        names: dict[str, list[str]] = {}
        for machine in self.machines:
            if machine.skip_reason:
                names.setdefault(machine.skip_reason, []).append(machine.name)
        return [
            tr("{names}: {reason}", names=some_names(found, MAX_NAMES), reason=reason)
            for reason, found in sorted(names.items(), key=lambda item: -len(item[1]))
        ]

    @property
    def tag_names(self) -> list[str]:
        """Names of tags on at least one machine."""
        return sorted({name for m in self.machines for name in m.tags})


def read_candidates(
    db: sqlite3.Connection, machine_ids: Sequence[int], now: datetime
) -> InstallCandidates:
    """Read the machines; takes a while for thousands."""
    rows = machines.read_for_install(db, machine_ids)
    keys, offers = assessments.offers(db, machine_ids)
    found = tuple(
        Candidate(
            row.id,
            row.display_name,
            disabled_reason(row, OperationKind.INSTALL),
            keys.get(row.id, ""),
            display_text.is_listed(row),
            bool(row.restart_pending),
            from_text(row.assessed_at),
            _zone_text(row.location, row.zone),
            row.resource_group,
            machine_columns.tags_of(row.tag_pairs),
        )
        for row in rows
    )
    texts = tuple(
        CheckedRow(
            machine.id,
            (
                machine.name,
                display_text.hotpatch_text(row.hotpatch_status),
                str(row.updates) if display_text.is_counted(row) else display_text.NOTHING,
                display_text.assessed_age(row, now),
                _remark(machine, now),
            ),
            can_check=not machine.skip_reason,
        )
        for machine, row in zip(found, rows, strict=True)
    )
    return InstallCandidates(found, texts, offers, unhealthy.by_kb(db, now))


def _remark(machine: Candidate, now: datetime) -> str:
    if machine.skip_reason:
        return machine.skip_reason
    fresh = freshness(machine.assessed, now)
    if fresh is Freshness.NEVER:
        return tr("Never assessed")
    if fresh is Freshness.TOO_OLD:
        return tr("Assess first: the list is too old")
    return tr("Restart pending") if machine.restart_pending else ""


def groups(selected: Sequence[Candidate], by: str) -> list[str]:
    """Each machine's wave by ``zone``, ``group`` or ``tag:NAME``."""
    return [_wave(by, m.zone, m.resource_group, m.tags) for m in selected]


def wave_name(machine: Machine, by: str) -> str:
    """The machine's wave, as in ``groups``."""
    zone = _zone_text(machine.location, machine.zone)
    return _wave(by, zone, machine.resource_group, dict(machine.tags))


def _wave(by: str, zone: str, resource_group: str, tags: Mapping[str, str]) -> str:
    if by == "zone":
        return zone
    if by == "group":
        return resource_group
    name = by.removeprefix("tag:")
    return tags.get(name, "") or tr("no tag {name}", name=name)


def _zone_text(location: str, zone: str | None) -> str:
    if zone:
        return tr("{location}, zone {zone}", location=location, zone=zone)
    return tr("{location}, no zone", location=location)


class Line(NamedTuple):
    """An update in the preview: on how many machines, and why it is excluded (empty if it is selected)."""

    update: Update
    machines: int
    reason: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A request applied to the checked machines.

    ``idle`` are machines on which none of the selected updates is missing; they are in ``rows`` unless they are left out.
    """

    review: FleetReview
    taken: tuple[Line, ...]
    left_out: tuple[Line, ...]
    rows: tuple[CheckedRow, ...]
    oldest: datetime | None
    never_assessed: int
    idle: int


def plan_all(
    candidates: InstallCandidates,
    selected: Sequence[int],
    request: InstallRequest,
    *,
    leaves_idle: bool = False,
) -> Planned:
    """Apply the request. Uses only its arguments, so it can run off the UI thread.

    ``leaves_idle`` leaves out machines on which none of the selected updates is missing.
    """
    ids = set(selected)
    mine = [m for m in candidates.machines if m.id in ids]
    plans: dict[tuple[str, bool, bool], Plan] = {}
    harmless = harmless_kbs(update for offer in candidates.offers.values() for update in offer)
    for machine in mine:
        key = (machine.offer, machine.restart_pending, machine.is_listed)
        if key not in plans:
            plans[key] = plan(
                request,
                candidates.offers.get(machine.offer, ()),
                restart_pending=machine.restart_pending,
                is_known=machine.is_listed,
                harmless=harmless,
            )
    by_machine = {m.id: plans[m.offer, m.restart_pending, m.is_listed] for m in mine}
    many = Counter(map(id, by_machine.values()))
    idle = {i for i, p in by_machine.items() if p.is_known and not p.taken}
    if leaves_idle:
        by_machine = {i: p for i, p in by_machine.items() if i not in idle}
        mine = [m for m in mine if m.id in by_machine]
    taken, left = _lines(plans.values(), many)
    texts = {id(p): _texts(p) for p in plans.values()}
    rows = tuple(
        CheckedRow(m.id, (m.name, *texts[id(by_machine[m.id])]))
        for m in sorted(mine, key=lambda m: by_machine[m.id].restart_rank, reverse=True)
    )
    known = [m.assessed for m in mine if m.assessed is not None]
    return Planned(
        FleetReview(request, by_machine),
        taken,
        left,
        rows,
        min(known, default=None),
        len(mine) - len(known),
        len(idle),
    )


def read_plan(
    _: sqlite3.Connection,
    candidates: InstallCandidates,
    selected: Sequence[int],
    request: InstallRequest,
    *,
    leaves_idle: bool,
) -> Planned:
    """``plan_all`` as a query; it needs no connection."""
    return plan_all(candidates, selected, request, leaves_idle=leaves_idle)


def _lines(
    plans: Iterable[Plan], many: Mapping[int, int]
) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    taken: dict[str, Line] = {}
    left: dict[str, Line] = {}
    for one in plans:
        for update in one.taken:
            _add(taken, update, many[id(one)], "")
        for update, reason in one.left_out:
            _add(left, update, many[id(one)], reason.label)
    return tuple(taken.values()), tuple(v for k, v in left.items() if k not in taken)


def _add(lines: dict[str, Line], update: Update, machines_: int, reason: str) -> None:
    before = lines.get(update.patch_id)
    count = before.machines if before is not None else 0
    lines[update.patch_id] = Line(before.update if before else update, count + machines_, reason)


def _texts(one: Plan) -> tuple[str, str]:
    """Installed updates, and the effect on the machine."""
    nothing = tr("none of the available updates") if one.is_known else tr("not known")
    return ", ".join(u.kb or u.name for u in one.taken) or nothing, one.restart_sentence
