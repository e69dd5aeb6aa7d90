"""Arc-enabled servers: hotpatching by license, and what Azure says of it (azure-patching §3.1, §3.3, §3.5)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

EDITIONS = frozenset(
    {
        "serverstandard",
        "serverdatacenter",
        "serverstandardeval",
        "serverdatacentereval",
        "serverstandardcore",
        "serverdatacentercore",
    }
)
"""The portal's list of ``osEdition`` that can be enrolled."""
FIRST_BUILD = (10, 0, 26100, 1742)
"""Windows Server 2025, the first build that takes hotpatches under Arc."""
HOSTS = {
    "hci": "Azure Local",
    "vmware": "VMware",
    "scvmm": "System Center VMM",
    "avs": "Azure VMware Solution",
    "aws": "AWS",
    "gcp": "Google Cloud",
    "eps": "Edge",
}
"""ArcKindEnum, in words."""


class Licence(StrEnum):
    """LicenseProfileSubscriptionStatus of the product feature Hotpatch."""

    UNKNOWN = "Unknown"
    ENABLING = "Enabling"
    ENABLED = "Enabled"
    DISABLED = "Disabled"
    DISABLING = "Disabling"
    FAILED = "Failed"

    @classmethod
    @lru_cache(maxsize=64)
    def parse(cls, text: str | None) -> Licence | None:
        """None where there is no license; UNKNOWN for a word that is not known."""
        if not text:
            return None
        return next((s for s in cls if s.value.casefold() == text.casefold()), cls.UNKNOWN)


class Enablement(StrEnum):
    """HotpatchEnablementStatus: what the machine itself makes of it."""

    UNKNOWN = "Unknown"
    PENDING_EVALUATION = "PendingEvaluation"
    DISABLED = "Disabled"
    ACTION_REQUIRED = "ActionRequired"
    ENABLED = "Enabled"

    @classmethod
    @lru_cache(maxsize=64)
    def parse(cls, text: str | None) -> Enablement | None:
        if not text:
            return None
        return next((s for s in cls if s.value.casefold() == text.casefold()), cls.UNKNOWN)


class Arc(NamedTuple):
    """What only an Arc-enabled server has. ``error`` is Azure's word on why action is required; ``host`` is
    where it runs in ArcKindEnum's spelling, None on a server of one's own. ``status`` is Azure's StatusTypes
    word, ``reason`` why it has it (``Cloned``). ``licence_error`` is why an enrollment failed. ``mode`` is the
    agent's configMode and ``can_extend`` whether its lists allow the patch extension, None where they say
    nothing."""

    edition: str | None = None
    licence: Licence | None = None
    enablement: Enablement | None = None
    error: str | None = None
    host: str | None = None
    status: str | None = None
    reason: str | None = None
    licence_error: str | None = None
    mode: str | None = None
    can_extend: bool | None = None
    enrolled_at: datetime | None = None
    """When the license's enrollment began, as Azure says it."""

    @property
    def is_expired(self) -> bool:
        """No contact for so long that Azure takes nothing for it until it reconnects."""
        return has_expired(self.status)

    @property
    def is_cloned(self) -> bool:
        """Another server reports under the same identity."""
        return (self.reason or "").casefold() == "cloned"

    @property
    def is_monitor_only(self) -> bool:
        return (self.mode or "").casefold() == "monitor"

    @property
    def is_pending(self) -> bool:
        """Enrollment or its end is under way."""
        if self.licence in (Licence.ENABLING, Licence.DISABLING):
            return True
        return self.is_enrolled and self.enablement is Enablement.PENDING_EVALUATION

    @property
    def is_enrolled(self) -> bool:
        return self.licence is Licence.ENABLED

    @property
    def host_text(self) -> str:
        return HOSTS.get((self.host or "").casefold(), self.host or "")


def can_enrol(os_version: str | None, edition: str | None, os_name: str | None = None) -> bool:
    """Whether the system is one that Azure can enroll: Windows Server 2025 Standard or Datacenter. Its name
    counts where the version isn't reported whole."""
    if (edition or "").casefold() not in EDITIONS:
        return False
    version = version_of(os_version)
    if len(version) >= 3:
        return version >= FIRST_BUILD[:3]
    return "server 2025" in (os_name or "").casefold()


EXPIRED = "The agent's registration has expired, so Azure cannot manage the server."
RECONNECT = "Connect the server again: azcmagent connect."


def has_expired(status: str | None) -> bool:
    """Whether StatusTypes' word is Expired."""
    return (status or "").casefold() == "expired"


def is_azure_edition_on_azure_local(os_name: str | None, host: str | None) -> bool:
    """Azure Edition on Azure Local: eligible without a license (azure-patching §3.1)."""
    return (host or "").casefold() == "hci" and "azure edition" in (os_name or "").casefold()


def is_recent(os_version: str | None) -> bool | None:
    """Whether the build takes hotpatches; None where it does not tell its fourth part."""
    version = version_of(os_version)
    return version >= FIRST_BUILD if len(version) >= 4 and version[3] else None


@lru_cache(maxsize=1024)
def version_of(text: str | None) -> tuple[int, ...]:
    """``10.0.26100.33222`` -> its numbers, also behind a name (``Microsoft Windows NT 10.0.14393.0``); empty
    for text that ends in no version."""
    parts = (text or "").strip().rpartition(" ")[2].split(".")
    is_version = all(p.isdecimal() and p.isascii() and len(p) < 10 for p in parts)
    return tuple(map(int, parts)) if is_version else ()
