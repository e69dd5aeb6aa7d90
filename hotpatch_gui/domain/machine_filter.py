"""The filter of a list of machines."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.translation import translator

tr = translator("MachineFilter")

FAILURE_DAYS = 30
"""How long a failed installation counts, as in the portal's update history."""


@tr.mark_values
class Dimension(StrEnum):
    """A property by which the fleet is grouped and filtered."""

    CONNECTION = "Connection"
    SUBSCRIPTION = "Subscription"
    GROUP = "Resource group"
    REGION = "Region"
    PRODUCT = "Product"
    HOTPATCH = "Hotpatch status"
    POWER = "Power state"
    ASSESSED = "Last assessment"
    TAG = "Tag"

    @property
    def label(self) -> str:
        """The display name."""
        return tr(self.value)

    @property
    def grouped_label(self) -> str:
        """The display name of a list grouped by it."""
        return tr(_GROUPED[self])


_GROUPED = {
    Dimension.CONNECTION: tr.mark("By connection"),
    Dimension.SUBSCRIPTION: tr.mark("By subscription"),
    Dimension.GROUP: tr.mark("By resource group"),
    Dimension.REGION: tr.mark("By region"),
    Dimension.PRODUCT: tr.mark("By product"),
    Dimension.HOTPATCH: tr.mark("By hotpatch status"),
    Dimension.POWER: tr.mark("By power state"),
    Dimension.ASSESSED: tr.mark("By last assessment"),
    Dimension.TAG: tr.mark("By tag"),
}


class Grouping(NamedTuple):
    """By what machines are grouped; ``tag`` is the tag's name for TAG."""

    dimension: Dimension
    tag: str = ""


@tr.mark_values
class LastAssessed(StrEnum):
    """The age of machines' last assessment, for ``Dimension.ASSESSED``."""

    DAY = "In the last 24 hours"
    WEEK = "1 to 7 days ago"
    OLDER = "More than 7 days ago"
    NEVER = "Never"

    @property
    def label(self) -> str:
        """The display name."""
        return tr(self.value)


@tr.mark_values
class Condition(StrEnum):
    """A fact about a machine that isn't its situation."""

    UPDATE_MISSING = "Monthly update missing"
    BASELINE_MISSING = "Baseline missing, no restart pending"
    RESTART_PENDING = "Restart pending"
    FAILED = "Failed installation in the last 30 days"
    UNHEALTHY = "Unhealthy"
    UNHEALTHY_SINCE = "Unhealthy since an installation"
    UNKNOWN_RESULT = "Operation with an unknown result"
    HOTPATCH_ON = "Hotpatch on"
    HOTPATCH_OFF = "Can receive hotpatches, but hotpatch is off"
    ENROLLMENT_FAILED = "Enrollment failed"
    DISCONNECTED = "Disconnected"
    RELEASE_UNKNOWN = "Monthly update: not known"
    RESTARTS_BY_WINDOWS = "Windows Update may restart it at any time"

    @property
    def label(self) -> str:
        """The display name."""
        return tr(self.value)


class Choice(NamedTuple):
    """Machines with one of these values of a dimension.

    Attributes:
        keys: the ``key`` of each ``GroupCount`` of ``store.overview``.
        label: the display name of the values.
        tag: the tag's name for TAG.
    """

    dimension: Dimension
    keys: tuple[str, ...]
    label: str
    tag: str = ""

    @property
    def text(self) -> str:
        """Dimension and value, such as ``Region: westus2``; a tag's name instead of the dimension."""
        return f"{self.tag or self.dimension.label}: {self.label}"


class MachineFilter(NamedTuple):
    """The filter of a list of machines. A machine must fit everything.

    Attributes:
        text: each word must occur in the machine's name, resource group, location, image, system, situation, hotpatch
            status, subscription, connection or tags, or be a KB that is missing or part of any installation run.
        situations: only machines in one of them; none for all.
        condition: only machines for which it is true.
    """

    text: str = ""
    situations: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    condition: Condition | None = None

    def with_choice(self, choice: Choice) -> MachineFilter:
        """The filter with this choice instead of another one of the same dimension and tag. If the choice has no keys,
        the other one is removed."""
        same = (choice.dimension, choice.tag)
        others = tuple(c for c in self.choices if (c.dimension, c.tag) != same)
        return self._replace(choices=(*others, choice) if choice.keys else others)


EVERY_MACHINE = MachineFilter()
