"""Changes of schedules against the simulated Azure: one schedule, its assignment and scope, and odd responses."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Event

from hotpatch_gui.azure.bodies import assignment_body, schedule_body, scope_body
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.schedule_changes import (
    ChangeKind,
    ScheduleChange,
    assignment_id,
    schedule_id,
)
from hotpatch_gui.domain.schedules import AssignmentKind, Schedule, Scope
from hotpatch_gui.simulator.guest import SUBSCRIPTION
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.worker.commands import ChangeSchedules

NIGHTS = Schedule(
    "nights",
    "2026-08-21 22:00",
    180,
    "UTC",
    "Day",
    classifications=("Critical", "Security"),
    exclude=("KB5120708",),
    exclude_restarting=False,
    restart="IfRequired",
)
NAME = "nights"
ID = schedule_id(SUBSCRIPTION, "rg-web", NAME)
SAVE = ScheduleChange(ChangeKind.CREATE, ID, NAME, json.dumps(schedule_body(NIGHTS, "westus2")))
WEB_1 = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/vm-web-01"
ASSIGN = ScheduleChange(
    ChangeKind.ASSIGN,
    assignment_id(WEB_1, NAME),
    "vm-web-01",
    json.dumps(assignment_body(ID, WEB_1, "westus2")),
)
SCOPE = Scope(
    "eastus",
    ID.lower(),
    f"/subscriptions/{SUBSCRIPTION}",
    os_types=("Windows",),
    locations=("eastus",),
    tags=(("app", ("erp",)),),
    all_tags=True,
)
SAVE_SCOPE = ScheduleChange(
    ChangeKind.SAVE_SCOPE,
    assignment_id(SCOPE.below, SCOPE.name),
    SCOPE.name,
    json.dumps(scope_body(SCOPE)),
)


UNASSIGN = ScheduleChange(ChangeKind.UNASSIGN, ASSIGN.resource_id, "vm-web-01")
DELETE = ScheduleChange(ChangeKind.DELETE, ID, NAME)
OTHER = schedule_id(SUBSCRIPTION, "rg-web", "other")
SAVE_OTHER = SAVE._replace(resource_id=OTHER, subject="other")


def with_recurrence(recurs: str) -> ScheduleChange:
    """Save the schedule with this recurrence."""
    body = json.dumps(schedule_body(NIGHTS._replace(recurs=recurs), "westus2"))
    return SAVE._replace(kind=ChangeKind.SAVE, body=body)


def numbered(number: int) -> ScheduleChange:
    """Create another schedule."""
    name = f"other{number}"
    return SAVE._replace(resource_id=schedule_id(SUBSCRIPTION, "rg-web", name), subject=name)


def removal(number: int) -> ScheduleChange:
    """Remove an assignment that doesn't exist, one of many."""
    return UNASSIGN._replace(resource_id=f"{UNASSIGN.resource_id}{number}")


def change(stage: Stage, *changes: ScheduleChange) -> None:
    stage.app.engine.send(ChangeSchedules(1, changes))


def rows(stage: Stage) -> list[tuple[str, str, str]]:
    db = stage.app.source.db
    assert db is not None
    found = db.execute("SELECT kind, state, note FROM schedule_changes ORDER BY id")
    return [tuple(row) for row in found]


def states(stage: Stage) -> list[str]:
    return [state for _, state, _ in rows(stage)]


def followers(stage: Stage, schedule: str = ID) -> dict[str, AssignmentKind]:
    db = stage.app.source.db
    assert db is not None
    found = db.execute(
        "SELECT m.name, f.assignment FROM machine_schedules f JOIN machines m ON m.id=f.machine_id"
        " WHERE f.schedule_id=?",
        (schedule.lower(),),
    )
    return {name: AssignmentKind(kind) for name, kind in found}


def audit(stage: Stage) -> list[tuple[str, str]]:
    db = stage.app.source.db
    assert db is not None
    found = db.execute("SELECT kind, event FROM audit_log WHERE kind LIKE '%schedule%' ORDER BY id")
    return [tuple(row) for row in found]


def fault(stage: Stage, verb: str, outcome: Callable[[], Response | Exception | None]) -> None:
    """Respond to calls of Microsoft.Maintenance with this verb with ``outcome()``; None lets them through."""

    def on(method: str, path: str) -> Response | Exception | None:
        is_ours = method == verb and "microsoft.maintenance" in path.casefold()
        return outcome() if is_ours else None

    stage.simulator.faults.append(on)


def make_schedule(stage: Stage, *more: ScheduleChange) -> None:
    change(stage, SAVE, *more)
    stage.until(lambda: states(stage) == ["succeeded"] * (1 + len(more)))


def hold(stage: Stage, verb: str, part: str, *, but: int = 0) -> tuple[Event, Event]:
    """Delay calls of this verb to a path with ``part``, except the first ``but`` ones.

    Returns two events: the first is set when a call waits; set the second to let calls continue.
    """
    received, goes_on, handle = Event(), Event(), stage.simulator.handle
    first = iter(range(but))

    def response(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        if method == verb and part in url.casefold() and next(first, None) is None:
            received.set()
            goes_on.wait(30)
        return handle(method, url, headers, body)

    stage.simulator.handle = response
    return received, goes_on


def hold_response(stage: Stage, verb: str, part: str, *, but: int = 0) -> tuple[Event, Event]:
    """Like ``hold``, but for one call, which is handled at once: only its response is late."""
    received, goes_on, handle = Event(), Event(), stage.simulator.handle
    calls = iter(range(but + 1))

    def response(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        made = handle(method, url, headers, body)
        if method == verb and part in url.casefold() and next(calls, None) == but:
            received.set()
            goes_on.wait(30)
        return made

    stage.simulator.handle = response
    return received, goes_on


def leave_waiting(stage: Stage) -> None:
    """Request the schedule while Azure responds with 429 and a Retry-After of ten minutes; return when the change waits."""
    wait = Response(429, {"error": {"code": "TooMany"}}, headers={"Retry-After": "600"})
    fault(stage, "PUT", lambda: wait)
    change(stage, SAVE)
    stage.until(lambda: any("Trying again" in note for _, _, note in rows(stage)))
