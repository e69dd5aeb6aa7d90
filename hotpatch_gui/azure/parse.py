"""Azure's JSON as domain objects. Rows that can't be read raise UnreadableError, and callers count them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from hotpatch_gui.domain.arc import Arc, Enablement, License
from hotpatch_gui.domain.installs import RestartSetting
from hotpatch_gui.domain.kb import kb_of_update
from hotpatch_gui.domain.machines import AssessmentMode, Image, Machine, PatchMode, PatchSettings
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.schedules import Schedule, Scope
from hotpatch_gui.domain.updates import Classification

from .values import (
    UnreadableError,
    error_text,
    flag,
    items,
    last_part,
    mapping,
    moment,
    remembered,
    required,
    spelled,
    text,
)


@lru_cache(maxsize=2048)
def machine_id_of(resource_id: str) -> str:
    """The lower-case machine ID in the ID of a child resource."""
    return "/".join((text(resource_id) or "").lower().split("/")[:9])


def machine(row: Mapping[str, Any], fetched: datetime) -> Machine:
    """A row of machines.kql.

    Raises:
        UnreadableError: a required value is missing.
    """
    image = mapping(row.get("image"))
    resource_id = required(row.get("id"), "id")
    zones = items(row.get("zones"))
    return Machine(
        resource_id=resource_id,
        name=required(row.get("name"), "name"),
        subscription_id=required(row.get("subscriptionId"), "subscriptionId"),
        resource_group=required(row.get("resourceGroup"), "resourceGroup"),
        location=text(row.get("location")) or "",
        fetched=fetched,
        vm_id=identity(row),
        zone=text(zones[0]) if zones else None,
        availability_set=last_part(row.get("availabilitySet")),
        image=Image(text(image.get("publisher")), text(image.get("offer")), text(image.get("sku"))),
        settings=settings(mapping(row.get("windows"))),
        power=PowerState.parse(text(row.get("power"))),
        generation=text(row.get("generation")),
        os_name=text(row.get("osName")),
        os_version=text(row.get("osVersion")),
        time_zone=text(mapping(row.get("windows")).get("timeZone")),
        allow_extensions=flag(row.get("allowExtensions")),
        tags=tags(row.get("tags")),
    )


def identity(row: Mapping[str, Any]) -> str | None:
    """Azure's vmId in lower case; None if it isn't reported."""
    found = text(row.get("vmId"))
    return found.lower() if found else None


def arc_machine(row: Mapping[str, Any], fetched: datetime) -> Machine:
    """A row of arc-machines.kql.

    Raises:
        UnreadableError: a required value is missing.
    """
    patch = mapping(row.get("patchSettings"))
    status = mapping(patch.get("status"))
    features = items(
        mapping(mapping(row.get("licenseProfile")).get("productProfile")).get("productFeatures")
    )
    hotpatch = next((f for f in map(mapping, features) if _is(f.get("name"), "Hotpatch")), {})
    return Machine(
        resource_id=required(row.get("id"), "id"),
        name=required(row.get("name"), "name"),
        subscription_id=required(row.get("subscriptionId"), "subscriptionId"),
        resource_group=required(row.get("resourceGroup"), "resourceGroup"),
        location=text(row.get("location")) or "",
        fetched=fetched,
        vm_id=identity(row),
        settings=settings({"patchSettings": patch}),
        power=PowerState.parse(text(row.get("status"))),
        os_name=text(row.get("osSku")) or text(row.get("osName")),
        os_version=text(row.get("osVersion")),
        arc=Arc(
            text(row.get("osEdition")),
            License.parse(text(hotpatch.get("subscriptionStatus"))),
            Enablement.parse(text(status.get("hotpatchEnablementStatus"))),
            error_text(status.get("error")),
            text(row.get("kind")),
            status=text(row.get("status")),
            reason=text(row.get("statusReason")),
            license_error=error_text(hotpatch.get("error")),
            mode=text(mapping(row.get("agent")).get("configMode")),
            can_extend=can_extend(mapping(row.get("agent"))),
            enrolled_at=moment(hotpatch.get("enrollmentDate")),
        ),
        tags=tags(row.get("tags")),
    )


PATCH_EXTENSIONS = ("windowsosupdateextension", "windowspatchextension")
"""Types of the extensions that assess and patch an Arc-enabled server, in lower case."""


def can_extend(agent: Mapping[str, Any]) -> bool | None:
    """Whether ``agentConfiguration`` allows a patch extension; None if unspecified."""
    allowed, blocked = (
        _types(agent.get("extensionsAllowList")),
        _types(agent.get("extensionsBlockList")),
    )
    if _is(agent.get("extensionsEnabled"), "false") or blocked & set(PATCH_EXTENSIONS):
        return False
    return bool(allowed & set(PATCH_EXTENSIONS)) if allowed else None


def _types(extensions: Any) -> set[str]:
    found = (text(mapping(e).get("type")) for e in items(extensions))
    return {t.casefold() for t in found if t}


def tags(value: Any) -> tuple[tuple[str, str], ...]:
    """A resource's (name, value) tags by name."""
    pairs = ((text(name), text(of) or "") for name, of in mapping(value).items())
    return tuple(sorted((name, of) for name, of in pairs if name is not None))


def _is(value: Any, word: str) -> bool:
    return isinstance(value, str) and value.casefold() == word.casefold()


def arc_row(body: Mapping[str, Any], subscription_id: str) -> dict[str, Any]:
    """Convert an Arc-enabled server from Resource Manager to a row of arc-machines.kql.

    Raises:
        UnreadableError: its ID isn't a machine's.
    """
    properties = mapping(body.get("properties"))
    windows = mapping(mapping(properties.get("osProfile")).get("windowsConfiguration"))
    names = (
        "status",
        "statusReason",
        "vmId",
        "osSku",
        "osName",
        "osVersion",
        "osEdition",
        "licenseProfile",
    )
    parts = required(body.get("id"), "id").split("/")
    if len(parts) < 9:
        raise UnreadableError("id is not a machine's")
    return {name: properties.get(name) for name in names} | {
        "id": body.get("id"),
        "name": body.get("name"),
        "kind": body.get("kind"),
        "subscriptionId": subscription_id,
        "resourceGroup": parts[4].lower(),
        "location": body.get("location"),
        "tags": body.get("tags"),
        "patchSettings": windows.get("patchSettings"),
        "agent": properties.get("agentConfiguration"),
    }


def resource_row(body: Mapping[str, Any], subscription_id: str) -> dict[str, Any]:
    """Convert a virtual machine with its instance view to a row of machines.kql.

    Raises:
        UnreadableError: its ID isn't a virtual machine's.
    """
    properties = mapping(body.get("properties"))
    view = mapping(properties.get("instanceView"))
    profile = mapping(properties.get("osProfile"))
    resource_id = required(body.get("id"), "id")
    parts = resource_id.split("/")
    if len(parts) < 9:
        raise UnreadableError("id is not a virtual machine's")
    return {
        "id": resource_id,
        "vmId": properties.get("vmId"),
        "name": body.get("name"),
        "subscriptionId": subscription_id,
        "resourceGroup": parts[4].lower(),
        "location": body.get("location"),
        "tags": body.get("tags"),
        "zones": body.get("zones"),
        "image": mapping(properties.get("storageProfile")).get("imageReference"),
        "windows": profile.get("windowsConfiguration"),
        "allowExtensions": profile.get("allowExtensionOperations"),
        "availabilitySet": mapping(properties.get("availabilitySet")).get("id"),
        "power": power_of(view),
        "generation": view.get("hyperVGeneration"),
        "osName": view.get("osName"),
        "osVersion": view.get("osVersion"),
    }


def power_of(view: Mapping[str, Any]) -> str | None:
    """The power state's code in an instance view; None if it isn't reported."""
    codes = (text(mapping(s).get("code")) for s in items(view.get("statuses")))
    return next((c for c in codes if c and c.casefold().startswith("powerstate/")), None)


def agent_ready(view: Mapping[str, Any]) -> bool | None:
    """Whether the VM agent is ready; None if not reported."""
    statuses = items(mapping(view.get("vmAgent")).get("statuses"))
    shown = text(mapping(statuses[0]).get("displayStatus")) if statuses else None
    return None if shown is None else shown.casefold() == "ready"


def settings(windows: Mapping[str, Any]) -> PatchSettings:
    """The patch settings in windowsConfiguration."""
    patch = mapping(windows.get("patchSettings"))
    platform = mapping(patch.get("automaticByPlatformSettings"))
    return _settings(
        patch.get("patchMode"),
        patch.get("enableHotpatching"),
        patch.get("assessmentMode"),
        platform.get("bypassPlatformSafetyChecksOnUserSchedule"),
        platform.get("rebootSetting"),
        windows.get("enableAutomaticUpdates"),
        windows.get("provisionVMAgent"),
    )


@remembered
def _settings(*values: Any) -> PatchSettings:
    mode, hotpatch, assessment, bypass, restart, automatic, agent = values
    return PatchSettings(
        patch_mode=PatchMode.parse(text(mode)),
        hotpatch_enabled=flag(hotpatch),
        assessment_mode=AssessmentMode.parse(text(assessment)),
        bypass_safety_checks=flag(bypass),
        restart_setting=text(restart),
        automatic_updates=flag(automatic),
        provision_agent=flag(agent),
    )


def schedule(row: Mapping[str, Any]) -> Schedule:
    """A row of schedules.kql. Its duration has the form ``03:55``, hours and minutes.

    Raises:
        UnreadableError: a required value is missing.
    """
    window, install = mapping(row.get("window")), mapping(row.get("install"))
    windows = mapping(install.get("windowsParameters"))
    lasts = re.fullmatch(r"\s*(\d{1,2}):(\d{2})(?::\d{2})?\s*", text(window.get("duration")) or "")
    return Schedule(
        name=required(row.get("name"), "name"),
        starts=text(window.get("startDateTime")) or "",
        minutes=int(lasts[1]) * 60 + int(lasts[2]) if lasts else None,
        time_zone=text(window.get("timeZone")),
        recurs=text(window.get("recurEvery")) or "",
        expires=text(window.get("expirationDateTime")),
        classifications=_enum_values(windows.get("classificationsToInclude"), Classification),
        include=_kb_list(windows.get("kbNumbersToInclude")),
        exclude=_kb_list(windows.get("kbNumbersToExclude")),
        exclude_restarting=flag(windows.get("excludeKbsRequiringReboot")),
        restart=_restart_setting(install.get("rebootSetting")),
        location=text(row.get("location")) or "",
        azure_id=text(row.get("id")) or "",
    )


def _enum_values(values: Any, known: Iterable[str]) -> tuple[str, ...]:
    """Enum values in their standard spelling, without spaces: the file separates them by spaces."""
    found = (spelled("".join((text(value) or "").split()), known) for value in items(values))
    return tuple(w for w in found if w)


def _kb_list(values: Any) -> tuple[str, ...]:
    found = (kb_of_update(text(value), None) for value in items(values))
    return tuple(kb for kb in found if kb)


def _restart_setting(value: Any) -> str | None:
    """``IfRequired``, ``Never`` or ``Always``; Azure also writes ``NeverReboot`` and ``AlwaysReboot``."""
    return spelled(re.sub("reboots?$", "", text(value) or "", flags=re.IGNORECASE), RestartSetting)


def scope(row: Mapping[str, Any]) -> Scope:
    """A row of assignments.kql with a filter, or whose target isn't a machine: a dynamic scope.

    Parts of the filter that can't be interpreted are its ``unknown``: a machine that matches the others is perhaps in it.

    Raises:
        UnreadableError: a required value is missing.
    """
    given = mapping(row.get("filter"))
    tag_filter = mapping(given.get("tagSettings"))
    tags = mapping(tag_filter.get("tags"))
    lists = ("osTypes", "resourceGroups", "resourceTypes", "locations")
    sound = {key for key in lists if _is_texts(given.get(key))}
    if (
        isinstance(given.get("tagSettings"), Mapping | None)
        and all(map(_is_texts, tags.values()))
        and isinstance(tag_filter.get("tags"), Mapping | None)
        and (text(tag_filter.get("filterOperator")) or "Any").casefold() in ("any", "all")
    ):
        sound.add("tagSettings")
    unknown = {str(key) for key in given if key not in sound and given[key]}
    if row.get("filter") is not None and not isinstance(row["filter"], Mapping):
        unknown.add("filter")
    return Scope(
        name=text(row.get("name")) or "",
        schedule_id=required(row.get("schedule"), "schedule").lower(),
        below=required(row.get("machine"), "machine").lower(),
        os_types=_texts(given.get("osTypes")),
        resource_groups=_texts(given.get("resourceGroups")),
        resource_types=_texts(given.get("resourceTypes")),
        locations=_texts(given.get("locations")),
        tags=tuple((str(name), _texts(values)) for name, values in tags.items()),
        all_tags=_is(tag_filter.get("filterOperator"), "All"),
        unknown=tuple(sorted(unknown)),
        azure_id=text(row.get("id")) or "",
    )


def _is_texts(values: Any) -> bool:
    """Whether these are texts or missing."""
    return values is None or (isinstance(values, list) and all(isinstance(v, str) for v in values))


def _texts(values: Any) -> tuple[str, ...]:
    found = map(text, items(values))
    return tuple(t for t in found if t)
