"""The hotpatch status as the portal shows it, and the prerequisites behind it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .arc import (
    RECONNECT,
    Arc,
    Enablement,
    License,
    can_enroll,
    is_azure_edition_on_azure_local,
    is_recent,
)
from .machines import Machine, PatchMode, PatchSettings
from .platforms import REPLACEMENTS, installation_option, is_supported
from .power import PowerState
from .releases import Product


class HotpatchStatus(StrEnum):
    """The values of Hotpatch status in Azure Update Manager."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"
    PENDING = "Pending"
    NOT_ENROLLED = "Not enrolled"
    CANCELED = "Canceled"
    NOT_AVAILABLE = "Not available"
    ACTION_REQUIRED = "Action required"
    PENDING_EVALUATION = "Pending evaluation"
    NOT_KNOWN = "Not known"
    """Not a portal status: hotpatching is possible, but Azure doesn't report whether it is on."""

    @property
    def meaning(self) -> str:
        """The status in one sentence."""
        return _MEANINGS[self]


_MEANINGS = {
    HotpatchStatus.ENABLED: "The machine receives hotpatches as long as it stays on the baseline in force.",
    HotpatchStatus.DISABLED: "The image supports hotpatching, but hotpatch is off: regular updates restart the machine.",
    HotpatchStatus.PENDING: "Azure is changing the enrollment. It usually takes about ten minutes.",
    HotpatchStatus.NOT_ENROLLED: "A license is available, but the machine is not enrolled.",
    HotpatchStatus.CANCELED: "The license was canceled on this machine: no more hotpatches.",
    HotpatchStatus.NOT_AVAILABLE: "The machine's image doesn't support hotpatching.",
    HotpatchStatus.ACTION_REQUIRED: "A prerequisite is missing on the machine.",
    HotpatchStatus.PENDING_EVALUATION: "Azure has no current assessment of the machine.",
    HotpatchStatus.NOT_KNOWN: "The machine can receive hotpatches; Azure does not report whether it does.",
}


def hotpatch_status(machine: Machine, *, assessed: bool) -> HotpatchStatus:
    """The status that the portal shows.

    Virtual machines: image, then setting, then whether an assessment exists. Arc-enabled servers: license, then what the
    machine reports. ``assessed`` is whether Resource Graph has an assessment (it deletes them after 7 days).
    """
    if machine.arc is not None:
        return _arc_status(machine, machine.arc)
    if not is_supported(machine.image):
        return HotpatchStatus.NOT_AVAILABLE
    if not assessed:
        return HotpatchStatus.PENDING_EVALUATION
    return HotpatchStatus.ENABLED if machine.settings.hotpatch_enabled else HotpatchStatus.DISABLED


def is_on(machine: Machine) -> bool:
    """Whether hotpatch is on, by setting or by license and opt-in."""
    if machine.arc is not None:
        is_licensed = machine.arc.is_enrolled or needs_no_license(machine)
        return is_licensed and machine.arc.enablement is Enablement.ENABLED
    return machine.settings.hotpatch_enabled is True


def is_enrolled(machine: Machine) -> bool:
    """Whether hotpatch is on and the machine supports it."""
    return is_on(machine) and (can_be_enrolled(machine) or needs_no_license(machine))


def can_be_enrolled(machine: Machine) -> bool:
    """Whether Azure would enroll the machine, by its image or operating system."""
    if machine.arc is not None:
        return can_enroll(machine.os_version, machine.arc.edition, machine.os_name)
    return is_supported(machine.image)


def needs_no_license(machine: Machine) -> bool:
    """Whether this is Azure Edition on Azure Local, which receives hotpatches without an Arc license."""
    host = machine.arc.host if machine.arc is not None else None
    return is_azure_edition_on_azure_local(machine.os_name, host)


def _arc_status(machine: Machine, arc: Arc) -> HotpatchStatus:
    match arc.license:
        case License.ENABLED:
            return _BY_ENABLEMENT.get(arc.enablement, HotpatchStatus.NOT_ENROLLED)
        case License.DISABLED:
            return HotpatchStatus.CANCELED
        case License.ENABLING | License.DISABLING:
            return HotpatchStatus.PENDING
    if needs_no_license(machine):
        return (
            _BY_ENABLEMENT[arc.enablement]
            if arc.enablement in _REPORTED
            else HotpatchStatus.NOT_KNOWN
        )
    can = can_enroll(machine.os_version, arc.edition, machine.os_name)
    return HotpatchStatus.NOT_ENROLLED if can else HotpatchStatus.NOT_AVAILABLE


_BY_ENABLEMENT: dict[Enablement | None, HotpatchStatus] = {
    None: HotpatchStatus.DISABLED,
    Enablement.DISABLED: HotpatchStatus.DISABLED,
    Enablement.ENABLED: HotpatchStatus.ENABLED,
    Enablement.PENDING_EVALUATION: HotpatchStatus.PENDING,
    Enablement.ACTION_REQUIRED: HotpatchStatus.ACTION_REQUIRED,
}


_REPORTED = frozenset(_BY_ENABLEMENT) - {None}


class Verdict(StrEnum):
    """The result of checking a prerequisite."""

    PASS = "Pass"  # noqa: S105 - a verdict
    FAIL = "Fail"
    NOT_KNOWABLE = "Can't be determined"


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """One prerequisite: the check, its result, and the fix if there is one."""

    check: str
    verdict: Verdict
    detail: str
    fix: str = ""


def eligibility(machine: Machine) -> list[Prerequisite]:
    """All prerequisites of hotpatching, in the order in which to fix them."""
    if machine.arc is not None:
        return _arc_findings(machine, machine.arc)
    settings = machine.settings
    return [
        _image_prerequisite(machine),
        _three_state(
            "VM agent",
            _all_known(settings.provision_agent, machine.agent_ready),
            "The VM agent is provisioned and ready.",
            "The VM agent is missing or not ready.",
            "Install the Azure VM agent, or wait until it reports Ready.",
        ),
        _three_state(
            "Extension operations",
            machine.allow_extensions,
            "The machine allows extension operations.",
            "allowExtensionOperations is false, so Azure cannot patch.",
            "Allow extension operations in the machine's OS profile.",
        ),
        _patch_mode_prerequisite(settings),
        _safety_prerequisite(settings),
        _power_prerequisite(machine),
        _generation_prerequisite(machine),
        Prerequisite(
            "Virtualization-based security",
            Verdict.NOT_KNOWABLE,
            "Azure does not report whether VBS runs inside the machine.",
            "If enrollment fails, check Win32_DeviceGuard.VirtualizationBasedSecurityStatus (2 is running).",
        ),
    ]


def _arc_findings(machine: Machine, arc: Arc) -> list[Prerequisite]:
    return [
        _three_state(
            "System",
            needs_no_license(machine) or can_be_enrolled(machine),
            "Azure Edition on Azure Local, which needs no license."
            if needs_no_license(machine)
            else "Windows Server 2025 Standard or Datacenter, which Azure can enroll.",
            f"{machine.os_name or 'The system'} can't be enrolled by Azure.",
            "Arc-enabled hotpatching needs Windows Server 2025 Standard or Datacenter.",
        ),
        _three_state(
            "Build",
            is_recent(machine.os_version),
            "The build supports hotpatches (26100.1742 or later).",
            "The build is older than 26100.1742.",
            "Install the latest cumulative update first.",
        ),
        _agent_prerequisite(machine, arc),
        _extension_prerequisite(arc),
        *(() if needs_no_license(machine) else (_license_prerequisite(arc),)),
        _enablement_prerequisite(arc),
        _vbs_prerequisite(arc),
    ]


def _agent_prerequisite(machine: Machine, arc: Arc) -> Prerequisite:
    check = "Agent"
    if arc.is_cloned:
        detail = "Azure reports the agent as cloned: another server uses the same identity."
        return Prerequisite(
            check, Verdict.FAIL, detail, "Disconnect the copy with azcmagent and connect it again."
        )
    if arc.is_expired:
        detail = "The agent's registration has expired after a long time without contact."
        return Prerequisite(check, Verdict.FAIL, detail, RECONNECT)
    return _three_state(
        check,
        None if machine.power is PowerState.UNKNOWN else machine.power is PowerState.RUNNING,
        "The Azure Connected Machine agent is connected.",
        "The Azure Connected Machine agent is not connected.",
        "Start the server and its agent; it needs to reach Azure and dls.microsoft.com.",
    )


def _extension_prerequisite(arc: Arc) -> Prerequisite:
    """Whether the agent allows the extension that assesses and patches."""
    check = "Patch extension"
    if arc.is_monitor_only:
        return Prerequisite(
            check,
            Verdict.FAIL,
            "The agent is in monitor mode, which forbids the patch extension.",
            "On the server: azcmagent config set config.mode full.",
        )
    if arc.can_extend is False:
        return Prerequisite(
            check,
            Verdict.FAIL,
            "The agent's extension lists forbid the patch extension.",
            "Allow Microsoft.SoftwareUpdateManagement/WindowsOsUpdateExtension in the agent's "
            "extensions.allowlist.",
        )
    return _three_state(
        check, arc.can_extend, "The agent's lists allow the patch extension.", "", ""
    )


def _license_prerequisite(arc: Arc) -> Prerequisite:
    check = "License"
    if arc.license is License.ENABLED:
        return Prerequisite(
            check, Verdict.PASS, "The machine is enrolled (license profile, feature Hotpatch)."
        )
    if arc.license_error:
        return Prerequisite(
            check,
            Verdict.FAIL,
            f"Azure could not enroll it: {arc.license_error}",
            "Fix the cause that Azure reports, then enroll again in Update settings.",
        )
    if arc.license in (License.ENABLING, License.DISABLING):
        detail = f"The license is {arc.license.value.lower()}; it takes about ten minutes."
        return Prerequisite(check, Verdict.NOT_KNOWABLE, detail)
    what = {None: "There is no license", License.DISABLED: "The license was canceled"}
    detail = f"{what.get(arc.license, f'The license state is {arc.license}')} on this machine."
    return Prerequisite(
        check,
        Verdict.FAIL,
        detail,
        "Enroll in Update settings. It's been free of charge since 19 May 2026.",
    )


def _enablement_prerequisite(arc: Arc) -> Prerequisite:
    check = "Enablement on the machine"
    match arc.enablement:
        case Enablement.ENABLED:
            return Prerequisite(check, Verdict.PASS, "The machine receives hotpatches.")
        case Enablement.DISABLED:
            detail = "Enrolled, but set not to receive hotpatches (a temporary opt-out)."
            return Prerequisite(check, Verdict.FAIL, detail, "Turn hotpatch on in Update settings.")
        case Enablement.ACTION_REQUIRED:
            detail = arc.error or "Azure reports that action is required but doesn't specify it."
            return Prerequisite(
                check,
                Verdict.FAIL,
                detail,
                "Fix the prerequisites listed here. Azure re-evaluates the machine automatically.",
            )
        case Enablement.PENDING_EVALUATION:
            detail = "Azure has not evaluated the machine yet; it takes about ten minutes."
            fix = "If this continues, check the agent: azcmagent check."
            return Prerequisite(check, Verdict.NOT_KNOWABLE, detail, fix)
    return Prerequisite(
        check, Verdict.NOT_KNOWABLE, "The machine hasn't reported its enablement state."
    )


def _vbs_prerequisite(arc: Arc) -> Prerequisite:
    check = "Virtualization-based security"
    fix = "UEFI with Secure Boot, EnableVirtualizationBasedSecurity=1 under DeviceGuard, and a restart."
    names = ("vbs", "virtualization", "virtual secure mode", "vsm")
    if arc.enablement is Enablement.ENABLED:
        return Prerequisite(
            check, Verdict.PASS, "VBS is running. Azure enables hotpatching only if it is."
        )
    if arc.error and any(name in arc.error.casefold() for name in names):
        return Prerequisite(check, Verdict.FAIL, "Azure reports that VBS isn't running.", fix)
    return Prerequisite(
        check,
        Verdict.NOT_KNOWABLE,
        "Azure does not report whether VBS runs inside the machine.",
        "Check that Win32_DeviceGuard.VirtualizationBasedSecurityStatus is 2 (running).",
    )


def _three_state(check: str, value: bool | None, good: str, bad: str, fix: str) -> Prerequisite:
    if value is None:
        return Prerequisite(check, Verdict.NOT_KNOWABLE, "Azure has not reported it yet.")
    return (
        Prerequisite(check, Verdict.PASS, good)
        if value
        else Prerequisite(check, Verdict.FAIL, bad, fix)
    )


def _all_known(*values: bool | None) -> bool | None:
    if False in values:
        return False
    return None if None in values else True


def _image_prerequisite(machine: Machine) -> Prerequisite:
    option = installation_option(machine.image)
    if option is not None:
        return Prerequisite(
            "Image", Verdict.PASS, f"{machine.image.text} ({option.value}) supports hotpatching."
        )
    replacement = REPLACEMENTS.get((machine.image.sku or "").casefold())
    fix = (
        f"Redeploy from {replacement}; an image cannot be changed in place."
        if replacement
        else "Redeploy from a Windows Server Azure Edition image that supports hotpatching."
    )
    return Prerequisite(
        "Image", Verdict.FAIL, f"{machine.image.text} does not support hotpatching.", fix
    )


def _patch_mode_prerequisite(settings: PatchSettings) -> Prerequisite:
    mode = settings.patch_mode
    return _three_state(
        "Patch orchestration",
        None if mode is None else mode is PatchMode.AUTOMATIC_BY_PLATFORM,
        "Azure orchestrates updates (AutomaticByPlatform).",
        f"Patch mode is {mode.value if mode else ''}; hotpatching needs AutomaticByPlatform.",
        "Choose Azure Managed - Safe Deployment in Update settings.",
    )


def _safety_prerequisite(settings: PatchSettings) -> Prerequisite:
    bypass = settings.bypass_safety_checks
    if bypass is None and settings.patch_mode is not None:
        bypass = False
    return _three_state(
        "Platform safety checks",
        None if bypass is None else not bypass,
        "Platform safety checks are in place.",
        "Customer Managed Schedules bypass the platform's safety checks, so the machine can't be hotpatched.",
        "Choose Azure Managed - Safe Deployment in Update settings.",
    )


def _power_prerequisite(machine: Machine) -> Prerequisite:
    return _three_state(
        "Power state",
        None if machine.power is PowerState.UNKNOWN else machine.power is PowerState.RUNNING,
        "The machine is running.",
        f"The machine is {machine.power.value}: it can be neither assessed nor patched.",
        "Start the machine.",
    )


def _generation_prerequisite(machine: Machine) -> Prerequisite:
    generation = machine.generation
    if machine.product is Product.WS2025:
        return _three_state(
            "Generation",
            None if generation is None else generation.upper() == "V2",
            "Generation 2, as Windows Server 2025 needs for Secure Boot and VBS.",
            "Generation 1 has no Secure Boot, which VBS and hotpatching on Windows Server 2025 need.",
            "Redeploy as a generation 2 machine.",
        )
    shown = f"Generation {generation[-1]}" if generation else "Generation not reported"
    return Prerequisite(
        "Generation",
        Verdict.PASS,
        f"{shown}; Windows Server 2022 in Azure works with either generation.",
    )
