"""Which images support hotpatch, and since when Microsoft documents it.

Source: windowsserverdocs get-started/hotpatch.md (2023-05 and 2025-07-14), automatic-vm-guest-patching.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .machines import Image

PUBLISHER = "MicrosoftWindowsServer"
OFFER = "WindowsServer"


class Option(StrEnum):
    """An installation option of Windows Server."""

    CORE = "Server Core"
    DESKTOP = "Desktop Experience"


class Platform(StrEnum):
    """Where a machine runs."""

    AZURE = "Azure"
    AZURE_LOCAL = "Azure Local (Azure Stack HCI)"


class Support(StrEnum):
    """Microsoft's support level."""

    GA = "General availability"
    PREVIEW = "Public preview"
    NONE = "Not supported"


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
"""SKU -> installation option, of publisher MicrosoftWindowsServer, offer WindowsServer."""

PREVIEW_IMAGE = Image(
    PUBLISHER,
    "microsoftserveroperatingsystems-previews",
    "windows-server-2025-azure-edition-hotpatch",
)
"""In the portal's own list beside the documented SKUs."""

REPLACEMENTS = {
    "2022-datacenter-azure-edition": "2022-datacenter-azure-edition-hotpatch",
    "2022-datacenter-azure-edition-smalldisk": "2022-datacenter-azure-edition-hotpatch-smalldisk",
}
"""Images one step away from a supported one: the same system, without hotpatching."""


@dataclass(frozen=True, slots=True)
class SupportRow:
    """What one version of the documents states for a platform and option."""

    platform: Platform
    option: Option
    support: Support
    since: date
    source: str


_MAY_2023 = date(2023, 5, 1)
_JULY_2025 = date(2025, 7, 14)
SUPPORT_HISTORY = (
    SupportRow(Platform.AZURE, Option.CORE, Support.GA, _MAY_2023, "hotpatch.md, May 2023"),
    SupportRow(Platform.AZURE, Option.DESKTOP, Support.PREVIEW, _MAY_2023, "hotpatch.md, May 2023"),
    SupportRow(
        Platform.AZURE_LOCAL, Option.CORE, Support.PREVIEW, _MAY_2023, "hotpatch.md, May 2023"
    ),
    SupportRow(
        Platform.AZURE_LOCAL, Option.DESKTOP, Support.PREVIEW, _MAY_2023, "hotpatch.md, May 2023"
    ),
    SupportRow(Platform.AZURE, Option.DESKTOP, Support.GA, _JULY_2025, "hotpatch.md, 14 July 2025"),
    SupportRow(
        Platform.AZURE_LOCAL, Option.CORE, Support.GA, _JULY_2025, "hotpatch.md, 14 July 2025"
    ),
    SupportRow(
        Platform.AZURE_LOCAL, Option.DESKTOP, Support.GA, _JULY_2025, "hotpatch.md, 14 July 2025"
    ),
)


def support_on(platform: Platform, option: Option, day: date) -> SupportRow | None:
    """What the documents stated on ``day``; None before the first known version."""
    rows = [
        r
        for r in SUPPORT_HISTORY
        if r.platform is platform and r.option is option and r.since <= day
    ]
    return max(rows, key=lambda r: r.since, default=None)


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
