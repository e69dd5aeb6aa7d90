"""What may still install an update: schedules, queued installations, and what this program can't stop."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.domain.installs import may_install
from hotpatch_gui.domain.machines import PatchMode
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.patching import exclusion_reason
from hotpatch_gui.domain.phrases import some_names
from hotpatch_gui.domain.schedule_changes import ChangeKind
from hotpatch_gui.domain.schedules import NO_SCHEDULES, Schedule
from hotpatch_gui.domain.updates import Classification, RestartBehavior
from hotpatch_gui.store import assessments, lists, machine_columns, machines, operations
from hotpatch_gui.store import schedules as stored_schedules
from hotpatch_gui.store.history_rows import KbMachineRow
from hotpatch_gui.store.schedule_rows import ScheduleRow, read_all
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from .schedules import disabled_reason

tr = translator("StopUpdateModel")

MOST_NAMES = 3


class ScheduleToChange(NamedTuple):
    """A schedule that selects the update. ``hindrance`` is why it can't be changed here; empty if it can."""

    row: ScheduleRow
    hindrance: str

    def excluding(self, kb: str) -> Schedule:
        """The schedule with the KB on its exclude list, and no longer on its include list."""
        schedule = self.row.schedule
        return schedule._replace(
            include=tuple(one for one in schedule.include if one != kb),
            exclude=(*schedule.exclude, kb),
        )


class StillInstalling(NamedTuple):
    """What may still install an update.

    Attributes:
        schedules: those that select it, by name.
        excluding: how many schedules exclude it already.
        queued: row IDs of the queued installations that may install it.
        points: (glyph, its meaning, title, explanation) of what can't be stopped here.
    """

    schedules: tuple[ScheduleToChange, ...] = ()
    excluding: int = 0
    queued: tuple[int, ...] = ()
    points: tuple[tuple[Glyph, str, str, str], ...] = ()


def read_still_installing(
    db: sqlite3.Connection, kb: str, name: str, clock: Clock
) -> StillInstalling:
    """Read what may still install a KB; ``name`` is the update's title."""
    now = clock()
    kinds = assessments.kinds_of(db, kb) or [
        (one.value, RestartBehavior.UNKNOWN) for one in Classification
    ]
    rows = [row for row in read_all(db) if not row.schedule.has_ended(now)]
    selecting = [row for row in rows if any(row.schedule.selects(c, kb, r) for c, r in kinds)]
    classes = {c for c, _ in kinds}
    installing = [
        o for o in operations.open_installations(db) if may_install(o.request, kb, classes)
    ]
    under_way = frozenset(o.machine_id for o in installing if o.state.is_under_way)
    return StillInstalling(
        tuple(ScheduleToChange(row, _hindrance(row, kb)) for row in selecting),
        sum(kb in row.schedule.exclude for row in rows),
        tuple(o.id for o in installing if o.state is OperationState.QUEUED),
        tuple(_points(db, lists.machines_with(db, kb, name), under_way, classes, clock)),
    )


def _hindrance(row: ScheduleRow, kb: str) -> str:
    schedule = row.schedule
    if not schedule.classifications and set(schedule.include) == {kb}:
        return tr("It installs only this update. Delete it on the Schedules page.")
    return disabled_reason(row, ChangeKind.SAVE)


def _points(
    db: sqlite3.Connection,
    found: Sequence[KbMachineRow],
    under_way: frozenset[int],
    classes: set[str],
    clock: Clock,
) -> list[tuple[Glyph, str, str, str]]:
    """What goes on regardless: installations in progress, automatic patching, and machines that have it."""
    missing = [row for row in found if row.is_missing]
    running = [row.name for row in missing if row.id in under_way]
    installed = [row.name for row in found if row.state == "Installed"]
    by_azure, by_windows, unknown = _who_installs(db, [r.id for r in missing], classes, clock)
    facts = (
        (
            running,
            (Glyph.RUNNING, tr("In progress")),
            tr("An installation is in progress on %n machine(s)", len(running)),
            tr("Azure can't stop it"),
        ),
        (
            by_azure,
            (Glyph.WARNING, tr("Warning")),
            tr("Azure installs it on %n machine(s)", len(by_azure)),
            tr(
                "Automatic guest patching can't exclude a KB. To stop it, change the update settings of these machines to "
                "Manual updates or Customer Managed Schedules"
            ),
        ),
        (
            by_windows,
            (Glyph.WARNING, tr("Warning")),
            tr("Windows Update installs it on %n machine(s)", len(by_windows)),
            tr("They are set to Windows automatic updates, which this program can't stop"),
        ),
        (
            unknown,
            (Glyph.UNKNOWN, tr("Not known")),
            tr("Who installs it isn't known for %n machine(s)", len(unknown)),
            tr("Their patch orchestration or schedules aren't known"),
        ),
        (
            installed,
            (Glyph.INFO, tr("Information")),
            tr("It is installed on %n machine(s)", len(installed)),
            tr("Azure can't uninstall it. Uninstall it in Windows if you have to"),
        ),
    )
    return [
        (
            *glyph,
            title,
            tr("{detail}: {names}.", detail=detail, names=some_names(names, MOST_NAMES)),
        )
        for names, glyph, title, detail in facts
        if names
    ]


def _who_installs(
    db: sqlite3.Connection, machine_ids: Sequence[int], classes: set[str], clock: Clock
) -> tuple[list[str], list[str], list[str]]:
    """Names of the machines on which Azure installs the update automatically, on which Windows does, and for which this isn't known."""
    schedules = stored_schedules.of_machines(db, machine_ids)
    is_automatic = any(
        known is not None and known.installed_automatically
        for known in map(Classification.parse, classes)
    )
    by_azure, by_windows, unknown = list[str](), list[str](), list[str]()
    for row in machines.read_rows(db, machine_ids):
        machine = machine_columns.machine_of(row)
        follows = schedules.get(row.id, NO_SCHEDULES)
        mode = (
            machine.settings.patch_mode if machine.arc is None else PatchMode.AUTOMATIC_BY_PLATFORM
        )
        if mode is PatchMode.AUTOMATIC_BY_OS:
            by_windows.append(machine.name)
        elif mode is PatchMode.MANUAL:
            continue
        elif mode is not PatchMode.AUTOMATIC_BY_PLATFORM or follows.unread:
            unknown.append(machine.name)
        elif is_automatic and exclusion_reason(machine, follows, clock()) is None:
            by_azure.append(machine.name)
    return by_azure, by_windows, unknown
