"""Arc-enabled servers: hotpatching by licence, and what Azure says of it (azure-patching §3.1, §3.3, §3.5)."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

EDITIONS = frozenset(
    {
        "serverstandard", "serverdatacenter", "serverstandardeval", "serverdatacentereval",
        "serverstandardcore", "serverdatacentercore",
    }
)  # fmt: skip
"""The portal's list of ``osEdition`` that can be enrolled."""
FIRST_BUILD = (10, 0, 26100, 1742)
"""Windows Server 2025, the first build that takes hotpatches under Arc."""
HOSTS = {
    "hci": "Azure Local", "vmware": "VMware", "scvmm": "System Center VMM", "avs": "Azure VMware Solution",
    "aws": "AWS", "gcp": "Google Cloud", "eps": "Edge",
}  # fmt: skip
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
        """None where there is no licence; UNKNOWN for a word that is not known."""
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
    where it runs in ArcKindEnum's spelling, None on a server of one's own."""

    edition: str | None = None
    licence: Licence | None = None
    enablement: Enablement | None = None
    error: str | None = None
    host: str | None = None

    @property
    def is_enrolled(self) -> bool:
        return self.licence is Licence.ENABLED

    @property
    def host_text(self) -> str:
        return HOSTS.get((self.host or "").casefold(), self.host or "")


def can_enrol(os_version: str | None, edition: str | None) -> bool:
    """Whether the system is one that Azure can enrol: Windows Server 2025 Standard or Datacenter."""
    return (edition or "").casefold() in EDITIONS and _version(os_version) >= FIRST_BUILD[:3]


def is_recent(os_version: str | None) -> bool | None:
    """Whether the build takes hotpatches; None where it does not tell its fourth part."""
    version = _version(os_version)
    return version >= FIRST_BUILD if len(version) >= 4 else None


@lru_cache(maxsize=1024)
def _version(text: str | None) -> tuple[int, ...]:
    parts = (text or "").split(".")
    return tuple(map(int, parts)) if all(p.isdecimal() for p in parts) else ()
