"""The effect of changed update settings on each machine: before and after, already set, or rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hotpatch_gui.domain.arc import License
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.phrases import join
from hotpatch_gui.domain.settings import (
    Orchestration,
    SettingsChange,
    current_settings,
    differences,
    effective,
    skip_reason,
)
from hotpatch_gui.store import machine_columns, machines
from hotpatch_gui.translation import translated, translator

from .permitted_actions import disabled_reason
from .source import DataSource

tr = translator("SettingsPlan")


class MachineChange(NamedTuple):
    """One machine's (setting, before, after) ``changes``, or the ``skip_reason`` why it is skipped.

    Neither means that it is already set.
    """

    machine_id: int
    name: str
    changes: tuple[tuple[str, str, str], ...]
    changes_license: bool
    skip_reason: str = ""
    leaves: Orchestration | None = None
    """The orchestration that Azure Managed - Safe Deployment replaces."""

    @property
    def is_affected(self) -> bool:
        """Whether the machine changes."""
        return not self.skip_reason and bool(self.changes)

    @property
    def text(self) -> str:
        """The change as text."""
        if self.skip_reason:
            return tr("Skipped: {reason}", reason=self.skip_reason)
        if not self.changes:
            return tr("No change: already set.")
        return "; ".join(f"{name}: {before} → {after}" for name, before, after in self.changes)


class SettingsPlan(NamedTuple):
    """The whole selection: all = affected + unchanged + skipped."""

    machines: tuple[MachineChange, ...]

    @property
    def affected(self) -> list[MachineChange]:
        """Machines that change."""
        return [m for m in self.machines if m.is_affected]

    @property
    def skipped(self) -> list[MachineChange]:
        """Machines that are skipped."""
        return [m for m in self.machines if m.skip_reason]

    @property
    def license_changed(self) -> list[int]:
        """Machines whose license changes."""
        return [m.machine_id for m in self.affected if m.changes_license]

    @property
    def configured(self) -> list[int]:
        """Machines whose settings change, besides the license."""
        return [m.machine_id for m in self.affected if len(m.changes) > m.changes_license]

    @property
    def text(self) -> str:
        """Such as ``5 selected: 3 to change, 1 already set, 1 skipped.``"""
        affected, skipped = len(self.affected), len(self.skipped)
        rest = len(self.machines) - affected - skipped
        parts = [
            tr("%n to change", affected),
            tr("%n already set", rest),
            tr("%n skipped", skipped),
        ]
        counts = tr("%n selected: {parts}.", len(self.machines), parts=", ".join(parts))
        return join(counts, self.handover_text)

    @property
    def handover_text(self) -> str:
        """The note that Azure installs updates from now on, for machines with schedules or manual updates; empty without any."""
        left = Counter(m.leaves for m in self.affected)
        scheduled, manual = left[Orchestration.CUSTOMER_SCHEDULES], left[Orchestration.MANUAL]
        return join(
            tr(
                "%n machine(s) leave the schedules: Azure installs Critical and Security updates within 30 days of "
                "release, off-peak.",
                scheduled,
            )
            if scheduled
            else "",
            tr(
                "On %n machine(s), Azure installs Critical and Security updates that were previously installed only on request.",
                manual,
            )
            if manual
            else "",
        )


class Selected(NamedTuple):
    """A selected machine; ``blocked`` is why its settings can't be changed."""

    machine_id: int
    name: str
    machine: Machine
    blocked: str = ""


def read_selected(source: DataSource, machine_ids: Sequence[int]) -> list[Selected]:
    """These machines in order, without missing ones."""
    rows = source.read_list(lambda db: machines.read_rows(db, machine_ids))
    return [
        Selected(
            r.id,
            r.display_name,
            machine_columns.machine_of(r),
            disabled_reason(r, OperationKind.SETTINGS),
        )
        for r in rows
    ]


def plan_settings(
    selected: Sequence[Selected], change: SettingsChange, enroll: bool | None
) -> SettingsPlan:
    """Plan the change. ``enroll`` True enrolls, False ends the enrollment, None leaves it."""
    return SettingsPlan(tuple(_plan(one, change, enroll) for one in selected))


def _plan(selected: Selected, change: SettingsChange, enroll: bool | None) -> MachineChange:
    machine, arc = selected.machine, selected.machine.arc
    enrolls = arc is not None and enroll is not None and arc.is_enrolled is not enroll
    if arc is not None and enroll is not None:
        arc = arc._replace(license=License.ENABLED if enroll else License.DISABLED)
    changes = differences(change, machine.settings)
    if enrolls and enroll:
        changes = _after_enrollment(change, changes)
    if enrolls:
        changes.insert(0, (tr("Hotpatch license"), _yes(not enroll), _yes(bool(enroll))))
    after = effective(change, machine.settings)
    why = (
        skip_reason(machine.image, machine.settings, after, arc, os_name=machine.os_name)
        if differences(change, machine.settings)
        else None
    )
    before = Orchestration.of(machine.settings)
    is_safe = change.orchestration is Orchestration.SAFE_DEPLOYMENT
    return MachineChange(
        selected.machine_id,
        selected.name,
        tuple(changes),
        enrolls,
        selected.blocked or why or "",
        before if is_safe else None,
    )


def _after_enrollment(
    change: SettingsChange, changes: Sequence[tuple[str, str, str]]
) -> list[tuple[str, str, str]]:
    """The changes besides the enrollment, which turns hotpatch on."""
    name = tr("Hotpatch")
    others = [c for c in changes if c[0] != name]
    if change.hotpatch is False:
        others.append((name, tr("on with the enrollment"), tr("off")))
    return others


def _yes(is_enrolled: bool) -> str:
    return tr("enrolled") if is_enrolled else tr("not enrolled")


class Shared(NamedTuple):
    """One setting of several machines: its value, or None and the differences."""

    value: object
    mixed: str = ""


def shared(machines: Iterable[Machine], field: str) -> Shared:
    """A field of ``SettingsChange``, or ``enroll``, of several machines."""
    counted: dict[object, int] = {}
    for machine in machines:
        value = _value(machine, field)
        counted[value] = counted.get(value, 0) + 1
    if len(counted) == 1:
        return Shared(next(iter(counted)))
    parts = sorted(counted.items(), key=lambda pair: (-pair[1], str(pair[0])))
    return Shared(
        None,
        tr("Mixed: {parts}", parts=", ".join(tr("{v} for %n", n, v=_word(v)) for v, n in parts)),
    )


def _value(machine: Machine, field: str) -> object:
    if field == "enroll":
        return machine.arc is not None and machine.arc.is_enrolled
    if field == "orchestration":
        return translated(machine.settings.orchestration)
    return getattr(current_settings(machine.settings), field)


def _word(value: object) -> str:
    if isinstance(value, str):
        return value
    return tr("not known") if value is None else tr("on") if value else tr("off")
