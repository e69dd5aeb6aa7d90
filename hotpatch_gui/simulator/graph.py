"""Resource Graph's tables of the simulation."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

from . import arc
from .arc import arc_id
from .cloud import TENANT, SimulatedCloud
from .guest import Guest
from .vm import class_counts, counts, error_of, graph_class, model, os_name, vm_id

Row = dict[str, Any]

ASSESSMENT_LASTS = timedelta(days=7)
INSTALLATIONS_KEPT = timedelta(days=30)


class QueryScope(NamedTuple):
    """The machines that a query needs, so that no other rows are created, like an index."""

    machines: frozenset[str]
    """Lower-case resource IDs; empty for every machine."""
    results: bool
    updates: bool

    @classmethod
    def of(cls, query: str) -> QueryScope:
        below = re.findall(r"id startswith '([^']*)'", query)
        ids = frozenset("/".join(path.casefold().split("/")[:9]) for path in below)
        part = "/softwarepatches'"
        return cls(ids, f" endswith '{part}" not in query, f"!endswith '{part}" not in query)

    def has(self, guest: Guest) -> bool:
        return not self.machines or resource_id(guest).casefold() in self.machines


def rows(
    cloud: SimulatedCloud, table: str, now: datetime, scope: QueryScope
) -> Iterator[Row] | None:
    """Rows of ``table`` at ``now``; None for an unknown table."""
    match table.casefold():
        case "resources":
            configurations = cloud.maintenance.in_graph("configuration", now)
            return chain(map(_resource, cloud.readable()), map(_maintenance, configurations))
        case "maintenanceresources":
            assigned = cloud.maintenance.in_graph("assignment", now)
            return map(_maintenance, filter(cloud.may_read_assignment, assigned))
        case "resourcecontainers":
            return (_subscription(*pair) for pair in cloud.subscriptions.items())
        case "healthresources":
            return (_health(g, now) for g in cloud.readable() if not g.is_arc)
        case "patchassessmentresources":
            return _assessments(cloud, now, scope)
        case "patchinstallationresources":
            return _installations(cloud, now, scope)
    return None


def _row(guest: Guest, row_id: str, name: str, kind: str, properties: dict[str, Any]) -> Row:
    return {
        "id": row_id,
        "name": name,
        "type": kind,
        "tenantId": TENANT,
        "kind": "",
        "location": guest.location,
        "resourceGroup": guest.resource_group.lower(),
        "subscriptionId": guest.subscription,
        "tags": None,
        "zones": None,
        "properties": properties,
    }


def _subscription(subscription_id: str, name: str) -> Row:
    return {
        "id": f"/subscriptions/{subscription_id}",
        "name": name,
        "type": "microsoft.resources/subscriptions",
        "tenantId": TENANT,
        "subscriptionId": subscription_id,
        "properties": {"state": "Enabled"},
    }


def resource_id(guest: Guest) -> str:
    return arc_id(guest) if guest.is_arc else vm_id(guest)


def _results(guest: Guest, table: str) -> str:
    """The resource type of rows below the machine."""
    return f"{_ARC if guest.is_arc else _VM}/{table}"


_VM, _ARC = "microsoft.compute/virtualmachines", "microsoft.hybridcompute/machines"


def _arc_resource(guest: Guest) -> Row:
    body = arc.model(guest)
    row = _row(guest, arc_id(guest), guest.name, _ARC, body["properties"])
    return row | {"tags": guest.tags, "kind": body.get("kind", "")}


def _resource(guest: Guest) -> Row:
    if guest.is_arc:
        return _arc_resource(guest)
    body = model(guest)
    properties = body["properties"] | {
        "extended": {
            "instanceView": {
                "computerName": guest.name,
                "osName": os_name(guest),
                "osVersion": f"10.0.{guest.build}",
                "hyperVGeneration": guest.generation,
                "powerState": {
                    "code": f"PowerState/{guest.power}",
                    "displayStatus": f"VM {guest.power}",
                    "level": "Info",
                },
            }
        }
    }
    row = _row(guest, vm_id(guest), guest.name, _VM, properties)
    return row | {"tags": guest.tags, "zones": body.get("zones")}


def _health(guest: Guest, now: datetime) -> Row:
    kind = "microsoft.resourcehealth/availabilitystatuses"
    properties = {
        "targetResourceType": "microsoft.compute/virtualmachines",
        "targetResourceId": vm_id(guest),
        "availabilityState": guest.health if guest.power == "running" else "Unavailable",
        "occurredTime": _utc(
            guest.resource_health_since or now.replace(hour=0, minute=0, second=0).isoformat()
        ),
    }
    return _row(
        guest, f"{vm_id(guest).lower()}/providers/{kind}/current", "current", kind, properties
    )


def _maintenance(body: Row) -> Row:
    """A maintenance configuration or an assignment."""
    subscription = body["id"].split("/")[2].lower()
    return body | {"type": body["type"].lower(), "tenantId": TENANT, "subscriptionId": subscription}


def _assessments(cloud: SimulatedCloud, now: datetime, scope: QueryScope) -> Iterator[Row]:
    for guest in filter(scope.has, cloud.readable()):
        kind = _results(guest, "patchassessmentresults")
        seen = guest.assessment
        if seen is None or now - datetime.fromisoformat(seen["modified"]) > ASSESSMENT_LASTS:
            continue
        base = f"{resource_id(guest).lower()}/patchassessmentresults/latest"
        if scope.results:
            yield _row(guest, base, seen["id"], kind, _assessment_properties(cloud, guest, seen))
        for patch in seen["patches"] if scope.updates else ():
            leaf = uuid.uuid5(uuid.NAMESPACE_URL, patch["patch_id"])
            properties = {
                "patchName": patch["name"],
                "patchId": patch["patch_id"],
                "kbId": patch["kb"].removeprefix("KB"),
                "classifications": [graph_class(patch)],
                "publishedDateTime": _utc(patch["published"]),
                "lastModifiedDateTime": _utc(seen["modified"]),
                "rebootBehavior": patch["restart"],
                "rebootRequired": patch["restart"] == "AlwaysRequiresReboot",
                "msrcSeverity": patch["severity"],
            }
            yield _row(
                guest,
                f"{base}/softwarepatches/{leaf}",
                str(leaf),
                f"{kind}/softwarepatches",
                properties,
            )


def _assessment_properties(
    cloud: SimulatedCloud, guest: Guest, seen: dict[str, Any]
) -> dict[str, Any]:
    return {
        "status": seen["status"],
        "assessmentActivityId": seen["id"],
        "rebootPending": seen["restart_pending"],
        "osType": "Windows",
        "startDateTime": _utc(seen["started"]),
        "lastModifiedDateTime": _utc(seen["modified"]),
        "startedBy": seen["started_by"],
        "patchServiceUsed": guest.patch_service,
        "availablePatchCountByClassification": class_counts(seen["patches"]),
        "errorDetails": None,
        "configurationStatus": {
            "vmGuestPatchReadiness": {
                "detectedVMGuestPatchSupportState": cloud.support_state(guest)
            }
        },
    }


def _installations(cloud: SimulatedCloud, now: datetime, scope: QueryScope) -> Iterator[Row]:
    for guest in filter(scope.has, cloud.readable()):
        kind = _results(guest, "patchinstallationresults")
        op = cloud.running(guest, "install")
        runs = guest.runs + ([cloud.installation_at(op, now)] if op else [])
        for run in runs:
            if now - datetime.fromisoformat(run["started"]) > INSTALLATIONS_KEPT:
                continue
            base = f"{resource_id(guest).lower()}/patchinstallationresults/{run['id']}"
            if scope.results:
                yield _row(guest, base, run["id"], kind, _installation_properties(run))
            for number, patch in enumerate(run["patches"] if scope.updates else ()):
                properties = {
                    "patchName": patch["name"],
                    "patchId": patch["patch_id"],
                    "kbId": patch["kb"].removeprefix("KB"),
                    "classifications": [graph_class(patch)],
                    "installationState": patch["state"],
                    "publishedDateTime": _utc(patch["published"]),
                    "lastModifiedDateTime": _utc(run["modified"]),
                    "rebootBehavior": patch["restart"],
                    "rebootRequired": patch["restart"] == "AlwaysRequiresReboot",
                }
                leaf = f"{base}/softwarepatches/{number:03d}"
                yield _row(guest, leaf, f"{number:03d}", f"{kind}/softwarepatches", properties)


def _installation_properties(run: dict[str, Any]) -> dict[str, Any]:
    return counts(run) | {
        "installationActivityId": run["id"],
        "status": run["status"],
        "maintenanceWindowExceeded": run["window_exceeded"],
        "patchServiceUsed": "WU",
        "startDateTime": _utc(run["started"]),
        "lastModifiedDateTime": _utc(run["modified"]),
        "rebootStatus": run["restart_status"],
        "startedBy": run["started_by"],
        "osType": "Windows",
        "errorDetails": error_of(run),
        "maintenanceRunId": run["maintenance_run_id"],
    }


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
