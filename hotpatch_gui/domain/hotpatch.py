"""The hotpatch status as the portal shows it."""

from __future__ import annotations

from enum import StrEnum

from hotpatch_gui.translation import translator

from .arc import (
    Arc,
    Enablement,
    License,
    can_enroll,
    is_azure_edition_on_azure_local,
)
from .machines import Machine
from .platforms import is_supported

tr = translator("Hotpatch")


@tr.mark_values
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
    def label(self) -> str:
        """The status's display name."""
        return tr(self.value)

    @property
    def meaning(self) -> str:
        """The status in one sentence."""
        return tr(_MEANINGS[self])


ELIGIBLE = (
    HotpatchStatus.ENABLED,
    HotpatchStatus.DISABLED,
    HotpatchStatus.PENDING,
    HotpatchStatus.NOT_ENROLLED,
    HotpatchStatus.CANCELED,
    HotpatchStatus.ACTION_REQUIRED,
)
"""Statuses of machines that can receive hotpatches and whose state Azure reports."""
WITHOUT_HOTPATCH = (
    HotpatchStatus.DISABLED,
    HotpatchStatus.NOT_ENROLLED,
    HotpatchStatus.CANCELED,
    HotpatchStatus.NOT_AVAILABLE,
    HotpatchStatus.ACTION_REQUIRED,
)
"""Statuses of machines that certainly receive no hotpatches now."""
_MEANINGS = {
    HotpatchStatus.ENABLED: tr.mark(
        "The machine receives hotpatches as long as it stays on the baseline in force."
    ),
    HotpatchStatus.DISABLED: tr.mark(
        "The machine supports hotpatching, but hotpatch is off: regular updates restart it."
    ),
    HotpatchStatus.PENDING: tr.mark(
        "Azure is changing the enrollment. It usually takes about ten minutes."
    ),
    HotpatchStatus.NOT_ENROLLED: tr.mark("A license is available, but the machine isn't enrolled."),
    HotpatchStatus.CANCELED: tr.mark(
        "The license was canceled on this machine: no more hotpatches."
    ),
    HotpatchStatus.NOT_AVAILABLE: tr.mark(
        "The machine's image or operating system doesn't support hotpatching."
    ),
    HotpatchStatus.ACTION_REQUIRED: tr.mark("A prerequisite is missing on the machine."),
    HotpatchStatus.PENDING_EVALUATION: tr.mark("Azure has no current assessment of the machine."),
    HotpatchStatus.NOT_KNOWN: tr.mark(
        "The machine can receive hotpatches; Azure doesn't report whether it does."
    ),
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


def is_on_and_supported(machine: Machine) -> bool:
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
    """The portal's logic: with a license, an enablement that isn't reported is Disabled, and Unknown is Not enrolled."""
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
