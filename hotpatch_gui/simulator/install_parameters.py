"""The body of installPatches, parsed as Azure does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .arm_error import ArmError
from .guest import InstallParameters


def parse_install_parameters(raw: dict[str, Any]) -> InstallParameters:
    """Parse the body of installPatches.

    Raises:
        ArmError: 400, as Azure rejects it.
    """
    from isodate import ISO8601Error, parse_duration  # noqa: PLC0415 - only needed with a request

    windows = raw.get("windowsParameters") or {}
    restart = str(raw.get("rebootSetting", "")).casefold()
    settings = {s.casefold(): s for s in ("IfRequired", "Never", "Always")}
    if restart not in settings:
        raise ArmError(
            400,
            "InvalidParameter",
            "The value of parameter rebootSetting is invalid.",
            "rebootSetting",
        )
    include = {str(k).upper().removeprefix("KB") for k in windows.get("kbNumbersToInclude") or ()}
    exclude = {str(k).upper().removeprefix("KB") for k in windows.get("kbNumbersToExclude") or ()}
    classes = {str(c).casefold() for c in windows.get("classificationsToInclude") or ()}
    if not include and not classes:
        raise ArmError(
            400,
            "InvalidParameter",
            "At least one classification or one KB number to include must be specified.",
            "windowsParameters",
        )
    published = windows.get("maxPatchPublishDate")
    try:
        duration = parse_duration(raw.get("maximumDuration") or "PT4H")
        published_until = datetime.fromisoformat(published) if published else None
    except (ISO8601Error, ValueError, TypeError) as error:
        raise ArmError(
            400, "InvalidParameter", f"A value could not be read: {error}", "maximumDuration"
        ) from None
    return InstallParameters(
        classifications=frozenset(classes),
        include=frozenset(f"KB{k}" for k in include),
        exclude=frozenset(f"KB{k}" for k in exclude),
        exclude_restarting=bool(windows.get("excludeKbsRequiringReboot")),
        published_until=published_until,
        restart=settings[restart],
        minutes=duration.total_seconds() / 60,
    )


def raw_parameters(parameters: InstallParameters) -> dict[str, Any]:
    """Parameters as a body, for storage."""
    return {
        "rebootSetting": parameters.restart,
        "maximumDuration": f"PT{parameters.minutes:.0f}M",
        "windowsParameters": {"classificationsToInclude": sorted(parameters.classifications)},
    }
