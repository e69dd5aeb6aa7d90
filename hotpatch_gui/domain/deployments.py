"""The deployment of a new machine to a resource group, what it would change, and how it is going.

Source: Microsoft.Resources/deployments, API version 2026-06-01.
"""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.translation import translator

from .machine_files import template
from .new_machine import NewMachine
from .operations import OperationState

tr = translator("Deployments")

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
        machine_id: the resource ID that the machine gets.
        template: the ARM template as JSON. The administrator's password is a parameter, and not part of it.
    """

    resource_id: str
    machine_id: str
    machine: str
    template: str

    @property
    def subscription_id(self) -> str:
        """Where it is deployed."""
        return self.resource_id.split("/")[2]

    @property
    def resource_group(self) -> str:
        """Where it is deployed."""
        return self.resource_id.split("/")[4]

    @property
    def name(self) -> str:
        """The deployment's name."""
        return self.resource_id.rsplit("/", 1)[1]


def deployment_of(machine: NewMachine, subscription_id: str, now: datetime) -> Deployment:
    """The deployment that makes a machine without ``faults``; a new one each second."""
    providers = (
        f"/subscriptions/{subscription_id}/resourceGroups/{machine.resource_group}/providers"
    )
    return Deployment(
        f"{providers}/{_DEPLOYMENTS}/{machine.name}-{now:%Y%m%d%H%M%S}",
        f"{providers}/Microsoft.Compute/virtualMachines/{machine.name}",
        machine.name,
        json.dumps(template(machine)),
    )


@tr.mark_values
class Effect(StrEnum):
    """What a deployment would do with a resource: Azure's ChangeType."""

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
        """Whether it may change or delete something that exists, or isn't known to leave it alone."""
        return self not in (Effect.CREATE, Effect.NO_CHANGE, Effect.IGNORE)


_LABELS = {
    Effect.CREATE: tr.mark("to be created"),
    Effect.MODIFY: tr.mark("exists, to be changed"),
    Effect.DEPLOY: tr.mark("exists, may be changed"),
    Effect.NO_CHANGE: tr.mark("exists, stays as it is"),
    Effect.DELETE: tr.mark("to be deleted"),
    Effect.IGNORE: tr.mark("exists, isn't touched"),
    Effect.UNSUPPORTED: tr.mark("not known"),
}


class Foreseen(NamedTuple):
    """What a deployment would do with one resource, as Azure foresees it."""

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


class Progress(NamedTuple):
    """How a deployment is going: ``error`` is Azure's code and message if it failed."""

    state: OperationState
    code: str = ""
    error: str = ""


def state_of(provisioning_state: str) -> OperationState:
    """The state by Azure's provisioningState; RUNNING for what isn't final."""
    return {
        "succeeded": OperationState.SUCCEEDED,
        "failed": OperationState.FAILED,
        "canceled": OperationState.FAILED,
    }.get(provisioning_state.casefold(), OperationState.RUNNING)
