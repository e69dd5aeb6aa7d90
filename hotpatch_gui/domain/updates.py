"""Updates as an assessment reports them: classification, restart behavior, who installs them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from .kb import kb_of_update


class Classification(StrEnum):
    """VMGuestPatchClassificationWindows, the ARM specification's eight values."""

    CRITICAL = "Critical"
    SECURITY = "Security"
    UPDATE_ROLLUP = "UpdateRollUp"
    FEATURE_PACK = "FeaturePack"
    SERVICE_PACK = "ServicePack"
    DEFINITION = "Definition"
    TOOLS = "Tools"
    UPDATES = "Updates"

    @property
    def label(self) -> str:
        return _CLASSIFICATION_LABELS[self]

    @property
    def installed_automatically(self) -> bool:
        """Whether automatic VM guest patching installs it (Critical and Security only, never others)."""
        return self in (Classification.CRITICAL, Classification.SECURITY)

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str | None) -> Classification | None:
        """Accept enum values and display names in any case ("Definition Updates"); None if unknown."""
        key = "".join(c for c in (text or "").casefold() if c.isalpha())
        return _CLASSIFICATION_KEYS.get(key) or _CLASSIFICATION_KEYS.get(key.removesuffix("s"))


_CLASSIFICATION_LABELS = {
    Classification.CRITICAL: "Critical",
    Classification.SECURITY: "Security",
    Classification.UPDATE_ROLLUP: "Update rollup",
    Classification.FEATURE_PACK: "Feature pack",
    Classification.SERVICE_PACK: "Service pack",
    Classification.DEFINITION: "Definition",
    Classification.TOOLS: "Tools",
    Classification.UPDATES: "Updates",
}
_CLASSIFICATION_KEYS = {c.value.casefold(): c for c in Classification} | {
    "criticalupdate": Classification.CRITICAL,
    "securityupdate": Classification.SECURITY,
    "definitionupdate": Classification.DEFINITION,
    "tool": Classification.TOOLS,
    "update": Classification.UPDATES,
}


class RestartBehavior(StrEnum):
    """VMGuestPatchRebootBehavior: what Windows Update says an update does."""

    UNKNOWN = "Unknown"
    NEVER = "NeverReboots"
    ALWAYS = "AlwaysRequiresReboot"
    CAN_REQUEST = "CanRequestReboot"

    @property
    def label(self) -> str:
        return _RESTART_LABELS[self]

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str | None) -> RestartBehavior:
        folded = (text or "").casefold()
        return next((b for b in cls if b.value.casefold() == folded), cls.UNKNOWN)


_RESTART_LABELS = {
    RestartBehavior.UNKNOWN: "Unknown",
    RestartBehavior.NEVER: "No restart",
    RestartBehavior.ALWAYS: "Restarts",
    RestartBehavior.CAN_REQUEST: "May restart",
}


@dataclass(frozen=True, slots=True)
class Update:
    """One update that a machine's assessment offers.

    ``classification_text`` keeps Azure's own word where ``classification`` could not be read.
    """

    patch_id: str
    name: str
    kb: str | None
    classification: Classification | None
    classification_text: str
    restart: RestartBehavior
    published: datetime | None = None
    severity: str | None = None
    version: str | None = None

    @classmethod
    def from_wire(
        cls,
        *,
        patch_id: str | None,
        name: str | None,
        kb_id: str | None,
        classification: str | None,
        reboot_behavior: str | None,
        published: datetime | None,
        severity: str | None = None,
        version: str | None = None,
    ) -> Update:
        """Build from Azure's words; ``patch_id`` falls back to the KB and the name (some have no KB), and the
        KB to the one in the title."""
        kb = kb_of_update(kb_id, name)
        shown = name or kb or patch_id or "Unnamed update"
        return cls(
            patch_id=patch_id or f"{kb or ''}|{shown}",
            name=shown,
            kb=kb,
            classification=Classification.parse(classification),
            classification_text=classification or "Unclassified",
            restart=RestartBehavior.parse(reboot_behavior),
            published=published,
            severity=severity,
            version=version,
        )


AUTOMATIC = "Automatic guest patching"
BY_HAND = "Manual"


def installed_by(classification: Classification | None) -> str:
    """Who installs updates of this classification: automatic guest patching, or somebody by hand."""
    automatic = classification is not None and classification.installed_automatically
    return AUTOMATIC if automatic else BY_HAND


def outside_programme(name: str, classification: Classification | None) -> str:
    """Why an update that is in no hotpatch release stands outside the hotpatch program.

    The program carries Windows security updates only (never .NET, non-security updates, drivers).
    """
    if ".net" in name.casefold():
        return ".NET updates aren't part of the hotpatch program and may need a restart."
    if classification is Classification.DEFINITION:
        return "Defender definitions are not part of the hotpatch program; they need no restart."
    if classification is not None and not classification.installed_automatically:
        return (
            f"{classification.label} is not a Windows security update, so it is never a hotpatch."
        )
    return "It isn't part of any known hotpatch release."
