"""Request bodies for Resource Manager. No SDK is imported, so the window can create them."""

from __future__ import annotations

from typing import Any

from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.schedules import Schedule, Scope
from hotpatch_gui.domain.settings import SettingsChange


def install_body(request: InstallRequest) -> dict[str, Any]:
    """The body of installPatches: KBs as digits, the duration in ISO 8601."""
    windows: dict[str, Any] = {
        "classificationsToInclude": sorted(c.value for c in request.classifications),
        "kbNumbersToInclude": [kb.removeprefix("KB") for kb in request.include],
        "kbNumbersToExclude": [kb.removeprefix("KB") for kb in request.exclude],
        "excludeKbsRequiringReboot": request.exclude_restarting,
    }
    if request.published_until is not None:
        windows["maxPatchPublishDate"] = request.published_until.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "maximumDuration": f"PT{request.maximum_minutes}M",
        "rebootSetting": request.sent_restart.value,
        "windowsParameters": windows,
    }


def settings_body(change: SettingsChange, *, is_arc: bool = False) -> dict[str, Any]:
    """The body of a PATCH that contains only the changed patch settings.

    Arc-enabled servers have no safety checks to bypass.
    """
    values = (
        ("patchMode", change.patch_mode),
        ("enableHotpatching", change.hotpatch),
        ("assessmentMode", change.assessment_mode),
    )
    settings: dict[str, Any] = {name: value for name, value in values if value is not None}
    if change.orchestration is not None and not is_arc:
        settings["automaticByPlatformSettings"] = {
            "bypassPlatformSafetyChecksOnUserSchedule": change.bypass_safety_checks
        }
    return {"properties": {"osProfile": {"windowsConfiguration": {"patchSettings": settings}}}}


def schedule_body(schedule: Schedule, location: str) -> dict[str, Any]:
    """The body of a PUT of a maintenance configuration that patches guests. KBs as digits, the duration as ``03:55``.

    Source: azure-rest-api-specs, Microsoft.Maintenance maintenanceConfigurations, 2023-04-01.
    """
    hours, minutes = divmod(schedule.minutes or 0, 60)
    windows = {
        "classificationsToInclude": list(schedule.classifications),
        "kbNumbersToInclude": [kb.removeprefix("KB") for kb in schedule.include],
        "kbNumbersToExclude": [kb.removeprefix("KB") for kb in schedule.exclude],
        "excludeKbsRequiringReboot": bool(schedule.exclude_restarting),
    }
    return {
        "location": location,
        "properties": {
            "maintenanceScope": "InGuestPatch",
            "extensionProperties": {"InGuestPatchMode": "User"},
            "maintenanceWindow": {
                "startDateTime": schedule.starts,
                "duration": f"{hours:02}:{minutes:02}",
                "timeZone": schedule.time_zone,
                "recurEvery": schedule.recurs,
                "expirationDateTime": schedule.expires,
            },
            "installPatches": {"rebootSetting": schedule.restart, "windowsParameters": windows},
        },
    }


def assignment_body(schedule_id: str, resource_id: str, location: str) -> dict[str, Any]:
    """The body of a PUT that assigns a schedule to a machine in ``location``."""
    properties = {"maintenanceConfigurationId": schedule_id, "resourceId": resource_id}
    return {"location": location, "properties": properties}


def scope_body(scope: Scope) -> dict[str, Any]:
    """The body of a PUT of a dynamic scope.

    Source: azure-rest-api-specs, Microsoft.Maintenance configurationAssignments with a filter, 2023-04-01.
    """
    lists = {
        "osTypes": scope.os_types,
        "resourceGroups": scope.resource_groups,
        "resourceTypes": scope.resource_types,
        "locations": scope.locations,
    }
    found: dict[str, Any] = {name: list(values) for name, values in lists.items() if values}
    if scope.tags:
        found["tagSettings"] = {
            "tags": {name: list(values) for name, values in scope.tags},
            "filterOperator": "All" if scope.all_tags else "Any",
        }
    properties = {
        "maintenanceConfigurationId": scope.schedule_id,
        "resourceId": scope.below,
        "filter": found,
    }
    return {"properties": properties}


def enroll_body() -> dict[str, Any]:
    """The body of a PATCH that enrolls with an existing license profile and leaves the rest of it unchanged.

    ``productProfile.subscriptionStatus`` is not sent: it is the pay-as-you-go license of Windows Server.

    Source: azure-rest-api-specs, Microsoft.HybridCompute licenseProfiles.
    """
    feature = {"name": "Hotpatch", "subscriptionStatus": "Enable"}
    product = {"productType": "WindowsServer", "productFeatures": [feature]}
    return {"properties": {"productProfile": product}}


def first_license_body(location: str) -> dict[str, Any]:
    """The body of a PUT for a server without a license profile.

    A PUT might reset other values of an existing profile.
    """
    feature = {"name": "Hotpatch", "subscriptionStatus": "Enabled"}
    product = {"productType": "WindowsServer", "productFeatures": [feature]}
    return {"location": location, "properties": {"productProfile": product}}


def unenroll_body() -> dict[str, Any]:
    """The body of a PATCH that ends the enrollment. Its values differ from those of a PUT."""
    feature = {"name": "Hotpatch", "subscriptionStatus": "Disable"}
    product = {"productType": "WindowsServer", "productFeatures": [feature]}
    return {"properties": {"productProfile": product}}
