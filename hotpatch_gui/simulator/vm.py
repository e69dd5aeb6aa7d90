"""JSON of virtual machines and their results in Azure's shapes.

Source: azure-rest-api-specs, Microsoft.Compute virtualMachines.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from .catalog import CATEGORY_NAMES
from .cloud import SimulatedCloud, SimulatedOperation
from .guest import Guest

MAX_ERRORS = 5


def vm_id(guest: Guest) -> str:
    return (
        f"/subscriptions/{guest.subscription}/resourceGroups/{guest.resource_group}"
        f"/providers/Microsoft.Compute/virtualMachines/{guest.name}"
    )


def os_name(guest: Guest) -> str:
    edition = " Azure Edition" if "azure-edition" in guest.sku else ""
    return f"Windows Server {guest.product[2:]} Datacenter{edition}"


def counts(run: dict[str, Any]) -> dict[str, int]:
    states = [p["state"] for p in run["patches"]]
    names = ("Installed", "Failed", "Pending", "Excluded", "NotSelected")
    return {f"{n[0].lower()}{n[1:]}PatchCount": states.count(n) for n in names}


COUNT_NAMES = (
    "security",
    "critical",
    "definition",
    "updateRollup",
    "featurePack",
    "servicePack",
    "tools",
    "updates",
)


def class_counts(patches: list[dict[str, Any]]) -> dict[str, int]:
    """The availablePatchCountByClassification of these updates."""
    found = dict.fromkeys((*COUNT_NAMES, "other"), 0)
    for patch in patches:
        key = graph_class(patch)
        found[key[0].lower() + key[1:]] += 1
    return found


_GRAPH_CLASS = {"UpdateRollUp": "UpdateRollup"}
"""Resource Graph's casing where it differs from the request's enum."""


def graph_class(patch: dict[str, Any]) -> str:
    name: str = patch["classification"]
    return _GRAPH_CLASS.get(name, name)


def error_of(run: dict[str, Any]) -> dict[str, Any] | None:
    """Azure's error with the first five details; None for a run without errors."""
    details = run["errors"][:MAX_ERRORS]
    if run["window_exceeded"]:
        text = "The maintenance window was exceeded: not every update could be started."
        return {"code": "MaintenanceWindowExceeded", "message": text, "details": details}
    if not details:
        return None
    return {
        "code": "PatchInstallationFailed",
        "message": f"{len(run['errors'])} {'error' if len(run['errors']) == 1 else 'errors'} reported.",
        "details": details,
    }


def model(guest: Guest) -> dict[str, Any]:
    """The virtual machine resource without its instance view."""
    body: dict[str, Any] = {
        "id": vm_id(guest),
        "name": guest.name,
        "type": "Microsoft.Compute/virtualMachines",
        "location": guest.location,
        "tags": guest.tags,
        "properties": {
            "vmId": guest.identity or str(uuid.uuid5(uuid.NAMESPACE_URL, vm_id(guest).lower())),
            "provisioningState": "Succeeded",
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "storageProfile": {
                "imageReference": {
                    "publisher": guest.publisher,
                    "offer": guest.offer,
                    "sku": guest.sku,
                    "version": "latest",
                },
                "osDisk": {"osType": "Windows"},
            },
            "osProfile": {
                "computerName": guest.name,
                "allowExtensionOperations": guest.allow_extensions,
                "windowsConfiguration": {
                    "provisionVMAgent": True,
                    "enableAutomaticUpdates": guest.automatic_updates,
                    "timeZone": guest.time_zone,
                    "patchSettings": {
                        "patchMode": guest.patch_mode,
                        "enableHotpatching": guest.hotpatching,
                        "assessmentMode": guest.assessment_mode,
                        "automaticByPlatformSettings": {
                            "rebootSetting": guest.restart_setting,
                            "bypassPlatformSafetyChecksOnUserSchedule": guest.bypass_safety_checks,
                        },
                    },
                },
            },
        },
    }
    if guest.zone:
        body["zones"] = [guest.zone]
    if guest.availability_set:
        prefix = vm_id(guest).rsplit("/", 2)[0]
        body["properties"]["availabilitySet"] = {
            "id": f"{prefix}/availabilitySets/{guest.availability_set.upper()}"
        }
    return body


def instance_view(cloud: SimulatedCloud, guest: Guest, now: datetime) -> dict[str, Any]:
    """The instance view: power, agent and patch status."""
    agent = "Ready" if guest.agent_ready else "Not Ready"
    op = cloud.running(guest, "install")
    run = cloud.installation_at(op, now) if op else (guest.runs[-1] if guest.runs else None)
    status: dict[str, Any] = {
        "configurationStatuses": [
            _status(
                "PatchModeConfigurationState/Ready",
                "Status_PatchModeConfigurationState_Ready",
                now,
            )
        ]
    }
    if guest.assessment is not None:
        status["availablePatchSummary"] = _summary(guest.assessment)
    if cloud.running(guest, "assess"):
        status.setdefault("availablePatchSummary", {})["status"] = "InProgress"
    if run is not None:
        status["lastPatchInstallationSummary"] = counts(run) | {
            "status": run["status"],
            "installationActivityId": run["id"],
            "maintenanceWindowExceeded": run["window_exceeded"],
            "startTime": iso_text(run["started"]),
            "lastModifiedTime": iso_text(run["modified"]),
            "error": error_of(run),
        }
    return {
        "computerName": guest.name,
        "osName": os_name(guest),
        "osVersion": f"10.0.{guest.build}",
        "hyperVGeneration": guest.generation,
        "platformUpdateDomain": guest.update_domain,
        "vmAgent": {
            "vmAgentVersion": "Unknown" if not guest.agent_ready else "2.7.41491.1172",
            "statuses": [
                _status(
                    f"ProvisioningState/{'succeeded' if guest.agent_ready else 'Unavailable'}",
                    agent,
                    now,
                )
            ],
        },
        "statuses": [
            _status("ProvisioningState/succeeded", "Provisioning succeeded", now),
            _status(f"PowerState/{guest.power}", f"VM {guest.power}", now),
        ],
        "patchStatus": status,
    }


def _summary(seen: dict[str, Any]) -> dict[str, Any]:
    important = sum(p["classification"] in ("Critical", "Security") for p in seen["patches"])
    return {
        "status": seen["status"],
        "assessmentActivityId": seen["id"],
        "rebootPending": seen["restart_pending"],
        "criticalAndSecurityPatchCount": important,
        "otherPatchCount": len(seen["patches"]) - important,
        "startTime": iso_text(seen["started"]),
        "lastModifiedTime": iso_text(seen["modified"]),
    }


def result(op: SimulatedOperation) -> dict[str, Any] | None:
    if op.result is None:
        return None
    if op.kind == "assess":
        seen = op.result
        shown = _summary(seen)
        shown["startDateTime"] = shown.pop("startTime")
        shown.pop("lastModifiedTime")
        return shown | {
            "availablePatches": [
                _patch_body(p)
                | {
                    "rebootBehavior": p["restart"],
                    "activityId": seen["id"],
                    "publishedDate": iso_text(p["published"]),
                    "lastModifiedDateTime": iso_text(seen["modified"]),
                    "assessmentState": "Available",
                }
                for p in seen["patches"]
            ]
        }
    run = op.result
    return counts(run) | {
        "status": run["status"],
        "installationActivityId": run["id"],
        "rebootStatus": run["restart_status"],
        "maintenanceWindowExceeded": run["window_exceeded"],
        "startDateTime": iso_text(run["started"]),
        "patches": [_patch_body(p) | {"installationState": p["state"]} for p in run["patches"]],
        "error": error_of(run),
    }


def _patch_body(patch: dict[str, Any]) -> dict[str, Any]:
    names = {c.value: text for c, text in CATEGORY_NAMES.items()}
    return {
        "patchId": patch["patch_id"],
        "name": patch["name"],
        "kbId": patch["kb"].removeprefix("KB"),
        "classifications": [names[patch["classification"]]],
    }


def _status(code: str, display: str, now: datetime) -> dict[str, str]:
    return {"code": code, "level": "Info", "displayStatus": display, "time": iso(now)}


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def iso_text(text: str) -> str:
    return iso(datetime.fromisoformat(text))
