"""A requested change of a schedule, of its machines or of its dynamic scopes."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.translation import translator

tr = translator("ScheduleChanges")


class ChangeKind(StrEnum):
    """A kind of change. Values are stored."""

    SAVE = "save schedule"
    DELETE = "delete schedule"
    ASSIGN = "assign machine"
    UNASSIGN = "remove machine"
    SAVE_SCOPE = "save dynamic scope"
    DELETE_SCOPE = "delete dynamic scope"

    @property
    def label(self) -> str:
        """The change's name."""
        return {
            "save schedule": tr("Save schedule"),
            "delete schedule": tr("Delete schedule"),
            "assign machine": tr("Assign to schedule"),
            "remove machine": tr("Remove from schedule"),
            "save dynamic scope": tr("Save dynamic scope"),
            "delete dynamic scope": tr("Delete dynamic scope"),
        }[self.value]

    @property
    def deletes(self) -> bool:
        """Whether it deletes a resource of Azure."""
        return self in (ChangeKind.DELETE, ChangeKind.UNASSIGN, ChangeKind.DELETE_SCOPE)

    @property
    def action(self) -> str:
        """Azure's action that the account needs."""
        resource = (
            "maintenanceConfigurations"
            if self in (ChangeKind.SAVE, ChangeKind.DELETE)
            else "configurationAssignments"
        )
        return f"Microsoft.Maintenance/{resource}/{'delete' if self.deletes else 'write'}"


class ScheduleChange(NamedTuple):
    """A change of one resource of Azure.

    Attributes:
        resource_id: the configuration or assignment, as Azure spells it.
        subject: the schedule, machine or scope that it is about, for the user.
        body: the JSON to send; empty for a deletion.
    """

    kind: ChangeKind
    resource_id: str
    subject: str
    body: str = ""


PROVIDER = "/providers/Microsoft.Maintenance"


def schedule_id(subscription_id: str, resource_group: str, name: str) -> str:
    """The resource ID of a maintenance configuration."""
    group = f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}"
    return f"{group}{PROVIDER}/maintenanceConfigurations/{name}"


def assignment_id(below: str, name: str) -> str:
    """The resource ID of the assignment of a machine, resource group or subscription."""
    return f"{below}{PROVIDER}/configurationAssignments/{name}"
