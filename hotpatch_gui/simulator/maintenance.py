"""Maintenance configurations and their assignments: what they are, and on which machines they apply.

Source: azure-rest-api-specs, Microsoft.Maintenance 2023-04-01; learn.microsoft.com/azure/update-manager/prerequsite-for-schedule-patching.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from hotpatch_gui.domain.off_peak import zone_of
from hotpatch_gui.domain.schedules import Schedule

from .arm_error import ArmError
from .guest import Guest

Body = dict[str, Any]
SHORTEST, LONGEST = timedelta(hours=1, minutes=30), timedelta(hours=3, minutes=55)
SHORTEST_INTERVAL_H = 6
GRAPH_LAG = timedelta(seconds=20)
"""How long Resource Graph shows the state before a change."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""When what a fleet begins with was created."""
MACHINE_PARTS = 8
"""Parts of a machine's resource ID."""
_CONFIGURATIONS = "/providers/Microsoft.Maintenance/maintenanceConfigurations/"
_ASSIGNMENTS = "/providers/Microsoft.Maintenance/configurationAssignments/"


def configuration_id(subscription: str, group: str, name: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}{_CONFIGURATIONS}{name}"


def assignment_id(below: str, name: str) -> str:
    """The ID of the assignment of a machine, resource group or subscription."""
    return f"{below}{_ASSIGNMENTS}{name}"


def machine_id(guest: Guest) -> str:
    provider = (
        "Microsoft.HybridCompute/machines" if guest.is_arc else "Microsoft.Compute/virtualMachines"
    )
    return f"/subscriptions/{guest.subscription}/resourceGroups/{guest.resource_group}/providers/{provider}/{guest.name}"


class Maintenance:
    """The resources of Microsoft.Maintenance as Azure stores them, by lower-case ID.

    Args:
        store: is called with kind, key and new body (None if deleted) of each change.
    """

    def __init__(
        self,
        configurations: Mapping[str, Body],
        assignments: Mapping[str, Body],
        store: Callable[[str, str, Body | None], None],
    ) -> None:
        self.configurations, self.assignments = dict(configurations), dict(assignments)
        self._store = store
        self._earlier: list[tuple[datetime, str, str, Body | None]] = []

    def put(self, kind: str, body: Body, at: datetime) -> bool:
        """Store a ``configuration`` or ``assignment``; whether it is new."""
        key = body["id"].casefold()
        known = self._of(kind)
        self._earlier.append((at, kind, key, known.get(key)))
        is_new = key not in known
        known[key] = body
        self.__dict__.pop("_sorted", None)
        self._store(kind, key, body)
        return is_new

    def delete(self, kind: str, key: str, at: datetime) -> bool:
        """Whether there was one to delete."""
        old = self._of(kind).pop(key.casefold(), None)
        self.__dict__.pop("_sorted", None)
        if old is not None:
            self._earlier.append((at, kind, key.casefold(), old))
            self._store(kind, key.casefold(), None)
        return old is not None

    def _of(self, kind: str) -> dict[str, Body]:
        return self.configurations if kind == "configuration" else self.assignments

    def in_graph(self, kind: str, now: datetime) -> list[Body]:
        """The resources as Resource Graph shows them."""
        shown: dict[str, Body | None] = dict(self._of(kind))
        self._earlier = [one for one in self._earlier if one[0] > now - GRAPH_LAG]
        before = {key: old for _, of, key, old in reversed(self._earlier) if of == kind}
        shown |= before
        return [body for body in shown.values() if body is not None]

    def has_any(self, guest: Guest) -> bool:
        """Whether a configuration is assigned to the machine, directly or by a filter."""
        direct, scopes = self._sorted
        return machine_id(guest).casefold() in direct or any(_includes(s, guest) for s in scopes)

    def members(self, key: str, guests: Mapping[str, Guest]) -> Iterator[Guest]:
        """The machines on which a configuration applies now."""
        direct, scopes = self._sorted
        mine = [s for s in scopes if _configuration_of(s) == key]
        for guest in guests.values():
            is_direct = key in direct.get(machine_id(guest).casefold(), ())
            if is_direct or any(_includes(s, guest) for s in mine):
                yield guest

    @cached_property
    def _sorted(self) -> tuple[dict[str, set[str]], list[Body]]:
        """Configurations by machine, and the assignments with a filter."""
        direct: dict[str, set[str]] = defaultdict(set)
        for one in self.assignments.values():
            if not _is_scope(one):
                target = one["properties"]["resourceId"].casefold()
                direct[target].add(_configuration_of(one))
        return dict(direct), [a for a in self.assignments.values() if _is_scope(a)]


def _configuration_of(assignment: Body) -> str:
    found: str = assignment["properties"]["maintenanceConfigurationId"].casefold()
    return found


def _is_scope(assignment: Body) -> bool:
    """Whether it is for what a filter finds, and not for one machine."""
    target = assignment["properties"]["resourceId"].strip("/").split("/")
    return len(target) < MACHINE_PARTS or bool(assignment["properties"].get("filter"))


def _includes(assignment: Body, guest: Guest) -> bool:
    """Whether an assignment's filter includes the machine."""
    properties = assignment["properties"]
    target, machine = properties["resourceId"].casefold(), machine_id(guest).casefold()
    wanted = properties.get("filter") or {}
    if not machine.startswith(f"{target.rstrip('/')}/") or set(wanted) - _FILTERS:
        return False
    kind = machine.split("/providers/")[1].rsplit("/", 1)[0]
    own = {
        "osTypes": "windows",
        "resourceGroups": guest.resource_group.casefold(),
        "resourceTypes": kind,
        "locations": guest.location.casefold(),
    }
    for name, value in own.items():
        asked = {w.casefold().replace(" ", "") for w in wanted.get(name) or ()}
        if asked and value.replace(" ", "") not in asked:
            return False
    settings = wanted.get("tagSettings") or {}
    has = {name.casefold(): value for name, value in guest.tags.items()}
    fits = [
        has.get(name.casefold()) in values if values else name.casefold() in has
        for name, values in (settings.get("tags") or {}).items()
    ]
    is_all = str(settings.get("filterOperator") or "Any").casefold() == "all"
    return not fits or (all(fits) if is_all else any(fits))


_FILTERS = {"osTypes", "resourceGroups", "resourceTypes", "locations", "tagSettings"}


def seeds(guest: Guest) -> tuple[Body, Body]:
    """The configuration and assignment of a machine of a new fleet."""
    kept = guest.schedule or {}
    name, hours = kept["name"], divmod(kept["minutes"], 60)
    window = {
        "startDateTime": kept["starts"],
        "duration": "{:02}:{:02}".format(*hours),
        "timeZone": kept["time_zone"],
        "recurEvery": kept["recurs"],
        "expirationDateTime": kept.get("expires"),
    }
    windows = {"classificationsToInclude": kept["classifications"]}
    configuration = {
        "id": configuration_id(guest.subscription, guest.resource_group, name),
        "name": name,
        "type": "Microsoft.Maintenance/maintenanceConfigurations",
        "location": guest.location,
        "tags": {},
        "properties": {
            "maintenanceScope": "InGuestPatch",
            "extensionProperties": {"InGuestPatchMode": "User"},
            "maintenanceWindow": window,
            "installPatches": {
                "rebootSetting": guest.restart_setting,
                "windowsParameters": windows,
            },
        },
    }
    return configuration, assignment(machine_id(guest), name, configuration["id"], guest.location)


def assignment(
    below: str, name: str, configuration: str, location: str = "", filters: Body | None = None
) -> Body:
    properties: Body = {"maintenanceConfigurationId": configuration, "resourceId": below}
    return {
        "id": assignment_id(below, name),
        "name": name,
        "type": "Microsoft.Maintenance/configurationAssignments",
        "location": location,
        "properties": properties | ({"filter": filters} if filters else {}),
    }


def schedule_of(configuration: Body) -> Schedule:
    """A configuration's window and selection."""
    properties = configuration["properties"]
    window, install = properties["maintenanceWindow"], properties.get("installPatches") or {}
    windows = install.get("windowsParameters") or {}
    hours, minutes = str(window.get("duration") or "03:55").split(":")[:2]
    return Schedule(
        name=configuration["name"],
        starts=window["startDateTime"],
        minutes=int(hours) * 60 + int(minutes),
        time_zone=window.get("timeZone"),
        recurs=window["recurEvery"],
        expires=window.get("expirationDateTime"),
        classifications=tuple(windows.get("classificationsToInclude") or ()),
        include=tuple(windows.get("kbNumbersToInclude") or ()),
        exclude=tuple(windows.get("kbNumbersToExclude") or ()),
        exclude_restarting=bool(windows.get("excludeKbsRequiringReboot")),
        restart=install.get("rebootSetting") or "IfRequired",
    )


def check_configuration(body: Body, old: Body | None, now: datetime) -> None:
    """Check a configuration by Azure's rules.

    Raises:
        ArmError: 400 BadRequest.
    """
    properties = body.get("properties") or {}
    window = properties.get("maintenanceWindow") or {}
    wrong = {
        "Only maintenanceScope InGuestPatch is simulated.": str(
            properties.get("maintenanceScope")
        ).casefold()
        != "inguestpatch",
        "extensionProperties.InGuestPatchMode must be User for InGuestPatch.": (
            properties.get("extensionProperties") or {}
        ).get("InGuestPatchMode")
        != "User",
        "The location property is required.": not body.get("location"),
        "startDateTime must be in the format YYYY-MM-DD hh:mm.": not re.fullmatch(
            r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})?", str(window.get("startDateTime"))
        ),
        "duration must be in the format HH:mm.": not re.fullmatch(
            r"\d{2}:\d{2}(:\d{2})?", str(window.get("duration"))
        ),
        f"The time zone '{window.get('timeZone')}' is invalid.": zone_of(window.get("timeZone"))
        is None,
    }
    for why, is_wrong in wrong.items():
        if is_wrong:
            raise _bad(why)
    schedule = schedule_of({"name": "", **body})
    before = ((old or {}).get("properties") or {}).get("maintenanceWindow") or {}
    _check_window(schedule, now, has_moved=schedule.starts != before.get("startDateTime"))
    _check_selection(schedule)


def _check_window(schedule: Schedule, now: datetime, *, has_moved: bool) -> None:
    if not SHORTEST <= timedelta(minutes=schedule.minutes or 0) <= LONGEST:
        raise _bad("duration must be between 1 hour 30 minutes and 3 hours 55 minutes.")
    hourly = re.fullmatch(r"(\d*)\s*hours?", schedule.recurs.casefold())
    if not schedule.is_understood or (
        hourly is not None and int(hourly[1] or 1) < SHORTEST_INTERVAL_H
    ):
        raise _bad(f"recurEvery '{schedule.recurs}' is invalid.")
    if (
        has_moved
        and date.fromisoformat(schedule.starts[:10]) < now.astimezone(schedule.zone).date()
    ):
        raise _bad("startDateTime must be the current date or a future date.")
    if schedule.has_ended(now):
        raise _bad("expirationDateTime must be a future date.")


def _check_selection(schedule: Schedule) -> None:
    if schedule.restart not in ("IfRequired", "Never", "Always"):
        raise _bad(f"rebootSetting '{schedule.restart}' is invalid.")
    if not schedule.classifications and not schedule.include:
        raise _bad("At least one classification or KB number must be included.")


def _bad(why: str) -> ArmError:
    return ArmError(400, "BadRequest", why)
