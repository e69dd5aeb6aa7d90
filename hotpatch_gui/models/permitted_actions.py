"""The operations that are permitted on machines, and the reasons why others aren't."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from hotpatch_gui.domain.arc import EXPIRED, has_expired
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.permissions import allows, needed
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.store import machines
from hotpatch_gui.store.machine_columns import ARC
from hotpatch_gui.store.machine_rows import InstallRow, MachineRow, MachineSummaryRow
from hotpatch_gui.store.permissions import grants_of
from hotpatch_gui.translation import translated, translator

from .source import DataSource

tr = translator("PermittedActions")

_REACHABLE = (PowerState.RUNNING, PowerState.UNKNOWN)
_STARTED = (PowerState.RUNNING, PowerState.STARTING)
_WITHOUT_MACHINE = (OperationKind.SETTINGS, OperationKind.ENROLL, OperationKind.UNENROLL)
"""Azure changes these even if the machine isn't running."""


PermissionRow = MachineRow | MachineSummaryRow | InstallRow
"""A row that shows which operations are permitted."""


class PermittedActions(NamedTuple):
    """Machines on which an operation is possible, and why it isn't on most of the others."""

    ids: tuple[int, ...]
    disabled_reason: str = ""


def is_permitted(row: PermissionRow, kind: OperationKind) -> bool:
    """Whether changes are allowed and the account may, as far as known."""
    action = needed(kind, is_arc=row.kind == ARC)
    grants = grants_of(row.grants)
    return bool(row.changes_allowed) and (
        action is None or grants is None or allows(grants, action)
    )


def permitted_actions(rows: Sequence[PermissionRow], kind: OperationKind) -> PermittedActions:
    """Whether the operation is possible on these rows."""
    reasons = [(row.id, disabled_reason(row, kind)) for row in rows]
    counted = Counter(reason for _, reason in reasons if reason)
    most = counted.most_common(1)
    return PermittedActions(
        tuple(i for i, reason in reasons if not reason), most[0][0] if most else ""
    )


class Split(NamedTuple):
    """Machines on which an operation is possible (row ID, name), and the others (name, reason)."""

    permitted: list[tuple[int, str]]
    skipped: list[tuple[str, str]]


def split(source: DataSource, machine_ids: Sequence[int], kind: OperationKind) -> Split:
    """Divide these machines by their current state."""
    rows = source.read_list(lambda db: machines.read_summaries(db, machine_ids))
    reasons = [(row, disabled_reason(row, kind)) for row in rows]
    return Split(
        [(row.id, row.display_name) for row, why in reasons if not why],
        [(row.display_name, why) for row, why in reasons if why],
    )


def disabled_reason(row: PermissionRow, kind: OperationKind) -> str:
    """Why the operation isn't possible on a machine; empty if it is. Unknown permissions prevent nothing."""
    is_arc = row.kind == ARC
    action = needed(kind, is_arc=is_arc)
    if action is None:
        return (
            tr("Azure doesn't start or restart Arc-enabled servers; do it on the server itself.")
            if is_arc
            else tr("Azure virtual machines don't need enrollment; their image decides.")
        )
    if not row.changes_allowed:
        return tr(
            "Changes are off for {connection_name}. Turn them on in Settings › Connections.",
            connection_name=row.connection_name,
        )
    grants = grants_of(row.grants)
    if grants is not None and not allows(grants, action):
        return tr("Your account isn't permitted: {action} is missing.", action=action)
    if is_arc and has_expired(row.arc_status):
        return translated(EXPIRED)
    if kind is OperationKind.START:
        return tr("The machine is already running.") if row.power in _STARTED else ""
    if row.power not in _REACHABLE and kind not in _WITHOUT_MACHINE:
        return tr(
            "The machine is {power}, so Azure can't reach it.",
            power=PowerState.parse(row.power).label,
        )
    return ""
