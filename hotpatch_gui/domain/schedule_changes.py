"""A requested change of a schedule, of its machines or of its dynamic scopes."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import NamedTuple
from zlib import crc32

from hotpatch_gui.translation import translator

tr = translator("ScheduleChanges")


class ChangeKind(StrEnum):
    """A kind of change. Values are stored."""

    CREATE = "create schedule"
    """Fails if the schedule exists."""
    SAVE = "save schedule"
    """Fails if the schedule doesn't exist."""
    EXCLUDE = "exclude update"
    """Excludes a KB from a schedule and keeps all other settings. Fails if the schedule doesn't exist."""
    DELETE = "delete schedule"
    ASSIGN = "assign machine"
    UNASSIGN = "remove machine"
    SAVE_SCOPE = "save dynamic scope"
    DELETE_SCOPE = "delete dynamic scope"

    @property
    def label(self) -> str:
        """The change's name."""
        return {
            "create schedule": tr("Create schedule"),
            "save schedule": tr("Save schedule"),
            "exclude update": tr("Exclude update"),
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
    def is_of_schedule(self) -> bool:
        """Whether it changes the schedule itself, not one of its assignments."""
        return self in (
            ChangeKind.CREATE,
            ChangeKind.SAVE,
            ChangeKind.EXCLUDE,
            ChangeKind.DELETE,
        )

    @property
    def action(self) -> str:
        """Azure's action that the account needs."""
        resource = (
            "maintenanceConfigurations" if self.is_of_schedule else "configurationAssignments"
        )
        return f"Microsoft.Maintenance/{resource}/{'delete' if self.deletes else 'write'}"


class ScheduleChange(NamedTuple):
    """A change of one resource of Azure.

    Attributes:
        resource_id: the configuration or assignment, as Azure spells it.
        subject: the schedule, machine or scope that it is about, for the user.
        body: the JSON to send; empty for a deletion. To exclude a KB, it names only that.
    """

    kind: ChangeKind
    resource_id: str
    subject: str
    body: str = ""

    def requests_same(self, other: ScheduleChange) -> bool:
        """Whether both request the same, if they are about the same resource; the caller compares resources."""
        return (self.kind, self.body) == (other.kind, other.body)

    @property
    def builds_on(self) -> str:
        """The resource ID, in lower case, of the schedule that must exist before; empty for none."""
        if not self.body or self.kind.is_of_schedule:
            return ""
        return str(json.loads(self.body)["properties"]["maintenanceConfigurationId"]).lower()


PROVIDER = "/providers/Microsoft.Maintenance"


def schedule_id(subscription_id: str, resource_group: str, name: str) -> str:
    """The resource ID of a maintenance configuration."""
    group = f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}"
    return f"{group}{PROVIDER}/maintenanceConfigurations/{name}"


_SCHEDULE_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Maintenance/maintenanceConfigurations/([^/]+)",
    re.IGNORECASE,
)


def is_schedule_id(resource_id: str, name: str) -> bool:
    """Whether it is the resource ID of the maintenance configuration with this name."""
    found = _SCHEDULE_ID.fullmatch(resource_id)
    return found is not None and found[1].casefold() == name.casefold()


def distinct_name(name: str, schedule: str) -> str:
    """The name of an assignment to a schedule, if another schedule of the same name has an assignment there."""
    return f"{name}-{crc32(schedule.casefold().encode()):08x}"


def assignment_id(below: str, name: str) -> str:
    """The resource ID of the assignment of a machine, resource group or subscription."""
    return f"{below}{PROVIDER}/configurationAssignments/{name}"
