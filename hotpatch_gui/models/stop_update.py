"""The schedules, queued installations and other causes that may still install an update."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.domain.installs import may_install
from hotpatch_gui.domain.machines import PatchMode
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.phrases import join, some_names
from hotpatch_gui.domain.rollout_progress import exclusion_reason
from hotpatch_gui.domain.schedule_changes import ChangeKind
from hotpatch_gui.domain.schedules import NO_SCHEDULES, Schedule
from hotpatch_gui.domain.updates import Classification, RestartBehavior
from hotpatch_gui.store import (
    additional_lists,
    assessments,
    connections,
    installations,
    lists,
    machine_columns,
    machines,
    operations,
)
from hotpatch_gui.store import schedules as stored_schedules
from hotpatch_gui.store.history_rows import KbMachineRow
from hotpatch_gui.store.operations import OpenInstallation
from hotpatch_gui.store.schedule_rows import ScheduleRow, read_all
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from .schedules import disabled_reason

tr = translator("StopUpdateModel")

MAX_NAMES = 3
_S = OperationState


class ScheduleToChange(NamedTuple):
    """A schedule that may install the update. ``disabled_reason`` is why it can't be changed here; empty if it can."""

    row: ScheduleRow
    disabled_reason: str


class StillInstalling(NamedTuple):
    """Everything that may still install an update. A schedule counts if it isn't known whether it would install it.

    Attributes:
        schedules: those that may install it, by name.
        excluding: how many schedules exclude it already.
        queued: row IDs of the queued installations that may install it.
        points: (glyph, its meaning, title, explanation) of what can't be stopped here, or isn't known.
        is_known: whether all schedules could be read.
        automatic: row IDs of the machines on which Azure installs it automatically.
    """

    schedules: tuple[ScheduleToChange, ...] = ()
    excluding: int = 0
    queued: tuple[int, ...] = ()
    points: tuple[tuple[Glyph, str, str, str], ...] = ()
    is_known: bool = True
    automatic: tuple[int, ...] = ()


def by_connection(schedules: Iterable[ScheduleToChange]) -> dict[int, list[tuple[str, str]]]:
    """(Resource ID, name with resource group) of the schedules of each connection."""
    found: dict[int, list[tuple[str, str]]] = {}
    for one in schedules:
        row = one.row
        name = f"{row.schedule.name} · {row.group}"
        found.setdefault(row.connection_id, []).append(
            (row.schedule.azure_id or row.resource_id, name)
        )
    return found


class _Kinds(NamedTuple):
    """The classifications that the update may have, and whether it is certain that these are its own.

    ``might_not_restart``: it might be an update that doesn't restart machines; schedules that exclude restarting updates install
    such an update.
    """

    classes: frozenset[str]
    is_certain: bool
    might_not_restart: bool

    def are_selected_by(self, schedule: Schedule, kb: str) -> bool:
        """Whether the schedule may install the update."""
        restart = RestartBehavior.NEVER if self.might_not_restart else RestartBehavior.ALWAYS
        return any(schedule.selects(c, kb, restart) for c in self.classes)

    @property
    def automatic(self) -> bool | None:
        """Whether automatic guest patching installs it; None if that isn't known."""
        found = (Classification.parse(c) for c in self.classes)
        is_possible = any(one is not None and one.installed_automatically for one in found)
        return is_possible if self.is_certain or not is_possible else None


def read_still_installing(db: sqlite3.Connection, kb: str, clock: Clock) -> StillInstalling:
    """Read what may still install a KB, under any of its titles."""
    now = clock()
    kinds = _kinds(db, kb)
    rows = [row for row in read_all(db) if not row.schedule.has_ended(now)]
    selecting = [row for row in rows if kinds.are_selected_by(row.schedule, kb)]
    installing = [
        o for o in operations.open_installations(db) if may_install(o.request, kb, kinds.classes)
    ]
    found = _machines(db, kb)
    unread = _unread_schedules(db)
    installers = _who_installs(db, [r.id for r in found if r.is_missing], kinds, clock)
    return StillInstalling(
        tuple(ScheduleToChange(row, _disabled_reason(row, kb)) for row in selecting),
        sum(kb in row.schedule.exclude for row in rows),
        tuple(o.id for o in installing if o.state is OperationState.QUEUED),
        (*unread, *_nowhere(found), *_points(db, found, installing, installers)),
        is_known=not unread,
        automatic=tuple(installers.by_azure),
    )


def _machines(db: sqlite3.Connection, kb: str) -> list[KbMachineRow]:
    """The machines that have or need the KB, under any of its titles.

    A machine that needs one of the titles is listed as needing the KB.
    """
    titles = assessments.titles_of(db, kb) or [""]
    rows = [row for title in titles for row in lists.machines_with(db, kb, title)]
    return list({row.id: row for row in sorted(rows, key=lambda r: r.is_missing)}.values())


def _kinds(db: sqlite3.Connection, kb: str) -> _Kinds:
    """The update's possible classifications: all of them unless every assessment that offers it reports a known one."""
    known = assessments.kinds_of(db, kb)
    is_certain = bool(known) and all(Classification.parse(c) is not None for c, _ in known)
    classes = {c for c, _ in known} if is_certain else {c.value for c in Classification}
    restarts = {restart for _, restart in known} or {RestartBehavior.UNKNOWN}
    might_not_restart = bool(restarts & {RestartBehavior.NEVER, RestartBehavior.UNKNOWN})
    return _Kinds(frozenset(classes), is_certain, might_not_restart)


def _nowhere(found: Sequence[KbMachineRow]) -> list[tuple[Glyph, str, str, str]]:
    """A KB that no machine is known to have or to need may be mistyped."""
    if found:
        return []
    return [
        (
            Glyph.UNKNOWN,
            tr("Not known"),
            tr("No machine is known to need or to have this update"),
            tr("Check the KB number."),
        )
    ]


def _unread_schedules(db: sqlite3.Connection) -> list[tuple[Glyph, str, str, str]]:
    """The connections whose schedules aren't known."""
    unread = additional_lists.unread(db, ("schedules", "assignments"))
    names = {one.id: one.name for one in connections.read_all(db)}
    return [
        (
            Glyph.UNKNOWN,
            tr("Not known"),
            tr("Schedules of {name} aren't known", name=names[connection_id]),
            why,
        )
        for connection_id, why in unread.items()
        if connection_id in names
    ]


def _disabled_reason(row: ScheduleRow, kb: str) -> str:
    schedule = row.schedule
    if not schedule.classifications and set(schedule.include) == {kb}:
        return tr("It installs only this update. Delete it on the Schedules page.")
    return disabled_reason(row, ChangeKind.SAVE)


def _points(
    db: sqlite3.Connection,
    found: Sequence[KbMachineRow],
    installing: Sequence[OpenInstallation],
    installers: _Installers,
) -> list[tuple[Glyph, str, str, str]]:
    """The points that this program can't stop or undo, or that aren't known.

    Installations in progress, automatic patching, and finished installations.
    """
    missing = [row for row in found if row.is_missing]
    in_progress = {o.machine_id for o in installing if o.state in (_S.SENT, _S.RUNNING)}
    in_progress |= installations.in_progress(db, [row.id for row in missing])
    lost = {o.machine_id for o in installing if o.state is _S.UNKNOWN} - in_progress
    running = [row.name for row in missing if row.id in in_progress]
    unclear = [row.name for row in missing if row.id in lost]
    installed = [row.name for row in found if row.state == "Installed"]
    unassessed = machines.without_assessment(db, {row.id for row in found})
    by_azure, by_windows, unknown = (list(names.values()) for names in installers)
    facts = (
        (
            running,
            (Glyph.RUNNING, tr("In progress")),
            tr("An installation is in progress on %n machine(s)", len(running)),
            tr("The installation may include this update. Azure can't stop it."),
        ),
        (
            unclear,
            (Glyph.UNKNOWN, tr("Not known")),
            tr("An installation may be in progress on %n machine(s)", len(unclear)),
            tr("Azure's response to the request was lost, or doesn't show the result."),
        ),
        (
            by_azure,
            (Glyph.WARNING, tr("Warning")),
            tr("Azure may install it on %n machine(s)", len(by_azure)),
            tr(
                "Automatic guest patching can't exclude a KB. To stop it, change the update settings of these machines to "
                "Manual updates or Customer Managed Schedules."
            ),
        ),
        (
            by_windows,
            (Glyph.WARNING, tr("Warning")),
            tr("Windows Update may install it on %n machine(s)", len(by_windows)),
            tr("They are set to Windows automatic updates, which this program can't stop."),
        ),
        (
            unknown,
            (Glyph.UNKNOWN, tr("Not known")),
            tr("It isn't known what installs it on %n machine(s)", len(unknown)),
            tr(
                "Their patch orchestration or schedules, or the update's classification, aren't known."
            ),
        ),
        (
            unassessed,
            (Glyph.UNKNOWN, tr("Not known")),
            tr("The update may be missing on %n machine(s)", len(unassessed)),
            tr("They have no current assessment, so it may still be installed on them."),
        ),
        (
            installed,
            (Glyph.INFO, tr("Information")),
            tr("It is installed on %n machine(s)", len(installed)),
            tr("Azure can't uninstall it. If necessary, uninstall it in Windows."),
        ),
    )
    return [
        (
            *glyph,
            title,
            join(detail, tr("Machines: {names}.", names=some_names(names, MAX_NAMES))),
        )
        for names, glyph, title, detail in facts
        if names
    ]


class _Installers(NamedTuple):
    """Names by row ID of the machines on which Azure installs the update automatically, on which Windows does, and for which this
    isn't known."""

    by_azure: dict[int, str]
    by_windows: dict[int, str]
    unknown: dict[int, str]


def _who_installs(
    db: sqlite3.Connection, machine_ids: Sequence[int], kinds: _Kinds, clock: Clock
) -> _Installers:
    schedules = stored_schedules.of_machines(db, machine_ids)
    found = _Installers({}, {}, {})
    for row in machines.read_rows(db, machine_ids):
        machine = machine_columns.machine_of(row)
        follows = schedules.get(row.id, NO_SCHEDULES)
        mode, is_arc = machine.settings.patch_mode, machine.arc is not None
        if mode is PatchMode.AUTOMATIC_BY_OS:
            found.by_windows[row.id] = machine.name
        elif mode is PatchMode.MANUAL or (is_arc and mode is PatchMode.AUTOMATIC_BY_PLATFORM):
            continue  # on an Arc-enabled server, only a schedule or a person installs then
        elif mode is not PatchMode.AUTOMATIC_BY_PLATFORM or follows.unread_reason:
            found.unknown[row.id] = machine.name
        elif kinds.automatic is not False and exclusion_reason(machine, follows, clock()) is None:
            (found.by_azure if kinds.automatic else found.unknown)[row.id] = machine.name
    return found
