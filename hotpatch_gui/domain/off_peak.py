"""Off-peak hours in a machine's own time zone.

Azure doesn't publish them. OFF_PEAK is this program's assumption, and is shown as one.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tzlocal.windows_tz import win_tz

HOUR = timedelta(hours=1)
OFF_PEAK = (time(22), time(6))


@lru_cache(maxsize=512)
def zone_of(name: str | None) -> tzinfo | None:
    """The time zone by its Windows or IANA name, in any case; None for an unknown name."""
    if not name:
        return None
    folded = name.strip().casefold()
    try:
        return ZoneInfo(_windows_zones().get(folded) or _zones().get(folded, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@lru_cache(maxsize=1)
def _windows_zones() -> dict[str, str]:
    return {windows.casefold(): zone for windows, zone in win_tz.items()}


def windows_zone_names() -> list[str]:
    """Windows' names of time zones, which Azure uses, in order."""
    return sorted(win_tz)


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    """Time zones by lower-case name; reads the zone files once."""
    return {zone.casefold(): zone for zone in available_timezones()}


@lru_cache(maxsize=65536)
def is_off_peak(time_zone: str | None, hour: datetime) -> bool:
    """Whether the hour that starts at ``hour`` (UTC) is off-peak there.

    An unknown zone counts as UTC, which is Azure's default.
    """
    begin = hour.astimezone(zone_of(time_zone) or UTC).time()
    starts, ends = OFF_PEAK
    last = time(ends.hour - 1)
    return begin >= starts or begin <= last


def whole_hour(moment: datetime) -> datetime:
    """The first whole hour at or after ``moment``."""
    floor = moment.replace(minute=0, second=0, microsecond=0)
    return floor if floor == moment else floor + HOUR
