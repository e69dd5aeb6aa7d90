"""The images that support hotpatch.

Source: learn.microsoft.com/windows-server/get-started/hotpatch; learn.microsoft.com/azure/virtual-machines/automatic-vm-guest-patching.
"""

from __future__ import annotations

from enum import StrEnum

from .machines import Image

PUBLISHER = "MicrosoftWindowsServer"
OFFER = "WindowsServer"


class Option(StrEnum):
    """An installation option of Windows Server."""

    CORE = "Server Core"
    DESKTOP = "Desktop Experience"


SKUS: dict[str, Option] = {
    "2022-datacenter-azure-edition-core": Option.CORE,
    "2022-datacenter-azure-edition-core-smalldisk": Option.CORE,
    "2022-datacenter-azure-edition-hotpatch": Option.DESKTOP,
    "2022-datacenter-azure-edition-hotpatch-smalldisk": Option.DESKTOP,
    "2025-datacenter-azure-edition": Option.DESKTOP,
    "2025-datacenter-azure-edition-smalldisk": Option.DESKTOP,
    "2025-datacenter-azure-edition-core": Option.CORE,
    "2025-datacenter-azure-edition-core-smalldisk": Option.CORE,
}
"""Installation options by SKU, for publisher MicrosoftWindowsServer and offer WindowsServer."""

PREVIEW_IMAGE = Image(
    PUBLISHER,
    "microsoftserveroperatingsystems-previews",
    "windows-server-2025-azure-edition-hotpatch",
)
"""In the portal's list in addition to the documented SKUs."""

REPLACEMENTS = {
    "2022-datacenter-azure-edition": "2022-datacenter-azure-edition-hotpatch",
    "2022-datacenter-azure-edition-smalldisk": "2022-datacenter-azure-edition-hotpatch-smalldisk",
}
"""By the SKU of an image without hotpatching: the SKU of the same system that supports it."""


def installation_option(image: Image) -> Option | None:
    """Server Core or Desktop Experience of a supported image; None for other images.

    Case is ignored, because documents and Azure differ.
    """
    key = tuple((p or "").casefold() for p in (image.publisher, image.offer, image.sku))
    if key[:2] == (PUBLISHER.casefold(), OFFER.casefold()):
        return SKUS.get(key[2])
    preview = (PREVIEW_IMAGE.publisher, PREVIEW_IMAGE.offer, PREVIEW_IMAGE.sku)
    return Option.DESKTOP if key == tuple((p or "").casefold() for p in preview) else None


def is_supported(image: Image) -> bool:
    """Whether the image supports hotpatch."""
    return installation_option(image) is not None
