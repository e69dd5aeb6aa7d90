"""The prerequisites of hotpatching, checked in the order in which to fix them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hotpatch_gui.translation import translated, translator

from .arc import (
    RECONNECT,
    Arc,
    Enablement,
    License,
    is_recent,
)
from .hotpatch import can_be_enrolled, needs_no_license
from .machines import Machine, PatchMode, PatchSettings
from .platforms import REPLACEMENTS, installation_option
from .power import PowerState
from .releases import Product

tr = translator("Prerequisites")


@tr.mark_values
class Verdict(StrEnum):
    """The result of checking a prerequisite."""

    PASS = "Pass"  # noqa: S105 - a verdict
    FAIL = "Fail"
    NOT_KNOWABLE = "Can't be determined"

    @property
    def label(self) -> str:
        """The verdict's display name."""
        return tr(self.value)


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """One prerequisite: the check, its result, and the fix if there is one."""

    check: str
    verdict: Verdict
    detail: str
    fix: str = ""


def prerequisites_of(machine: Machine) -> list[Prerequisite]:
    """All prerequisites of hotpatching, in the order in which to fix them."""
    if machine.arc is not None:
        return _arc_prerequisites(machine, machine.arc)
    settings = machine.settings
    return [
        _image_prerequisite(machine),
        _three_state(
            tr("VM agent"),
            _all_known(settings.provision_agent, machine.agent_ready),
            tr("The VM agent is provisioned and ready."),
            tr("The VM agent is missing or not ready."),
            tr("Install the Azure VM agent, or wait until it reports Ready."),
        ),
        _three_state(
            tr("Extension operations"),
            machine.allow_extensions,
            tr("The machine allows extension operations."),
            tr("allowExtensionOperations is false, so Azure can't patch."),
            tr("Allow extension operations in the machine's OS profile."),
        ),
        _patch_mode_prerequisite(settings),
        _safety_prerequisite(settings),
        _power_prerequisite(machine),
        _generation_prerequisite(machine),
        Prerequisite(
            tr("Virtualization-based security"),
            Verdict.NOT_KNOWABLE,
            tr("Azure doesn't report whether VBS runs inside the machine."),
            tr(
                "If enrollment fails, check Win32_DeviceGuard.VirtualizationBasedSecurityStatus (2 "
                "is running)."
            ),
        ),
    ]


def _arc_prerequisites(machine: Machine, arc: Arc) -> list[Prerequisite]:
    return [
        _three_state(
            tr("System"),
            needs_no_license(machine) or can_be_enrolled(machine),
            tr("Azure Edition on Azure Local, which needs no license.")
            if needs_no_license(machine)
            else tr("Windows Server 2025 Standard or Datacenter, which Azure can enroll."),
            tr(
                "{os_name} can't be enrolled by Azure.", os_name=machine.os_name or tr("The system")
            ),
            tr("Arc-enabled hotpatching needs Windows Server 2025 Standard or Datacenter."),
        ),
        _three_state(
            tr("Build"),
            is_recent(machine.os_version),
            tr("The build supports hotpatches (26100.1742 or later)."),
            tr("The build is older than 26100.1742."),
            tr("Install the latest cumulative update first."),
        ),
        *agent_prerequisites(machine, arc),
        *(() if needs_no_license(machine) else (_license_prerequisite(arc),)),
        _enablement_prerequisite(arc),
        _vbs_prerequisite(arc),
    ]


def agent_prerequisites(machine: Machine, arc: Arc) -> tuple[Prerequisite, Prerequisite]:
    """The Connected Machine agent and its patch extension, whatever system the server runs."""
    return _agent_prerequisite(machine, arc), _extension_prerequisite(arc)


def _agent_prerequisite(machine: Machine, arc: Arc) -> Prerequisite:
    check = tr("Agent")
    if arc.is_cloned:
        detail = tr("Azure reports the agent as cloned: another server uses the same identity.")
        return Prerequisite(
            check,
            Verdict.FAIL,
            detail,
            tr("Disconnect the copy with azcmagent and connect it again."),
        )
    if arc.is_expired:
        detail = tr("The agent's registration has expired after a long time without contact.")
        return Prerequisite(check, Verdict.FAIL, detail, translated(RECONNECT))
    return _three_state(
        check,
        None if machine.power is PowerState.UNKNOWN else machine.power is PowerState.RUNNING,
        tr("The Azure Connected Machine agent is connected."),
        tr("The Azure Connected Machine agent isn't connected."),
        tr("Start the server and its agent; it needs to reach Azure and dls.microsoft.com."),
    )


def _extension_prerequisite(arc: Arc) -> Prerequisite:
    """Whether the agent allows the extension that assesses and patches."""
    check = tr("Patch extension")
    if arc.is_monitor_only:
        return Prerequisite(
            check,
            Verdict.FAIL,
            tr("The agent is in monitor mode, which forbids the patch extension."),
            tr("On the server: azcmagent config set config.mode full."),
        )
    if arc.can_extend is False:
        return Prerequisite(
            check,
            Verdict.FAIL,
            tr("The agent's extension lists forbid the patch extension."),
            tr(
                "Allow Microsoft.SoftwareUpdateManagement/WindowsOsUpdateExtension in the agent's "
                "extensions.allowlist."
            ),
        )
    return _three_state(
        check, arc.can_extend, tr("The agent's lists allow the patch extension."), "", ""
    )


def _license_prerequisite(arc: Arc) -> Prerequisite:
    check = tr("License")
    if arc.license is License.ENABLED:
        return Prerequisite(
            check, Verdict.PASS, tr("The machine is enrolled (license profile, feature Hotpatch).")
        )
    if arc.license_error:
        return Prerequisite(
            check,
            Verdict.FAIL,
            tr("Azure couldn't enroll it: {license_error}", license_error=arc.license_error),
            tr("Fix the cause that Azure reports, then enroll again in Update settings."),
        )
    if arc.license in (License.ENABLING, License.DISABLING):
        detail = (
            tr("The license is being enabled; it takes about ten minutes.")
            if arc.license is License.ENABLING
            else tr("The license is being canceled; it takes about ten minutes.")
        )
        return Prerequisite(check, Verdict.NOT_KNOWABLE, detail)
    what = {None: tr("There is no license"), License.DISABLED: tr("The license was canceled")}
    other = tr("The license state is {state}", state=arc.license)
    detail = tr("{what} on this machine.", what=what.get(arc.license, other))
    return Prerequisite(
        check,
        Verdict.FAIL,
        detail,
        tr("Enroll in Update settings. It's been free of charge since 19 May 2026."),
    )


def _enablement_prerequisite(arc: Arc) -> Prerequisite:
    check = tr("Enablement on the machine")
    match arc.enablement:
        case Enablement.ENABLED:
            return Prerequisite(check, Verdict.PASS, tr("The machine receives hotpatches."))
        case Enablement.DISABLED:
            detail = tr("Enrolled, but set not to receive hotpatches (a temporary opt-out).")
            return Prerequisite(
                check, Verdict.FAIL, detail, tr("Turn hotpatch on in Update settings.")
            )
        case Enablement.ACTION_REQUIRED:
            detail = arc.error or tr(
                "Azure reports that action is required but doesn't specify it."
            )
            return Prerequisite(
                check,
                Verdict.FAIL,
                detail,
                tr(
                    "Fix the prerequisites listed here. Azure re-evaluates the machine automatically."
                ),
            )
        case Enablement.PENDING_EVALUATION:
            detail = tr("Azure hasn't evaluated the machine yet; it takes about ten minutes.")
            fix = tr("If this continues, check the agent: azcmagent check.")
            return Prerequisite(check, Verdict.NOT_KNOWABLE, detail, fix)
    return Prerequisite(
        check, Verdict.NOT_KNOWABLE, tr("The machine hasn't reported its enablement state.")
    )


def _vbs_prerequisite(arc: Arc) -> Prerequisite:
    check = tr("Virtualization-based security")
    fix = tr(
        "UEFI with Secure Boot, EnableVirtualizationBasedSecurity=1 under DeviceGuard, and a "
        "restart."
    )
    names = ("vbs", "virtualization", "virtual secure mode", "vsm")
    if arc.enablement is Enablement.ENABLED:
        return Prerequisite(
            check, Verdict.PASS, tr("VBS is running. Azure enables hotpatching only if it is.")
        )
    if arc.error and any(name in arc.error.casefold() for name in names):
        return Prerequisite(check, Verdict.FAIL, tr("Azure reports that VBS isn't running."), fix)
    return Prerequisite(
        check,
        Verdict.NOT_KNOWABLE,
        tr("Azure doesn't report whether VBS runs inside the machine."),
        tr("Check that Win32_DeviceGuard.VirtualizationBasedSecurityStatus is 2 (running)."),
    )


def _three_state(check: str, value: bool | None, good: str, bad: str, fix: str) -> Prerequisite:
    if value is None:
        return Prerequisite(check, Verdict.NOT_KNOWABLE, tr("Azure hasn't reported it yet."))
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
            tr("Image"),
            Verdict.PASS,
            tr(
                "{text} ({option}) supports hotpatching.",
                text=machine.image.text,
                option=option.value,
            ),
        )
    replacement = REPLACEMENTS.get((machine.image.sku or "").casefold())
    fix = (
        tr(
            "Redeploy from {replacement}; an image can't be changed in place.",
            replacement=replacement,
        )
        if replacement
        else tr("Redeploy from a Windows Server Azure Edition image that supports hotpatching.")
    )
    return Prerequisite(
        tr("Image"),
        Verdict.FAIL,
        tr("{text} doesn't support hotpatching.", text=machine.image.text),
        fix,
    )


def _patch_mode_prerequisite(settings: PatchSettings) -> Prerequisite:
    mode = settings.patch_mode
    return _three_state(
        tr("Patch orchestration"),
        None if mode is None else mode is PatchMode.AUTOMATIC_BY_PLATFORM,
        tr("Azure orchestrates updates (AutomaticByPlatform)."),
        tr(
            "Patch mode is {mode}; hotpatching needs AutomaticByPlatform.",
            mode=mode.value if mode else "",
        ),
        tr("Choose Azure Managed - Safe Deployment in Update settings."),
    )


def _safety_prerequisite(settings: PatchSettings) -> Prerequisite:
    bypass = settings.bypass_safety_checks
    if bypass is None and settings.patch_mode is not None:
        bypass = False
    return _three_state(
        tr("Platform safety checks"),
        None if bypass is None else not bypass,
        tr("Platform safety checks are in place."),
        tr(
            "Customer Managed Schedules bypass the platform's safety checks, so the machine "
            "can't be hotpatched."
        ),
        tr("Choose Azure Managed - Safe Deployment in Update settings."),
    )


def _power_prerequisite(machine: Machine) -> Prerequisite:
    return _three_state(
        tr("Power state"),
        None if machine.power is PowerState.UNKNOWN else machine.power is PowerState.RUNNING,
        tr("The machine is running."),
        tr(
            "The machine is {power}: it can be neither assessed nor patched.",
            power=machine.power.label,
        ),
        tr("Start the machine."),
    )


def _generation_prerequisite(machine: Machine) -> Prerequisite:
    generation = machine.generation
    if machine.product is Product.WS2025:
        return _three_state(
            tr("Generation"),
            None if generation is None else generation.upper() == "V2",
            tr("Generation 2, as Windows Server 2025 needs for Secure Boot and VBS."),
            tr(
                "Generation 1 has no Secure Boot, which VBS and hotpatching on Windows Server 2025 "
                "need."
            ),
            tr("Redeploy as a generation 2 machine."),
        )
    shown = (
        tr("Generation {generation}", generation=generation[-1])
        if generation
        else tr("Generation not reported")
    )
    return Prerequisite(
        tr("Generation"),
        Verdict.PASS,
        tr("{shown}; Windows Server 2022 in Azure works with either generation.", shown=shown),
    )
