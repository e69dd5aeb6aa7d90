"""Terms of the field and of this program, for Help.

Source: Microsoft's documentation of hotpatch, automatic VM guest patching and Azure Update Manager.
"""

from __future__ import annotations

TERMS = (
    (
        "Arc-enabled server",
        "A server outside Azure that Azure manages through the Connected Machine agent.",
    ),
    ("Assessment", "A check for missing updates. It changes nothing on the machine."),
    (
        "Automatic guest patching",
        "Azure assesses virtual machines and installs Critical and Security updates off-peak, within 30 days of a release.",
    ),
    (
        "Availability-first",
        "The order of automatic guest patching: a few regions, one zone and one update domain at a time while machines are healthy.",
    ),
    (
        "Baseline",
        "The cumulative update that hotpatches build on. It restarts the machine. Planned for January, April, July and October.",
    ),
    (
        "Cumulative update",
        "The month's regular update of the operating system. It restarts the machine.",
    ),
    (
        "Discrepancy",
        "A difference between what an installation reported and what the next assessment found.",
    ),
    ("Enrollment", "Assigning the hotpatch license to an Arc-enabled server."),
    ("Exposure", "The days between a release and its installation on a machine."),
    (
        "Horizon",
        "The day until which the release data is complete. After it, no machine is shown as up to date.",
    ),
    (
        "Hotpatch",
        "A security update that is installed in the memory of running processes, without a restart.",
    ),
    (
        "Hotpatch train",
        "A baseline and its hotpatches. Another cumulative update takes a machine off the train until the next baseline.",
    ),
    (
        "Maintenance configuration",
        "Your own schedule for updates. A dynamic scope assigns it to machines by a filter.",
    ),
    (
        "Off-peak",
        "Hours in which Azure installs updates automatically, in the machine's time zone. Azure doesn't publish them.",
    ),
    ("Out-of-band update", "An update released outside the monthly schedule."),
    (
        "Patch orchestration",
        "Who installs updates and when: Azure, a maintenance configuration, Windows Update on the machine, or nobody.",
    ),
    (
        "Unknown",
        "An operation whose result can't be determined, for example after a lost answer. The request is never repeated.",
    ),
    ("Unplanned baseline", "A baseline in a month for which a hotpatch was planned."),
    ("VBS", "Virtualization-based security, which hotpatching on Windows Server 2025 needs."),
    (
        "Wave",
        "A part of a large installation. The next one starts when the previous one has finished without too many failures.",
    ),
)
"""(term, meaning), by term."""
