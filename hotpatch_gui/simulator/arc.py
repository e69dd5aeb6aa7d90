"""Arc-enabled servers on the wire: the hybrid compute API and its differences.

Source: azure-rest-api-specs, Microsoft.HybridCompute.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

from .arm_error import ArmError
from .cloud import ARC, SimulatedCloud, SimulatedOperation
from .guest import Guest
from .install_parameters import parse_install_parameters
from .responses import RETRY_AFTER_S, Call, Response, polling_headers
from .vm import class_counts, counts, error_of, iso, iso_text

_MACHINES = r"/subscriptions/(?P<sub>[^/]+)/resourceGroups/(?P<rg>[^/]+)/providers/Microsoft\.HybridCompute/machines"
_ONE = _MACHINES + r"/(?P<vm>[^/]+)"
_PLACE = (
    r"/subscriptions/(?P<sub>[^/]+)/providers/Microsoft\.HybridCompute/locations/(?P<loc>[^/]+)"
)
FEATURE = "Hotpatch"
_WORDS = {"Enable": True, "Enabled": True, "Disable": False, "Disabled": False}
"""PATCH examples use Enable and Disable, PUT examples Enabled."""


def arc_id(guest: Guest) -> str:
    return (
        f"/subscriptions/{guest.subscription}/resourceGroups/{guest.resource_group}"
        f"/providers/Microsoft.HybridCompute/machines/{guest.name}"
    )


def model(guest: Guest) -> dict[str, Any]:
    """The machine resource."""
    body: dict[str, Any] = {
        "id": arc_id(guest),
        "name": guest.name,
        "type": "Microsoft.HybridCompute/machines",
        "location": guest.location,
        "tags": guest.tags,
        "properties": {
            "vmId": guest.identity or str(uuid.uuid5(uuid.NAMESPACE_URL, arc_id(guest).lower())),
            "provisioningState": "Succeeded",
            "status": guest.agent_status
            or ("Connected" if guest.power == "running" else "Disconnected"),
            "statusReason": guest.agent_reason or None,
            "agentConfiguration": guest.agent,
            "agentVersion": "1.58.03228.2572",
            "osName": "windows",
            "osType": "windows",
            "osSku": os_sku(guest),
            "osVersion": f"10.0.{guest.build}",
            "osEdition": guest.edition,
            "licenseProfile": _license(guest),
            "osProfile": {
                "computerName": guest.name,
                "windowsConfiguration": {"patchSettings": _patch_settings(guest)},
            },
        },
    }
    return body | ({"kind": guest.host} if guest.host else {})


def os_sku(guest: Guest) -> str:
    edition = "Standard" if "standard" in (guest.edition or "") else "Datacenter"
    return f"Windows Server {guest.product[2:]} {edition}"


def _license(guest: Guest) -> dict[str, Any]:
    feature = {
        "name": FEATURE,
        "subscriptionStatus": guest.license,
        "enrollmentDate": guest.enrolled_on,
        "error": guest.license_error,
    }
    features = [feature] if guest.license else []
    return {
        "licenseStatus": "Licensed",
        "productProfile": {"productType": "WindowsServer", "productFeatures": features},
    }


def _patch_settings(guest: Guest) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "patchMode": guest.patch_mode,
        "assessmentMode": guest.assessment_mode,
        "enableHotpatching": guest.hotpatching,
    }
    status = guest.enablement
    if status is not None:
        error = (
            {"code": "VbsNotRunning", "message": VBS_MISSING}
            if status == "ActionRequired"
            else None
        )
        settings["status"] = {"hotpatchEnablementStatus": status, "error": error}
    return settings


VBS_MISSING = "Virtualization-based security (VBS) is not running on the machine."


def result(op: SimulatedOperation) -> dict[str, Any] | None:
    """An operation's result; updates are only in Resource Graph."""
    if op.result is None:
        return None
    found = op.result
    common = {
        "status": found["status"],
        "startDateTime": iso_text(found["started"]),
        "lastModifiedDateTime": iso_text(found["modified"]),
        "startedBy": "User",
        "patchServiceUsed": "WU",
        "osType": "Windows",
    }
    if op.kind == "assess":
        return common | {
            "assessmentActivityId": found["id"],
            "rebootPending": found["restart_pending"],
            "availablePatchCountByClassification": class_counts(found["patches"]),
            "errorDetails": None,
        }
    return (
        common
        | counts(found)
        | {
            "installationActivityId": found["id"],
            "rebootStatus": found["restart_status"],
            "maintenanceWindowExceeded": found["window_exceeded"],
            "errorDetails": error_of(found),
        }
    )


def _guest(cloud: SimulatedCloud, call: Call) -> Guest:
    return cloud.guest(call.values["sub"], call.values["rg"], call.values["vm"], is_arc=True)


def _get(cloud: SimulatedCloud, call: Call) -> Response:
    guest = _guest(cloud, call)
    cloud.require(guest.resource_group, f"{ARC}/read")
    return Response(200, model(guest))


def _list(cloud: SimulatedCloud, call: Call) -> Response:
    group = call.values["rg"].casefold()
    mine = (g for g in cloud.guests.values() if g.is_arc and g.resource_group.casefold() == group)
    return Response(200, {"value": [model(g) for g in mine]})


def _update(cloud: SimulatedCloud, call: Call) -> Response:
    """Respond with the machine; its state is evaluated afterwards without a long-running operation."""
    guest = _guest(cloud, call)
    cloud.require(guest.resource_group, f"{ARC}/write")
    windows = ((call.body.get("properties") or {}).get("osProfile") or {}).get(
        "windowsConfiguration"
    )
    patch = (windows or {}).get("patchSettings") or {}
    mode = patch.get("patchMode", guest.patch_mode)
    if mode not in ("Manual", "AutomaticByOS", "AutomaticByPlatform", "ImageDefault"):
        raise ArmError(400, "InvalidParameter", f"The patchMode '{mode}' is invalid.", "patchMode")
    cloud.change_arc(
        guest,
        mode,
        patch.get("assessmentMode", guest.assessment_mode),
        patch.get("enableHotpatching"),
    )
    return Response(200, model(guest))


def _assess(cloud: SimulatedCloud, call: Call) -> Response:
    guest = _guest(cloud, call)
    cloud.require(guest.resource_group, f"{ARC}/assessPatches/action")
    return _accepted(call, guest, cloud.begin_assessment(guest))


def _install(cloud: SimulatedCloud, call: Call) -> Response:
    guest = _guest(cloud, call)
    cloud.require(guest.resource_group, f"{ARC}/installPatches/action")
    if not call.body.get("maximumDuration"):
        raise ArmError(400, "InvalidParameter", "maximumDuration is required.", "maximumDuration")
    parameters = parse_install_parameters(call.body)
    return _accepted(call, guest, cloud.begin_installation(guest, parameters, call.body))


def _accepted(call: Call, guest: Guest, op: SimulatedOperation) -> Response:
    path = f"{_place(guest)}/updateCenterOperationResults/{op.id}"
    headers = polling_headers(call, path)
    del headers["Azure-AsyncOperation"]  # the API definition has Location only
    return Response(202, None, headers)


def _place(guest: Guest) -> str:
    return f"/subscriptions/{guest.subscription}/providers/Microsoft.HybridCompute/locations/{guest.location}"


def _result(cloud: SimulatedCloud, call: Call) -> Response:
    op = _operation(cloud, call)
    if not op.applied:
        here = f"{call.origin}{_place(cloud.guests[op.guest.casefold()])}/updateCenterOperationResults/{op.id}"
        version = call.arguments["api-version"]
        return Response(
            202,
            None,
            {"Location": f"{here}?api-version={version}", "Retry-After": str(RETRY_AFTER_S)},
        )
    return Response(200, result(op))


def _status(cloud: SimulatedCloud, call: Call) -> Response:
    op = _operation(cloud, call)
    body = {"startTime": iso(op.started), "name": op.id, "status": "InProgress"}
    if op.applied:
        return Response(200, body | {"endTime": iso(op.ends), "status": "Succeeded"})
    return Response(200, body, {"Retry-After": str(RETRY_AFTER_S)})


def _operation(cloud: SimulatedCloud, call: Call) -> SimulatedOperation:
    op = cloud.operations.get(call.values["op"])
    if op is None:
        raise ArmError(404, "NotFound", "The operation was not found.")
    return op


def _get_license(cloud: SimulatedCloud, call: Call) -> Response:
    guest = _guest(cloud, call)
    if guest.license is None and not guest.profile:
        raise ArmError(404, "ResourceNotFound", "The license profile was not found.")
    return Response(200, _license_body(guest))


def _list_licenses(cloud: SimulatedCloud, call: Call) -> Response:
    guest = _guest(cloud, call)
    return Response(200, {"value": [_license_body(guest)] if guest.license else []})


def _license_body(guest: Guest) -> dict[str, Any]:
    return {
        "id": f"{arc_id(guest)}/licenseProfiles/default",
        "name": "default",
        "type": "Microsoft.HybridCompute/machines/licenseProfiles",
        "location": guest.location,
        "properties": {"provisioningState": "Succeeded"}
        | guest.profile
        | {"productProfile": _license(guest)["productProfile"]},
    }


def _put_license(cloud: SimulatedCloud, call: Call) -> Response:
    """A PUT replaces the whole profile."""
    properties = call.body.get("properties") or {}
    _guest(cloud, call).profile = {k: v for k, v in properties.items() if k != "productProfile"}
    return _set_license(cloud, call, 201)


def _patch_license(cloud: SimulatedCloud, call: Call) -> Response:
    guest = _guest(cloud, call)
    if guest.license is None and not guest.profile:
        raise ArmError(404, "ResourceNotFound", "The license profile was not found.")
    return _set_license(cloud, call, 202)


def _set_license(cloud: SimulatedCloud, call: Call, status: int) -> Response:
    guest = _guest(cloud, call)
    cloud.require(guest.resource_group, f"{ARC}/licenseProfiles/write")
    product = (call.body.get("properties") or {}).get("productProfile") or {}
    wanted = [f for f in product.get("productFeatures") or () if f.get("name") == FEATURE]
    on = _WORDS.get(str(wanted[0].get("subscriptionStatus"))) if wanted else None
    if product.get("productType") != "WindowsServer" or on is None:
        raise ArmError(
            400, "InvalidParameter", "productType and the feature Hotpatch are required."
        )
    if on and not guest.can_enroll:
        raise ArmError(
            400,
            "InvalidParameter",
            "Hotpatch needs Windows Server 2025 Standard or Datacenter, 26100.1742 or later.",
        )
    op = cloud.begin_enrollment(guest, on=on)
    headers = polling_headers(call, f"{_place(guest)}/operationStatus/{op.id}")
    return Response(status, _license_body(guest), headers)


Handler = Callable[[SimulatedCloud, Call], Response]
ROUTES: list[tuple[str, re.Pattern[str], Handler]] = [
    (method, re.compile(pattern + "/?", re.IGNORECASE), handler)
    for method, pattern, handler in (
        ("GET", _MACHINES, _list),
        ("GET", _ONE, _get),
        ("PATCH", _ONE, _update),
        ("POST", _ONE + "/assessPatches", _assess),
        ("POST", _ONE + "/installPatches", _install),
        ("GET", _ONE + "/licenseProfiles", _list_licenses),
        ("GET", _ONE + "/licenseProfiles/default", _get_license),
        ("PUT", _ONE + "/licenseProfiles/default", _put_license),
        ("PATCH", _ONE + "/licenseProfiles/default", _patch_license),
        ("GET", _PLACE + r"/updateCenterOperationResults/(?P<op>[^/]+)", _result),
        ("GET", _PLACE + r"/operationStatus/(?P<op>[^/]+)", _status),
    )
]
