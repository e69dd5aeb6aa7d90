"""Maintenance configurations: when a customer's own schedule runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from hotpatch_gui.domain.off_peak import zone_of

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def weekly(name: str, day: str, at: str, time_zone: str, minutes: int) -> dict[str, Any]:
    """A configuration that installs Critical and Security updates once a week, as JSON can hold it."""
    return {
        "name": name, "day": day, "at": at, "time_zone": time_zone, "minutes": minutes,
        "classifications": ["Critical", "Security"],
    }  # fmt: skip


def next_run(schedule: Mapping[str, Any], after: datetime) -> datetime:
    """The first run later than ``after``, UTC."""
    zone = zone_of(schedule["time_zone"]) or UTC
    here = after.astimezone(zone)
    ahead = (DAYS.index(schedule["day"]) - here.weekday()) % 7
    day = here.date() + timedelta(days=ahead)
    run = datetime.combine(day, time.fromisoformat(schedule["at"]), zone)
    if run <= after:
        run = datetime.combine(day + timedelta(days=7), run.timetz().replace(tzinfo=None), zone)
    return run.astimezone(UTC)
