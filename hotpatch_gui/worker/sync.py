"""Bringing what Azure knows into the file: the whole fleet page by page, or one machine at once."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from hotpatch_gui.azure.gateway import (
    AssessmentPage,
    AssignmentPage,
    HealthPage,
    InstallationPage,
    MachinePage,
    Reading,
    SchedulePage,
)
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.permissions import Grant
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.domain.records import RunStatus
from hotpatch_gui.domain.schedules import Schedule
from hotpatch_gui.store import (
    assessments,
    catalogue,
    checks,
    connections,
    installations,
    machines,
    permissions,
    releases,
    schedules,
    side_reads,
)
from hotpatch_gui.store.changes import Changes
from hotpatch_gui.store.database import transaction

from .context import Context
from .patience import patiently
from .scheduler import Job

log = logging.getLogger(__name__)
SAY_EVERY_S = 0.2
MAX_VIEWS = 50
"""How many machines without an assessment in Resource Graph are read one by one in a sync."""
MAX_SCOPES = 100
"""How many resource groups' permissions are read in a sync."""

STANDING_BATCH = 200
"""Machines whose standing is derived in one transaction, so that the window's requests get in between."""
JUDGED_FOR = timedelta(hours=1)
"""How long a machine's situation is taken as of now."""
FORGET_BATCH = 500
"""Assessments beyond their time that one transaction forgets."""
T = TypeVar("T")
P = TypeVar(
    "P", MachinePage, HealthPage, AssessmentPage, InstallationPage, SchedulePage, AssignmentPage
)
_TOUCHES = {
    "assessments": ("assessments", "updates"), "health": (), "schedules": (), "assignments": (),
    "Arc-enabled servers": ("machines",),
}  # fmt: skip
_TABLES = ("machines", "assessments", "updates", "installations", "sync_state", "subscriptions")


class _StoppedError(Exception):
    """The program ends in the middle of a sync."""


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """What is being read, how much of it is there, the pause that Azure asked for: for the status bar."""

    reading: str
    done: int
    total: int
    waiting_s: float = 0.0


def sync_fleet(context: Context, progressed: Callable[[SyncProgress], None]) -> Job:
    """All machines through Resource Graph, each page written in one short transaction.

    Ends by itself; a problem is written into sync_state, and what was stored before stays.
    """
    sync = _FleetSync(context, progressed)
    problem: Problem | None = None
    yield from _judge_anew(context)
    try:
        yield from sync.run()
    except _StoppedError:
        return
    except ProblemError as error:
        problem = error.problem
        log.info(
            "sync of %s: %s %s (request %s)", context.gateway.connection.name, problem.text, problem.code,
            problem.request_id or "without an ID",
        )  # fmt: skip
    if context.stopping.is_set():
        return
    everyone = machines.present(context.db, context.connection_id)
    yield from derive(context, everyone)
    if learn(context):
        yield from derive(context, machines.present(context.db))
    is_more = True
    while is_more:
        with transaction(context.db):
            is_more = assessments.forget_old(context.db, context.clock(), FORGET_BATCH)
        yield 0.0
    with transaction(context.db):
        catalogue.sync_ended(
            context.db, context.connection_id, context.clock(), problem, sync.unreadable
        )
    context.changed(Changes.to(*_TABLES))


def _judge_anew(context: Context) -> Job:
    """A start after days tells what was known then as of now, before Azure has answered."""
    states = catalogue.sync_states(context.db)
    ended = next((s.finished for s in states if s.connection_id == context.connection_id), None)
    if ended is not None and context.clock() - ended > JUDGED_FOR:
        yield from derive(context, machines.present(context.db, context.connection_id))
        context.changed(Changes.to("machines"))


def derive(context: Context, machine_ids: Sequence[int]) -> Job:
    """Work out the machines' situations, and what their last assessments say of their runs."""
    for start in range(0, len(machine_ids), STANDING_BATCH):
        with transaction(context.db):
            batch = machine_ids[start : start + STANDING_BATCH]
            machines.refresh_standing(context.db, batch, context.calendar, context.clock())
            checks.check_runs(context.db, batch)
        yield 0.0


def learn(context: Context) -> bool:
    """Take up releases that the fleet shows and nothing published tells; whether there was one."""
    with transaction(context.db):
        is_new = releases.learn_from_fleet(context.db, context.calendar, context.clock())
        if is_new:
            context.releases.forget()
            releases.save_calendar(context.db, context.calendar)
    if is_new:
        context.changed(Changes.to("releases", "machines"))
    return is_new


class _FleetSync:
    def __init__(self, context: Context, progressed: Callable[[SyncProgress], None]) -> None:
        self._c = context
        self._progressed = progressed
        self._said_at = 0.0
        self._counted = 0
        self._unreadable: Counter[str] = Counter()
        self._is_whole = False
        """Every machine that Azure counted was read, so one that was not among them is gone."""
        self._seen: set[str] = set()
        self._failures: list[str] = []

    def run(self) -> Job:
        gateway, db, own = self._c.gateway, self._c.db, self._c.connection_id
        account = gateway.account()
        names = yield from patiently(gateway.subscriptions, self._waiting("subscriptions", 0, 0))
        with transaction(db):
            catalogue.sync_started(db, own, self._c.clock())
            connections.save_subscriptions(db, own, names)
            if account is not None:
                connections.signed_in(db, own, account.name, account.record)
        self._c.changed(Changes.to("sync_state", "subscriptions"))
        yield from self._pages("machines", gateway.machine_pages(), self._take_machines)
        counted = self._counted
        yield from self._pages("Arc-enabled servers", gateway.arc_pages(), self._take_machines)
        counted += self._counted
        self._is_whole = not self.unreadable and len(self._seen) >= counted
        with transaction(db):
            machines.mark_shared_ids(db, self._seen)
        yield from self._beside("health", self._health())
        yield from self._beside("schedules", self._schedules())
        sweep = Sweep.begin(self._c)
        yield from self._pages(
            "assessments", gateway.assessment_pages(), lambda p: self._take_assessments(p, sweep)
        )
        if self._is_whole:
            yield from self._missing({i for i, _ in names})
            self._join_moved()
        with transaction(db):
            assessments.clear_in_graph(db, own, but=sorted(sweep.shown))
            sweep.end(db)
        yield from self._pages(
            "installations", gateway.installation_pages(), self._take_installations
        )
        yield from self._views()
        yield from self._permissions()

    @property
    def unreadable(self) -> int:
        """Rows that could not be read, of every list."""
        return self._unreadable.total()

    def _pages(self, what: str, pages: Iterator[P], take: Callable[[P], int]) -> Job:
        done = total = 0
        while True:
            if self._c.stopping.is_set():
                raise _StoppedError  # what follows would take the pages so far for all there are
            page = yield from patiently(lambda: next(pages, None), self._waiting(what, done, total))
            if page is None:
                return
            total = self._counted = page.total
            with transaction(self._c.db):
                done += take(page)
            self._unreadable[what] += page.unreadable
            self._say(SyncProgress(what, done, total))
            self._c.changed(Changes.to(*_TOUCHES.get(what, (what,))))
            yield 0.0

    def _missing(self, subscription_ids: AbstractSet[str]) -> Job:
        """Machines that were not among those read are gone, or out of the account's sight: Azure tells."""
        db, now = self._c.db, self._c.clock()
        found = machines.unseen(db, self._c.connection_id, self._seen, subscription_ids)
        gone, hidden = list(found.unwanted), list(found.unlisted)
        refused: set[tuple[str, str]] = set()
        for asked, machine_id in enumerate(found.missing):
            machine = machines.read(db, machine_id)
            assert machine is not None
            group = (machine.subscription_id.casefold(), machine.resource_group.casefold())
            kind = None
            if group not in refused and asked < MAX_VIEWS:
                kind = yield from self._trouble_with(machine)
            if kind is ProblemKind.FORBIDDEN:
                refused.add(group)
            if group in refused:
                hidden.append(machine_id)
            elif kind is ProblemKind.NOT_FOUND or asked >= MAX_VIEWS:
                gone.append(machine_id)
            yield 0.0
        with transaction(db):
            machines.mark_gone(db, gone, now)
            machines.mark_hidden(db, hidden, now)
        self._c.changed(Changes.to("machines"))

    def _join_moved(self) -> None:
        with transaction(self._c.db):
            joined = machines.join_moved(self._c.db, self._c.connection_id)
        if joined:
            log.info("%s machines have moved and keep their history", joined)
            self._c.changed(Changes.to("machines", "assessments", "installations", "operations"))

    def _trouble_with(self, machine: Machine) -> Generator[float, None, ProblemKind | None]:
        """Why Azure does not show the machine itself; None where it does, as Resource Graph may lag behind."""
        try:
            yield from patiently(partial(self._c.gateway.read_machine, machine))
        except ProblemError as error:
            return error.problem.kind
        return None

    def _say(self, progress: SyncProgress) -> None:
        """Not every page: nobody reads that fast, and each word is painted."""
        if progress.done >= progress.total or time.monotonic() >= self._said_at + SAY_EVERY_S:
            self._said_at = time.monotonic()
            self._progressed(progress)

    def _waiting(self, what: str, done: int, total: int) -> Callable[[float], None]:
        return lambda seconds: self._progressed(SyncProgress(what, done, total, seconds))

    def _take_machines(self, page: MachinePage) -> int:
        machines.save(self._c.db, self._c.connection_id, page.machines)
        self._seen.update(m.resource_id.lower() for m in page.machines)
        return len(page.machines)

    def _beside(
        self, what: str, job: Generator[float, None, T]
    ) -> Generator[float, None, T | None]:
        """A list beside the main ones: where it can't be read, what was known stays, all else is read, and the
        file says what is missing and why."""
        found, problem = None, ""
        try:
            found = yield from job
            if self._unreadable[what]:
                problem = f"{self._unreadable[what]:,} of the {what} could not be read."
        except ProblemError as error:
            problem = error.problem.sentence
            self._noted(what, error)
        with transaction(self._c.db):
            side_reads.save(self._c.db, self._c.connection_id, what, problem, self._c.clock())
        return found

    def _noted(self, what: str, error: ProblemError) -> None:
        log.info("%s could not be read: %s", what, error)

    def _one_of(
        self, what: str, job: Generator[float, None, T]
    ) -> Generator[float, None, T | None]:
        """One machine's or group's part of a list: None where it can't be read."""
        try:
            return (yield from job)
        except ProblemError as error:
            self._noted(what, error)
            self._failures.append(error.problem.sentence)
            return None

    def _health(self) -> Job:
        states: list[tuple[str, str, datetime | None]] = []

        def take(page: HealthPage) -> int:
            states.extend(page.states)
            return len(page.states)

        yield from self._pages("health", self._c.gateway.health_pages(), take)
        with transaction(self._c.db):
            machines.save_health(self._c.db, self._c.connection_id, states)
        self._c.changed(Changes.to("machines"))

    def _permissions(self) -> Job:
        """What the account may do in each resource group, once a day."""
        db, own = self._c.db, self._c.connection_id
        scopes = permissions.due(db, own, self._c.clock(), MAX_SCOPES)
        self._failures = []
        for done, (subscription, group) in enumerate(scopes, 1):
            if self._c.stopping.is_set():
                return
            read = partial(self._c.gateway.group_grants, subscription, group)
            scope = f"/subscriptions/{subscription}/resourcegroups/{group}"
            grants = yield from self._one_of(f"permissions on {group}", patiently(read))
            if grants is not None:
                with transaction(db):
                    permissions.save(db, own, scope, grants, self._c.clock())
            self._say(SyncProgress("permissions", done, len(scopes)))
            yield 0.0
        if scopes:
            problem = self._failures[0] if self._failures else ""
            with transaction(db):
                side_reads.save(db, own, "permissions", problem, self._c.clock())
            self._c.changed(Changes.to("permissions"))

    def _schedules(self) -> Job:
        found: dict[str, Schedule | None] = {}
        assigned = schedules.Assignments([], [])

        def take(page: SchedulePage) -> int:
            found.update(page.schedules)
            return len(page.schedules)

        def assign(page: AssignmentPage) -> int:
            assigned.direct.extend(page.assignments)
            assigned.scopes.extend(page.scopes)
            return len(page.assignments) + len(page.scopes)

        gateway = self._c.gateway
        yield from self._pages("schedules", gateway.schedule_pages(), take)
        pages = self._pages("assignments", gateway.assignment_pages(), assign)
        if (yield from self._beside("assignments", _told(pages))):
            with transaction(self._c.db):
                schedules.save(self._c.db, self._c.connection_id, found, assigned)
            self._c.changed(Changes.to("machines"))

    def _take_assessments(self, page: AssessmentPage, sweep: Sweep) -> int:
        save_assessments(self._c, page, sweep)
        return len(page.assessments) + len(page.updates)

    def _take_installations(self, page: InstallationPage) -> int:
        save_installations(self._c, page)
        return len(page.runs) + len(page.updates)

    def _views(self) -> Job:
        """Resource Graph forgets assessments after 7 days; an instance view still has their summary."""
        waiting = machines.without_graph(self._c.db, self._c.connection_id, MAX_VIEWS)
        for done, machine_id in enumerate(waiting, 1):
            if self._c.stopping.is_set():
                return
            machine = machines.read(self._c.db, machine_id)
            if machine is not None:
                look = patiently(partial(read_view, self._c, machine_id, machine))
                yield from self._one_of(f"the instance view of {machine.name}", look)
            self._say(SyncProgress("instance views", done, len(waiting)))
            yield 0.0


def _told(job: Job) -> Generator[float, None, bool]:
    """The job, and True at its end."""
    yield from job
    return True


class Sweep:
    """One reading of assessments from Resource Graph: which machines' lists it may replace."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.shown: set[int] = set()
        self.outdated: set[int] = set()

    @classmethod
    def begin(cls, context: Context) -> Sweep:
        with transaction(context.db):
            return cls(assessments.next_pass(context.db))

    def end(self, db: sqlite3.Connection) -> None:
        """Once every page is written: forget updates that are offered no more."""
        assessments.set_in_graph(db, sorted(self.shown))
        assessments.drop_unseen(db, sorted(self.shown - self.outdated), self.number)


def save_assessments(context: Context, page: AssessmentPage, sweep: Sweep) -> None:
    """Write a page inside the caller's transaction.

    A list belongs to an assessment that counts: one that failed or still runs replaces nothing, and
    neither does one that is older than what ARM said itself, as Resource Graph lags behind.
    """
    known = machines.ids(
        context.db, {o for o, _ in page.assessments} | {o for o, _ in page.updates}
    )
    now = context.clock()
    found = [(known[o], a) for o, a in page.assessments if o in known]
    failed = {machine_id for machine_id, a in found if a.status is RunStatus.FAILED}
    sweep.shown |= {machine_id for machine_id, _ in found} - failed
    sweep.outdated |= {machine_id for machine_id, a in found if not a.status.is_good}
    sweep.outdated |= assessments.outdated(context.db, found)
    assessments.save(context.db, found, now)
    current = {o: i for o, i in known.items() if i not in sweep.outdated}
    updates = [(current[o], u) for o, u in page.updates if o in current]
    assessments.save_updates(context.db, updates, now, sweep.number)


def save_installations(context: Context, page: InstallationPage) -> None:
    """Write a page inside the caller's transaction."""
    owners = [owner for owner, _ in page.runs] + [owner for owner, _, _ in page.updates]
    known = machines.ids(context.db, owners)
    installations.save(
        context.db, [(known[o], r) for o, r in page.runs if o in known], context.clock()
    )
    pairs = [(known[o], run) for o, run, _ in page.updates if o in known]
    rows = installations.run_row_ids(context.db, pairs)
    placed = [
        (rows[known[o], run], u)
        for o, run, u in page.updates
        if o in known and (known[o], run) in rows
    ]
    installations.save_updates(context.db, placed)


def read_view(context: Context, machine_id: int, machine: Machine) -> Reading | None:
    """Read one machine through ARM and write what it says; None where it is not there."""
    try:
        reading = context.gateway.read_machine(machine)
    except ProblemError as error:
        if error.problem.kind is ProblemKind.NOT_FOUND:
            return None
        raise
    now = context.clock()
    with transaction(context.db):
        machines.save(context.db, context.connection_id, [reading.machine])
        if (
            reading.assessment is not None
            and reading.assessment.status is not RunStatus.IN_PROGRESS
        ):
            assessments.save(context.db, [(machine_id, reading.assessment)], now)
        if reading.run is not None:
            installations.save(context.db, [(machine_id, reading.run)], now)
        machines.refresh_standing(context.db, [machine_id], context.calendar, now)
    context.changed(Changes.to("machines", "assessments", "installations"))
    return reading


def read_machine(context: Context, machine_id: int) -> Job:
    """One machine in full: ARM for its settings and state, Resource Graph for its lists.

    Raises:
        ProblemError: as soon as something cannot be read.
    """
    machine = machines.read(context.db, machine_id)
    if machine is None:
        return
    yield from patiently(lambda: read_view(context, machine_id, machine))
    yield 0.0
    own = machine.resource_id.lower()
    sweep = Sweep.begin(context)
    pages = context.gateway.assessment_pages(own)
    while page := (yield from patiently(lambda: next(pages, None))):
        with transaction(context.db):
            save_assessments(context, page, sweep)
        yield 0.0
    with transaction(context.db):
        sweep.end(context.db)
    runs = context.gateway.installation_pages(own)
    while run_page := (yield from patiently(lambda: next(runs, None))):
        with transaction(context.db):
            save_installations(context, run_page)
        yield 0.0
    grants = _grants_of(context, machine)
    with transaction(context.db):
        if grants is not None:
            scope, mine = machine.resource_id, context.connection_id
            permissions.save(context.db, mine, scope, grants, context.clock())
        machines.refresh_standing(context.db, [machine_id], context.calendar, context.clock())
    tables = ("machines", "assessments", "updates", "installations", "permissions")
    context.changed(Changes.to(*tables))


def _grants_of(context: Context, machine: Machine) -> list[Grant] | None:
    """What the account may do on it; None where Azure does not tell, as then nothing is known."""
    try:
        return context.gateway.machine_grants(machine)
    except ProblemError as error:
        log.info("permissions on %s are not known: %s", machine.name, error)
        return None
