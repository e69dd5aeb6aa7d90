"""The compliance of a machine, by its situation."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from hotpatch_gui.translation import translator

from .situation import Situation

tr = translator("ComplianceGroup")


@tr.mark_values
class ComplianceGroup(StrEnum):
    """The compliance of a machine. Every situation belongs to one group."""

    UP_TO_DATE = "Up to date"
    UPDATES = "Updates available"
    ATTENTION = "Needs attention"
    NO_HOTPATCH = "Without hotpatch"
    NOT_KNOWN = "Not known"

    @property
    def label(self) -> str:
        """The group's display name."""
        return tr(self.value)

    @property
    def meaning(self) -> str:
        """The common traits of the group's machines."""
        return tr(MEANINGS[self])

    @property
    def situations(self) -> tuple[Situation, ...]:
        """The situations that count as this group, in the order of urgency."""
        return tuple(s for s, group in _GROUPS.items() if group is self)

    @property
    def stored(self) -> tuple[str, ...]:
        """The stored values of the group's situations; a machine whose situation isn't derived yet has an empty one."""
        values = tuple(s.value for s in self.situations)
        return (*values, "") if self is ComplianceGroup.NOT_KNOWN else values

    @classmethod
    def of(cls, situation: str) -> ComplianceGroup:
        """The group of a stored situation; NOT_KNOWN for an empty or invalid one."""
        return next((group for s, group in _GROUPS.items() if s == situation), cls.NOT_KNOWN)


MEANINGS = {
    ComplianceGroup.UP_TO_DATE: tr.mark(
        "Hotpatch is on, the machine is running, and its assessment is at most seven days old and newer than the last "
        "release. No known release is missing, the release data is complete to today, no restart is pending, the last "
        "installation didn't fail, and nothing but definition updates is offered."
    ),
    ComplianceGroup.UPDATES: tr.mark(
        "Hotpatch is on, and the last assessment found updates other than definition updates, or a known release is missing."
    ),
    ComplianceGroup.ATTENTION: tr.mark(
        "A restart is pending, the machine is off the hotpatch train, a prerequisite of hotpatching is missing, or the last "
        "installation failed."
    ),
    ComplianceGroup.NO_HOTPATCH: tr.mark(
        "Hotpatch is off, the server isn't enrolled, or hotpatch isn't available on its image. Each monthly release "
        "restarts the machine."
    ),
    ComplianceGroup.NOT_KNOWN: tr.mark(
        "The machine can't be read or isn't running; it was never assessed, not within the last seven days, or not since the "
        "last release; its enrollment is changing; or the release data, its build or its assessment doesn't show enough to "
        "decide."
    ),
}
"""The common traits of each group's machines."""

_GROUPS = {
    Situation.UP_TO_DATE: ComplianceGroup.UP_TO_DATE,
    Situation.BEHIND: ComplianceGroup.UPDATES,
    Situation.NOT_OFFERED: ComplianceGroup.UPDATES,
    Situation.RESTART_PENDING: ComplianceGroup.ATTENTION,
    Situation.OFF_TRAIN: ComplianceGroup.ATTENTION,
    Situation.AWAITS_BASELINE: ComplianceGroup.UPDATES,
    Situation.ACTION_REQUIRED: ComplianceGroup.ATTENTION,
    Situation.LAST_FAILED: ComplianceGroup.ATTENTION,
    Situation.DISABLED: ComplianceGroup.NO_HOTPATCH,
    Situation.NOT_ENROLLED: ComplianceGroup.NO_HOTPATCH,
    Situation.UNSUPPORTED: ComplianceGroup.NO_HOTPATCH,
    Situation.NO_PERMISSION: ComplianceGroup.NOT_KNOWN,
    Situation.ENROLLING: ComplianceGroup.NOT_KNOWN,
    Situation.UNENROLLING: ComplianceGroup.NOT_KNOWN,
    Situation.NOT_RUNNING: ComplianceGroup.NOT_KNOWN,
    Situation.NEVER_ASSESSED: ComplianceGroup.NOT_KNOWN,
    Situation.STALE: ComplianceGroup.NOT_KNOWN,
    Situation.NOT_CONFIRMED: ComplianceGroup.NOT_KNOWN,
}


def compliance(counts: Iterable[tuple[str, int]]) -> dict[ComplianceGroup, int]:
    """Machines by group, in the groups' order, from (situation, machines)."""
    found = dict.fromkeys(ComplianceGroup, 0)
    for situation, machines in counts:
        found[ComplianceGroup.of(situation)] += machines
    return found
