"""A forecast in a process of its own, so that it doesn't compete with the window. No Qt."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hotpatch_gui.domain.evidence import running_release
from hotpatch_gui.domain.forecast import Forecast, ForecastMachine, ForecastOptions, forecast, steps
from hotpatch_gui.domain.hotpatch import can_be_enrolled, is_on_and_supported
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.rollout_progress import exclusion_reason, rollout_machine
from hotpatch_gui.domain.schedules import NO_SCHEDULES, MachineSchedules
from hotpatch_gui.store import machine_columns, machines, schedules
from hotpatch_gui.store.database import open_reader
from hotpatch_gui.store.machine_rows import MachineRow

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

NICENESS = 10
"""The window has priority."""


class ForecastRequest(NamedTuple):
    """A forecast to make for machines. ``enroll_all`` assumes hotpatch wherever the image supports it."""

    options: ForecastOptions
    machine_ids: tuple[int, ...]
    enroll_all: bool


class Task(NamedTuple):
    """The input of the process besides the file."""

    calendar: Calendar
    pairs: Sequence[Sequence[str]]
    request: ForecastRequest


class Ready(NamedTuple):
    """The process is ready for its Task."""


class ForecastProgress(NamedTuple):
    """Finished release days and their total."""

    done: int
    total: int


class ForecastResult(NamedTuple):
    """The result. Without a forecast there was nothing to count, or ``failure`` is what went wrong."""

    forecast: Forecast | None
    failure: str = ""


def work(path: Path, line: Connection) -> None:
    """The process's body: sends Ready, receives its Task, then sends ForecastProgress for each release day and one ForecastResult.

    It ends when the other end of the pipe is closed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the window stops it
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    try:
        line.send(Ready())
        result = ForecastResult(_run_forecast(path, line.recv(), line))
    except (EOFError, OSError):  # the window is gone
        return
    except Exception as error:  # noqa: BLE001 - reported to where it can be logged
        result = ForecastResult(None, f"{type(error).__name__}: {error}")
    with closing(line):
        line.send(result)


def _run_forecast(path: Path, task: Task, line: Connection) -> Forecast | None:
    calendar, pairs, request = task
    db = open_reader(path)
    if db is None:
        return None
    with closing(db):
        machines = read_forecast_machines(db, calendar, request)
    days = len(steps(calendar, {s.product for s in machines}, request.options))
    result: Forecast | None = None
    for result in forecast(request.options, machines, calendar, pairs):
        line.send(ForecastProgress(len(result.months), days))
    return result


def read_forecast_machines(
    db: sqlite3.Connection, calendar: Calendar, request: ForecastRequest
) -> list[ForecastMachine]:
    """Machines for the forecast, without those of unknown systems."""
    known = schedules.of_machines(db)
    rows = machines.read_rows(db, request.machine_ids)
    found = (_forecast_machine(r, known.get(r.id, NO_SCHEDULES), calendar, request) for r in rows)
    return [s for s in found if s is not None]


def _forecast_machine(
    row: MachineRow, followed: MachineSchedules, calendar: Calendar, request: ForecastRequest
) -> ForecastMachine | None:
    machine = machine_columns.machine_of(row)
    if machine.product is None:
        return None
    enrolled = is_on_and_supported(machine) or (request.enroll_all and can_be_enrolled(machine))
    now = datetime.combine(request.options.today, time(), UTC)
    on_train = enrolled and (
        machine.build is None
        or running_release(machine, calendar, row.out_of_band_kbs.split()) is not None
    )
    return ForecastMachine(
        rollout_machine(str(row.id), machine),
        machine.product,
        enrolled=enrolled,
        on_train=on_train,
        automatic=exclusion_reason(machine, followed, now) is None,
    )
