"""Request bodies for Resource Manager. No SDK is imported, so the window can create them."""

from __future__ import annotations

from typing import Any

from hotpatch_gui.domain.installs import InstallRequest
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


def enroll_body() -> dict[str, Any]:
    """The body of a PATCH that enrolls with an existing license profile and leaves the rest of it unchanged.

    ``productProfile.subscriptionStatus`` is not sent: it is the pay-as-you-go license of Windows Server.

    Source: Microsoft.HybridCompute, licenseProfiles.
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
