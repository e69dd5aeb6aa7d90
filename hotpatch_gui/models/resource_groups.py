"""The resource groups in which this program can create resources."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from hotpatch_gui.store import schedule_rows


class ResourceGroup(NamedTuple):
    """A known resource group. ``locations`` are the regions of its connection's machines."""

    connection_id: int
    connection: str
    subscription_id: str
    subscription: str
    name: str
    locations: tuple[str, ...]

    def contains(self, resource_id: str) -> bool:
        """Whether a resource with this lower-case ID is in the resource group."""
        group = f"/subscriptions/{self.subscription_id}/resourcegroups/{self.name}/"
        return resource_id.startswith(group.casefold())

    @property
    def label(self) -> str:
        """The resource group with its subscription."""
        return f"{self.name} · {self.subscription}"


def read_resource_groups(db: sqlite3.Connection) -> list[ResourceGroup]:
    """The known resource groups in which changes are allowed."""
    regions = schedule_rows.locations(db)
    return [
        ResourceGroup(*row, tuple(regions.get(row[0], ())))
        for row in schedule_rows.resource_groups(db)
    ]


def named(groups: Sequence[ResourceGroup], name: str) -> list[ResourceGroup]:
    """The resource groups with this name: one per subscription and connection."""
    return [group for group in groups if group.name.casefold() == name.casefold()]
