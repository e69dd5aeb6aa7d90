"""Which machines a list shows."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.translation import translator

tr = translator("MachineFilter")


@tr.mark_values
class Dimension(StrEnum):
    """By what the fleet is grouped. A tag's name is separate."""

    CONNECTION = "Connection"
    SUBSCRIPTION = "Subscription"
    GROUP = "Resource group"
    REGION = "Region"
    PRODUCT = "Product"
    TAG = "Tag"

    @property
    def label(self) -> str:
        """The display name."""
        return tr(self.value)


class Condition(StrEnum):
    """A fact about a machine that isn't its situation."""

    RESTART_PENDING = "restart-pending"
    FAILED = "failed"
    UNKNOWN_RESULT = "unknown-result"
    HOTPATCH_OFF = "hotpatch-off"


class MachineFilter(NamedTuple):
    """Which machines a list shows.

    Attributes:
        text: words that name, group, location, image, situation or tags contain.
        situations: only machines in one of them; none for all.
        dimension: groups machines; only those with one of the ``keys`` of ``store.overview.grouped``.
        condition: only machines for which it is true; FAILED since ``since``.
        name: the display name of what ``dimension`` or ``condition`` selects.
    """

    text: str = ""
    situations: tuple[str, ...] = ()
    dimension: Dimension | None = None
    keys: tuple[str, ...] = ()
    condition: Condition | None = None
    since: datetime | None = None
    name: str = ""


EVERY_MACHINE = MachineFilter()
