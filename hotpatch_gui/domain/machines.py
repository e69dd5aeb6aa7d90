"""A machine and what is known about it, with the time each fact was read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from hotpatch_gui.translation import translator

from .arc import Arc, version_of
from .power import PowerState
from .releases import Product

tr = translator("MachinesDomain")

GRAPH_KEEPS_ASSESSMENTS = timedelta(days=7)
"""Resource Graph deletes an assessment after this time (learn.microsoft.com/azure/update-manager/query-logs)."""


class PatchMode(StrEnum):
    """WindowsVMGuestPatchMode, and Arc's ImageDefault."""

    MANUAL = "Manual"
    AUTOMATIC_BY_OS = "AutomaticByOS"
    AUTOMATIC_BY_PLATFORM = "AutomaticByPlatform"
    IMAGE_DEFAULT = "ImageDefault"

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str | None) -> PatchMode | None:
        """Parse Azure's value, in any case; None for an unknown value."""
        folded = (text or "").casefold()
        return next((m for m in cls if m.value.casefold() == folded), None)


class AssessmentMode(StrEnum):
    """WindowsPatchAssessmentMode. AutomaticByPlatform assesses every 24 hours."""

    IMAGE_DEFAULT = "ImageDefault"
    AUTOMATIC_BY_PLATFORM = "AutomaticByPlatform"

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str | None) -> AssessmentMode | None:
        """Parse Azure's value, in any case; None for an unknown value."""
        folded = (text or "").casefold()
        return next((m for m in cls if m.value.casefold() == folded), None)


@dataclass(frozen=True, slots=True)
class Image:
    """The marketplace image of a machine; all None for a custom image."""

    publisher: str | None = None
    offer: str | None = None
    sku: str | None = None

    @property
    def text(self) -> str:
        """Publisher, offer and SKU, or ``Custom image``."""
        parts = [p for p in (self.publisher, self.offer, self.sku) if p]
        return " : ".join(parts) if parts else tr("Custom image")


@dataclass(frozen=True, slots=True)
class PatchSettings:
    """The parts of osProfile.windowsConfiguration that affect patching; None means not reported."""

    patch_mode: PatchMode | None = None
    hotpatch_enabled: bool | None = None
    assessment_mode: AssessmentMode | None = None
    bypass_safety_checks: bool | None = None
    restart_setting: str | None = None
    automatic_updates: bool | None = None
    provision_agent: bool | None = None

    @property
    def orchestration(self) -> str:
        """The portal's name for the patch orchestration, marked for translation."""
        match self.patch_mode:
            case PatchMode.AUTOMATIC_BY_PLATFORM if self.bypass_safety_checks:
                return tr.mark("Customer Managed Schedules")
            case PatchMode.AUTOMATIC_BY_PLATFORM:
                return tr.mark("Azure Managed - Safe Deployment")
            case PatchMode.AUTOMATIC_BY_OS:
                return tr.mark("Windows automatic updates")
            case PatchMode.MANUAL:
                return tr.mark("Manual updates")
            case PatchMode.IMAGE_DEFAULT:
                return tr.mark("Image default")
        return tr.mark("Not known")


@dataclass(frozen=True, slots=True)
class Machine:
    """An Azure virtual machine, or an Arc-enabled server if ``arc`` is set.

    ``fetched`` is when Azure was read, UTC.
    """

    resource_id: str
    name: str
    subscription_id: str
    resource_group: str
    location: str
    fetched: datetime
    vm_id: str | None = None
    """Azure's ``vmId`` in lower case. It survives a move; a recreated machine has another one."""
    zone: str | None = None
    availability_set: str | None = None
    update_domain: int | None = None
    """In an availability set; only the instance view reports it."""
    image: Image = field(default_factory=Image)
    settings: PatchSettings = field(default_factory=PatchSettings)
    power: PowerState = PowerState.UNKNOWN
    generation: str | None = None
    os_name: str | None = None
    os_version: str | None = None
    time_zone: str | None = None
    allow_extensions: bool | None = None
    agent_ready: bool | None = None
    tags: tuple[tuple[str, str], ...] = ()
    """(Name, value), by name."""
    arc: Arc | None = None

    @property
    def tags_text(self) -> str:
        """The tags as ``app:shop, env:dev``, for display and search."""
        return ", ".join(f"{name}:{value}" if value else name for name, value in self.tags)

    @property
    def follows_schedules(self) -> bool:
        """Whether schedules of Azure Update Manager patch it: Arc-enabled servers always, virtual machines if set so.

        Source: learn.microsoft.com/azure/update-manager/prerequsite-for-schedule-patching.
        """
        return self.arc is not None or bool(self.settings.bypass_safety_checks)

    @property
    def product(self) -> Product | None:
        """Windows Server 2022 or 2025 by name, build, then image; None otherwise."""
        edition = self.arc.edition if self.arc is not None else None
        return product_of(self.image.sku, self.os_name, self.os_version, edition)

    @property
    def build(self) -> str | None:
        """The build such as ``26100.33222``; None unless all four parts are reported.

        A revision of 0 comes from old agents and counts as not reported.
        """
        return build_of(self.os_version)


_CLIENT = re.compile(r"windows\s*(?:1[01]|[78])\b|\bmulti-session\b|\bwin1[01]\b")
_SERVER_YEAR = re.compile(r"server\D*(20\d\d)")
_ANY_SERVER = re.compile(r"\bserver|^20(?:22|25)\b|windowsserver")


@lru_cache(maxsize=1024)
def product_of(
    sku: str | None, os_name: str | None, os_version: str | None, edition: str | None = None
) -> Product | None:
    """Windows Server 2022 or 2025; None for other systems and if it can't be determined.

    The name decides, then the build if something shows that it is a server (26100 is also Windows 11 24H2), then the image,
    which is outdated after an in-place upgrade.
    """
    name, image = (os_name or "").casefold(), (sku or "").casefold()
    year = _SERVER_YEAR.search(name)
    if year is not None:
        return _YEARS.get(year[1])
    if _CLIENT.search(name) or (not name and _CLIENT.search(image.replace("-", " "))):
        return None
    is_server = any(_ANY_SERVER.search(t) for t in (name, image, (edition or "").casefold()))
    version = version_of(os_version)
    if len(version) >= 3:
        product = next((p for p in Product if version[2] == int(p.build_family)), None)
        return product if product is Product.WS2022 or is_server else None
    found = re.search(r"20(?:22|25)", image) if is_server else None
    return _YEARS.get(found[0]) if found else None


_YEARS = {p.value[2:]: p for p in Product}


@lru_cache(maxsize=1024)
def build_of(os_version: str | None) -> str | None:
    """``10.0.26100.33222`` as ``26100.33222``; None if the revision is missing or 0."""
    version = version_of(os_version)
    return f"{version[2]}.{version[3]}" if len(version) >= 4 and version[3] else None


class Freshness(StrEnum):
    """The trust in an assessment, by its age."""

    NEVER = "Never assessed"
    FRESH = "Fresh"
    AGING = "More than a day old"
    TOO_OLD = "Too old"


def freshness(assessed: datetime | None, now: datetime) -> Freshness:
    """The freshness of an assessment at ``now``; both UTC."""
    if assessed is None:
        return Freshness.NEVER
    age = now - assessed
    if age > GRAPH_KEEPS_ASSESSMENTS:
        return Freshness.TOO_OLD
    return Freshness.AGING if age > timedelta(days=1) else Freshness.FRESH
