"""Off-peak hours in a machine's own time zone.

Azure publishes no clock hours for them (azure-patching §4.1). OFF_PEAK is this program's assumption and is
named as one wherever it is shown.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tzlocal.windows_tz import win_tz

HOUR = timedelta(hours=1)
OFF_PEAK = (time(22), time(6))
ASSUMPTION = "22:00 to 06:00 in the machine's time zone; an assumption, as Azure publishes no hours"


@lru_cache(maxsize=512)
def zone_of(name: str | None) -> tzinfo | None:
    """``Pacific Standard Time`` or ``America/Los_Angeles`` in any letter case; None for a name that is not known."""
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


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    """By their names in lower case; reads the zone files once."""
    return {zone.casefold(): zone for zone in available_timezones()}


@lru_cache(maxsize=65536)
def is_off_peak(time_zone: str | None, hour: datetime) -> bool:
    """Whether the whole hour that begins at ``hour`` (UTC) is off-peak there. A machine whose zone is not
    known counts as in UTC, which Azure sets where none is chosen."""
    begin = hour.astimezone(zone_of(time_zone) or UTC).time()
    starts, ends = OFF_PEAK
    last = time(ends.hour - 1)
    return begin >= starts or begin <= last


def next_window(time_zone: str | None, after: datetime) -> tuple[datetime, datetime]:
    """The off-peak window under way at ``after`` or the next one: its first hour and its end, UTC."""
    hour = whole_hour(after)
    while not is_off_peak(time_zone, hour):
        hour += HOUR
    end = hour
    while is_off_peak(time_zone, end):
        end += HOUR
    return hour, end


def whole_hour(moment: datetime) -> datetime:
    """The first whole hour at or after ``moment``."""
    floor = moment.replace(minute=0, second=0, microsecond=0)
    return floor if floor == moment else floor + HOUR
