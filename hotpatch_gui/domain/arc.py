"""Arc-enabled servers: hotpatching by license.

Source: azure-rest-api-specs, Microsoft.HybridCompute machines and licenseProfiles;
learn.microsoft.com/windows-server/get-started/enable-hotpatch-azure-arc-enabled-servers.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from hotpatch_gui.translation import translated, translator

tr = translator("Arc")

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
"""The ``osEdition`` values that the portal can enroll."""
FIRST_BUILD = (10, 0, 26100, 1742)
"""The first build of Windows Server 2025 that supports hotpatches under Arc."""
HOSTS = {
    "hci": tr.mark("Azure Local"),
    "vmware": "VMware",
    "scvmm": tr.mark("System Center VMM"),
    "avs": tr.mark("Azure VMware Solution"),
    "aws": "AWS",
    "gcp": tr.mark("Google Cloud"),
    "eps": tr.mark("Edge"),
}
"""Display names of ArcKindEnum."""


class License(StrEnum):
    """The license of the Hotpatch feature (LicenseProfileSubscriptionStatus)."""

    UNKNOWN = "Unknown"
    ENABLING = "Enabling"
    ENABLED = "Enabled"
    DISABLED = "Disabled"
    DISABLING = "Disabling"
    FAILED = "Failed"

    @classmethod
    @lru_cache(maxsize=64)
    def parse(cls, text: str | None) -> License | None:
        """Parse Azure's value.

        Returns:
            None if there is no license; UNKNOWN for an unknown value.
        """
        if not text:
            return None
        return next((s for s in cls if s.value.casefold() == text.casefold()), cls.UNKNOWN)


class Enablement(StrEnum):
    """Whether the machine receives hotpatches, as it reports itself (HotpatchEnablementStatus)."""

    UNKNOWN = "Unknown"
    PENDING_EVALUATION = "PendingEvaluation"
    DISABLED = "Disabled"
    ACTION_REQUIRED = "ActionRequired"
    ENABLED = "Enabled"

    @classmethod
    @lru_cache(maxsize=64)
    def parse(cls, text: str | None) -> Enablement | None:
        """Parse Azure's value, in any case.

        Returns:
            None for an empty value; UNKNOWN for an unknown one.
        """
        if not text:
            return None
        return next((s for s in cls if s.value.casefold() == text.casefold()), cls.UNKNOWN)


class Arc(NamedTuple):
    """Values of Arc-enabled servers only; None means Azure didn't report it.

    Attributes:
        error: Azure's reason why action is required.
        host: where the server runs, in the spelling of ArcKindEnum; None for a physical server.
        status: Azure's StatusTypes value.
        reason: why the server has that status, such as ``Cloned``.
        license_error: why an enrollment failed.
        mode: the agent's configMode.
        can_extend: whether the agent's lists allow the patch extension.
    """

    edition: str | None = None
    license: License | None = None
    enablement: Enablement | None = None
    error: str | None = None
    host: str | None = None
    status: str | None = None
    reason: str | None = None
    license_error: str | None = None
    mode: str | None = None
    can_extend: bool | None = None
    enrolled_at: datetime | None = None
    """When the license's enrollment started, as Azure reports it."""

    @property
    def is_expired(self) -> bool:
        """Whether the agent was silent for so long that Azure accepts nothing for it until it reconnects."""
        return has_expired(self.status)

    @property
    def is_cloned(self) -> bool:
        """Whether another server uses the same identity."""
        return (self.reason or "").casefold() == "cloned"

    @property
    def is_monitor_only(self) -> bool:
        """Whether the agent only monitors, which excludes extensions."""
        return (self.mode or "").casefold() == "monitor"

    @property
    def is_pending(self) -> bool:
        """Whether an enrollment or its removal is in progress."""
        if self.license in (License.ENABLING, License.DISABLING):
            return True
        return self.is_enrolled and self.enablement is Enablement.PENDING_EVALUATION

    @property
    def is_enrolled(self) -> bool:
        """Whether the license is enabled."""
        return self.license is License.ENABLED

    @property
    def host_text(self) -> str:
        """The platform's display name; Azure's own value for an unknown platform."""
        return translated(HOSTS.get((self.host or "").casefold(), self.host or ""))


def can_enroll(os_version: str | None, edition: str | None, os_name: str | None = None) -> bool:
    """Whether Azure can enroll the operating system: Windows Server 2025 Standard or Datacenter.

    The name decides if the version is incomplete.
    """
    if (edition or "").casefold() not in EDITIONS:
        return False
    version = version_of(os_version)
    if len(version) >= 3:
        return version >= FIRST_BUILD[:3]
    return "server 2025" in (os_name or "").casefold()


EXPIRED = tr.mark("The agent's registration has expired, so Azure can't manage the server.")
RECONNECT = tr.mark("Connect the server again: azcmagent connect.")


def has_expired(status: str | None) -> bool:
    """Whether a StatusTypes value is Expired."""
    return (status or "").casefold() == "expired"


def is_azure_edition_on_azure_local(os_name: str | None, host: str | None) -> bool:
    """Whether this is Azure Edition on Azure Local, which needs no license."""
    return (host or "").casefold() == "hci" and "azure edition" in (os_name or "").casefold()


def is_recent(os_version: str | None) -> bool | None:
    """Whether the build supports hotpatches; None if its fourth part isn't reported."""
    version = version_of(os_version)
    return version >= FIRST_BUILD if len(version) >= 4 and version[3] else None


@lru_cache(maxsize=1024)
def version_of(text: str | None) -> tuple[int, ...]:
    """The numbers of a version, even behind a name: ``Microsoft Windows NT 10.0.14393.0``.

    Returns:
        An empty tuple if the text doesn't end in a version.
    """
    parts = (text or "").strip().rpartition(" ")[2].split(".")
    is_version = all(p.isdecimal() and p.isascii() and len(p) < 10 for p in parts)
    return tuple(map(int, parts)) if is_version else ()
