"""A PUT of a virtual machine that doesn't exist: checked as Azure does, then one more machine of the fleet.

Networks aren't simulated: any network interface counts as existing. A new machine runs the baseline in force.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from hotpatch_gui.domain.machines import Image
from hotpatch_gui.domain.platforms import is_supported
from hotpatch_gui.domain.releases import Product

from .arm_error import ArmError
from .cloud import VM, SimulatedCloud
from .guest import Guest
from .responses import Call, Response, polling_headers
from .vm import model
from .vm_settings import read_settings

_PATH = (
    r"/subscriptions/(?P<sub>[^/]+)/resourceGroups/(?P<rg>[^/]+)"
    r"/providers/Microsoft\.Compute/virtualMachines/(?P<vm>[^/]+)/?"
)
_SERVER = re.compile(r"(?:windows-server-)?(2022|2025)-", re.IGNORECASE)
_MAX_NAME_LENGTH = 15
_SIZE = re.compile(r"Standard_[BDEF]\d+[a-z]*(_v\d)?", re.IGNORECASE)
"""The families of sizes that the simulated regions offer."""


def _create(cloud: SimulatedCloud, call: Call) -> Response:
    values = call.values
    cloud.require(values["rg"], f"{VM}/write")
    name = values["vm"]
    if name.casefold() in cloud.guests:
        raise ArmError(409, "Conflict", f"The machine '{name}' exists; change it by a PATCH.")
    guest = new_guest(cloud, call)
    op = cloud.begin_creation(guest)
    place = f"/subscriptions/{guest.subscription}/providers/Microsoft.Compute/locations/{guest.location}"
    body = model(guest)
    body["properties"]["provisioningState"] = "Creating"
    headers = polling_headers(call, f"{place}/operations/{op.id}?p={op.id[:8]}")
    headers.pop("Location")
    return Response(201, body, headers)


def new_guest(cloud: SimulatedCloud, call: Call) -> Guest:
    """The machine that the request describes.

    Raises:
        ArmError: 400 or 404 for what Azure rejects.
    """
    properties = _mapping(call.body.get("properties"))
    system = _mapping(properties.get("osProfile"))
    windows = _mapping(system.get("windowsConfiguration"))
    image = _image(_mapping(_mapping(properties.get("storageProfile")).get("imageReference")))
    _check_system(system, windows)
    size = str(_mapping(properties.get("hardwareProfile")).get("vmSize") or "")
    if _SIZE.fullmatch(size) is None:
        raise _invalid(
            "vmSize",
            f"The value {size} provided for the VM size is not valid in the current region.",
        )
    if not _mapping(properties.get("networkProfile")).get("networkInterfaces"):
        raise _invalid("networkProfile.networkInterfaces", "A network interface is required.")
    if is_supported(image) and not windows.get("patchSettings"):
        raise _invalid(
            "patchSettings", "PatchSettings must be specified for hotpatch compatible VMs."
        )
    year = _SERVER.match(image.sku or "")
    if year is None:
        raise ArmError(
            404,
            "PlatformImageNotFound",
            f"The platform image '{image.publisher}:{image.offer}:{image.sku}:latest' is not available.",
        )
    product = Product(f"WS{year[1]}")
    guest = Guest(
        call.values["vm"],
        call.values["rg"],
        str(call.body.get("location") or ""),
        product.value,
        image.sku or "",
        _build(cloud, product, call.now.date()),
        subscription=call.values["sub"].casefold(),
        zone=next(iter(call.body.get("zones") or ()), None),
        publisher=image.publisher or "",
        offer=image.offer or "",
        time_zone=str(windows.get("timeZone") or "UTC"),
        automatic_updates=bool(windows.get("enableAutomaticUpdates", True)),
        patch_mode="AutomaticByOS",
        assessment_mode="ImageDefault",
        hotpatching=False,
        tags=dict(call.body.get("tags") or {}),
    )
    settings = read_settings(guest, windows)
    if settings["hotpatching"] and not is_supported(image):
        raise _invalid(
            "windowsConfiguration.patchSettings.enableHotpatching",
            "The image does not support hotpatching.",
        )
    guest.patch_mode, guest.assessment_mode = settings["patch_mode"], settings["assessment_mode"]
    guest.hotpatching = guest.receives_hotpatches = settings["hotpatching"]
    guest.bypass_safety_checks, guest.restart_setting = settings["bypass"], settings["restart"]
    return guest


def _check_system(system: Mapping[str, Any], windows: Mapping[str, Any]) -> None:
    name = str(system.get("computerName") or "")
    if not 1 <= len(name) <= _MAX_NAME_LENGTH or name.isdigit():
        raise _invalid(
            "computerName", "Windows computer name cannot be more than 15 characters long."
        )
    for required in ("adminUsername", "adminPassword"):
        if not system.get(required):
            raise _invalid(required, f"Required parameter '{required}' is missing (null).")
    hotpatching = _mapping(windows.get("patchSettings")).get("enableHotpatching")
    if hotpatching and windows.get("provisionVMAgent") is False:
        raise _invalid("provisionVMAgent", "Hotpatch requires the VM agent.")


def _image(reference: Mapping[str, Any]) -> Image:
    return Image(*(str(reference.get(part) or "") for part in ("publisher", "offer", "sku")))


def _build(cloud: SimulatedCloud, product: Product, day: date) -> str:
    release = cloud.catalog.calendar.baseline_in_force(product, day)
    return (release.build if release is not None else None) or f"{product.build_family}.1"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _invalid(target: str, message: str) -> ArmError:
    return ArmError(400, "InvalidParameter", message, target)


ROUTES: tuple[tuple[str, re.Pattern[str], Callable[[SimulatedCloud, Call], Response]], ...] = (
    ("PUT", re.compile(_PATH, re.IGNORECASE), _create),
)
