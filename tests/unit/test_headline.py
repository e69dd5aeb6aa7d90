"""The headline of several machines."""

from __future__ import annotations

from hotpatch_gui.domain.situation import Level
from hotpatch_gui.models.headline import MAX_GROUPS, most_urgent
from hotpatch_gui.models.selection import SelectionSummary, StatusGroup
from hotpatch_gui.theme.glyphs import Glyph


def summary(*groups: StatusGroup) -> SelectionSummary:
    """A selection of several machines with these statuses."""
    machines = sum(group.count for group in groups)
    return SelectionSummary(
        ids=tuple(range(machines)),
        one=None,
        permitted={},
        level=max(group.level for group in groups),
        assessed=0,
        counted=0,
        offered=0,
        restarting=0,
        updates=0,
        critical=0,
        security=0,
        other=0,
        last_run=None,
        last_installed="",
        resource_groups=(),
        platforms=(),
        status_groups=groups,
    )


def group(level: Level, situation: str, count: int) -> StatusGroup:
    return StatusGroup(level, Glyph.ERROR, situation, count, ())


def test_the_most_urgent_statuses_are_named_and_further_ones_counted() -> None:
    urgent = [group(Level.ERROR, f"S{n}", n) for n in range(1, MAX_GROUPS + 3)]
    found = most_urgent(summary(*urgent, group(Level.WARNING, "Restart pending", 9)))
    assert found == "Most urgent: S1 on 1 machine, S2 on 2 machines, S3 on 3 machines and 2 more."
