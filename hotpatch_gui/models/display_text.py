"""Display text of values: times, ages, numbers and a machine's situation."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from hotpatch_gui.domain.clock import age_text
from hotpatch_gui.domain.dates import day_name, moment_name
from hotpatch_gui.domain.phrases import updates
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.resource_health import is_unhealthy
from hotpatch_gui.domain.situation import COUNTS_UNREPORTED, LIST_UNREPORTED, Level, Situation
from hotpatch_gui.store.timestamps import from_text
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translated, translator

if TYPE_CHECKING:
    from hotpatch_gui.store.machine_grid import MachineGridRow
    from hotpatch_gui.store.machine_rows import InstallRow, MachineRow, MachineSummaryRow
    from hotpatch_gui.store.rows import MachineListRow

tr = translator("DisplayText")
_situation, _hotpatch = translator("Health"), translator("Hotpatch")
"""Translate stored values of enums without importing their rules."""

NOTHING = "–"
_LISTS = {
    "machines": tr.mark("machines"),
    "Arc-enabled servers": tr.mark("Arc-enabled servers"),
    "subscriptions": tr.mark("subscriptions"),
    "assessments": tr.mark("assessments"),
    "updates": tr.mark("updates"),
    "installations": tr.mark("installations"),
    "instance views": tr.mark("instance views"),
    "permissions": tr.mark("permissions"),
    "health": tr.mark("Resource Health"),
    "schedules": tr.mark("schedules"),
    "assignments": tr.mark("assignments of schedules"),
}
"""Lists of a sync by their stored name."""
LEVEL_GLYPHS = {
    Level.OK: Glyph.OK,
    Level.INFO: Glyph.INFO,
    Level.UNKNOWN: Glyph.UNKNOWN,
    Level.WARNING: Glyph.WARNING,
    Level.ERROR: Glyph.ERROR,
}


def local(moment: datetime, zone: tzinfo | None = None) -> datetime:
    """The time in the user's time zone."""
    return moment.astimezone(zone)


def time_text(text: str | None) -> str:
    """A stored time as ``20 Aug 2026, 09:14`` local; a dash for none."""
    moment = from_text(text)
    return moment_text(moment) if moment else NOTHING


def moment_text(moment: datetime) -> str:
    """A time as ``20 Aug 2026, 09:14`` local."""
    return moment_name(local(moment))


def zoned_text(moment: datetime) -> str:
    """A time as ``20 Aug 2026, 09:14 UTC``."""
    return f"{moment_text(moment)} {zone_text(moment)}"


def zone_text(moment: datetime) -> str:
    """The user's time zone at that time, such as ``UTC`` or ``UTC+02:00``."""
    here = local(moment)
    return f"UTC{here.isoformat()[-6:]}" if here.utcoffset() else "UTC"


def day_text(text: str | None) -> str:
    """A stored time's date."""
    moment = from_text(text)
    return day_name(moment) if moment else NOTHING


def time_tip(text: str | None, now: datetime) -> str:
    """Local time, UTC and age."""
    moment = from_text(text)
    if moment is None:
        return tr("Not known")
    return tr(
        "{local} local · {utc:%Y-%m-%d %H:%M} UTC · {age}",
        local=moment_text(moment),
        utc=moment,
        age=age_text(moment, now),
    )


def minutes_between(start: str | None, end: str | None) -> float | None:
    """The minutes between two stored times, for exports; None if one is missing."""
    begun, ended = from_text(start), from_text(end)
    if begun is None or ended is None or ended < begun:
        return None
    return round((ended - begun).total_seconds() / 60, 1)


def duration_text(start: str | None, end: str | None) -> str:
    """The time between two stored times."""
    begun, ended = from_text(start), from_text(end)
    if begun is None or ended is None or ended < begun:
        return NOTHING
    return span_text(ended - begun)


def span_text(span: timedelta) -> str:
    """A duration as text."""
    seconds = int(span.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    return tr("{minutes} min", minutes=minutes) if minutes < 120 else hours_text(minutes)


def hours_text(minutes: int) -> str:
    """Minutes as hours and minutes, such as ``3 h 55 min`` or ``3 h``."""
    hours, rest = divmod(minutes, 60)
    if not rest:
        return tr("{hours} h", hours=hours)
    return tr("{hours} h {minutes} min", hours=hours, minutes=rest)


def age_days(text: str | None, now: datetime) -> str:
    """A stored time's age in days."""
    moment = from_text(text)
    if moment is None:
        return NOTHING
    days = max(0, (local(now).date() - local(moment).date()).days)
    return tr("{days} d", days=days) if days else tr("today")


def number(value: int | None) -> str:
    """A number with separators; a dash for none."""
    return NOTHING if value is None else f"{value:,}"


def list_text(name: str) -> str:
    """The display name of a list that is read from Azure; another name unchanged."""
    return translated(_LISTS.get(name, name))


def level_text(level: Level) -> str:
    """The level's name, for screen readers."""
    return {
        Level.OK: tr("OK"),
        Level.INFO: tr("information"),
        Level.UNKNOWN: tr("unknown"),
        Level.WARNING: tr("warning"),
        Level.ERROR: tr("error"),
    }[level]


def level_of(row: MachineListRow | MachineRow | MachineSummaryRow) -> Level:
    """The machine's level; UNKNOWN if it wasn't read yet."""
    if not row.situation:
        return Level.UNKNOWN
    try:
        return Level(row.level)
    except ValueError:
        return Level.UNKNOWN


def machine_glyph(row: MachineListRow | MachineRow | MachineSummaryRow) -> Glyph:
    """The glyph of the machine's situation, or else of its level; an error always looks like one."""
    level = level_of(row)
    if level is Level.ERROR:
        return LEVEL_GLYPHS[level]
    return SITUATION_GLYPHS.get(row.situation, LEVEL_GLYPHS[level])


SITUATION_GLYPHS: dict[str, Glyph] = {
    Situation.NOT_RUNNING: Glyph.OFF,
    Situation.RESTART_PENDING: Glyph.RESTART,
}
"""Situations with a glyph of their own."""


def machine_summary(row: MachineListRow) -> str:
    """The second line of a machine in the list."""
    situation = row.situation
    if situation == Situation.BEHIND and not reports_unhealthy(row):
        what = updates(row.updates)
        if row.updates_restarting:
            return tr("{what}, restart", what=what)
        return tr("{what}, may restart", what=what) if row.updates_may_restart else what
    return situation_text(row)


def machine_line(row: MachineListRow, now: datetime) -> str:
    """The summary, and for how long a monthly update has been missing."""
    summary = machine_summary(row)
    if not row.update_missing or not row.missing_since:
        return summary
    days = (now.date() - date.fromisoformat(row.missing_since)).days
    is_shown_already = summary == hotpatch_text(row.hotpatch_status)
    if is_shown_already or (row.situation == Situation.UNSUPPORTED and not reports_unhealthy(row)):
        if days <= 0:
            return tr("Monthly update missing since today")
        return tr("Monthly update missing, %n d", days)
    if days <= 0:
        return tr("{summary}, behind since today", summary=summary)
    return tr("{summary}, %n d behind", days, summary=summary)


def is_counted(row: MachineRow | MachineSummaryRow | InstallRow | MachineGridRow) -> bool:
    """Whether a current assessment has the number of available updates."""
    return bool(row.assessed_at and row.in_graph and COUNTS_UNREPORTED not in row.unreported)


def is_listed(row: MachineRow | MachineSummaryRow | InstallRow) -> bool:
    """Whether a current assessment has the list of available updates."""
    return is_counted(row) and LIST_UNREPORTED not in row.unreported


def situation_text(row: MachineListRow | MachineRow | MachineSummaryRow) -> str:
    """The machine's situation, and first that it is unhealthy."""
    situation = _situation(row.situation) if row.situation else tr("Not read yet")
    if reports_unhealthy(row):
        return tr("Unhealthy · {situation}", situation=situation)
    return situation


def reports_unhealthy(row: MachineListRow | MachineRow | MachineSummaryRow) -> bool:
    """Whether Resource Health reports a problem with the machine."""
    return is_unhealthy(row.resource_health, PowerState.parse(row.power))


def hotpatch_text(stored: str | None) -> str:
    """A stored hotpatch status's display name."""
    return _hotpatch(stored) if stored else tr("Not known")


def assessed_age(row: MachineListRow | MachineRow | InstallRow, now: datetime) -> str:
    """The assessment's age."""
    return since_text(row.assessed_at, now)


def since_text(text: str | None, now: datetime) -> str:
    """A stored time's age."""
    moment = from_text(text)
    return age_text(moment, now) if moment else tr("not known")


def kind_text(row: MachineRow) -> str:
    """The kind of machine, and where an Arc-enabled one runs."""
    if row.kind != "arc":
        return tr("Virtual machine")
    from hotpatch_gui.domain.arc import Arc  # noqa: PLC0415 - not in the first paint

    host = Arc(host=row.host).host_text
    return tr("Arc-enabled server on {host}", host=host) if host else tr("Arc-enabled server")


def power_text(row: MachineRow) -> str:
    """The power state, or whether an Arc-enabled server's agent reports."""
    is_connected = row.kind == "arc" and row.power == PowerState.RUNNING
    return tr("connected") if is_connected else PowerState.parse(row.power).label
