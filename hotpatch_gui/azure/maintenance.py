"""Requests to Microsoft.Maintenance: one configuration or assignment, by its resource ID.

Source: azure-rest-api-specs, Microsoft.Maintenance 2023-04-01. Creating and deleting aren't long-running operations.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.maintenance import MaintenanceManagementClient

from hotpatch_gui.domain.kb import normalize_kb
from hotpatch_gui.domain.schedule_changes import ChangeKind, ScheduleChange

from . import parse, values
from .pages import GUESTS
from .values import UnreadableError

Json = Mapping[str, Any]
_ID = re.compile(
    r"/subscriptions/(?P<sub>[^/]+)(/resourcegroups/(?P<rg>[^/]+))?"
    r"(/providers/(?P<provider>[^/]+)/(?P<kind>[^/]+)/(?P<owner>[^/]+))?"
    r"/providers/microsoft\.maintenance/(?P<type>maintenanceconfigurations|configurationassignments)/(?P<name>[^/]+)",
    re.IGNORECASE,
)

MISSING = (
    "ResourceNotFound",
    "NotFound",
    "ResourceGroupNotFound",
    "MaintenanceConfigurationNotFound",
)
"""Error codes of a resource that doesn't exist."""


class _Verbs(NamedTuple):
    """The SDK's methods for one resource."""

    get: Callable[..., Any]
    put: Callable[..., Any]
    delete: Callable[..., Any]


def subscription_of(resource_id: str) -> str:
    """The subscription of a configuration or assignment.

    Raises:
        ValueError: it isn't the ID of one.
    """
    return _parts(resource_id)["sub"]


def _parts(resource_id: str) -> dict[str, str]:
    match = _ID.fullmatch(resource_id)
    if match is None:
        raise ValueError(f"{resource_id} isn't a maintenance configuration or an assignment")
    return {key: value for key, value in match.groupdict().items() if value}


def _verbs(client: MaintenanceManagementClient, resource_id: str) -> _Verbs:
    parts = _parts(resource_id)
    name = parts["name"]
    if parts["type"].casefold() == "maintenanceconfigurations":
        of: Any = client.maintenance_configurations
        place: tuple[str, ...] = (parts["rg"], name)
    elif "owner" in parts:
        of = client.configuration_assignments
        place = (parts["rg"], parts["provider"], parts["kind"], parts["owner"], name)
    elif "rg" in parts:
        of = client.configuration_assignments_for_resource_group
        place = (parts["rg"], name)
    else:
        of = client.configuration_assignments_for_subscriptions
        place = (name,)
    return _Verbs(*(partial(call, *place) for call in (of.get, of.create_or_update, of.delete)))


def read(client: MaintenanceManagementClient, resource_id: str) -> Json | None:
    """The resource's JSON; None if Azure says that there is none.

    Raises:
        ResourceNotFoundError: the subscription wasn't found, or a proxy responded.
        ValueError: the response is about another resource.
    """
    try:
        body: Json = _verbs(client, resource_id).get(cls=_json)
    except ResourceNotFoundError as error:
        if (
            error.error is None or error.error.code not in MISSING
        ):  # of a proxy, or of the subscription
            raise
        return None
    _must_be(body, resource_id)
    return body


class Sent(NamedTuple):
    """Azure's response to a change: its request ID, and whether the resource is then as requested."""

    request_id: str
    is_as_requested: bool


def _must_be(body: Json, resource_id: str) -> None:
    """Check that a response is the resource, because a caching proxy may return an earlier one.

    Raises:
        ValueError: it isn't.
    """
    if str(body.get("id") or "").casefold() != resource_id.casefold():
        raise ValueError(f"the response isn't {resource_id}")


def send(client: MaintenanceManagementClient, change: ScheduleChange, old: Json | None) -> Sent:
    """Create, change or delete a resource. What a change of a schedule doesn't name stays as in ``old``.

    Raises:
        ValueError: the response isn't this resource.
    """
    verbs = _verbs(client, change.resource_id)
    if change.kind.deletes:
        return Sent(str(verbs.delete(cls=_request_id)), is_as_requested=True)
    body = json.loads(change.body)
    if change.kind is ChangeKind.SAVE:
        body = merged(old or {}, body)
    elif change.kind is ChangeKind.EXCLUDE:
        body = excluding(old or {}, body["kb"])
    content = json.dumps(body).encode()
    request_id, made = verbs.put(content, content_type="application/json", cls=_id_and_json)
    _must_be(made, change.resource_id)
    return Sent(request_id, shows(made, change))


def excluding(old: Json, kb: str) -> dict[str, Any]:
    """A configuration with a KB on its exclude list, and not on its include list; everything else as in ``old``."""
    install = values.mapping(values.mapping(old.get("properties")).get("installPatches"))
    windows = values.mapping(install.get("windowsParameters"))

    def others(key: str) -> list[Any]:
        return [one for one in values.items(windows.get(key)) if normalize_kb(str(one)) != kb]

    lists = {
        "kbNumbersToInclude": others("kbNumbersToInclude"),
        "kbNumbersToExclude": [*others("kbNumbersToExclude"), kb.removeprefix("KB")],
    }
    return merged(old, {"properties": {"installPatches": {"windowsParameters": lists}}})


def merged(old: Json, new: Json) -> dict[str, Any]:
    """``old`` with the values of ``new``, object by object."""
    both = dict(old)
    for key, value in new.items():
        before = both.get(key)
        both[key] = (
            merged(before, value)
            if isinstance(before, Mapping) and isinstance(value, Mapping)
            else value
        )
    return both


def shows(body: Json | None, change: ScheduleChange) -> bool:
    """Whether the resource is as the change requests it."""
    if body is None or change.kind.deletes:
        return (body is None) is change.kind.deletes
    wanted = json.loads(change.body)
    if change.kind is ChangeKind.EXCLUDE:
        wanted = excluding(body, wanted["kb"])
    try:
        return _meaning(body, change) == _meaning(wanted, change)
    except UnreadableError:  # it confirms nothing
        return False


def _meaning(body: Json, change: ScheduleChange) -> object:
    """A resource's content in one spelling, to compare two answers of Azure."""
    properties = values.mapping(body.get("properties"))
    link: dict[str, Any] = {"name": change.resource_id.rsplit("/", 1)[-1], "id": ""}
    if change.kind.is_of_schedule:
        window = {
            "window": properties.get("maintenanceWindow"),
            "install": properties.get("installPatches"),
            "location": str(body.get("location")).replace(" ", "").lower(),
        }
        schedule = parse.schedule(link | window)
        scope = str(properties.get("maintenanceScope") or GUESTS).casefold()
        return schedule.canonical, schedule.ends(), scope
    link["schedule"] = properties.get("maintenanceConfigurationId")
    link["machine"] = properties.get("resourceId")
    link["filter"] = properties.get("filter")
    return parse.scope(link).canonical


def _json(response: Any, *_: object) -> Json:
    value = json.loads(response.http_response.text())
    return value if isinstance(value, Mapping) else {}


def _id_and_json(response: Any, *_: object) -> tuple[str, Json]:
    return _request_id(response), _json(response)


def _request_id(response: Any, *_: object) -> str:
    return str(response.http_response.headers.get("x-ms-request-id", ""))
