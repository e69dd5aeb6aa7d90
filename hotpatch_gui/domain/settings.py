"""Changes of update settings, and those that Azure rejects.

Source: azure-rest-api-specs, Microsoft.Compute virtualMachines (patchSettings);
learn.microsoft.com/azure/update-manager/manage-update-settings.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.translation import translator

from .arc import Arc, is_azure_edition_on_azure_local
from .machines import AssessmentMode, Image, PatchMode, PatchSettings
from .platforms import is_supported

tr = translator("Settings")


@tr.mark_values
class Orchestration(StrEnum):
    """The portal's four choices for Windows."""

    SAFE_DEPLOYMENT = "Azure Managed - Safe Deployment"
    CUSTOMER_SCHEDULES = "Customer Managed Schedules"
    WINDOWS_AUTOMATIC = "Windows automatic updates"
    MANUAL = "Manual updates"

    @property
    def label(self) -> str:
        """The choice's display name."""
        return tr(self.value)

    @property
    def patch_mode(self) -> PatchMode:
        """Azure's patch mode for the choice."""
        return {
            Orchestration.WINDOWS_AUTOMATIC: PatchMode.AUTOMATIC_BY_OS,
            Orchestration.MANUAL: PatchMode.MANUAL,
        }.get(self, PatchMode.AUTOMATIC_BY_PLATFORM)

    def meaning(self, *, is_arc: bool = False) -> str:
        """The choice in one sentence. Arc-enabled servers have no safety checks to bypass."""
        if is_arc and self is Orchestration.CUSTOMER_SCHEDULES:
            return tr("Updates are installed at the times of your maintenance configuration.")
        return tr(_MEANINGS[self])

    @classmethod
    def of(cls, settings: PatchSettings) -> Orchestration | None:
        """The choice that matches the settings; None if none does."""
        return next((o for o in cls if o.value == settings.orchestration), None)


_MEANINGS = {
    Orchestration.SAFE_DEPLOYMENT: tr.mark(
        "Azure installs Critical and Security updates off-peak within 30 days of release, "
        "availability-first. Hotpatch requires this mode."
    ),
    Orchestration.CUSTOMER_SCHEDULES: tr.mark(
        "Updates are installed at the times of your maintenance configuration, without the "
        "platform's safety checks. Excludes hotpatch."
    ),
    Orchestration.WINDOWS_AUTOMATIC: tr.mark(
        "Windows Update on the machine installs updates and restarts automatically."
    ),
    Orchestration.MANUAL: tr.mark("Nothing is installed until you request it."),
}


class SettingsChange(NamedTuple):
    """Settings of a machine, or those to apply. None: not reported, or unchanged."""

    orchestration: Orchestration | None = None
    hotpatch: bool | None = None
    periodic_assessment: bool | None = None

    @property
    def patch_mode(self) -> PatchMode | None:
        """The patch mode to apply; None to leave it."""
        return self.orchestration.patch_mode if self.orchestration is not None else None

    @property
    def bypass_safety_checks(self) -> bool:
        """Whether platform safety checks are bypassed, as customer schedules require."""
        return self.orchestration is Orchestration.CUSTOMER_SCHEDULES

    @property
    def assessment_mode(self) -> AssessmentMode | None:
        """The assessment mode to apply; None to leave it."""
        if self.periodic_assessment is None:
            return None
        automatic = self.periodic_assessment
        return AssessmentMode.AUTOMATIC_BY_PLATFORM if automatic else AssessmentMode.IMAGE_DEFAULT


def current_settings(settings: PatchSettings) -> SettingsChange:
    """A machine's current settings, as far as reported."""
    mode = settings.assessment_mode
    return SettingsChange(
        Orchestration.of(settings),
        settings.hotpatch_enabled,
        None if mode is None else mode is AssessmentMode.AUTOMATIC_BY_PLATFORM,
    )


def effective(change: SettingsChange, settings: PatchSettings) -> SettingsChange:
    """A machine's settings after the change."""
    own = current_settings(settings)
    return SettingsChange(
        change.orchestration if change.orchestration is not None else own.orchestration,
        change.hotpatch if change.hotpatch is not None else own.hotpatch,
        own.periodic_assessment
        if change.periodic_assessment is None
        else change.periodic_assessment,
    )


def differences(change: SettingsChange, settings: PatchSettings) -> list[tuple[str, str, str]]:
    """(setting, before, after) for each setting that the change alters."""
    own = current_settings(settings)
    found = []
    if change.hotpatch not in (None, own.hotpatch):
        found.append((tr("Hotpatch"), _on_off(own.hotpatch), _on_off(change.hotpatch)))
    if change.orchestration not in (None, own.orchestration):
        found.append((tr("Orchestration"), settings.orchestration, str(change.orchestration)))
    if change.periodic_assessment not in (None, own.periodic_assessment):
        before, after = _on_off(own.periodic_assessment), _on_off(change.periodic_assessment)
        found.append((tr("Periodic assessment"), before, after))
    return found


def _on_off(value: bool | None) -> str:
    return {True: tr("on"), False: tr("off"), None: tr("not known")}[value]


def skip_reason(
    image: Image,
    now: PatchSettings,
    requested: SettingsChange,
    arc: Arc | None = None,
    *,
    os_name: str | None = None,
) -> str | None:
    """Why Azure would reject the change, with a workaround if there is one; None if it wouldn't.

    ``requested`` are the settings after the change. Unknown settings are no reason to reject.
    """
    target, current = requested.patch_mode, now.patch_mode
    if arc is not None:
        return _refusal_of_arc(requested, arc, os_name)
    if {current, target} == {PatchMode.AUTOMATIC_BY_OS, PatchMode.MANUAL}:
        return tr(
            "Azure doesn't switch between Windows automatic updates and Manual updates: "
            "enableAutomaticUpdates is fixed when a machine is created."
        )
    if target is PatchMode.AUTOMATIC_BY_OS and now.automatic_updates is False:
        return tr(
            "Windows automatic updates need enableAutomaticUpdates, which is off on this machine "
            "and can only be set when a machine is created."
        )
    if target is PatchMode.MANUAL and now.automatic_updates is True:
        return tr(
            "Manual updates need enableAutomaticUpdates to be off; it is on for this machine and "
            "can only be set when a machine is created."
        )
    if not requested.hotpatch:
        return None
    if not is_supported(image):
        return tr(
            "Hotpatch isn't available on this machine's image, and an image can't be changed "
            "in place."
        )
    if requested.orchestration is Orchestration.CUSTOMER_SCHEDULES:
        return tr(
            "Hotpatch needs the platform's safety checks, and Customer Managed Schedules bypass "
            "them. Choose Azure Managed - Safe Deployment, or turn hotpatch off."
        )
    if target not in (PatchMode.AUTOMATIC_BY_PLATFORM, None):
        return tr(
            "Hotpatch needs Azure to orchestrate updates. Choose Azure Managed - Safe Deployment."
        )
    if now.provision_agent is False:
        return tr("Hotpatch needs the VM agent, which this machine doesn't have.")
    return None


def _refusal_of_arc(requested: SettingsChange, arc: Arc, os_name: str | None) -> str | None:
    """Why Azure would reject it for an Arc-enabled server."""
    if requested.orchestration is Orchestration.SAFE_DEPLOYMENT:
        return tr(
            "Azure Managed - Safe Deployment is only for virtual machines in Azure. Choose "
            "another one."
        )
    if requested.hotpatch and not (
        arc.is_enrolled or is_azure_edition_on_azure_local(os_name, arc.host)
    ):
        return tr("Hotpatch needs the server to be enrolled first.")
    return None
