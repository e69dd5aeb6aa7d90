"""A machine and what is known about it, with the time each thing was learnt."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from .arc import Arc
from .power import PowerState
from .releases import Product

ASSESSMENT_KEPT = timedelta(days=7)
"""Resource Graph drops an assessment after this long (query-logs)."""


class PatchMode(StrEnum):
    """WindowsVMGuestPatchMode."""

    MANUAL = "Manual"
    AUTOMATIC_BY_OS = "AutomaticByOS"
    AUTOMATIC_BY_PLATFORM = "AutomaticByPlatform"

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str | None) -> PatchMode | None:
        folded = (text or "").casefold()
        return next((m for m in cls if m.value.casefold() == folded), None)


class AssessmentMode(StrEnum):
    """WindowsPatchAssessmentMode; AutomaticByPlatform assesses every 24 hours."""

    IMAGE_DEFAULT = "ImageDefault"
    AUTOMATIC_BY_PLATFORM = "AutomaticByPlatform"

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str | None) -> AssessmentMode | None:
        folded = (text or "").casefold()
        return next((m for m in cls if m.value.casefold() == folded), None)


@dataclass(frozen=True, slots=True)
class Image:
    """The marketplace image a machine was made from; all None for a custom image."""

    publisher: str | None = None
    offer: str | None = None
    sku: str | None = None

    @property
    def text(self) -> str:
        parts = [p for p in (self.publisher, self.offer, self.sku) if p]
        return " : ".join(parts) if parts else "Custom image"


@dataclass(frozen=True, slots=True)
class PatchSettings:
    """osProfile.windowsConfiguration as far as patching reads it; None means Azure did not say."""

    patch_mode: PatchMode | None = None
    hotpatch_enabled: bool | None = None
    assessment_mode: AssessmentMode | None = None
    bypass_safety_checks: bool | None = None
    restart_setting: str | None = None
    automatic_updates: bool | None = None
    provision_agent: bool | None = None

    @property
    def orchestration(self) -> str:
        """The portal's name for the patch orchestration."""
        match self.patch_mode:
            case PatchMode.AUTOMATIC_BY_PLATFORM if self.bypass_safety_checks:
                return "Customer Managed Schedules"
            case PatchMode.AUTOMATIC_BY_PLATFORM:
                return "Azure Managed - Safe Deployment"
            case PatchMode.AUTOMATIC_BY_OS:
                return "Windows automatic updates"
            case PatchMode.MANUAL:
                return "Manual updates"
        return "Not known"


@dataclass(frozen=True, slots=True)
class Machine:
    """One Azure virtual machine, or an Arc-enabled server where ``arc`` is set. ``fetched`` is when Azure was
    asked, UTC."""

    resource_id: str
    name: str
    subscription_id: str
    resource_group: str
    location: str
    fetched: datetime
    zone: str | None = None
    availability_set: str | None = None
    update_domain: int | None = None
    """Of an availability set; told by the instance view alone."""
    image: Image = field(default_factory=Image)
    settings: PatchSettings = field(default_factory=PatchSettings)
    power: PowerState = PowerState.UNKNOWN
    generation: str | None = None
    os_name: str | None = None
    os_version: str | None = None
    time_zone: str | None = None
    allow_extensions: bool | None = None
    agent_ready: bool | None = None
    tags: str = ""
    """``app:shop, env:dev``, in the order of their names."""
    arc: Arc | None = None

    @property
    def product(self) -> Product | None:
        """Windows Server 2022 or 2025, by image, then by the reported name or build; else None."""
        return product_of(self.image.sku, self.os_name, self.os_version)

    @property
    def build(self) -> str | None:
        """``26100.33222`` where the agent reports all four parts of the version, else None."""
        return build_of(self.os_version)


@lru_cache(maxsize=1024)
def product_of(sku: str | None, os_name: str | None, os_version: str | None) -> Product | None:
    text = " ".join(t or "" for t in (sku, os_name)).casefold()
    build = build_of(os_version) or ""
    if text.startswith("2022") or "server 2022" in text or build.startswith("20348."):
        return Product.WS2022
    if "2025" in text or build.startswith("26100."):
        return Product.WS2025
    return None


@lru_cache(maxsize=1024)
def build_of(os_version: str | None) -> str | None:
    parts = (os_version or "").split(".")
    return (
        ".".join(parts[2:4]) if len(parts) >= 4 and all(p.isdigit() for p in parts[2:4]) else None
    )


class Freshness(StrEnum):
    """How far an assessment can be trusted."""

    NEVER = "Never assessed"
    FRESH = "Fresh"
    AGEING = "More than a day old"
    TOO_OLD = "Too old"


def freshness(assessed: datetime | None, now: datetime) -> Freshness:
    if assessed is None:
        return Freshness.NEVER
    age = now - assessed
    if age > ASSESSMENT_KEPT:
        return Freshness.TOO_OLD
    return Freshness.AGEING if age > timedelta(days=1) else Freshness.FRESH
