"""Changes of a machine's update settings, and those that Azure refuses (azure-patching §1.7, §4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .arc import Arc
from .machines import AssessmentMode, Image, PatchMode, PatchSettings
from .platforms import is_supported


class Orchestration(StrEnum):
    """The portal's four choices for Windows."""

    SAFE_DEPLOYMENT = "Azure Managed - Safe Deployment"
    CUSTOMER_SCHEDULES = "Customer Managed Schedules"
    WINDOWS_AUTOMATIC = "Windows automatic updates"
    MANUAL = "Manual updates"

    @property
    def patch_mode(self) -> PatchMode:
        return {
            Orchestration.WINDOWS_AUTOMATIC: PatchMode.AUTOMATIC_BY_OS,
            Orchestration.MANUAL: PatchMode.MANUAL,
        }.get(self, PatchMode.AUTOMATIC_BY_PLATFORM)

    def meaning(self, *, is_arc: bool = False) -> str:
        """In a sentence. An Arc-enabled server has no safety checks, so schedules exclude nothing there."""
        if is_arc and self is Orchestration.CUSTOMER_SCHEDULES:
            return "Updates come at the times of your maintenance configuration."
        return _MEANINGS[self]

    @classmethod
    def of(cls, settings: PatchSettings) -> Orchestration | None:
        return next((o for o in cls if o.value == settings.orchestration), None)


_MEANINGS = {
    Orchestration.SAFE_DEPLOYMENT: "Azure installs Critical and Security updates off-peak within 30 days of "
    "release, availability-first. Hotpatch requires this mode.",
    Orchestration.CUSTOMER_SCHEDULES: "Updates come at the times of your maintenance configuration, without the "
    "platform's safety checks. Excludes hotpatch.",
    Orchestration.WINDOWS_AUTOMATIC: "Windows Update inside the machine installs and restarts on its own.",
    Orchestration.MANUAL: "Nothing is installed unless you ask for it.",
}


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """The settings a machine shall have."""

    orchestration: Orchestration
    hotpatch: bool
    periodic_assessment: bool

    @property
    def patch_mode(self) -> PatchMode:
        return self.orchestration.patch_mode

    @property
    def bypass_safety_checks(self) -> bool:
        return self.orchestration is Orchestration.CUSTOMER_SCHEDULES

    @property
    def assessment_mode(self) -> AssessmentMode:
        automatic = self.periodic_assessment
        return AssessmentMode.AUTOMATIC_BY_PLATFORM if automatic else AssessmentMode.IMAGE_DEFAULT


def refusal(
    image: Image, now: PatchSettings, wanted: SettingsChange, arc: Arc | None = None
) -> str | None:
    """Why Azure would refuse the change, in a sentence with the way round; None where it would not."""
    target, current = wanted.patch_mode, now.patch_mode
    if arc is not None:
        return _refusal_of_arc(wanted, arc)
    if {current, target} == {PatchMode.AUTOMATIC_BY_OS, PatchMode.MANUAL}:
        return (
            "Azure does not switch between Windows automatic updates and Manual updates: "
            "enableAutomaticUpdates is fixed when a machine is created."
        )
    if target is PatchMode.AUTOMATIC_BY_OS and now.automatic_updates is False:
        return (
            "Windows automatic updates need enableAutomaticUpdates, which is off on this machine "
            "and can only be set when a machine is created."
        )
    if target is PatchMode.MANUAL and now.automatic_updates is True:
        return (
            "Manual updates need enableAutomaticUpdates to be off; it is on for this machine "
            "and can only be set when a machine is created."
        )
    if not wanted.hotpatch:
        return None
    if not is_supported(image):
        return "Hotpatch is not available on this machine's image, and an image cannot be changed in place."
    if wanted.orchestration is Orchestration.CUSTOMER_SCHEDULES:
        return "Hotpatch needs the platform's safety checks, and Customer Managed Schedules bypass them."
    if target is not PatchMode.AUTOMATIC_BY_PLATFORM:
        return (
            "Hotpatch needs Azure to orchestrate updates. Choose Azure Managed - Safe Deployment."
        )
    if now.provision_agent is False:
        return "Hotpatch needs the VM agent, which this machine does not have."
    return None


def _refusal_of_arc(wanted: SettingsChange, arc: Arc) -> str | None:
    """Arc-enabled servers have no automatic guest patching, and need their licence for hotpatches."""
    if wanted.orchestration is Orchestration.SAFE_DEPLOYMENT:
        return (
            "Azure Managed - Safe Deployment is for virtual machines in Azure; choose another one."
        )
    if wanted.hotpatch and not arc.is_enrolled:
        return "Hotpatch needs the server to be enrolled first."
    return None
