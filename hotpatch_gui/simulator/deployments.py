"""Deployments of templates to a resource group, as Resource Manager does them: validate, what-if, start and read.

Templates may contain virtual machines, network interfaces and virtual networks; of the last two, only their names are kept.

Source: azure-rest-api-specs, Microsoft.Resources deployments, 2026-06-01.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from hotpatch_gui.domain.new_machine import password_fault

from .arm_error import ArmError
from .cloud import VM, SimulatedCloud
from .responses import RETRY_AFTER_S, Call, Response, polling_headers
from .vm import iso
from .vm_creation import new_guest

Json = Mapping[str, Any]
_ACTION = "Microsoft.Resources/deployments"
_NETWORK = ("microsoft.network/networkinterfaces", "microsoft.network/virtualnetworks")
_GROUP = r"/subscriptions/(?P<sub>[^/]+)/resourcegroups/(?P<rg>[^/]+)"
_PATH = _GROUP + r"/providers/Microsoft\.Resources/deployments/(?P<name>[^/]+)"
_RESULT = r"/subscriptions/(?P<sub>[^/]+)/operationresults/(?P<op>[^/]+)"
_CALL = re.compile(r"\[(parameters|resourceId)\((.*)\)\]")


class _Resource(NamedTuple):
    """A resource of a template, with its expressions evaluated."""

    type: str
    name: str
    id: str
    body: dict[str, Any]


def _key(call: Call) -> str:
    values = call.values
    return f"{values['sub']}/{values['rg']}/{values['name']}".casefold()


def _id(call: Call) -> str:
    values = call.values
    group = f"/subscriptions/{values['sub']}/resourceGroups/{values['rg']}"
    return f"{group}/providers/{_ACTION}/{values['name']}"


def _require(cloud: SimulatedCloud, call: Call, action: str) -> None:
    cloud.require(call.values["rg"], f"{_ACTION}/{action}")


def _validate(cloud: SimulatedCloud, call: Call) -> Response:
    _require(cloud, call, "validate/action")
    resources = _checked(cloud, call)
    properties = {
        "mode": "Incremental",
        "provisioningState": "Succeeded",
        "timestamp": iso(call.now),
        "validatedResources": [{"id": r.id} for r in resources],
    }
    return Response(200, _deployment(call, properties))


def _what_if(cloud: SimulatedCloud, call: Call) -> Response:
    _require(cloud, call, "whatIf/action")
    changes = [
        {
            "resourceId": r.id,
            "changeType": "Modify" if _exists(cloud, r) else "Create",
            "unsupportedReason": None,
        }
        for r in _checked(cloud, call)
    ]
    token = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{_key(call)} {call.now.isoformat()}"))
    cloud.keep_what_if(token, {"status": "Succeeded", "properties": {"changes": changes}})
    headers = polling_headers(call, f"/subscriptions/{call.values['sub']}/operationresults/{token}")
    headers.pop("Azure-AsyncOperation")
    return Response(202, None, headers)


def _what_if_result(cloud: SimulatedCloud, call: Call) -> Response:
    found = cloud.what_ifs.get(call.values["op"])
    if found is None:
        raise ArmError(404, "NotFound", "The operation was not found.")
    return Response(200, found)


def _put(cloud: SimulatedCloud, call: Call) -> Response:
    _require(cloud, call, "write")
    known = cloud.deployments.get(_key(call))
    if known is not None and _state(cloud, known) == "Running":
        raise ArmError(
            409,
            "DeploymentActive",
            f"Unable to edit or replace deployment '{call.values['name']}': previous deployment is still active.",
        )
    resources = _checked(cloud, call)
    started: dict[str, Any] = {"at": iso(call.now), "operation": None, "error": None}
    for resource in resources:
        if resource.type.casefold() in _NETWORK:
            cloud.keep_network(resource.id)
        elif _exists(cloud, resource):
            started["error"] = _failure(
                "PropertyChangeNotAllowed",
                f"Changing property 'osProfile' is not allowed. Target: '{resource.name}'.",
            )
        else:
            guest = new_guest(cloud, _call_of(call, resource))
            started["operation"] = cloud.begin_creation(guest).id
    cloud.keep_deployment(_key(call), started)
    body = _deployment(call, {"mode": "Incremental", "provisioningState": "Accepted"})
    headers = polling_headers(call, f"{_id(call)}/operationStatuses/{uuid.uuid4().hex[:20]}")
    headers.pop("Location")
    return Response(200 if known is not None else 201, body, headers)


def _get(cloud: SimulatedCloud, call: Call) -> Response:
    _require(cloud, call, "read")
    known = cloud.deployments.get(_key(call))
    if known is None:
        raise ArmError(
            404, "DeploymentNotFound", f"Deployment '{call.values['name']}' could not be found."
        )
    properties: dict[str, Any] = {
        "mode": "Incremental",
        "provisioningState": _state(cloud, known),
        "timestamp": iso(call.now),
    }
    if known["error"] is not None:
        properties["error"] = known["error"]
    return Response(200, _deployment(call, properties))


def _operation_status(cloud: SimulatedCloud, call: Call) -> Response:
    state = _state(cloud, cloud.deployments[_key(call)])
    headers = {"Retry-After": str(RETRY_AFTER_S)} if state == "Running" else {}
    return Response(200, {"status": state}, headers)


def _deployment(call: Call, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": _id(call),
        "name": call.values["name"],
        "type": _ACTION,
        "properties": properties,
    }


def _state(cloud: SimulatedCloud, known: Json) -> str:
    """The provisioningState: an operation that is over isn't kept."""
    if known["error"] is not None:
        return "Failed"
    operation = cloud.operations.get(known["operation"] or "")
    return "Running" if operation is not None and not operation.applied else "Succeeded"


def _exists(cloud: SimulatedCloud, resource: _Resource) -> bool:
    if resource.type.casefold() == VM.casefold():
        return resource.name.casefold() in cloud.guests
    return resource.id.casefold() in cloud.network


def _checked(cloud: SimulatedCloud, call: Call) -> list[_Resource]:
    """The template's resources.

    Raises:
        ArmError: the template or one of its machines is invalid, or the caller may not write a resource.
    """
    resources = _resources(call)
    for resource in resources:
        cloud.require(call.values["rg"], f"{resource.type}/write")
        if resource.type.casefold() != VM.casefold():
            continue
        try:
            _check_password(resource.body)
            if not _exists(cloud, resource):
                new_guest(cloud, _call_of(call, resource))
        except ArmError as error:
            raise _invalid(call, error) from error
    return resources


def _invalid(call: Call, inner: ArmError) -> ArmError:
    tracking = uuid.uuid5(uuid.NAMESPACE_URL, _key(call))
    return ArmError(
        400,
        "InvalidTemplateDeployment",
        f"The template deployment '{call.values['name']}' is not valid according to the validation procedure. The tracking"
        f" id is '{tracking}'. See inner errors for details.",
        details=({"code": inner.code, "message": inner.message, "target": inner.target},),
    )


def _check_password(body: Json) -> None:
    system = (body.get("properties") or {}).get("osProfile") or {}
    if password_fault(str(system.get("adminPassword") or "")):
        raise ArmError(
            400,
            "InvalidParameter",
            "The supplied password must be between 8-123 characters long and must satisfy at least 3 of password complexity"
            " requirements from the following: Contains an uppercase character, Contains a lowercase character, Contains a"
            " numeric digit, Contains a special character, Control characters are not allowed",
            "adminPassword",
        )


def _call_of(call: Call, resource: _Resource) -> Call:
    return replace(call, values={**call.values, "vm": resource.name}, body=resource.body)


def _failure(code: str, message: str) -> dict[str, Any]:
    return {
        "code": "DeploymentFailed",
        "message": "At least one resource deployment operation failed. Please list deployment operations for details.",
        "details": [{"code": code, "message": message}],
    }


def _resources(call: Call) -> list[_Resource]:
    properties = call.body.get("properties")
    template = properties.get("template") if isinstance(properties, Mapping) else None
    if not isinstance(properties, Mapping) or not isinstance(template, Mapping):
        raise ArmError(400, "InvalidRequestContent", "The request has no template.")
    given = properties.get("parameters") or {}
    parameters = {name: value.get("value") for name, value in given.items()}
    for name in template.get("parameters") or {}:
        if parameters.get(name) is None:
            raise ArmError(
                400,
                "InvalidTemplate",
                f"Deployment template validation failed: 'The value for the template parameter '{name}' is not provided.'",
            )
    group = _id(call).rpartition("/providers/")[0]
    found = []
    for raw in template.get("resources") or ():
        body = _evaluated(raw, parameters, group)
        kind, name = str(body["type"]), str(body["name"])
        if kind.casefold() not in (VM.casefold(), *_NETWORK):
            raise ArmError(
                400, "InvalidTemplate", f"The resource type {kind} isn't part of the simulation."
            )
        found.append(_Resource(kind, name, f"{group}/providers/{kind}/{name}", body))
    return found


def _evaluated(value: Any, parameters: Json, group: str) -> Any:
    """A template's JSON with its expressions replaced by their values."""
    if isinstance(value, Mapping):
        return {key: _evaluated(v, parameters, group) for key, v in value.items()}
    if isinstance(value, list):
        return [_evaluated(v, parameters, group) for v in value]
    if not isinstance(value, str) or not value.startswith("["):
        return value
    if value.startswith("[["):
        return value[1:]
    called = _CALL.fullmatch(value)
    if called is None:
        raise ArmError(400, "InvalidTemplate", f"The expression {value} isn't understood.")
    arguments = re.findall(r"'((?:[^']|'')*)'", called[2])
    if called[1] == "parameters":
        return parameters.get(arguments[0])
    kind, *names = arguments
    space, *types = kind.split("/")
    path = "/".join(f"{t}/{n}" for t, n in zip(types, names, strict=True))
    return f"{group}/providers/{space}/{path}"


ROUTES: list[tuple[str, re.Pattern[str], Callable[[SimulatedCloud, Call], Response]]] = [
    (verb, re.compile(pattern + "/?", re.IGNORECASE), route)
    for verb, pattern, route in (
        ("POST", _PATH + "/validate", _validate),
        ("POST", _PATH + "/whatIf", _what_if),
        ("GET", _RESULT, _what_if_result),
        ("PUT", _PATH, _put),
        ("GET", _PATH, _get),
        ("GET", _PATH + r"/operationStatuses/[^/]+", _operation_status),
    )
]
