"""Incremental sync: reads changed results, then the updates of new ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from hotpatch_gui.azure.pages import AssessmentPage, InstallationPage
from hotpatch_gui.azure.resource_graph import Part, QueryFilter
from hotpatch_gui.store import assessments, installations, machines
from hotpatch_gui.worker.context import Context

from .pages import AssessmentPass, slices, store_installations
from .results import MACHINES

NEW_MACHINES = 500
"""With more new machines, everything is read, which takes fewer queries."""
ReadPages = Callable[[str, Iterator[Any], Callable[[Any], Awaitable[int]]], Awaitable[None]]
"""Reads a list by its name and pages, and passes each page to a function that stores it and returns its number of rows."""


async def read_assessments(
    context: Context, since: datetime, new: Sequence[str], pages: ReadPages
) -> None:
    """Read assessments that changed since then, those of new machines (lower-case resource IDs), and their updates if not stored.

    Raises:
        ProblemError: Azure couldn't be read, or the file was removed.
        sqlite3.Error: see ``DataFile.transaction``.
    """
    without_updates: list[int] = []

    async def store(page: AssessmentPage) -> int:
        known = machines.ids(context.db, {owner for owner, _ in page.assessments})
        found = [(known[owner], a) for owner, a in page.assessments if owner in known]
        without_stored_updates = assessments.without_stored_updates(context.db, found)
        without_updates.extend(without_stored_updates)
        rest = [
            (machine_id, a) for machine_id, a in found if machine_id not in without_stored_updates
        ]
        for some in slices(rest):
            async with context.transaction() as db:
                assessments.save(db, some, context.clock())
        return len(page.assessments)

    filter_fields = QueryFilter(since=since, part=Part.RESULTS)
    await pages("assessments", context.gateway.assessment_pages(filter_fields), store)
    own = [*new, *machines.resource_ids(context.db, without_updates)]
    if not own:
        return
    assessment_pass = await AssessmentPass.begin(context)
    for some in _slices(list(dict.fromkeys(own))):
        lists = context.gateway.assessment_pages(QueryFilter(below=some))
        await pages("assessments", lists, assessment_pass.store)
    await assessment_pass.end()


async def read_installations(
    context: Context, since: datetime, new: Sequence[str], pages: ReadPages
) -> None:
    """Read runs that changed since then, all runs of new machines, and unfinished runs.

    Raises:
        ProblemError: Azure couldn't be read, or the file was removed.
        sqlite3.Error: see ``DataFile.transaction``.
    """
    runs = RunLists(context)
    below: list[str] = []

    async def store(page: InstallationPage) -> int:
        known = machines.ids(context.db, {owner for owner, _ in page.runs})
        found = [(known[owner], r) for owner, r in page.runs if owner in known]
        without_stored_updates = installations.without_stored_updates(context.db, found)
        owners = {machine_id: owner for owner, machine_id in known.items()}
        below.extend(
            f"{owners[machine_id]}/patchinstallationresults/{run_id}"
            for machine_id, run_id in without_stored_updates
        )
        return await runs.store(page)

    gateway = context.gateway
    results = gateway.installation_pages(QueryFilter(since=since, part=Part.RESULTS))
    await pages("installations", results, store)
    unfinished = machines.with_open_runs(context.db, context.connection_id)
    for some in _slices(unfinished):
        filter_fields = QueryFilter(below=some, part=Part.RESULTS)
        await pages("installations", gateway.installation_pages(filter_fields), store)
    for some in _slices(list(dict.fromkeys(below))):
        await pages(
            "installations", gateway.installation_pages(QueryFilter(below=some)), runs.store
        )
    for some in _slices(list(new)):
        await pages(
            "installations", gateway.installation_pages(QueryFilter(below=some)), runs.store
        )
    await runs.end()


def _slices(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), MACHINES):
        yield ids[start : start + MACHINES]


class RunLists:
    """Stores pages of runs, and records at the end whose updates are stored."""

    def __init__(self, context: Context) -> None:
        self._c = context
        self._ended: dict[tuple[int, str], datetime] = {}

    async def store(self, page: InstallationPage) -> int:
        """Store a page and return its number of rows.

        Raises:
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
        """
        known = machines.ids(self._c.db, {owner for owner, _ in page.runs})
        for owner, run in page.runs:
            if run.status.is_final and run.modified is not None and owner in known:
                self._ended[known[owner], run.run_id.lower()] = run.modified
        return await store_installations(self._c, page)

    async def end(self) -> None:
        """Finish after the last page.

        Raises:
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
        """
        for some in slices(list(self._ended.items())):
            async with self._c.transaction() as db:
                installations.mark_listed(db, some)
