"""Patch settings in a PATCH of a virtual machine, validated as Azure does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .arm_error import ArmError
from .guest import Guest


def read_settings(guest: Guest, windows: Mapping[str, Any]) -> dict[str, Any]:
    """The settings after a PATCH.

    Raises:
        ArmError: 400 for combinations that Azure rejects.
    """
    patch = windows.get("patchSettings") or {}
    platform = patch.get("automaticByPlatformSettings") or {}
    mode = patch.get("patchMode", guest.patch_mode)
    hotpatching = bool(patch.get("enableHotpatching", guest.hotpatching))
    bypass = bool(
        platform.get("bypassPlatformSafetyChecksOnUserSchedule", guest.bypass_safety_checks)
    )
    target = "windowsConfiguration.patchSettings.patchMode"

    def refuse(message: str) -> ArmError:
        return ArmError(400, "InvalidParameter", message, target)

    if (
        "enableAutomaticUpdates" in windows
        and windows["enableAutomaticUpdates"] != guest.automatic_updates
    ):
        raise ArmError(
            409,
            "PropertyChangeNotAllowed",
            "Changing property 'windowsConfiguration.enableAutomaticUpdates' is not allowed.",
            target,
        )
    if mode not in ("Manual", "AutomaticByOS", "AutomaticByPlatform"):
        raise refuse(f"The patchMode '{mode}' is invalid.")
    if mode == "AutomaticByOS" and not guest.automatic_updates:
        raise refuse(
            "The patchMode 'AutomaticByOS' is invalid. For patchMode 'AutomaticByOS', "
            "the property 'enableAutomaticUpdates' must be set to true."
        )
    if mode == "Manual" and guest.automatic_updates:
        raise refuse(
            "The patchMode 'Manual' is invalid. For patchMode 'Manual', the property 'enableAutomaticUpdates' must be set to false."
        )
    if hotpatching and mode != "AutomaticByPlatform":
        raise refuse("Hotpatch requires the patchMode 'AutomaticByPlatform'.")
    if hotpatching and bypass:
        raise refuse(
            "Hotpatch updates require platform safety checks. The "
            "'BypassPlatformSafetyChecksOnUserSchedule' flag must be set to false to enable hotpatching."
        )
    return {
        "patch_mode": mode,
        "hotpatching": hotpatching,
        "bypass": bypass,
        "assessment_mode": patch.get("assessmentMode", guest.assessment_mode),
        "restart": platform.get("rebootSetting", guest.restart_setting),
    }
