"""An account's permissions at each scope, and a role with the missing actions."""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.permissions import Grant, allows, custom_role, needed
from hotpatch_gui.store import permissions
from hotpatch_gui.store.machine_columns import ARC, VM
from hotpatch_gui.translation import translator

from . import display_text
from .connection_list import subscriptions
from .source import DataSource

tr = translator("PermissionList")


class PermissionScope(NamedTuple):
    """A resource group or machine.

    ``missing`` are missing actions for virtual machines and Arc-enabled servers; None without such machines.
    """

    scope: str
    name: str
    missing: tuple[list[str] | None, list[str] | None]
    age: str

    @property
    def texts(self) -> list[str]:
        """The display texts for both kinds."""
        return [_text(missing) for missing in self.missing]


def _text(missing: list[str] | None) -> str:
    if missing is None:
        return display_text.NOTHING
    return (
        tr("Missing: {actions}", actions=", ".join(missing))
        if missing
        else tr("All required actions allowed")
    )


def read_scopes(source: DataSource, connection_id: int, now: datetime) -> list[PermissionScope]:
    """Scopes of a connection, resource groups first."""
    none: dict[str, set[str]] = {}
    kinds = source.read(lambda db: permissions.kinds_at(db, connection_id), none)
    found = source.read_list(lambda db: permissions.read_all(db, connection_id))
    return [
        PermissionScope(
            scope,
            scope.rsplit("/", 1)[-1],
            _lacking(grants, kinds.get(scope, set())),
            display_text.since_text(fetched, now),
        )
        for scope, grants, fetched in found
    ]


def _lacking(
    grants: tuple[Grant, ...], kinds: set[str]
) -> tuple[list[str] | None, list[str] | None]:
    of_vms = missing(grants, is_arc=False) if VM in kinds else None
    return of_vms, missing(grants, is_arc=True) if ARC in kinds else None


def role_text(source: DataSource, connection: Connection) -> str:
    """A custom role as JSON for the selected subscriptions."""
    ids = [i for i, _, is_read in subscriptions(source, connection.id) if is_read]
    return json.dumps(custom_role(ids, changes_allowed=connection.changes_allowed), indent=2)


def missing(grants: tuple[Grant, ...], *, is_arc: bool) -> list[str]:
    """Actions that the account doesn't have, by their last parts."""
    requested = dict.fromkeys(needed(kind, is_arc=is_arc) for kind in OperationKind)
    missing = [a for a in requested if a is not None and not allows(grants, a)]
    return [a.split("/", 2)[2] for a in missing]
