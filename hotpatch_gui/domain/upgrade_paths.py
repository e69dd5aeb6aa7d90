"""The path from each machine to hotpatch: what keeps it from hotpatch now, what it needs, and what a person has to check.

Sources: Microsoft Learn, azure/virtual-machines/windows-in-place-upgrade (30 July 2025), windows-server/get-started/upgrade-overview
(3 March 2025), windows-server/get-started/hotpatch and windows-server/get-started/enable-hotpatch-azure-arc-enabled-servers.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.translation import translator

from .arc import FIRST_BUILD, Arc, Enablement, version_of
from .hotpatch import can_be_enrolled, is_on_and_supported, needs_no_license
from .machines import Machine
from .platforms import REPLACEMENTS, is_supported
from .prerequisites import Prerequisite, Verdict, agent_prerequisites, prerequisites_of
from .releases import Product

tr = translator("UpgradePaths")

LEARN = "https://learn.microsoft.com"
IN_PLACE_IN_AZURE = f"{LEARN}/azure/virtual-machines/windows-in-place-upgrade"
IN_PLACE = f"{LEARN}/windows-server/get-started/upgrade-overview"
HOTPATCH_ARTICLE = f"{LEARN}/windows-server/get-started/hotpatch"
ARC_ARTICLE = f"{LEARN}/windows-server/get-started/enable-hotpatch-azure-arc-enabled-servers"


@tr.mark_values
class PathKind(StrEnum):
    """The way in which a machine gets hotpatch, from the least effort to the most."""

    ON = "Hotpatch is on"
    NOT_CONFIRMED = "Turned on, not confirmed"
    TURN_ON = "Turn hotpatch on"
    ENROLL = "Enroll the server"
    FIX = "Fix a prerequisite"
    UPGRADE = "Upgrade in place to Windows Server 2025"
    REPLACE = "Replace with a new machine"
    NO_PATH = "No supported path"
    NOT_KNOWN = "Not known"

    @property
    def label(self) -> str:
        """The display name."""
        return tr(self.value)


class UpgradePath(NamedTuple):
    """One machine's path to hotpatch.

    Attributes:
        obstacle: what keeps it from hotpatch now; empty if nothing does.
        target: the image or system at the end of the path; empty if it stays the same.
        product: the product whose hotpatches it would receive; None without a path.
        checks: prerequisites that can be checked with what Azure reports.
        checklist: what Azure doesn't report, for a person to check.
        cost: what Microsoft charges for the path, as published; empty if nothing is known.
        article: the address of Microsoft's article.
    """

    kind: PathKind
    obstacle: str = ""
    target: str = ""
    product: Product | None = None
    checks: tuple[Prerequisite, ...] = ()
    checklist: tuple[str, ...] = ()
    cost: str = ""
    article: str = ""


class ServerVersion(StrEnum):
    """Versions of Windows Server that machines in Azure and under Arc run."""

    WS2012 = "2012"
    WS2012R2 = "2012 R2"
    WS2016 = "2016"
    WS2019 = "2019"
    WS2022 = "2022"
    WS2025 = "2025"

    @property
    def can_be_upgraded(self) -> bool:
        """Whether Windows Server 2025 upgrades it in place, in one step (nonclustered systems)."""
        return self not in (ServerVersion.WS2012, ServerVersion.WS2025)


_BUILDS = {
    9200: ServerVersion.WS2012,
    9600: ServerVersion.WS2012R2,
    14393: ServerVersion.WS2016,
    17763: ServerVersion.WS2019,
    20348: ServerVersion.WS2022,
    26100: ServerVersion.WS2025,
}
_NAMED = re.compile(r"server\D*(2012 r2|20\d\d)")
_CLIENT = re.compile(r"windows (?:1[01]|[78])\b|multi-session")


def server_version(machine: Machine) -> ServerVersion | None:
    """The version by the system's name, then by build and image; None for other systems and if it isn't known.

    A build counts only if something says that the system is a server, because Windows clients share builds.
    """
    name, image = (machine.os_name or "").casefold(), (machine.image.sku or "").casefold()
    named = _NAMED.search(name)
    if named is not None:
        return next((v for v in ServerVersion if v.casefold() == named[1]), None)
    if _CLIENT.search(name):
        return None
    edition = machine.arc.edition if machine.arc is not None else None
    offer = (machine.image.offer or "").casefold()
    is_server = any("server" in text for text in (name, offer, (edition or "").casefold()))
    version = version_of(machine.os_version)
    if len(version) >= 3:
        return _BUILDS.get(version[2]) if is_server else None
    if not is_server:
        return None
    if image.startswith("2012-r2"):
        return ServerVersion.WS2012R2
    return next((v for v in ServerVersion if image.startswith(v.value)), None)


def is_client(machine: Machine) -> bool:
    """Whether the system's name says that it is a Windows client."""
    return _CLIENT.search((machine.os_name or "").casefold()) is not None


def upgrade_path(machine: Machine) -> UpgradePath:
    """The machine's path to hotpatch, by what Azure reports about it."""
    if is_on_and_supported(machine):
        return UpgradePath(PathKind.ON, product=machine.product)
    if is_client(machine):
        return UpgradePath(
            PathKind.NO_PATH,
            tr("{os_name} isn't Windows Server.", os_name=machine.os_name),
            article=HOTPATCH_ARTICLE,
        )
    if machine.arc is not None:
        return _arc_path(machine, machine.arc)
    return _turn_on(machine) if is_supported(machine.image) else _replacement(machine)


def _unmet(machine: Machine) -> tuple[Prerequisite, ...]:
    return tuple(p for p in prerequisites_of(machine) if p.verdict is not Verdict.PASS)


def _turn_on(machine: Machine) -> UpgradePath:
    """An Azure VM whose image supports hotpatch."""
    follows = machine.follows_schedules
    return UpgradePath(
        PathKind.TURN_ON,
        tr("Hotpatch is off, and Customer Managed Schedules exclude it.")
        if follows
        else tr("Hotpatch is off."),
        product=machine.product,
        checks=_unmet(machine),
        checklist=(tr(FROM_BASELINE),),
        cost=tr("In Azure, no extra charge; the machine leaves its schedules.")
        if follows
        else tr("In Azure, no extra charge."),
        article=HOTPATCH_ARTICLE,
    )


def _replacement(machine: Machine) -> UpgradePath:
    """An Azure VM whose image doesn't support hotpatch: an image can't be changed, not even by an upgrade in place."""
    sku = replacement_sku(machine)
    product = Product.WS2022 if sku.startswith("2022") else Product.WS2025
    return UpgradePath(
        PathKind.REPLACE,
        tr("{image} doesn't support hotpatch.", image=machine.image.text),
        sku,
        product,
        (_generation(machine, product),),
        (
            tr(
                "An in-place upgrade doesn't enable hotpatch in Azure. The image stays the same, and Microsoft doesn't support "
                "hotpatch, automatic guest patching or Azure Update Manager on an upgraded VM."
            ),
            tr(
                "Roles, applications and data: how each moves to the new machine, and how long that takes."
            ),
            tr("Name, IP addresses, DNS, domain membership, certificates and managed identity."),
            tr("Data disks: detach them from the old machine, or restore a backup."),
            tr("Backup, monitoring, extensions and schedules that name the old machine."),
            tr("Availability set, proximity group and zone, which can only be chosen at creation."),
        ),
        tr(
            "In Azure, no extra charge for hotpatch. Both machines are billed until the old one is deleted."
        ),
        IN_PLACE_IN_AZURE,
    )


def replacement_sku(machine: Machine) -> str:
    """The SKU of the supported image that is closest to the machine's: Core for Core, a small disk for a small disk."""
    sku = (machine.image.sku or "").casefold()
    if sku in REPLACEMENTS:
        return REPLACEMENTS[sku]
    core = "-core" if "core" in sku.split("-") else ""
    small = "-smalldisk" if "smalldisk" in sku else ""
    return f"2025-datacenter-azure-edition{core}{small}"


def _generation(machine: Machine, product: Product) -> Prerequisite:
    check, generation = tr("Generation"), (machine.generation or "").upper()
    if product is Product.WS2022:
        return Prerequisite(
            check, Verdict.PASS, tr("Windows Server 2022 in Azure works with either generation.")
        )
    if generation == "V2":
        return Prerequisite(
            check,
            Verdict.PASS,
            tr("The machine's size runs generation 2, which Windows Server 2025 needs."),
        )
    if generation == "V1":
        return Prerequisite(
            check,
            Verdict.FAIL,
            tr("The machine is of generation 1, and Windows Server 2025 needs generation 2."),
            tr("Choose a size that supports generation 2 and Trusted Launch."),
        )
    return Prerequisite(check, Verdict.NOT_KNOWABLE, tr("Azure hasn't reported the generation."))


def _arc_path(machine: Machine, arc: Arc) -> UpgradePath:
    if needs_no_license(machine):
        return UpgradePath(
            PathKind.FIX,
            tr(
                "Azure Edition on Azure Local receives hotpatches, but Azure doesn't report that it does."
            ),
            product=machine.product,
            checks=_unmet(machine),
            cost=tr("No license is needed on Azure Local."),
            article=HOTPATCH_ARTICLE,
        )
    if can_be_enrolled(machine):
        return _enrollment(machine, arc)
    version, name = server_version(machine), (machine.os_name or "").strip()
    if version is None and name and "windows" not in name.casefold():
        return UpgradePath(
            PathKind.NO_PATH,
            tr("{os_name} isn't Windows Server.", os_name=name),
            article=ARC_ARTICLE,
        )
    if version is None:
        return UpgradePath(
            PathKind.NOT_KNOWN,
            tr("Azure hasn't reported which system the server runs.")
            if not name
            else tr("{os_name} isn't a known version of Windows Server.", os_name=name),
            article=ARC_ARTICLE,
        )
    if version is ServerVersion.WS2025:
        return _unsupported_2025(arc)
    return _in_place(machine, arc, version)


def _enrollment(machine: Machine, arc: Arc) -> UpgradePath:
    """An Arc-enabled server whose system supports hotpatch."""
    kind, obstacle = _enrollment_state(arc)
    return UpgradePath(
        kind,
        obstacle,
        product=Product.WS2025,
        checks=_unmet(machine),
        checklist=(tr(FROM_BASELINE),),
        cost=tr(ARC_COST),
        article=ARC_ARTICLE,
    )


def _enrollment_state(arc: Arc) -> tuple[PathKind, str]:
    if arc.is_pending:
        return PathKind.NOT_KNOWN, tr("Azure is changing or evaluating the enrollment.")
    if not arc.is_enrolled or arc.enablement is Enablement.UNKNOWN:
        return PathKind.ENROLL, tr("The server isn't enrolled.")
    if arc.enablement is Enablement.ACTION_REQUIRED:
        return PathKind.FIX, arc.error or tr("Azure reports that action is required.")
    return PathKind.TURN_ON, tr("The server is enrolled, but hotpatch is off.")


FROM_BASELINE = tr.mark("Hotpatches begin with the next baseline, which restarts the machine once.")
ARC_COST = tr.mark("Azure Arc: no charge since 19 May 2026 (before: USD 1.50 per core per month).")


def _unsupported_2025(arc: Arc) -> UpgradePath:
    if not arc.edition:
        return UpgradePath(
            PathKind.NOT_KNOWN,
            tr("Azure hasn't reported the server's edition."),
            article=ARC_ARTICLE,
        )
    return UpgradePath(
        PathKind.NO_PATH,
        tr(
            "{edition}: only Standard and Datacenter of Windows Server 2025 can be enrolled.",
            edition=arc.edition,
        ),
        article=ARC_ARTICLE,
    )


def _in_place(machine: Machine, arc: Arc, version: ServerVersion) -> UpgradePath:
    """An Arc-enabled server with an earlier Windows Server."""
    first = (
        ()
        if version.can_be_upgraded
        else (
            tr("Upgrade to Windows Server 2016 first: 2012 can't be upgraded to 2025 in one step."),
        )
    )
    return UpgradePath(
        PathKind.UPGRADE,
        tr("Windows Server {version} can't be enrolled.", version=version.value),
        tr("Windows Server 2025 Standard or Datacenter"),
        Product.WS2025,
        agent_prerequisites(machine, arc),
        (
            *first,
            tr(
                "A Windows Server 2025 license and product key; the edition stays Standard or Datacenter."
            ),
            tr(
                "Not a cluster node (clusters upgrade one version at a time) and not booted from VHD."
            ),
            tr(
                "Roles and applications that Microsoft and their vendors support on Windows Server 2025."
            ),
            tr("A backup that was restored once, and free space on the system drive."),
            tr("UEFI with Secure Boot, so that virtualization-based security can run."),
            tr(
                "Afterwards: build {build} or later, the agent connected, then enroll.",
                build=".".join(map(str, FIRST_BUILD[2:])),
            ),
        ),
        " ".join((tr(ARC_COST), tr("Windows Server 2025 needs a license of its own."))),
        IN_PLACE,
    )
