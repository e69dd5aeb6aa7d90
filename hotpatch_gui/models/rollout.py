"""The rollout of the newest release across the fleet, as a plan and as rows."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.domain.dates import day_name, moment_name
from hotpatch_gui.domain.horizon import horizon_notes, release_data_step
from hotpatch_gui.domain.off_peak import HOUR, zone_of
from hotpatch_gui.domain.phrases import join, listed, some_names
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import RELEASE_HOUR, Product, release_day
from hotpatch_gui.domain.rollout import PERIOD
from hotpatch_gui.domain.rollout_progress import (
    MachineFacts,
    RolloutPosition,
    RolloutState,
    RolloutStatus,
    exclusion_reason,
    expected_restart,
    infer_rollout,
    own_time,
    starts_at_any_time,
)
from hotpatch_gui.domain.situation import Level
from hotpatch_gui.domain.updates import RestartBehavior
from hotpatch_gui.store import additional_lists, sync_state
from hotpatch_gui.store.rollouts import read_facts
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from . import display_text, update_text
from .row_model import Column

tr = translator("RolloutModel")

GLYPHS = {
    RolloutStatus.PATCHED: Glyph.OK,
    RolloutStatus.BEING_PATCHED: Glyph.RUNNING,
    RolloutStatus.UNHEALTHY: Glyph.ERROR,
    RolloutStatus.FAILED: Glyph.WARNING,
    RolloutStatus.NOT_RUNNING: Glyph.OFF,
    RolloutStatus.WAITING: Glyph.INFO,
    RolloutStatus.ON_HOLD: Glyph.WARNING,
    RolloutStatus.NOT_INCLUDED: Glyph.OFF,
    RolloutStatus.NOT_KNOWN: Glyph.UNKNOWN,
}
STATUS_ORDER = (
    RolloutStatus.UNHEALTHY,
    RolloutStatus.FAILED,
    RolloutStatus.BEING_PATCHED,
    RolloutStatus.ON_HOLD,
    RolloutStatus.NOT_RUNNING,
    RolloutStatus.WAITING,
    RolloutStatus.NOT_KNOWN,
    RolloutStatus.PATCHED,
    RolloutStatus.NOT_INCLUDED,
)
"""Statuses in the order of the table."""
ASSUMED = tr.mark(
    "Azure publishes the rules of this order but not its progress, so the progress is inferred here. Assumptions: "
    "off-peak is 22:00 to 06:00 in the machine's time zone; one region in the first phase and up to three in the "
    "second; one day between phases; a fifth of a zone at a time; and a halt if more than one in twenty machines is "
    "unhealthy."
)


MAX_UNHEALTHY = 5
"""How many unhealthy machines the headline names."""
OLD = timedelta(hours=1)
"""After this time without a sync, the rollout is shown as of the last one."""


class ZoneGroup(NamedTuple):
    """A zone, an availability set, or the machines in neither, of one region."""

    name: str
    counts: dict[RolloutStatus, int]

    @property
    def patched(self) -> int:
        """Patched machines, whether healthy or not."""
        return self.counts.get(RolloutStatus.PATCHED, 0) + self.counts.get(
            RolloutStatus.UNHEALTHY, 0
        )


class Region(NamedTuple):
    """A region of a phase."""

    name: str
    zone_groups: list[ZoneGroup]


class Phase(NamedTuple):
    """A phase of the rollout."""

    title: str
    state: str
    level: Level
    regions: list[Region]


class RolloutRow(NamedTuple):
    """One machine of the rollout."""

    id: int
    name: str
    region: str
    zone: str
    phase: int | None
    status: RolloutStatus
    window: datetime | None
    time_zone: str | None
    reason: str
    restart: RestartBehavior | None
    restarting: tuple[str, ...]
    may_restart: tuple[str, ...]


@tr.mark_values
class RolloutFilter(StrEnum):
    """The machines that the table shows."""

    ALL = "All machines"
    DAY = "In progress, or expected in the next 24 hours"
    DAY_RESTARTS = "In progress, or expected in the next 24 hours; may restart"
    WEEK = "In progress, or expected in the next 7 days"
    UNHEALTHY = "Unhealthy since the update"

    @property
    def label(self) -> str:
        """The display name."""
        return tr(self.value)

    def includes(self, row: RolloutRow, now: datetime) -> bool:
        """Whether the table shows the machine. One that isn't running isn't expected to start.

        A start that isn't known to need no restart counts as one that may restart.
        """
        if self is RolloutFilter.ALL:
            return True
        if self is RolloutFilter.UNHEALTHY:
            return row.status is RolloutStatus.UNHEALTHY
        if row.status is RolloutStatus.NOT_RUNNING:
            return False
        until = now + timedelta(days=7 if self is RolloutFilter.WEEK else 1)
        restarts = (
            row.restart is not RestartBehavior.NEVER or self is not RolloutFilter.DAY_RESTARTS
        )
        return row.window is not None and row.window < until and restarts


class RolloutData(NamedTuple):
    """The rollout's state as ``headline`` and ``detail``; without a release there are no phases."""

    level: Level
    headline: str
    detail: str
    phases: list[Phase]
    rows: list[RolloutRow]

    @property
    def needs_releases(self) -> bool:
        """Whether newer release data would help."""
        return release_data_step() in self.detail

    @property
    def has_unhealthy(self) -> bool:
        """Whether a machine is unhealthy since the update."""
        return any(row.status is RolloutStatus.UNHEALTHY for row in self.rows)


def newest_release_time(calendar: Calendar, now: datetime) -> datetime | None:
    """The publication time of the newest release that is certain and in Windows Update; None without one."""
    hours = (
        datetime.combine(r.released, RELEASE_HOUR)
        for r in calendar.releases
        if r.is_offered and r.is_certain
    )
    return max((h for h in hours if h <= now), default=None)


def read_rollout(
    db: sqlite3.Connection, calendar: Calendar, pairs: Sequence[Sequence[str]], clock: Clock
) -> RolloutData:
    """Read the rollout of the newest release."""
    now = clock()
    released = newest_release_time(calendar, now)
    due = [e for p in Product for e in calendar.unknown(p, date.min, release_day(now))]
    if due and (released is None or max(e.day for e in due) > released.date()):
        return RolloutData(
            Level.UNKNOWN,
            tr("The newest release isn't known"),
            " ".join([*horizon_notes(calendar, now), release_data_step()]),
            [],
            _without_rollout(
                db,
                now,
                RolloutStatus.NOT_KNOWN,
                "",
            ),
        )
    upcoming = _upcoming(calendar, now)
    if released is not None and upcoming is not None and now >= released + PERIOD:
        return RolloutData(
            Level.INFO,
            tr("Nothing to roll out until {day}", day=day_name(upcoming)),
            tr(
                "The releases of {day} are more than 30 days old, and no later one is due before {next}.",
                day=day_name(released.date()),
                next=display_text.moment_text(upcoming),
            ),
            [],
            _without_rollout(db, now, RolloutStatus.WAITING, tr("It waits for the next release.")),
        )
    if released is None or now >= released + PERIOD:
        since = (
            tr("; the last one was released on {day}", day=day_name(released.date()))
            if released
            else ""
        )
        return RolloutData(
            Level.UNKNOWN,
            tr("No release of the last 30 days is known"),
            tr(
                "No release is known that automatic guest patching would install now{since}. {step}",
                since=since,
                step=release_data_step(),
            ),
            [],
            _without_rollout(
                db,
                now,
                RolloutStatus.NOT_KNOWN,
                tr("No release is known that Azure would install."),
            ),
        )
    facts = read_facts(db, released)
    releases = [
        r
        for r in calendar.releases
        if datetime.combine(r.released, RELEASE_HOUR) == released and r.is_offered and r.is_certain
    ]
    baselines = {r.product for r in releases if r.kind.is_baseline}
    ends = (state.finished for state in sync_state.sync_states(db))
    synced = min((end for end in ends if end is not None), default=now)
    is_old = now - synced > OLD
    found = infer_rollout(
        released,
        facts,
        pairs,
        synced if is_old else now,
        baselines=baselines,
        next_release=upcoming,
    )
    kbs = sorted({kb for r in releases for kb in (r.kb, r.lcu_kb) if kb})
    level, headline, detail = _sentence(found, facts, kbs)
    if is_old:
        since = tr("As of the last sync, {moment}:", moment=display_text.moment_text(synced))
        detail = f"{since} {detail}"
    if upcoming is not None and upcoming - now < timedelta(days=1):
        coming = tr(
            "The next release is due at {moment}. "
            "Installations that start after that may install the next release and restart the machine.",
            moment=display_text.moment_text(upcoming),
        )
        detail = f"{detail} {coming}"
    if any(one.what == "health" for one in additional_lists.missing(db)):
        health = tr(
            "Resource Health couldn't be read, so whether machines are healthy isn't known."
        )
        detail = f"{detail} {health}"
    return RolloutData(
        level,
        headline,
        detail,
        _phases(found, facts),
        _in_order([_row(f, found.positions[f.key]) for f in facts]),
    )


def _without_rollout(
    db: sqlite3.Connection, now: datetime, status: RolloutStatus, why: str
) -> list[RolloutRow]:
    """Every machine while no rollout is known; those with their own schedule start even without a release.

    ``status`` and ``why`` apply to machines that automatic guest patching includes.
    """
    since = now - PERIOD
    found = []
    for f in read_facts(db, since):
        excluded, window = exclusion_reason(f.machine, f.schedules, now), own_time(f, now)
        has_start = window is not None or starts_at_any_time(f)
        restart = expected_restart(f, since, now, ()) if has_start else None
        state = status if excluded is None else RolloutStatus.NOT_INCLUDED
        position = RolloutPosition(f.key, state, None, window, excluded or why, restart)
        found.append(_row(f, position))
    return _in_order(found)


def _in_order(rows: list[RolloutRow]) -> list[RolloutRow]:
    """Rows that need attention first, then by name."""
    return sorted(rows, key=lambda row: STATUS_ORDER.index(row.status))


def _upcoming(calendar: Calendar, now: datetime) -> datetime | None:
    """When the next planned release is due; None if none is planned."""
    day = release_day(now)
    plans = (calendar.plan(p, day, day + timedelta(days=62)) for p in Product)
    hours = (datetime.combine(e.day, RELEASE_HOUR) for plan in plans for e in plan)
    return min((h for h in hours if h > now), default=None)


def _sentence(
    found: RolloutState, facts: Sequence[MachineFacts], kbs: Sequence[str]
) -> tuple[Level, str, str]:
    counts = Counter(p.status for p in found.positions.values())
    part = len(facts) - counts[RolloutStatus.NOT_INCLUDED]
    day = day_name(found.released.date())
    what = (
        tr("The releases of {day} ({kbs})", day=day, kbs=", ".join(kbs))
        if kbs
        else tr("The releases of {day}", day=day)
    )
    done = counts[RolloutStatus.PATCHED] + counts[RolloutStatus.UNHEALTHY]
    if found.halted is not None:
        names = some_names([f.machine.name for f in found.unhealthy_machines], MAX_UNHEALTHY)
        where = ", ".join(sorted({f.machine.location for f in found.unhealthy_machines}))
        return (
            Level.ERROR,
            tr(
                "Rollout halted in phase {phase} of %n ({where}), inferred from Azure's published "
                "rules and an assumed limit",
                len(found.phases),
                phase=found.halted.phase + 1,
                where=where,
            ),
            (
                tr(
                    "{what}: {names} became unhealthy after the update (%n of the {patched} "
                    "machines patched in that phase). In all, {done:,} of {part:,} are patched. "
                    "If it halted, no other machine is patched automatically. Azure doesn't "
                    "report whether it halted. Check the unhealthy machines, and exclude the KB "
                    "from installations on others.",
                    len(found.unhealthy_machines),
                    what=what,
                    names=names,
                    patched=found.halted.patched,
                    done=done,
                    part=part,
                )
            ),
        )
    if not part:
        return (
            Level.UNKNOWN,
            tr("No machine is included in automatic guest patching"),
            tr(
                "{what}: none of the %n machine(s) is included. The table shows why.",
                len(facts),
                what=what,
            ),
        )
    is_incomplete = any(
        f.is_incomplete and found.positions[f.key].status is RolloutStatus.PATCHED for f in facts
    )
    if done == part and not is_incomplete and not counts[RolloutStatus.UNHEALTHY]:
        return (
            Level.OK,
            tr("All included machines are patched: {part:,} of {all:,}", part=part, all=len(facts)),
            tr(
                "{what}: installed on all machines that automatic guest patching includes. %n other(s) aren't "
                "included; the table shows why.",
                len(facts) - part,
                what=what,
            )
            if len(facts) > part
            else tr("{what}: installed on all machines.", what=what),
        )
    unhealthy = counts[RolloutStatus.UNHEALTHY]
    parts = [
        tr("%n unhealthy since the update", unhealthy) if unhealthy else "",
        tr("%n being patched", n) if (n := counts[RolloutStatus.BEING_PATCHED]) else "",
        tr("%n failed, will retry", n) if (n := counts[RolloutStatus.FAILED]) else "",
        tr("%n not running", n) if (n := counts[RolloutStatus.NOT_RUNNING]) else "",
    ]
    facts_text = ", ".join(part for part in parts if part)
    return (
        Level.WARNING if unhealthy else Level.INFO,
        tr(
            "Phase {open_phase} of {phases}: {done:,} of %n machine(s) patched",
            part,
            phases=len(found.phases),
            open_phase=found.open_phase + 1,
            done=done,
        ),
        (
            join(
                tr("{what}: {facts}.", what=what, facts=facts_text)
                if facts_text
                else tr("{what}.", what=what),
                tr(
                    "Due within 30 days, until {day}. “Install updates now” bypasses this order.",
                    day=day_name((found.released + PERIOD).date()),
                ),
            )
        ),
    )


def _phases(found: RolloutState, facts: Sequence[MachineFacts]) -> list[Phase]:
    zone_groups: dict[str, dict[str, Counter[RolloutStatus]]] = {}
    sets: dict[tuple[str, str], set[str]] = defaultdict(set)
    for f in facts:
        position = found.positions[f.key]
        if position.phase is not None:
            region = zone_groups.setdefault(f.machine.location.casefold(), {})
            region.setdefault(_zone_group(f), Counter())[position.status] += 1
            if f.machine.availability_set:
                own = f"{f.machine.resource_group}/{f.machine.availability_set}".casefold()
                sets[f.machine.location.casefold(), _zone_group(f)].add(own)
    made = []
    for number, regions in enumerate(found.phases):
        shown = [
            Region(
                r,
                [
                    ZoneGroup(_named(name, len(sets[r, name])), dict(c))
                    for name, c in sorted(zone_groups.get(r, {}).items())
                ],
            )
            for r in regions
        ]
        counts: Counter[RolloutStatus] = Counter()
        for group in (group for region in shown for group in region.zone_groups):
            counts.update(group.counts)
        made.append(
            Phase(tr("Phase {number}", number=number + 1), *_state(found, number, counts), shown)
        )
    return made


def _state(found: RolloutState, number: int, counts: Counter[RolloutStatus]) -> tuple[str, Level]:
    left = counts.total() - counts[RolloutStatus.PATCHED] - counts[RolloutStatus.UNHEALTHY]
    if found.halted is not None and found.halted.phase == number:
        return tr("Halted (inferred)"), Level.ERROR
    if found.halted is not None and left:
        return tr("On hold (inferred)"), Level.WARNING
    if not left:
        return tr("Done"), Level.OK
    if number > found.open_phase:
        return tr("Waiting for phase {number}", number=number), Level.UNKNOWN
    only_late = set(+counts) <= {
        RolloutStatus.PATCHED,
        RolloutStatus.UNHEALTHY,
        RolloutStatus.NOT_RUNNING,
        RolloutStatus.FAILED,
    }
    return (tr("{left} to be retried", left=left) if only_late else tr("In progress")), Level.INFO


def _named(name: str, sets: int) -> str:
    """The zone or set; availability sets of several resource groups may have the same name."""
    return tr("{name} (%n sets)", sets, name=name) if sets > 1 else name


def _zone_group(f: MachineFacts) -> str:
    if f.machine.availability_set:
        return tr("Set {availability_set}", availability_set=f.machine.availability_set)
    return tr("Zone {zone}", zone=f.machine.zone) if f.machine.zone else tr("No zone")


def _row(f: MachineFacts, position: RolloutPosition) -> RolloutRow:
    m = f.machine
    domain = (
        tr(", update domain {update_domain}", update_domain=m.update_domain)
        if m.update_domain is not None
        else ""
    )
    return RolloutRow(
        int(f.key),
        m.name,
        m.location,
        f"{_zone_group(f)}{domain}",
        position.phase,
        position.status,
        position.window,
        m.time_zone,
        position.reason,
        position.restart,
        f.restarting,
        f.may_restart,
    )


def _window(row: RolloutRow, now: datetime) -> str:
    """The window in the reader's time zone; a past one in which no start is known isn't confirmed."""
    if row.window is None:
        return display_text.NOTHING
    text = display_text.moment_text(row.window)
    if row.status is RolloutStatus.BEING_PATCHED or row.window + HOUR > now:
        return text
    return tr("{text}, not confirmed", text=text)


def _window_tip(row: RolloutRow, _: datetime) -> str:
    if row.window is None:
        return tr("No start expected.")
    zone = zone_of(row.time_zone)
    lines = [tr("{window} (your time)", window=display_text.moment_text(row.window))]
    if zone is not None:
        local = row.window.astimezone(zone)
        lines.append(
            tr(
                "{local} in {time_zone}, the machine's time zone",
                local=moment_name(local),
                time_zone=row.time_zone,
            )
        )
    if row.status is RolloutStatus.NOT_INCLUDED:
        lines.append(tr("From its maintenance configuration"))
    else:
        lines.append(tr("Inferred from Azure's published rules; Azure doesn't publish times"))
    return "\n".join(lines)


def _restart_tip(row: RolloutRow, _: datetime) -> str:
    if row.restart is None:
        return tr("No start expected.")
    if row.restart is RestartBehavior.UNKNOWN:
        return tr(
            "Not known: the last assessment was before the release or doesn't report it, or the next release may be installed "
            "first."
        )
    reason = tr("Based on the last assessment's updates, the release and the restart setting")
    if row.restart is RestartBehavior.NEVER:
        return reason
    lines = [reason]
    if row.restarting:
        lines.append(tr("Updates that restart it: {kbs}", kbs=listed(row.restarting)))
    if row.may_restart:
        lines.append(tr("Updates that may restart it: {kbs}", kbs=listed(row.may_restart)))
    return "\n".join(lines)


def _restarted_by(row: RolloutRow) -> str:
    """The KBs of the updates that restart the machine or may; a dash if no restart is expected or it isn't due to them."""
    if row.restart in (None, RestartBehavior.NEVER):
        return display_text.NOTHING
    return ", ".join((*row.restarting, *row.may_restart)) or display_text.NOTHING


MACHINES = (
    Column("name", tr.mark("Machine"), 130, lambda r, _: r.name, sort="name"),
    Column(
        "status",
        tr.mark("Status"),
        180,
        lambda r, _: r.status.label,
        glyph=lambda r: GLYPHS[r.status],
        sort="status",
    ),
    Column("window", tr.mark("Expected start"), 150, _window, tip=_window_tip, sort="window"),
    Column(
        "restart",
        tr.mark("Restart"),
        112,
        lambda r, _: r.restart.label if r.restart is not None else display_text.NOTHING,
        glyph=lambda r: update_text.RESTART_GLYPHS.get(r.restart),
        tip=_restart_tip,
        sort="restart",
    ),
    Column(
        "restart_kbs",
        tr.mark("Restart caused by"),
        112,
        lambda r, _: _restarted_by(r),
        tip=_restart_tip,
    ),
    Column(
        "reason",
        tr.mark("Why"),
        300,
        lambda r, _: r.reason,
        tip=lambda r, _: r.reason,
    ),
    Column("region", tr.mark("Region"), 104, lambda r, _: r.region, sort="region"),
    Column("zone", tr.mark("Zone or set"), 120, lambda r, _: r.zone, sort="zone"),
    Column(
        "phase",
        tr.mark("Phase"),
        58,
        lambda r, _: display_text.NOTHING if r.phase is None else str(r.phase + 1),
        sort="phase",
        right=True,
        hidden=True,
    ),
)


def diagram_text(data: RolloutData) -> str:
    """The rollout's phases and regions with their counts, for screen readers."""
    parts = []
    for phase in data.phases:
        regions = "; ".join(
            f"{region.name}: "
            + ", ".join(
                tr(
                    "{name} {done:,} of {total:,}",
                    name=group.name,
                    done=group.patched,
                    total=sum(group.counts.values()),
                )
                for group in region.zone_groups
            )
            for region in phase.regions
        )
        parts.append(f"{phase.title}, {phase.state.lower()}: {regions}.")
    return " ".join(parts)
