"""Maintenance configurations of a machine as text: when, what, how long, and what isn't known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hotpatch_gui.domain.installs import RestartSetting
from hotpatch_gui.domain.phrases import listed, listed_or
from hotpatch_gui.domain.schedules import (
    NO_SCHEDULES,
    AssignmentKind,
    FollowedSchedule,
    MachineSchedules,
    Schedule,
    Scope,
    next_run,
    soonest,
)
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.store import schedules
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from . import display_text
from .source import DataSource

tr = translator("ScheduleText")


def followed(source: DataSource, machine_id: int) -> MachineSchedules:
    """The machine's maintenance configurations."""
    return source.read(lambda db: schedules.of_machine(db, machine_id), NO_SCHEDULES)


def when(followed: MachineSchedules, now: datetime) -> str:
    """When customer managed schedules patch the machine next. Not "never" if unknown ones may exist."""
    current = followed.current(now)
    if current:
        first = current[0]
        run = next_run(first.schedule, now)
        parts = [
            first.schedule.name,
            tr("next {moment}", moment=display_text.moment_text(run))
            if run
            else first.schedule.recurs or tr("its times aren't known"),
            tr("%n more", len(current) - 1) if len(current) > 1 else "",
        ]
        text = ", ".join(part for part in parts if part)
        is_perhaps = first.assignment in (AssignmentKind.PERHAPS, AssignmentKind.UNREAD)
        return tr("Perhaps: {schedules}", schedules=text) if is_perhaps else text
    if followed.unread_reason:
        return tr("Not known: the schedules couldn't be read")
    if followed.follows:
        return tr("Never: all of its schedules have ended")
    return tr("Never: no maintenance configuration is assigned")


def points(
    followed: MachineSchedules, now: datetime, *, is_followed: bool
) -> Iterator[tuple[Glyph, str, str, str]]:
    """(glyph, its meaning, title, detail) of each schedule, soonest first.

    ``is_followed``: the machine's settings use its schedules.
    """
    if followed.unread_reason:
        yield (
            Glyph.UNKNOWN,
            tr("not known"),
            tr("Schedules couldn't be read"),
            tr("{unread} Showing earlier data.", unread=followed.unread_reason),
        )
    for one in soonest(followed.follows, now):
        yield _point(one, now, is_followed=is_followed)


def _point(
    one: FollowedSchedule, now: datetime, *, is_followed: bool
) -> tuple[Glyph, str, str, str]:
    schedule = one.schedule
    times = () if one.assignment is AssignmentKind.UNREAD else _time(schedule, now)
    details = [*times, *_what(schedule), _origin(one)]
    detail = " ".join(part for part in details if part)
    if schedule.has_ended(now):
        return Glyph.INFO, "ended", tr("{name} (ended)", name=schedule.name), detail
    if (
        one.assignment in (AssignmentKind.PERHAPS, AssignmentKind.UNREAD)
        or not schedule.is_understood
    ):
        return Glyph.UNKNOWN, tr("not known"), schedule.name, detail
    return (Glyph.OK if is_followed else Glyph.WARNING), "assigned", schedule.name, detail


def _time(schedule: Schedule, now: datetime) -> Iterator[str]:
    end = schedule.ends()
    if schedule.has_ended(now) and end is not None:
        yield tr("It ended on {end}.", end=display_text.moment_text(end))
        return
    run = next_run(schedule, now)
    if run is not None:
        moment = display_text.moment_text(run)
        yield (
            tr("Next: {moment} for {length}.", moment=moment, length=length(schedule.minutes))
            if schedule.minutes
            else tr("Next: {moment}.", moment=moment)
        )
    elif schedule.is_understood:
        yield tr("It doesn't run within the next three years.")
    else:
        yield tr(
            "It recurs “{recurs}” from {starts}, which isn't supported.",
            recurs=schedule.recurs,
            starts=schedule.starts or tr("a day that isn't given"),
        )
    if schedule.assumes_utc:
        yield tr(
            "Its time zone “{time_zone}” isn't known, so UTC is assumed.",
            time_zone=schedule.time_zone,
        )
    if end is not None:
        yield tr("It ends on {end}.", end=display_text.moment_text(end))


def _what(schedule: Schedule) -> Iterator[str]:
    if schedule.classifications:
        found = (Classification.parse(c) for c in schedule.classifications)
        names = [k.label if k else c for k, c in zip(found, schedule.classifications, strict=True)]
        yield tr("Installs {names}.", names=", ".join(names))
    if schedule.include:
        yield tr("Also {include}.", include=", ".join(schedule.include))
    if schedule.exclude:
        yield tr("Never {exclude}.", exclude=", ".join(schedule.exclude))
    if schedule.exclude_restarting:
        yield tr("Excludes updates that restart.")
    if schedule.restart:
        yield f"{restarts(schedule.restart)}."


def selection(schedule: Schedule, now: datetime) -> list[tuple[Glyph, str, str, str]]:
    """(glyph, its meaning, title, detail) of what a schedule installs, and of its end."""
    found = [(Glyph.NONE, "", tr("Selection"), " ".join(_what(schedule)) or tr("Not reported."))]
    end = schedule.ends()
    if end is not None:
        ended = tr("Ended") if schedule.has_ended(now) else tr("Ends")
        found.append((Glyph.NONE, "", ended, display_text.moment_text(end)))
    return found


def length(minutes: int | None) -> str:
    """The length of a window."""
    if minutes is None:
        return display_text.NOTHING
    return display_text.hours_text(minutes)


def assignment_text(assignment: str, scope: str) -> str:
    """How a machine follows a schedule."""
    if assignment == AssignmentKind.DIRECT:
        return tr("Assigned")
    if assignment == AssignmentKind.DYNAMIC:
        return tr("Dynamic scope {scope}", scope=scope)
    return tr("Perhaps: {scope}", scope=scope or tr("not readable"))


def restarts(setting: str | None) -> str:
    """A restart setting as text."""
    if setting is None:
        return tr("Not set, Azure restarts if required")
    known = RestartSetting.parse(setting)
    return known.label if known else setting


def _origin(one: FollowedSchedule) -> str:
    match one.assignment:
        case AssignmentKind.DIRECT:
            return ""
        case AssignmentKind.DYNAMIC:
            return tr(
                "By the dynamic scope {scope}; Azure decides when the maintenance window starts.",
                scope=one.scope,
            )
        case AssignmentKind.UNREAD:
            return tr(
                "Assigned to this machine, but your account can't read it: its times and whether it "
                "installs updates are unknown."
            )
    return tr(
        "Perhaps, by the dynamic scope {scope}: its filter needs data that isn't known, and "
        "Azure decides when the maintenance window starts.",
        scope=one.scope,
    )


def scope_text(scope: Scope) -> str:
    """A dynamic scope's filter in words."""
    criteria = []
    if scope.os_types:
        criteria.append(tr("operating system {values}", values=listed_or(scope.os_types)))
    if scope.resource_groups:
        criteria.append(tr("resource group {values}", values=listed_or(scope.resource_groups)))
    if scope.locations:
        criteria.append(tr("region {values}", values=listed_or(scope.locations)))
    if scope.resource_types:
        kinds = [t.rsplit("/", 1)[-1] for t in scope.resource_types]
        criteria.append(tr("type {values}", values=listed_or(kinds)))
    if scope.tags:
        tags = [f"{name}={'|'.join(values)}" if values else name for name, values in scope.tags]
        joined = listed(tags) if scope.all_tags else listed_or(tags)
        criteria.append(tr("tag {values}", values=joined))
    criteria += [tr("a filter that isn't supported: {name}", name=name) for name in scope.unknown]
    return "; ".join(criteria) or tr("every machine in it")
