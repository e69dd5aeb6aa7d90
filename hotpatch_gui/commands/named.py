"""Machines and schedules by the names that a command line gives."""

from __future__ import annotations

from collections.abc import Sequence

from hotpatch_gui.models import resource_groups
from hotpatch_gui.models.resource_groups import ResourceGroup
from hotpatch_gui.models.schedules import ScheduleEntry
from hotpatch_gui.store.machine_rows import MachineRow
from hotpatch_gui.translation import translator

from .common import CommandError, Exit

tr = translator("Named")


def named_machines(rows: Sequence[MachineRow], names: Sequence[str]) -> list[MachineRow]:
    """The machines with these names or resource IDs.

    Raises:
        CommandError: no machine has one, or several have.
    """
    found: dict[int, MachineRow] = {}
    for name in names:
        wanted = name.casefold()
        same = [r for r in rows if wanted in (r.name.casefold(), r.resource_id)]
        if not same:
            raise CommandError(
                tr(
                    "No machine is named “{name}”. Run hotpatch-gui list to see them, or hotpatch-gui "
                    "sync to read new ones.",
                    name=name,
                ),
                Exit.USAGE,
            )
        if len(same) > 1:
            which = "\n".join(f"  {r.azure_id}" for r in same)
            raise CommandError(
                tr(
                    "Several machines are named “{name}”. Use the resource ID:\n{which}",
                    name=name,
                    which=which,
                ),
                Exit.USAGE,
            )
        found[same[0].id] = same[0]
    return list(found.values())


def named_resource_group(
    groups: Sequence[ResourceGroup], name: str, subscription: str = ""
) -> ResourceGroup:
    """The known resource group with this name, in a subscription if one is given, in any case.

    Raises:
        CommandError: no connection that allows changes knows it, or several resource groups have the name.
    """
    found = [
        group
        for group in resource_groups.named(groups, name)
        if subscription.casefold() in ("", group.subscription_id.casefold())
    ]
    if not found:
        raise CommandError(
            tr(
                "No connection that allows changes has a resource group named “{name}”. Check the name and "
                "Settings › Connections.",
                name=name,
            ),
            Exit.USAGE,
        )
    if len(found) > 1:
        raise CommandError(
            tr(
                "Several subscriptions or connections have a resource group named “{name}”. Add --subscription ID.",
                name=name,
            ),
            Exit.USAGE,
        )
    return found[0]


def named_schedule(entries: Sequence[ScheduleEntry], name: str) -> ScheduleEntry:
    """The schedule with this name or resource ID, in any case.

    Raises:
        CommandError: no schedule, or several, have the name.
    """
    wanted = name.casefold()
    found = [e for e in entries if wanted in (e.name.casefold(), e.row.resource_id.casefold())]
    if not found:
        raise CommandError(
            tr("No schedule is named “{name}”. Run hotpatch-gui schedules to see them.", name=name),
            Exit.USAGE,
        )
    if len(found) > 1:
        which = "\n".join(f"  {e.row.resource_id}" for e in found)
        raise CommandError(
            tr(
                "Several schedules are named “{name}”. Use the resource ID:\n{which}",
                name=name,
                which=which,
            ),
            Exit.USAGE,
        )
    return found[0]
