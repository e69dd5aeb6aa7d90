"""Updates in an assessment: classification, restart behavior and who installs them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from hotpatch_gui.translation import translator

from .kb import kb_of_update

tr = translator("UpdatesDomain")


class Classification(StrEnum):
    """Azure's VMGuestPatchClassificationWindows."""

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
        """The classification's display name."""
        return tr(_CLASSIFICATION_LABELS[self])

    @property
    def installed_automatically(self) -> bool:
        """Whether automatic VM guest patching installs it: only Critical and Security."""
        return self in (Classification.CRITICAL, Classification.SECURITY)

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str | None) -> Classification | None:
        """Parse enum values and display names in any case; None for an unknown one."""
        key = "".join(c for c in (text or "").casefold() if c.isalpha())
        return _CLASSIFICATION_KEYS.get(key) or _CLASSIFICATION_KEYS.get(key.removesuffix("s"))


_CLASSIFICATION_LABELS = {
    Classification.CRITICAL: tr.mark("Critical"),
    Classification.SECURITY: tr.mark("Security"),
    Classification.UPDATE_ROLLUP: tr.mark("Update rollup"),
    Classification.FEATURE_PACK: tr.mark("Feature pack"),
    Classification.SERVICE_PACK: tr.mark("Service pack"),
    Classification.DEFINITION: tr.mark("Definition"),
    Classification.TOOLS: tr.mark("Tools"),
    Classification.UPDATES: tr.mark("Updates"),
}
_CLASSIFICATION_KEYS = {c.value.casefold(): c for c in Classification} | {
    "criticalupdate": Classification.CRITICAL,
    "securityupdate": Classification.SECURITY,
    "definitionupdate": Classification.DEFINITION,
    "tool": Classification.TOOLS,
    "update": Classification.UPDATES,
}


class RestartBehavior(StrEnum):
    """Azure's VMGuestPatchRebootBehavior."""

    UNKNOWN = "Unknown"
    NEVER = "NeverReboots"
    ALWAYS = "AlwaysRequiresReboot"
    CAN_REQUEST = "CanRequestReboot"

    @property
    def label(self) -> str:
        """The behavior's display name."""
        return tr(_RESTART_LABELS[self])

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str | None) -> RestartBehavior:
        """Parse Azure's value, in any case; UNKNOWN for an unknown one."""
        folded = (text or "").casefold()
        return next((b for b in cls if b.value.casefold() == folded), cls.UNKNOWN)


def strongest(behaviors: Iterable[RestartBehavior]) -> RestartBehavior:
    """The behavior with the most restarts; NEVER for none."""
    order = (
        RestartBehavior.NEVER,
        RestartBehavior.UNKNOWN,
        RestartBehavior.CAN_REQUEST,
        RestartBehavior.ALWAYS,
    )
    return max(behaviors, key=order.index, default=RestartBehavior.NEVER)


_RESTART_LABELS = {
    RestartBehavior.UNKNOWN: tr.mark("Unknown"),
    RestartBehavior.NEVER: tr.mark("No restart"),
    RestartBehavior.ALWAYS: tr.mark("Restarts"),
    RestartBehavior.CAN_REQUEST: tr.mark("May restart"),
}


@dataclass(frozen=True, slots=True)
class Update:
    """One update that an assessment offers.

    ``classification_text`` keeps Azure's value if ``classification`` couldn't be parsed.
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
    def from_azure(
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
        """Create from Azure's values.

        ``patch_id`` falls back to KB and name, and the KB to the one in the title.
        """
        kb = kb_of_update(kb_id, name)
        shown = name or kb or patch_id or tr("Unnamed update")
        return cls(
            patch_id=patch_id or f"{kb or ''}|{shown}",
            name=shown,
            kb=kb,
            classification=Classification.parse(classification),
            classification_text=classification or tr("Unclassified"),
            restart=RestartBehavior.parse(reboot_behavior),
            published=published,
            severity=severity,
            version=version,
        )


def outside_program(name: str, classification: Classification | None) -> str:
    """Why an update outside hotpatch releases isn't part of the hotpatch program.

    The program contains only Windows security updates: no .NET, non-security updates or drivers.
    """
    if ".net" in name.casefold():
        return tr(".NET updates aren't part of the hotpatch program and may need a restart.")
    if classification is Classification.DEFINITION:
        return tr("Defender definitions aren't part of the hotpatch program; they need no restart.")
    if classification is not None and not classification.installed_automatically:
        return tr(
            "{label} isn't a Windows security update, so it is never a hotpatch.",
            label=classification.label,
        )
    return tr("It isn't part of any known hotpatch release.")
