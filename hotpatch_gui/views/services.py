"""The services that every view receives: data, theme, preferences and actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.domain.clouds import CloudLabel
from hotpatch_gui.models.source import DataSource
from hotpatch_gui.system.preferences import Preferences
from hotpatch_gui.theme.icons import Icons
from hotpatch_gui.theme.theme import Theme

if TYPE_CHECKING:
    from hotpatch_gui.domain.release_calendar import Calendar
    from hotpatch_gui.models.outcomes import Outcomes

    from .protocols import DemoTime, UserActions


class Services(NamedTuple):
    """Passed to every view by the composition root."""

    source: DataSource
    clock: Clock
    calendar: Callable[[], Calendar]
    theme: Theme
    icons: Icons
    preferences: Preferences
    actions: UserActions
    cloud: CloudLabel
    outcomes: Outcomes
    demo: DemoTime | None = None
