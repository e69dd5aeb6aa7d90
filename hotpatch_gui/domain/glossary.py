"""Terms of the field and of this program, for Help.

Source: learn.microsoft.com/windows-server/get-started/hotpatch; learn.microsoft.com/azure/virtual-machines/automatic-vm-guest-patching;
learn.microsoft.com/azure/update-manager.
"""

from __future__ import annotations

from hotpatch_gui.translation import translator

from .compliance_group import MEANINGS, ComplianceGroup

tr = translator("GlossaryDomain")

TERMS = (
    (
        tr.mark("Arc-enabled server"),
        tr.mark("A server outside Azure that Azure manages through the Connected Machine agent."),
    ),
    (
        tr.mark("Assessment"),
        tr.mark("A check for missing updates. It changes nothing on the machine."),
    ),
    (
        tr.mark("Automatic guest patching"),
        tr.mark(
            "Azure assesses virtual machines and installs Critical and Security updates "
            "off-peak, within 30 days of a release."
        ),
    ),
    (
        tr.mark("Availability-first"),
        tr.mark(
            "The order of automatic guest patching: a few regions, one zone and one update "
            "domain at a time while machines are healthy."
        ),
    ),
    (
        tr.mark("Baseline"),
        tr.mark(
            "The cumulative update that hotpatches build on. It restarts the machine. Planned "
            "for January, April, July and October."
        ),
    ),
    (
        tr.mark("Behind, none available"),
        tr.mark("A known release is missing on the machine, but its assessment doesn't offer it."),
    ),
    (
        tr.mark("Can't be confirmed"),
        tr.mark(
            "The program can't tell whether the machine is up to date: its build isn't known, a "
            "release may be missing from the release data, or its assessment doesn't contain the "
            "required values."
        ),
    ),
    (
        tr.mark("Compliance"),
        tr.mark(
            "The share of all machines that are up to date. A machine whose state isn't known counts as neither up to date "
            "nor behind."
        ),
    ),
    (
        tr.mark("Coverage"),
        tr.mark("Which machines receive hotpatches, and what the others need to receive them."),
    ),
    (
        tr.mark("Cumulative update"),
        tr.mark("The month's regular update of the operating system. It restarts the machine."),
    ),
    (
        tr.mark("Discrepancy"),
        tr.mark(
            "A difference between what an installation reported and what the next assessment found."
        ),
    ),
    (
        tr.mark("Dynamic scope"),
        tr.mark(
            "A filter that assigns machines to a schedule. Azure evaluates it when the schedule's "
            "maintenance window starts."
        ),
    ),
    (tr.mark("Enrollment"), tr.mark("Assigning the hotpatch license to an Arc-enabled server.")),
    (tr.mark("Exposure"), tr.mark("For how many days a released monthly update has been missing.")),
    (
        tr.mark("Horizon"),
        tr.mark(
            "The day until which the release data is complete. A machine is up to date only if every "
            "planned release after the one it runs is known."
        ),
    ),
    (
        tr.mark("Hotpatch"),
        tr.mark(
            "A security update that is installed in the memory of running processes, without a "
            "restart."
        ),
    ),
    (
        tr.mark("Hotpatch train"),
        tr.mark(
            "A baseline and its hotpatches. Another cumulative update takes a machine off the "
            "train until the next baseline."
        ),
    ),
    (
        tr.mark("Maintenance configuration"),
        tr.mark(
            "Azure's name for a schedule: your own times for updates, run by Azure Update Manager."
        ),
    ),
    (tr.mark("Needs attention"), MEANINGS[ComplianceGroup.ATTENTION]),
    (tr.mark("Not known"), MEANINGS[ComplianceGroup.NOT_KNOWN]),
    (
        tr.mark("Off-peak"),
        tr.mark(
            "Hours in which Azure installs updates automatically, in the machine's time zone. "
            "Azure doesn't publish them."
        ),
    ),
    (
        tr.mark("Off the hotpatch train"),
        tr.mark(
            "The machine runs a cumulative update that isn't a baseline. It receives no hotpatches "
            "until the next baseline, and every update of the operating system restarts it."
        ),
    ),
    (tr.mark("Out-of-band update"), tr.mark("An update released outside the monthly schedule.")),
    (
        tr.mark("Patch orchestration"),
        tr.mark(
            "Who installs updates and when: Azure, a maintenance configuration, Windows Update "
            "on the machine, or nobody."
        ),
    ),
    (
        tr.mark("Phase"),
        tr.mark(
            "Regions that a rollout reaches together. The next phase starts a day later, unless too many machines are unhealthy."
        ),
    ),
    (
        tr.mark("Rollout"),
        tr.mark(
            "How a release reaches all machines that automatic guest patching includes, availability-first."
        ),
    ),
    (
        tr.mark("Schedule"),
        tr.mark(
            "A maintenance configuration of Azure Update Manager: when which updates are installed."
        ),
    ),
    (
        tr.mark("Unhealthy"),
        tr.mark("Azure Resource Health reports a problem with a machine that nobody stopped."),
    ),
    (
        tr.mark("Unknown"),
        tr.mark(
            "Azure or the release data doesn't show it. Unknown is neither good nor bad. The result of an operation is "
            "unknown if Azure's response was lost or the machine doesn't show the result. The request isn't repeated; the "
            "machine is read for a while, then you can dismiss the operation."
        ),
    ),
    (
        tr.mark("Unplanned baseline"),
        tr.mark("A baseline in a month for which a hotpatch was planned."),
    ),
    (tr.mark("Up to date"), MEANINGS[ComplianceGroup.UP_TO_DATE]),
    (tr.mark("Updates available"), MEANINGS[ComplianceGroup.UPDATES]),
    (
        "VBS",
        tr.mark("Virtualization-based security, which hotpatching on Windows Server 2025 needs."),
    ),
    (
        tr.mark("Wave"),
        tr.mark(
            "A part of a large installation: one zone, resource group or tag. The next one starts when the previous one has "
            "finished. With a limited number at a time, the next machine starts when one has finished. Both stop after the "
            "number of failures that you set."
        ),
    ),
    (tr.mark("Without hotpatch"), MEANINGS[ComplianceGroup.NO_HOTPATCH]),
)
"""(term, meaning), by term."""
