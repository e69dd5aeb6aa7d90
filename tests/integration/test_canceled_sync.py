"""A sync that is canceled ends cleanly."""

from __future__ import annotations

import asyncio
import gc
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from helpers.context import run_with
from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.simulator.arm import SimulatorApi
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.store import database
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.worker.context import Context
from hotpatch_gui.worker.sync.fleet import sync_fleet

LISTS = (
    "machine_pages",
    "arc_pages",
    "resource_health_pages",
    "schedule_pages",
    "assignment_pages",
    "assessment_pages",
    "installation_pages",
)


@pytest.mark.parametrize("name", LISTS)
def test_canceling_a_sync_at_the_start_of_a_list_ends_each_of_its_tasks(
    tmp_path: Path,
    simulator: SimulatorApi,
    clock: SteppedClock,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    read = getattr(Gateway, name)

    async def cancel(context: Context) -> asyncio.Task[None]:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(sync_fleet(context, lambda _: None, full=True))

        def canceling(*arguments: Any, **named: Any) -> Any:
            try:
                asyncio.get_running_loop()
            except RuntimeError:  # in a thread
                loop.call_soon_threadsafe(task.cancel)
            else:
                task.cancel()
            return read(*arguments, **named)

        monkeypatch.setattr(Gateway, name, canceling)
        await asyncio.wait([task])
        assert len(asyncio.all_tasks()) == 1
        return task

    db, _ = database.prepare(tmp_path / FILE_NAME, "https://azure.demo.invalid")
    with closing(db):
        task = run_with(db, simulator, CloudClock(clock.now()), cancel)
    assert task.cancelled()
    del task
    gc.collect()  # a coroutine that was never awaited fails the test here
