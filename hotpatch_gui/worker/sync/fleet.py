"""A connection's fleet through Resource Graph: queries in parallel, pages stored as they arrive."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from hotpatch_gui.azure.pages import (
    AssessmentPage,
    AssignmentPage,
    InstallationPage,
    MachinePage,
    ResourceHealthPage,
    SchedulePage,
)
from hotpatch_gui.azure.resource_graph import Part, QueryFilter
from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.problems import Problem, ProblemError
from hotpatch_gui.domain.schedules import Schedule
from hotpatch_gui.store import (
    additional_lists,
    assessments,
    connections,
    daily_states,
    identity,
    machines,
    permissions,
    schedules,
    sync_state,
)
from hotpatch_gui.translation import translator
from hotpatch_gui.worker.context import Context
from hotpatch_gui.worker.events import SyncProgress
from hotpatch_gui.worker.urgency import Urgency

from . import incremental, schedule_overlay
from .evaluation import derive, derive_again_if_old, derive_all, learn
from .incremental import NEW_MACHINES, RunLists
from .machine import read_instance_view
from .pages import AssessmentPass, next_page, run_in_parallel, slices
from .unseen import mark_unseen

tr = translator("Fleet")

log = logging.getLogger(__name__)
PROGRESS_EVERY_S = 0.2
MAX_INSTANCE_VIEWS = 50
"""How many machines without an assessment in Resource Graph a sync reads individually."""
MAX_SCOPES = 100
"""How many resource groups' permissions a sync reads."""
EARLY_AFTER_S = 3.0
"""A first sync that takes longer shows situations before its end."""
FULL_SYNC_EVERY = timedelta(days=1)
"""The interval of full syncs, and of reading instance views again."""
FORGET_SLICE = 500
"""Old assessments deleted in one transaction."""
RESOURCE_HEALTH_KEPT = timedelta(hours=12)
"""How long the last known Resource Health is shown if it can't be read; after that it isn't known."""
T = TypeVar("T")
P = TypeVar(
    "P",
    MachinePage,
    ResourceHealthPage,
    AssessmentPage,
    InstallationPage,
    SchedulePage,
    AssignmentPage,
)
ARC_LIST = "Arc-enabled servers"
_TABLES_OF_LIST = {
    "assessments": ("assessments", "updates"),
    "health": (),
    "schedules": (),
    "assignments": (),
    ARC_LIST: ("machines",),
}
_TABLES = ("machines", "assessments", "updates", "installations", "sync_state", "subscriptions")


async def sync_fleet(
    context: Context, progressed: Callable[[SyncProgress], None], *, full: bool = False
) -> None:
    """Bring the file up to date with Azure.

    For FULL_SYNC_EVERY after a full sync, only changes are read, unless ``full``. A problem is stored in sync_state, and
    earlier data stays.

    Raises:
        ProblemError, sqlite3.Error: see ``DataFile.transaction``.
    """
    sync = _FleetSync(context, progressed, full=full)
    problem: Problem | None = None
    await derive_again_if_old(context)
    try:
        await sync.run()
    except ProblemError as error:
        problem = error.problem
        log.info(
            "sync of %s: %s %s (request %s)",
            context.gateway.connection.name,
            problem.text,
            problem.code,
            problem.request_id or "without an ID",
        )
    if sync.has_read:
        await derive_all(context)
        if await learn(context):
            await derive(context, machines.present(context.db))
    is_more = True
    while is_more:
        async with context.transaction() as db:
            is_more = assessments.forget_old(db, context.clock(), FORGET_SLICE)
    async with context.transaction() as db:
        own, now = context.connection_id, context.clock()
        sync_state.sync_ended(db, own, now, problem, sync.unreadable)
        if problem is None:
            daily_states.count_day(db, own, now)
            daily_states.forget_old(db, now)
            sync_state.record_read(db, own, sync.begun, full=sync.is_full)
    context.changed(
        ChangedTables.of(*(_TABLES if sync.has_read else ("sync_state", "subscriptions")))
    )


class _FleetSync:
    def __init__(
        self, context: Context, progressed: Callable[[SyncProgress], None], *, full: bool
    ) -> None:
        self._c = context
        self._progressed = progressed
        self._reported_at = 0.0
        self._counted: Counter[str] = Counter()
        self._unreadable: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._failures: list[str] = []
        self.begun = context.clock()
        self._begun_at = time.monotonic()
        self.is_full = full
        self._since: datetime | None = None

    async def run(self) -> None:
        """Read the fleet."""
        gateway, c, own = self._c.gateway, self._c, self._c.connection_id
        account = await c.calls.reads.call(gateway.account, Urgency.READ)
        subscriptions = await c.calls.queries.call(
            gateway.subscriptions, Urgency.READ, self._waiting("subscriptions", 0, 0)
        )
        self.begun = c.clock()
        last_read = sync_state.last_reads(c.db, own)
        self._since = last_read.changes_since(self.begun, FULL_SYNC_EVERY)
        self.is_full |= self._since is None
        async with c.transaction() as db:
            sync_state.sync_started(db, own, self.begun)
            connections.save_subscriptions(db, own, subscriptions)
            if account is not None:
                connections.signed_in(db, own, account.name, account.record)
        c.changed(ChangedTables.of("sync_state", "subscriptions"))
        is_first = not machines.known_resource_ids(c.db, own)
        await self._read_machines()
        new = machines.never_read(c.db, own)
        if self.is_full or len(new) > NEW_MACHINES:
            self.is_full = True
            in_graph = await self._read_all(is_first=is_first)
        else:
            await self._read_changed(new)
            in_graph = None
        if self._is_complete:
            await mark_unseen(c, self._seen, {i for i, _ in subscriptions})
            await self._join_moved()
        async with c.transaction() as db:
            machines.mark_results_read(db, own)
            if in_graph is not None:
                assessments.clear_in_graph(db, own, but=sorted(in_graph))
        await self._read_instance_views()
        await self._permissions()

    @property
    def has_read(self) -> bool:
        """Whether Azure returned any page."""
        return bool(self._counted)

    @property
    def unreadable(self) -> int:
        """Rows that couldn't be read, of all lists."""
        return self._unreadable.total()

    @property
    def _is_complete(self) -> bool:
        """Whether every counted machine was read, so that machines that Azure no longer returns can be marked as deleted."""
        lists = ("machines", ARC_LIST)
        is_read = not any(self._unreadable[name] for name in lists)
        return is_read and len(self._seen) >= sum(self._counted[name] for name in lists)

    async def _read_machines(self) -> None:
        """Read the machines, and additional lists in parallel."""
        gateway, c = self._c.gateway, self._c
        states: list[tuple[str, str, datetime | None]] = []
        found: dict[str, Schedule | None] = {}
        assigned = schedules.Assignments([], [])

        async def collect_resource_health(page: ResourceHealthPage) -> int:
            states.extend(page.states)
            return len(page.states)

        async def collect_schedules(page: SchedulePage) -> int:
            found.update(page.schedules)
            return len(page.schedules)

        async def collect_assignments(page: AssignmentPage) -> int:
            assigned.direct.extend(page.assignments)
            assigned.scopes.extend(page.scopes)
            return len(page.assignments) + len(page.scopes)

        async def read_both_kinds() -> None:
            await run_in_parallel(
                self._pages("machines", gateway.machine_pages(), self._store_machines),
                self._pages(ARC_LIST, gateway.arc_pages(), self._store_machines),
            )

        main = asyncio.ensure_future(read_both_kinds())
        additional = [
            asyncio.ensure_future(job)
            for job in (
                self._read_additional_list(
                    "health", gateway.resource_health_pages(), collect_resource_health
                ),
                self._read_additional_list(
                    "schedules", gateway.schedule_pages(), collect_schedules
                ),
                self._read_additional_list(
                    "assignments", gateway.assignment_pages(), collect_assignments
                ),
            )
        ]
        try:
            await main
            has_resource_health, has_schedules, has_assignments = await asyncio.gather(*additional)
        finally:
            for job in (main, *additional):
                job.cancel()
            await asyncio.gather(main, *additional, return_exceptions=True)
        async with c.transaction() as db:
            identity.mark_shared_ids(db, self._seen)
            unread = additional_lists.unread_since(db, c.connection_id, "health")
            if has_resource_health or (
                unread is not None and c.clock() - unread > RESOURCE_HEALTH_KEPT
            ):
                known = states if has_resource_health else ()
                machines.save_resource_health(db, c.connection_id, known, c.clock())
            if has_schedules and has_assignments:
                schedule_overlay.apply_recent(db, c.connection_id, found, assigned, c.clock())
                schedules.save(db, c.connection_id, found, assigned, c.clock())
        c.changed(ChangedTables.of("machines"))

    async def _read_all(self, *, is_first: bool) -> set[int]:
        """Read all assessments and installations.

        Returns:
            Machines with an assessment in Resource Graph that didn't fail.
        """
        c, gateway = self._c, self._c.gateway
        assessment_pass = await AssessmentPass.begin(c)
        results = gateway.assessment_pages(QueryFilter(part=Part.RESULTS))
        await self._pages("assessments", results, assessment_pass.store)
        is_slow = time.monotonic() - self._begun_at > EARLY_AFTER_S
        if is_first and is_slow:  # shows situations long before the last updates
            await derive_all(c)
            c.changed(ChangedTables.of("machines"))
        runs = RunLists(c)
        await run_in_parallel(
            self._pages(
                "updates",
                gateway.assessment_pages(QueryFilter(part=Part.UPDATES)),
                assessment_pass.store,
            ),
            self._pages("installations", gateway.installation_pages(), runs.store),
        )
        await assessment_pass.end()
        await runs.end()
        return assessment_pass.in_graph

    async def _read_changed(self, new: Sequence[str]) -> None:
        """Read what changed since the last sync, and everything of new machines."""
        assert self._since is not None
        await run_in_parallel(
            incremental.read_assessments(self._c, self._since, new, self._pages),
            incremental.read_installations(self._c, self._since, new, self._pages),
        )

    async def _pages(
        self, what: str, pages: Iterator[P], store: Callable[[P], Awaitable[int]]
    ) -> None:
        """Read pages, requesting the next one while one is stored."""
        done = total = 0

        def read_next() -> asyncio.Task[P | None]:
            waiting = self._waiting(what, done, total)
            return asyncio.ensure_future(next_page(self._c, pages, Urgency.READ, waiting))

        coming = read_next()
        try:
            while (page := await coming) is not None:
                coming = read_next()
                total = self._counted[what] = page.total
                done += await store(page)
                self._unreadable[what] += page.unreadable
                self._report_progress(SyncProgress(what, done, total))
                self._c.changed(ChangedTables.of(*_TABLES_OF_LIST.get(what, (what,))))
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)

    async def _join_moved(self) -> None:
        async with self._c.transaction() as db:
            joined = identity.join_moved(db, self._c.connection_id)
        if joined:
            log.info("%s machines have moved and keep their history", joined)
            self._c.changed(
                ChangedTables.of("machines", "assessments", "installations", "operations")
            )

    def _report_progress(self, progress: SyncProgress) -> None:
        """Report progress at intervals."""
        if (
            progress.done >= progress.total
            or time.monotonic() >= self._reported_at + PROGRESS_EVERY_S
        ):
            self._reported_at = time.monotonic()
            self._progressed(progress)

    def _waiting(self, what: str, done: int, total: int) -> Callable[[float], None]:
        return lambda seconds: self._progressed(SyncProgress(what, done, total, seconds))

    async def _store_machines(self, page: MachinePage) -> int:
        for some in slices(page.machines):
            async with self._c.transaction() as db:
                machines.save(db, self._c.connection_id, some)
        self._seen.update(m.resource_id.lower() for m in page.machines)
        return len(page.machines)

    async def _read_additional_list(
        self, what: str, pages: Iterator[P], store: Callable[[P], Awaitable[int]]
    ) -> bool:
        """Read an additional list, and store why if it can't be read.

        Returns:
            Whether it was read.
        """
        problem, is_read = "", False
        try:
            await self._pages(what, pages, store)
            is_read = True
            if self._unreadable[what]:
                problem = tr("%n of its rows couldn't be read.", self._unreadable[what])
        except ProblemError as error:
            problem = error.problem.sentence
            self._log_failure(what, error)
        async with self._c.transaction() as db:
            additional_lists.save(
                db, self._c.connection_id, what, problem, self._c.clock(), is_read=is_read
            )
        return is_read

    def _log_failure(self, what: str, error: ProblemError) -> None:
        log.info("%s could not be read: %s", what, error)

    async def _try_read(self, what: str, job: Awaitable[T]) -> T | None:
        """Await a read; None if it fails, which is logged."""
        try:
            return await job
        except ProblemError as error:
            self._log_failure(what, error)
            self._failures.append(error.problem.sentence)
            return None

    async def _permissions(self) -> None:
        """Read permissions on each resource group once a day."""
        c, own = self._c, self._c.connection_id
        scopes = permissions.due(c.db, own, c.clock(), MAX_SCOPES)
        self._failures = []
        done = 0

        async def read_scope(subscription: str, group: str) -> None:
            nonlocal done
            read = partial(c.gateway.group_grants, subscription, group)
            call = c.calls.reads.call(read, Urgency.READ)
            grants = await self._try_read(tr("permissions on {group}", group=group), call)
            if grants is not None:
                scope = f"/subscriptions/{subscription}/resourcegroups/{group}"
                async with c.transaction() as db:
                    permissions.save(db, own, scope, grants, c.clock())
            done += 1
            self._report_progress(SyncProgress("permissions", done, len(scopes)))

        await run_in_parallel(*(read_scope(*scope) for scope in scopes))
        if scopes:
            problem = self._failures[0] if self._failures else ""
            async with c.transaction() as db:
                additional_lists.save(
                    db, own, "permissions", problem, c.clock(), is_read=not problem
                )
            c.changed(ChangedTables.of("permissions"))

    async def _read_instance_views(self) -> None:
        """Read instance views of machines without an assessment in Resource Graph, which deletes assessments after 7 days."""
        c = self._c
        before = c.clock() - FULL_SYNC_EVERY
        waiting = machines.without_graph_assessment(
            c.db, c.connection_id, before, MAX_INSTANCE_VIEWS
        )
        done = 0

        async def read_one(machine_id: int) -> None:
            nonlocal done
            machine = machines.read(c.db, machine_id)
            if machine is not None:
                view = read_instance_view(c, machine_id, machine, urgency=Urgency.READ)
                await self._try_read(tr("the instance view of {name}", name=machine.name), view)
            done += 1
            self._report_progress(SyncProgress("instance views", done, len(waiting)))

        await run_in_parallel(*(read_one(machine_id) for machine_id in waiting))
