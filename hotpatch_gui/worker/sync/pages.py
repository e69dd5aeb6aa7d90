"""Stores pages of Resource Graph in the file, in short transactions."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, TypeVar

from hotpatch_gui.azure.pages import AssessmentPage, InstallationPage
from hotpatch_gui.domain.records import RunStatus, RunUpdate
from hotpatch_gui.store import assessments, installations, machines
from hotpatch_gui.worker.context import Context
from hotpatch_gui.worker.urgency import Urgency

P = TypeVar("P")
T = TypeVar("T")
SLICE, UPDATES_SLICE = 250, 1000
"""Rows per transaction, and rows of updates, which are faster: less than 10 ms, so that a click isn't delayed."""


async def next_page(
    context: Context,
    pages: Iterator[P],
    urgency: Urgency,
    waiting: Callable[[float], None] = lambda _: None,
) -> P | None:
    """The next page, as soon as Azure's limits allow; None after the last."""
    return await context.calls.queries.call(lambda: next(pages, None), urgency, waiting)


def slices(rows: Sequence[T], most: int = SLICE) -> Iterator[Sequence[T]]:
    """Divide rows into slices of at most ``most``."""
    for start in range(0, len(rows), most):
        yield rows[start : start + most]


class AssessmentPass:
    """One read of assessments, and which machines' lists it may replace.

    Only a valid assessment replaces a list: not a failed or running one, and not one older than Resource Manager's, because
    Resource Graph lags.
    """

    def __init__(self, context: Context, number: int) -> None:
        self._c, self._number = context, number
        self._activities: dict[int, str] = {}
        self.in_graph: set[int] = set()
        """Machines whose assessment didn't fail."""
        self._keeps_list: set[int] = set()
        """Machines whose stored updates stay: the assessment failed, is in progress, or is older than the stored one."""

    @classmethod
    async def begin(cls, context: Context) -> AssessmentPass:
        """Start a pass with the next number.

        Raises:
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
        """
        async with context.transaction() as db:
            return cls(context, assessments.next_pass(db))

    async def store(self, page: AssessmentPage) -> int:
        """Store a page. Updates follow their assessment.

        Returns:
            How many rows it had.

        Raises:
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
        """
        c = self._c
        owners = {o for o, _ in page.assessments} | {o for o, _ in page.updates}
        known = machines.ids(c.db, owners)
        found = [(known[o], a) for o, a in page.assessments if o in known]
        failed = {machine_id for machine_id, a in found if a.status is RunStatus.FAILED}
        self.in_graph |= {machine_id for machine_id, _ in found} - failed
        self._keeps_list |= {machine_id for machine_id, a in found if not a.status.is_good}
        self._keeps_list |= assessments.outdated(c.db, found)
        self._activities |= {machine_id: a.activity_id for machine_id, a in found}
        for some in slices(found):
            async with c.transaction() as db:
                assessments.save(db, some, c.clock())
        updates = [
            (known[o], u)
            for o, u in page.updates
            if o in known and known[o] not in self._keeps_list
        ]
        for part in slices(updates, UPDATES_SLICE):
            async with c.transaction() as db:
                assessments.save_updates(db, part, c.clock(), self._number)
        return len(page.assessments) + len(page.updates)

    async def end(self) -> None:
        """Delete updates that aren't offered anymore, after the last page.

        Raises:
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
        """
        in_graph, current = sorted(self.in_graph), sorted(self.in_graph - self._keeps_list)
        for some in slices(in_graph):
            async with self._c.transaction() as db:
                assessments.set_in_graph(db, some)
        for some in slices(current):
            async with self._c.transaction() as db:
                assessments.drop_unseen(db, some, self._number)
                assessments.mark_listed(db, [(i, self._activities[i]) for i in some])


async def store_installations(context: Context, page: InstallationPage) -> int:
    """Store a page; how many rows it had. Updates follow their run.

    Raises:
        ProblemError, sqlite3.Error: see ``DataFile.transaction``.
    """
    owners = [owner for owner, _ in page.runs] + [owner for owner, _, _ in page.updates]
    known = machines.ids(context.db, owners)
    runs = [(known[o], r) for o, r in page.runs if o in known]
    for some in slices(runs):
        async with context.transaction() as db:
            installations.save(db, some, context.clock())
    updates = [(known[o], run, u) for o, run, u in page.updates if o in known]
    for part in slices(updates, UPDATES_SLICE):
        async with context.transaction() as db:
            _save_updates(db, part)
    return len(page.runs) + len(page.updates)


def _save_updates(db: sqlite3.Connection, part: Sequence[tuple[int, str, RunUpdate]]) -> None:
    rows = installations.run_row_ids(db, [(machine, run) for machine, run, _ in part])
    placed = [(rows[machine, run], u) for machine, run, u in part if (machine, run) in rows]
    installations.save_updates(db, placed)


async def run_in_parallel(*jobs: Coroutine[Any, Any, Any]) -> None:
    """Run all in parallel; a failure cancels the others.

    Raises:
        Exception: the first failure.
    """
    try:
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(job)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
