"""The deployment of a new machine to a resource group, what it would change, and how it is going.

Source: azure-rest-api-specs, Microsoft.Resources deployments, 2026-06-01.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from secrets import token_hex
from typing import NamedTuple

from hotpatch_gui.translation import translator

from .machine_files import template
from .new_machine import NewMachine
from .operations import OperationState
from .phrases import listed_some

tr = translator("Deployments")

MAX_NAMES = 5
_DEPLOYMENTS = "Microsoft.Resources/deployments"
ACTIONS = (
    f"{_DEPLOYMENTS}/read",
    f"{_DEPLOYMENTS}/validate/action",
    f"{_DEPLOYMENTS}/whatIf/action",
    f"{_DEPLOYMENTS}/write",
    "Microsoft.Compute/virtualMachines/write",
    "Microsoft.Network/networkInterfaces/write",
    "Microsoft.Network/networkInterfaces/join/action",
    "Microsoft.Network/virtualNetworks/write",
    "Microsoft.Network/virtualNetworks/subnets/join/action",
)
"""Azure's actions that an account needs to create machines, in addition to reading."""


class Deployment(NamedTuple):
    """One machine's deployment.

    Attributes:
        resource_id: of the deployment; its name is unique.
        machine_resource_id: the resource ID that the machine gets.
        template: the ARM template as JSON. The administrator's password is a parameter, and not part of it.
    """

    resource_id: str
    machine_resource_id: str
    machine: str
    template: str

    @property
    def subscription_id(self) -> str:
        """The ID of the subscription that receives the machine."""
        return self.resource_id.split("/")[2]

    @property
    def resource_group(self) -> str:
        """The name of the resource group that receives the machine."""
        return self.resource_id.split("/")[4]

    @property
    def name(self) -> str:
        """The last part of its resource ID, which is unique in the resource group."""
        return self.resource_id.rsplit("/", 1)[1]


def deployment_of(machine: NewMachine, subscription_id: str, now: datetime) -> Deployment:
    """The deployment that makes a machine without ``faults``; each has another name."""
    providers = (
        f"/subscriptions/{subscription_id}/resourceGroups/{machine.resource_group}/providers"
    )
    return Deployment(
        f"{providers}/{_DEPLOYMENTS}/{machine.name}-{now:%Y%m%d%H%M%S}-{token_hex(4)}",
        f"{providers}/Microsoft.Compute/virtualMachines/{machine.name}",
        machine.name,
        json.dumps(template(machine)),
    )


@tr.mark_values
class Effect(StrEnum):
    """The effect of a deployment on a resource: Azure's ChangeType."""

    CREATE = "Create"
    MODIFY = "Modify"
    DEPLOY = "Deploy"
    NO_CHANGE = "NoChange"
    DELETE = "Delete"
    IGNORE = "Ignore"
    UNSUPPORTED = "Unsupported"

    @classmethod
    def parse(cls, text: str) -> Effect:
        """Azure's value; UNSUPPORTED for an unknown one, because what it means isn't known."""
        return next((e for e in cls if e.value.casefold() == text.casefold()), cls.UNSUPPORTED)

    @property
    def label(self) -> str:
        """The display name."""
        return tr(_LABELS[self])

    @property
    def touches_existing(self) -> bool:
        """Whether it may change or delete something that exists, or isn't known to keep it unchanged."""
        return self not in (Effect.CREATE, Effect.NO_CHANGE, Effect.IGNORE)


_LABELS = {
    Effect.CREATE: tr.mark("to be created"),
    Effect.MODIFY: tr.mark("exists, to be changed"),
    Effect.DEPLOY: tr.mark("exists, may be changed"),
    Effect.NO_CHANGE: tr.mark("exists, no change"),
    Effect.DELETE: tr.mark("to be deleted"),
    Effect.IGNORE: tr.mark("exists, not part of this deployment"),
    Effect.UNSUPPORTED: tr.mark("unknown"),
}


class WhatIfChange(NamedTuple):
    """The effect of a deployment on one resource, by Azure's what-if."""

    effect: Effect
    resource_id: str

    @property
    def name(self) -> str:
        """The resource's name."""
        return self.resource_id.rsplit("/", 1)[-1]

    @property
    def kind(self) -> str:
        """The resource's type, such as ``Microsoft.Compute/virtualMachines``."""
        parts = self.resource_id.rpartition("/providers/")[2].split("/")
        return "/".join([parts[0], *parts[1::2]])


def rejection_reason(deployment: Deployment, changes: Sequence[WhatIfChange]) -> str:
    """The reason not to start a deployment: it must create its machine, and change nothing that exists. Empty if it does that."""
    others = [one.name for one in changes if one.effect.touches_existing]
    if others:
        return tr(
            "It may change existing resources: {names}. Choose another machine name.",
            names=listed_some(others, MAX_NAMES),
        )
    machine = deployment.machine_resource_id.casefold()
    effects = {one.effect for one in changes if one.resource_id.casefold() == machine}
    if effects == {Effect.CREATE}:
        return ""
    if effects:
        return tr("{machine} exists already. Choose another name.", machine=deployment.machine)
    return tr("Azure didn't report that it would create {machine}.", machine=deployment.machine)


class DeploymentProgress(NamedTuple):
    """The progress of a deployment: ``error`` is Azure's code and message if it failed."""

    state: OperationState
    code: str = ""
    error: str = ""


def state_of(provisioning_state: str) -> OperationState:
    """The state by Azure's provisioningState; RUNNING for what isn't final."""
    return {
        "succeeded": OperationState.SUCCEEDED,
        "failed": OperationState.FAILED,
        "canceled": OperationState.FAILED,
        "deleted": OperationState.FAILED,
    }.get(provisioning_state.casefold(), OperationState.RUNNING)
