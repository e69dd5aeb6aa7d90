"""Microsoft.Maintenance on the wire: configurations and their assignments."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .arm_error import ArmError
from .cloud import SimulatedCloud
from .maintenance import (
    Body,
    assignment,
    assignment_id,
    check_configuration,
    configuration_id,
)
from .responses import Call, Response

PROVIDER = "Microsoft.Maintenance"
_SUBSCRIPTION = r"/subscriptions/(?P<sub>[^/]+)"
_GROUP = _SUBSCRIPTION + r"/resourcegroups/(?P<rg>[^/]+)"
_MACHINE = (
    _GROUP
    + r"/providers/(?P<provider>Microsoft\.Compute|Microsoft\.HybridCompute)/(?P<kind>virtualMachines|machines)/(?P<vm>[^/]+)"
)
_CONFIGURATION = _GROUP + r"/providers/Microsoft\.Maintenance/maintenanceConfigurations"
_ASSIGNMENT = r"/providers/Microsoft\.Maintenance/configurationAssignments"


def _configuration(cloud: SimulatedCloud, call: Call) -> tuple[str, Body | None]:
    values = call.values
    known = configuration_id(values["sub"], values["rg"], values["name"])
    return known, cloud.maintenance.configurations.get(known.casefold())


def _get(cloud: SimulatedCloud, call: Call) -> Response:
    _require(cloud, call, "maintenanceConfigurations/read")
    known, body = _configuration(cloud, call)
    if body is None:
        raise _missing(known)
    return Response(200, body)


def _list(cloud: SimulatedCloud, call: Call) -> Response:
    mine = f"/subscriptions/{call.values['sub']}/".casefold()
    found = [b for key, b in cloud.maintenance.configurations.items() if key.startswith(mine)]
    return Response(200, {"value": found})


def _put(cloud: SimulatedCloud, call: Call) -> Response:
    _require(cloud, call, "maintenanceConfigurations/write")
    known, old = _configuration(cloud, call)
    check_configuration(call.body, old, call.now)
    body = {
        "id": old["id"] if old else known,
        "name": old["name"] if old else call.values["name"],
        "type": f"{PROVIDER}/maintenanceConfigurations",
        "location": call.body["location"],
        "tags": call.body.get("tags") or {},
        "properties": call.body["properties"],
    }
    is_new = cloud.put_maintenance("configuration", body)
    return Response(201 if is_new else 200, body)


def _delete(cloud: SimulatedCloud, call: Call) -> Response:
    _require(cloud, call, "maintenanceConfigurations/delete")
    known, _ = _configuration(cloud, call)
    return Response(200 if cloud.delete_maintenance("configuration", known) else 204)


def _target(cloud: SimulatedCloud, call: Call) -> tuple[str, str]:
    """The resource ID of what is assigned, and its location.

    Raises:
        ArmError: 404 if the machine doesn't exist.
    """
    values = call.values
    below = f"/subscriptions/{values['sub']}"
    if "rg" not in values:
        return below, ""
    below += f"/resourceGroups/{values['rg']}"
    if "vm" not in values:
        return below, ""
    is_arc = values["provider"].casefold() == "microsoft.hybridcompute"
    guest = cloud.guest(values["sub"], values["rg"], values["vm"], is_arc=is_arc)
    return f"{below}/providers/{values['provider']}/{values['kind']}/{guest.name}", guest.location


def _assigned(cloud: SimulatedCloud, call: Call) -> tuple[str, Body | None]:
    below, _ = _target(cloud, call)
    known = assignment_id(below, call.values["name"])
    return known, cloud.maintenance.assignments.get(known.casefold())


def _get_assignment(cloud: SimulatedCloud, call: Call) -> Response:
    _require(cloud, call, "configurationAssignments/read")
    known, body = _assigned(cloud, call)
    if body is None:
        raise _missing(known)
    return Response(200, body)


def _list_assignments(cloud: SimulatedCloud, call: Call) -> Response:
    below, _ = _target(cloud, call)
    prefix = assignment_id(below, "").casefold()
    found = [b for key, b in cloud.maintenance.assignments.items() if key.startswith(prefix)]
    return Response(200, {"value": found})


def _put_assignment(cloud: SimulatedCloud, call: Call) -> Response:
    _require(cloud, call, "configurationAssignments/write")
    below, location = _target(cloud, call)
    properties: Mapping[str, Any] = call.body.get("properties") or {}
    wanted = str(properties.get("maintenanceConfigurationId") or "")
    if wanted.casefold() not in cloud.maintenance.configurations:
        raise _missing(wanted)
    if str(properties.get("resourceId") or below).casefold() != below.casefold():
        raise ArmError(400, "BadRequest", "resourceId must be the resource of the request.")
    made = assignment(below, call.values["name"], wanted, location, properties.get("filter"))
    is_new = cloud.put_maintenance("assignment", made)
    return Response(201 if is_new else 200, made)


def _delete_assignment(cloud: SimulatedCloud, call: Call) -> Response:
    _require(cloud, call, "configurationAssignments/delete")
    known, _ = _assigned(cloud, call)
    return Response(200 if cloud.delete_maintenance("assignment", known) else 204)


def _require(cloud: SimulatedCloud, call: Call, action: str) -> None:
    cloud.require(call.values.get("rg", ""), f"{PROVIDER}/{action}")


def _missing(what: str) -> ArmError:
    return ArmError(404, "ResourceNotFound", f"The Resource '{what}' was not found.")


ROUTES: list[tuple[str, re.Pattern[str], Callable[[SimulatedCloud, Call], Response]]] = [
    (verb, re.compile(pattern + "/?", re.IGNORECASE), route)
    for verb, pattern, route in (
        (
            "GET",
            _SUBSCRIPTION + r"/providers/Microsoft\.Maintenance/maintenanceConfigurations",
            _list,
        ),
        ("GET", _CONFIGURATION + r"/(?P<name>[^/]+)", _get),
        ("PUT", _CONFIGURATION + r"/(?P<name>[^/]+)", _put),
        ("DELETE", _CONFIGURATION + r"/(?P<name>[^/]+)", _delete),
        *(
            (verb, place + _ASSIGNMENT + r"/(?P<name>[^/]+)", route)
            for place in (_MACHINE, _GROUP, _SUBSCRIPTION)
            for verb, route in (
                ("GET", _get_assignment),
                ("PUT", _put_assignment),
                ("DELETE", _delete_assignment),
            )
        ),
        *(
            ("GET", place + _ASSIGNMENT, _list_assignments)
            for place in (_MACHINE, _GROUP, _SUBSCRIPTION)
        ),
    )
]
