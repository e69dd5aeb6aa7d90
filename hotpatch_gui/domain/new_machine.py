"""A new virtual machine that gets hotpatches: what is chosen for it, and why Azure would reject that.

Sources: the specification of Microsoft.Compute (osProfile, securityProfile), Microsoft's naming rules for Azure resources,
and the articles on hotpatch and on automatic guest patching.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.translation import translator

from .installs import RestartSetting
from .machines import Image, PatchMode, PatchSettings
from .off_peak import zone_of
from .platforms import OFFER, PREVIEW_IMAGE, PUBLISHER, SKUS, is_supported
from .settings import Orchestration, SettingsChange, skip_reason

tr = translator("NewMachine")

MAX_NAME, MAX_GROUP, MAX_USER = 15, 90, 20
MIN_PASSWORD, MAX_PASSWORD = 8, 123
ZONES = ("1", "2", "3")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_GROUP = re.compile(r"[\w().-]*[\w()-]")
_SIZE = re.compile(r"[A-Za-z]+_[A-Za-z0-9_-]+")
_SUBNET = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/virtualNetworks/[^/]+/subnets/[^/]+",
    re.IGNORECASE,
)
_FORBIDDEN_USERS = frozenset(
    {
        *(
            "administrator",
            "admin",
            "admin1",
            "admin2",
            "adm",
            "actuser",
            "aspnet",
            "backup",
            "console",
            "david",
            "guest",
        ),
        *(
            "john",
            "owner",
            "root",
            "server",
            "sql",
            "support",
            "support_388945a0",
            "sys",
            "a",
            "1",
            "123",
        ),
        *("test", "test1", "test2", "test3", "user", "user1", "user2", "user3", "user4", "user5"),
    }
)
"""Names that Azure rejects for an administrator (OSProfile.adminUsername)."""
_LOCATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ]*")
"""A region's name, such as westus2, or as the portal writes it."""
_PASSWORD_KINDS = ("[a-z]", "[A-Z]", "[0-9]", r"[\W_]")
_FORBIDDEN_PASSWORDS = frozenset(
    {
        *("abc@123", "P@$$w0rd", "P@ssw0rd", "P@ssword123", "Pa$$word"),
        *("pass@word1", "Password!", "Password1", "Password22", "iloveyou!"),
    }
)
"""Passwords that Azure rejects (OSProfile.adminPassword)."""
_FORBIDDEN_IN_USER = frozenset('"/\\[]:;|=,+*?<>@ ')


class SecurityType(StrEnum):
    """securityProfile.securityType; Standard leaves it out."""

    TRUSTED_LAUNCH = "TrustedLaunch"
    STANDARD = "Standard"

    @property
    def label(self) -> str:
        """The portal's name."""
        return {
            SecurityType.TRUSTED_LAUNCH: tr("Trusted launch: Secure Boot and vTPM"),
            SecurityType.STANDARD: tr("Standard"),
        }[self]


IMAGES: tuple[Image, ...] = (
    *(Image(PUBLISHER, OFFER, sku) for sku in reversed(SKUS)),
    PREVIEW_IMAGE,
)
"""Images that support hotpatch, the newest first, and the preview image last."""


class NewMachine(NamedTuple):
    """The settings of a new machine. The administrator's password isn't part of it, because it is never stored.

    Attributes:
        subnet: the resource ID of an existing subnet; empty for a new virtual network without a public address.
        time_zone: Windows' name; decides when it is off-peak.
    """

    name: str
    resource_group: str
    location: str
    size: str
    admin: str
    image: Image = IMAGES[0]
    zone: str = ""
    security: SecurityType = SecurityType.TRUSTED_LAUNCH
    hotpatch: bool = True
    orchestration: Orchestration = Orchestration.SAFE_DEPLOYMENT
    periodic_assessment: bool = True
    restart: RestartSetting = RestartSetting.IF_REQUIRED
    time_zone: str = "UTC"
    subnet: str = ""

    @property
    def automatic_updates(self) -> bool:
        """enableAutomaticUpdates, which Azure fixes at creation; Manual updates need it to be off."""
        return self.orchestration is not Orchestration.MANUAL


class Fault(NamedTuple):
    """A reason why Azure would reject the machine; ``field`` is the attribute of NewMachine to change."""

    field: str
    sentence: str


def faults(machine: NewMachine) -> list[Fault]:
    """The reasons why Azure would reject the machine or its settings; empty if no known rule rejects it.

    Only Azure knows whether the region offers the size, zone and image.
    """
    found = [
        Fault("name", _name_fault(machine.name)),
        Fault("resource_group", _group_fault(machine.resource_group)),
        Fault("location", "" if _LOCATION.fullmatch(machine.location) else tr("Choose a region.")),
        Fault(
            "size",
            ""
            if _SIZE.fullmatch(machine.size)
            else tr("Enter a size as Azure names it, such as Standard_D2s_v5."),
        ),
        Fault(
            "zone",
            ""
            if machine.zone in ("", *ZONES)
            else tr("{zone} isn't an availability zone: choose 1, 2 or 3.", zone=machine.zone),
        ),
        Fault("security", _security_fault(machine)),
        Fault("hotpatch", _hotpatch_fault(machine)),
        Fault("restart", _restart_fault(machine)),
        Fault("time_zone", _zone_fault(machine.time_zone)),
        Fault("subnet", _subnet_fault(machine.subnet)),
        Fault("admin", _admin_fault(machine.admin)),
    ]
    return [fault for fault in found if fault.sentence]


def _name_fault(name: str) -> str:
    if not 1 <= len(name) <= MAX_NAME:
        return tr("A Windows machine's name has 1 to 15 characters.")
    if not _NAME.fullmatch(name):
        return tr(
            "A name consists of letters, digits and hyphens, and begins and ends without a hyphen."
        )
    return tr("A name can't consist of digits only.") if name.isdigit() else ""


def _group_fault(group: str) -> str:
    if not 1 <= len(group) <= MAX_GROUP:
        return tr("A resource group's name has 1 to 90 characters.")
    if not _GROUP.fullmatch(group):
        return tr(
            "A resource group's name consists of letters, digits, underscores, hyphens, periods and parentheses, and doesn't "
            "end with a period."
        )
    return ""


def _security_fault(machine: NewMachine) -> str:
    needs = machine.hotpatch and (machine.image.sku or "").startswith(
        ("2025", "windows-server-2025")
    )
    if needs and machine.security is SecurityType.STANDARD:
        return tr(
            "Hotpatch on Windows Server 2025 needs virtualization-based security, which needs Secure Boot. Choose Trusted launch."
        )
    return ""


def _hotpatch_fault(machine: NewMachine) -> str:
    if machine.hotpatch and not is_supported(machine.image):
        return tr("{image} doesn't support hotpatch.", image=machine.image.text)
    requested = SettingsChange(machine.orchestration, machine.hotpatch, machine.periodic_assessment)
    return skip_reason(machine.image, PatchSettings(provision_agent=True), requested) or ""


def _restart_fault(machine: NewMachine) -> str:
    by_platform = machine.orchestration.patch_mode is PatchMode.AUTOMATIC_BY_PLATFORM
    if machine.restart is not RestartSetting.IF_REQUIRED and not by_platform:
        return tr("You can choose a restart setting only if Azure orchestrates updates.")
    return ""


def _zone_fault(name: str) -> str:
    if zone_of(name) is None:
        return tr("{name} isn't a Windows time zone.", name=name or tr("An empty name"))
    return ""


def _subnet_fault(subnet: str) -> str:
    if subnet and not (subnet.isprintable() and _SUBNET.fullmatch(subnet)):
        return tr(
            "This isn't the resource ID of a subnet: /subscriptions/…/virtualNetworks/…/subnets/…"
        )
    return ""


def _admin_fault(name: str) -> str:
    if not 1 <= len(name) <= MAX_USER:
        return tr("The administrator's name has 1 to 20 characters.")
    if name.casefold() in _FORBIDDEN_USERS:
        return tr("Azure doesn't allow {name} as the administrator's name.", name=name)
    is_plain = name.isprintable() and _FORBIDDEN_IN_USER.isdisjoint(name)
    if name.endswith(".") or not is_plain:
        return tr(
            "The administrator's name can't contain spaces or special characters, or end with a period."
        )
    return ""


def password_fault(password: str) -> str:
    """The reason why Azure would reject the administrator's password; empty if no known rule rejects it."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        return tr("Use 8 to 123 characters.")
    if not password.isprintable():
        return tr("The password contains a character that can't be typed.")
    if sum(re.search(kind, password) is not None for kind in _PASSWORD_KINDS) < 3:
        return tr(
            "The password needs three of these: lowercase letters, uppercase letters, digits, special characters."
        )
    if password in _FORBIDDEN_PASSWORDS:
        return tr("Azure doesn't allow this password, because it is too well known.")
    return ""


def why_correct(machine: NewMachine) -> list[tuple[str, str]]:
    """(what, why) for each choice that hotpatch depends on, as reasons to show for a machine without faults."""
    found = [
        (tr("Image"), tr("{image} supports hotpatch.", image=machine.image.text)),
        (tr("VM agent"), tr("It is provisioned, and extension operations are allowed.")),
        (tr("Patch orchestration"), machine.orchestration.meaning()),
    ]
    if machine.security is SecurityType.TRUSTED_LAUNCH:
        found.append(
            (
                tr("Security"),
                tr("Secure Boot and vTPM, so that virtualization-based security can run."),
            )
        )
    if machine.hotpatch:
        found.append(
            (
                tr("Hotpatch"),
                tr("Hotpatch is on from creation."),
            )
        )
    return found
