"""An account's permissions: Azure's actions, missing ones, and a role that contains them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from hotpatch_gui.translation import translator

from .operations import OperationKind
from .schedule_changes import ChangeKind

tr = translator("PermissionsDomain")

_VM, _ARC = "Microsoft.Compute/virtualMachines", "Microsoft.HybridCompute/machines"
_RESULTS = (
    "patchAssessmentResults/latest/read",
    "patchAssessmentResults/latest/softwarePatches/read",
    "patchInstallationResults/read",
    "patchInstallationResults/softwarePatches/read",
)
READ = (
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Authorization/permissions/read",
    f"{_VM}/read",
    f"{_VM}/instanceView/read",
    *(f"{_VM}/{part}" for part in _RESULTS),
    "Microsoft.Compute/locations/operations/read",
    f"{_ARC}/read",
    *(f"{_ARC}/{part}" for part in _RESULTS),
    "Microsoft.HybridCompute/locations/updateCenterOperationResults/read",
    f"{_ARC}/licenseProfiles/read",
    "Microsoft.ResourceHealth/availabilityStatuses/read",
    "Microsoft.Maintenance/maintenanceConfigurations/read",
    "Microsoft.Maintenance/configurationAssignments/read",
)
"""Actions needed for reading, including Resource Health and schedules."""
_ACTS: dict[OperationKind, tuple[str | None, str | None]] = {
    OperationKind.ASSESS: (f"{_VM}/assessPatches/action", f"{_ARC}/assessPatches/action"),
    OperationKind.INSTALL: (f"{_VM}/installPatches/action", f"{_ARC}/installPatches/action"),
    OperationKind.RESTART: (f"{_VM}/restart/action", None),
    OperationKind.START: (f"{_VM}/start/action", None),
    OperationKind.SETTINGS: (f"{_VM}/write", f"{_ARC}/write"),
    OperationKind.ENROLL: (None, f"{_ARC}/licenseProfiles/write"),
    OperationKind.UNENROLL: (None, f"{_ARC}/licenseProfiles/write"),
}


_FOLLOW = (
    "Microsoft.HybridCompute/locations/operationstatus/read",
    "Microsoft.HybridCompute/locations/operationresults/read",
)
"""Actions needed to poll an enrollment, in addition to starting it."""
FORBIDDEN_CODES = frozenset({"AuthorizationFailed", "LinkedAuthorizationFailed", "403"})
"""Azure's codes for missing permissions."""


class Grant(NamedTuple):
    """One of an account's permissions at a scope: granted actions and their exceptions."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()


def needed(kind: OperationKind, *, is_arc: bool) -> str | None:
    """Azure's action for the operation; None if Azure has none for this kind of machine."""
    return _ACTS[kind][is_arc]


def acting() -> list[str]:
    """All actions that this program's operations need, to start and to follow them."""
    machines = (action for pair in _ACTS.values() for action in pair if action)
    return sorted({*_FOLLOW, *machines, *(kind.action for kind in ChangeKind)})


def allows(grants: Iterable[Grant], action: str) -> bool:
    """Whether a grant contains the action, by Azure's rules for wildcards and case."""
    return any(
        any(_matches(a, action) for a in grant.actions)
        and not any(_matches(a, action) for a in grant.not_actions)
        for grant in grants
    )


@lru_cache(maxsize=4096)
def _matches(pattern: str, action: str) -> bool:
    wild = ".*".join(map(re.escape, pattern.split("*")))
    return re.fullmatch(wild, action, re.IGNORECASE) is not None


def custom_role(subscription_ids: Sequence[str], *, changes_allowed: bool) -> dict[str, Any]:
    """A role for ``az role definition create --role-definition``, to read and optionally to change."""
    what = tr("Operator") if changes_allowed else tr("Reader")
    does = (
        tr("reads, assesses, installs, restarts, and changes settings and schedules")
        if changes_allowed
        else tr("reads")
    )
    return {
        "Name": tr("Hotpatch Dashboard {what}", what=what),
        "IsCustom": True,
        "Description": tr("Actions with which Hotpatch Dashboard {does}.", does=does),
        "Actions": [*READ, *acting()] if changes_allowed else list(READ),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": [f"/subscriptions/{i}" for i in subscription_ids],
    }
