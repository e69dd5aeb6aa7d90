"""The result of a request whose response was lost, as far as the machine's current state shows it."""

from __future__ import annotations

import json
import sqlite3
from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.azure import parse, values
from hotpatch_gui.domain.arc import License
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.operations import Operation, OperationKind, OperationState
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.records import RunStatus
from hotpatch_gui.store import assessments, installations, machines, operations
from hotpatch_gui.translation import translator

tr = translator("Reconcile")

_LICENSES: dict[OperationKind, tuple[License | None, ...]] = {
    OperationKind.ENROLL: (License.ENABLED,),
    OperationKind.UNENROLL: (License.DISABLED, None),
}
"""The license after a successful request."""
_CHANGING = {OperationKind.ENROLL: License.ENABLING, OperationKind.UNENROLL: License.DISABLING}
"""The license while Azure carries out the request."""


@tr.mark_values
class NotYet(StrEnum):
    """The reason why the machine doesn't show the result yet; the value is for the user."""

    IN_PROGRESS = ""
    NO_TRACE = "Azure shows no trace of this request. Check the machine in the portal, then dismiss this operation."
    NOT_SHOWN = (
        "The machine doesn't show the result. Check it in the portal, then dismiss this operation."
    )
    NOT_REPORTED = "Azure doesn't report whether a machine was restarted. Check the machine, then dismiss this operation."

    @property
    def text(self) -> str:
        """The reason for the user."""
        return tr(self.value) if self.value else ""


class ResolvedResult(NamedTuple):
    """The operation's result; ``run_id`` is its run."""

    state: OperationState
    note: str
    run_id: str | None = None


def find_result(db: sqlite3.Connection, operation_id: int) -> ResolvedResult | NotYet:
    """Find the result in the machine's stored data.

    Raises:
        LookupError: there is no such operation.
    """
    op = operations.read(db, operation_id)
    machine = machines.read(db, op.machine_id)
    if op.kind is OperationKind.INSTALL:
        return _of_installation(db, op)
    if op.kind is OperationKind.ASSESS and assessments.assessed_since(db, op.id):
        return ResolvedResult(OperationState.SUCCEEDED, tr("Azure shows an assessment since then."))
    if op.kind is OperationKind.SETTINGS and machine is not None and _has_settings(machine, op):
        return ResolvedResult(
            OperationState.SUCCEEDED, tr("The machine has the requested settings.")
        )
    if (
        op.kind is OperationKind.START
        and machine is not None
        and machine.power is PowerState.RUNNING
    ):
        return ResolvedResult(OperationState.SUCCEEDED, tr("The machine is running."))
    license_state = machine.arc.license if machine is not None and machine.arc is not None else None
    if license_state in _LICENSES.get(op.kind, ()):
        return ResolvedResult(OperationState.SUCCEEDED, tr("The license is as requested."))
    if license_state is not None and license_state is _CHANGING.get(op.kind):
        return NotYet.IN_PROGRESS
    match op.kind:
        case OperationKind.RESTART:
            return NotYet.NOT_REPORTED
        case OperationKind.ASSESS:
            return NotYet.NO_TRACE
    return NotYet.NOT_SHOWN


def _of_installation(db: sqlite3.Connection, op: Operation) -> ResolvedResult | NotYet:
    row = installations.run_of(db, op.id)
    if row is None:
        return NotYet.NO_TRACE
    status = RunStatus.parse(row.status)
    if not status.is_final:
        return NotYet.IN_PROGRESS if row.is_shown else NotYet.NO_TRACE
    is_done = status.is_good and not (row.failed and row.installed == 0)
    state = OperationState.SUCCEEDED if is_done else OperationState.FAILED
    return ResolvedResult(
        state, tr("Azure shows the installation: {label}.", label=status.label), row.run_id
    )


def _has_settings(machine: Machine, op: Operation) -> bool:
    body = values.mapping(json.loads(op.request or "{}"))
    profile = values.mapping(values.mapping(body.get("properties")).get("osProfile"))
    requested = parse.settings(values.mapping(profile.get("windowsConfiguration")))
    has = machine.settings
    pairs = (
        (requested.patch_mode, has.patch_mode),
        (requested.assessment_mode, has.assessment_mode),
        (requested.hotpatch_enabled, bool(has.hotpatch_enabled)),
        (requested.bypass_safety_checks, bool(has.bypass_safety_checks)),
    )
    return all(requested is None or requested == found for requested, found in pairs)
