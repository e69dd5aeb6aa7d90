"""The columns of the Schedules page: schedules, their machines, runs and dynamic scopes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.records import RunStatus
from hotpatch_gui.domain.schedules import AssignmentKind
from hotpatch_gui.domain.situation import Level
from hotpatch_gui.store.schedule_rows import ScheduleMachine, ScheduleRun
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from . import display_text, schedule_text, update_text
from .row_model import Column, field, time_of
from .schedules import ScheduleEntry, row_id, run_glyph, run_text, what_text, window_text

tr = translator("ScheduleColumns")


def _machines_text(entry: ScheduleEntry) -> str:
    perhaps = entry.row.by_assignment.get(AssignmentKind.PERHAPS, 0)
    text = display_text.number(entry.machines)
    return tr("{text}, perhaps {perhaps:,} more", text=text, perhaps=perhaps) if perhaps else text


def _machines_tip(entry: ScheduleEntry) -> str:
    counts = entry.row.by_assignment
    return tr(
        "Assigned: {direct:,}; by dynamic scopes: {dynamic:,}; perhaps, by dynamic scopes: {perhaps:,}",
        direct=counts.get(AssignmentKind.DIRECT, 0),
        dynamic=counts.get(AssignmentKind.DYNAMIC, 0),
        perhaps=counts.get(AssignmentKind.PERHAPS, 0),
    )


def _check_text(entry: ScheduleEntry) -> str:
    if entry.is_ended:
        return tr("Ended")
    serious = sum(c.level > Level.INFO for c in entry.concerns)
    return tr("%n problem(s)", serious) if serious else tr("No problems")


def _check_glyph(entry: ScheduleEntry) -> Glyph:
    return Glyph.OFF if entry.is_ended else display_text.LEVEL_GLYPHS[entry.level]


def _last_run(entry: ScheduleEntry, _: datetime) -> str:
    return run_text(entry.runs[0]) if entry.runs else tr("None known")


SCHEDULES = (
    Column("name", tr.mark("Schedule"), 176, lambda e, _: e.name, sort="name"),
    Column(
        "check",
        tr.mark("Check"),
        116,
        lambda e, _: _check_text(e),
        glyph=_check_glyph,
        tip=lambda e, _: "\n".join(c.text for c in e.concerns),
        sort="level",
    ),
    Column("group", tr.mark("Resource group"), 112, lambda e, _: e.group, sort="group"),
    Column("recurrence", tr.mark("Recurrence"), 236, lambda e, _: e.recurrence, sort="recurrence"),
    Column(
        "opens",
        tr.mark("Next window"),
        142,
        lambda e, _: display_text.moment_text(e.opens) if e.opens else display_text.NOTHING,
        tip=lambda e, _: "\n".join(window_text(w, e.row.schedule) for w in e.next),
        sort="opens",
        raw=field("opens"),
    ),
    Column(
        "length",
        tr.mark("Length"),
        78,
        lambda e, _: schedule_text.length(e.row.schedule.minutes),
        right=True,
        raw=lambda e: e.row.schedule.minutes,
        export_title=tr.mark("Length (min)"),
    ),
    Column(
        "machines",
        tr.mark("Machines"),
        92,
        lambda e, _: _machines_text(e),
        tip=lambda e, _: _machines_tip(e),
        right=True,
        sort="machines",
        raw=field("machines"),
    ),
    Column(
        "last",
        tr.mark("Last run"),
        196,
        _last_run,
        glyph=lambda e: run_glyph(e.runs[0]) if e.runs else None,
    ),
    Column("what", tr.mark("Installs"), 150, lambda e, _: what_text(e.row.schedule)),
    Column(
        "restart",
        tr.mark("Restart"),
        150,
        lambda e, _: schedule_text.restarts(e.row.schedule.restart),
        hidden=True,
    ),
    Column(
        "zone",
        tr.mark("Time zone"),
        150,
        lambda e, _: e.row.schedule.time_zone or "UTC",
        hidden=True,
    ),
    Column(
        "concerns",
        tr.mark("Problems"),
        320,
        lambda e, _: " ".join(c.text for c in e.concerns) or display_text.NOTHING,
        hidden=True,
    ),
    Column("connection", tr.mark("Connection"), 112, lambda e, _: e.row.connection, hidden=True),
    Column("id", tr.mark("Resource ID"), 260, lambda e, _: e.row.resource_id, hidden=True),
)


def _blocking_reason(row: ScheduleMachine) -> tuple[Glyph, str]:
    """The reason why a schedule doesn't patch a machine, as far as known."""
    if row.is_unprepared:
        return Glyph.ERROR, tr("Not Customer Managed Schedules")
    if PowerState.parse(row.power) not in (PowerState.RUNNING, PowerState.STARTING):
        return Glyph.OFF, tr("Not running, as far as known")
    return Glyph.OK, tr("No obstacle known")


MACHINES = (
    Column("name", tr.mark("Machine"), 180, lambda r, _: r.name, sort="name"),
    Column(
        "check",
        tr.mark("Obstacle"),
        236,
        lambda r, _: _blocking_reason(r)[1],
        glyph=lambda r: _blocking_reason(r)[0],
        sort="is_unprepared",
    ),
    Column(
        "assignment",
        tr.mark("Assignment"),
        150,
        lambda r, _: schedule_text.assignment_text(r.assignment, r.scope),
        sort="assignment",
    ),
    Column(
        "group",
        tr.mark("Resource group"),
        128,
        lambda r, _: r.resource_group,
        sort="resource_group",
    ),
    Column("power", tr.mark("Power state"), 104, lambda r, _: PowerState.parse(r.power).label),
    Column(
        "run_at",
        tr.mark("Last run of the schedule"),
        148,
        lambda r, _: display_text.time_text(r.run_at),
        sort="run_at",
        raw=time_of("run_at"),
    ),
    Column(
        "status",
        tr.mark("Result"),
        170,
        lambda r, _: RunStatus.parse(r.status).label if r.status else display_text.NOTHING,
        glyph=lambda r: update_text.RUN_GLYPHS.get(RunStatus.parse(r.status)) if r.status else None,
        sort="status",
    ),
)


class MaintenanceRunRow(NamedTuple):
    """A run in the table."""

    id: int
    run: ScheduleRun
    started_at: str
    machines: int
    bad: int
    installed: int
    failed: int
    pending: int


def run_rows(runs: Sequence[ScheduleRun]) -> list[MaintenanceRunRow]:
    """A row per run, with its result over all machines."""
    return [
        MaintenanceRunRow(
            row_id(r.run),
            r,
            r.started_at,
            r.machines,
            r.bad,
            r.installed,
            r.failed,
            r.pending,
        )
        for r in runs
    ]


def _count(key: str, title: str) -> Column:
    return Column(
        key,
        title,
        96,
        lambda r, _: display_text.number(getattr(r, key)),
        right=True,
        sort=key,
        raw=field(key),
    )


RUNS = (
    Column(
        "started",
        tr.mark("Started"),
        148,
        lambda r, _: display_text.time_text(r.started_at),
        sort="started_at",
        raw=time_of("started_at"),
    ),
    Column(
        "result",
        tr.mark("Result"),
        240,
        lambda r, _: run_text(r.run),
        glyph=lambda r: run_glyph(r.run),
    ),
    _count("machines", tr.mark("Machines")),
    _count("installed", tr.mark("Installed")),
    _count("failed", tr.mark("Failed")),
    _count("pending", tr.mark("Pending")),
    Column("run", tr.mark("Maintenance run ID"), 300, lambda r, _: r.run.run),
)


SCOPES = (
    Column("name", tr.mark("Dynamic scope"), 180, lambda r, _: r.name, sort="name"),
    Column("below", tr.mark("Within"), 220, lambda r, _: r.below, sort="below"),
    Column("filter_text", tr.mark("Includes"), 420, lambda r, _: r.filter_text, sort="filter_text"),
)
