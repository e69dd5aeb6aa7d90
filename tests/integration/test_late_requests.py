"""Requests that were held up for hours are not sent then, and none goes to a machine that it was not meant for."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from helpers.waiting import (
    busy,
    fail_once,
    is_over,
    leave_a_restart,
    machine,
    mine,
    notes,
    was_refused,
)
from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.operations import OperationState, Standby
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.domain.settings import SettingsChange
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store import identity, operations, queue, sync_state
from hotpatch_gui.worker import calls, engine, operation_scheduler, sleep_watch
from hotpatch_gui.worker.operations import pauses

pytestmark = pytest.mark.expects_log
S = OperationState


def test_a_failed_expiry_sends_no_old_request(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "RESTART_S", 0.3)
    leave_a_restart(tmp_path, "-5 days")
    expire, tries = queue.expire, []

    def full_once(*arguments: Any) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise sqlite3.OperationalError("database or disk is full")
        expire(*arguments)

    monkeypatch.setattr(queue, "expire", full_once)
    with Stage("light", folder=tmp_path) as stage:
        stage.app.start()
        stage.until(lambda: is_over(stage))
        assert stage.operation_states() == [S.CANCELED]
        assert not stage.simulator.cloud.received


@pytest.mark.parametrize("way", ["save", "sign out"])
def test_late_operations_expire_even_if_their_connection_was_never_set_up(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """A drive with the certificate is missing, and the user changes the connection, or signs out of it."""
    leave_a_restart(tmp_path, "-5 days")
    tries = fail_once(monkeypatch)
    with Stage("light", folder=tmp_path) as stage:
        stage.app.start()
        stage.until(lambda: "set up" in str(notice_of_sync(stage)))
        own = mine(stage)
        if way == "save":
            stage.request.save_connection(own._replace(certificate="/another.pem"))
        else:
            stage.request.sign_out(own.id)
        stage.until(lambda: len(tries) >= 2)
        stage.until(lambda: is_over(stage))
        assert stage.operation_states() == [S.CANCELED]
        assert not stage.simulator.cloud.received


def notice_of_sync(stage: Stage) -> str | None:
    (state,) = sync_state.sync_states(stage.app.source.db)
    return state.problem


def test_operations_delayed_by_the_file_for_hours_are_not_sent(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "RESTART_S", 0.3)
    claim, tries = operations.claim, []

    def full(*arguments: Any) -> bool:
        tries.append(1)
        if len(tries) < 3:
            raise sqlite3.OperationalError("database or disk is full")
        return claim(*arguments)

    monkeypatch.setattr(operations, "claim", full)
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        stage.request.restart([machine(stage)])
        stage.until(lambda: bool(tries))
        stage.app.engine._clock.observe(stage.clock.now() + timedelta(hours=5), 0.0)
        stage.until(lambda: is_over(stage))
        assert stage.operation_states() == [S.CANCELED]
        assert not stage.simulator.cloud.received


def fall_asleep(monkeypatch: pytest.MonkeyPatch, stage: Stage, minutes: int = 720) -> None:
    """The wall clock goes on; a monotonic clock may stop."""
    now = time.time
    monkeypatch.setattr(sleep_watch.time, "time", lambda: now() + minutes * 60)
    stage.clock.advance(minutes=minutes)
    stage.app.engine._clock.observe(stage.clock.now(), 0.0)


def offline(tries: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The network fails while ``tries`` is empty."""
    begin = Gateway.begin

    def begun(self: Gateway, *arguments: Any) -> Any:
        if not tries:
            problem = Problem(ProblemKind.OFFLINE, "No network.", "", may_have_been_sent=False)
            raise ProblemError(problem)
        return begin(self, *arguments)

    monkeypatch.setattr(Gateway, "begin", begun)


@pytest.mark.parametrize("way", ["refused", "offline"])
def test_operations_not_sent_before_a_sleep_are_not_sent_after_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(pauses, "FIRST_BACK_OFF_S", 0.5)
    is_back: list[int] = []
    stage.start()
    if way == "offline":
        offline(is_back, monkeypatch)
    else:
        stage.simulator.faults.append(busy_once())
    stage.request.restart([machine(stage)])
    stage.until(lambda: bool(notes(stage)) and stage.operation_states() == [S.QUEUED])
    stage.until(lambda: "Trying again" in notes(stage)[0] or was_refused(stage))
    fall_asleep(monkeypatch, stage)
    is_back.append(1)
    stage.until(lambda: is_over(stage))
    assert stage.operation_states() == [S.CANCELED]
    assert not stage.simulator.cloud.received


def busy_once() -> Callable[[str, str], Response | None]:
    requested: list[str] = []

    def refuse(method: str, path: str) -> Response | None:
        refused = busy(method, path)
        if refused is None or requested:
            return None
        requested.append(path)
        return replace(refused, headers={"Retry-After": "2"})

    return refuse


def test_unsent_operations_of_a_batch_expire_after_sleep(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four machines are being read before their requests when the computer sleeps; the others wait for slots."""
    monkeypatch.setattr(calls, "MAX_BULK", 4)
    stage.start()
    hold = threading.Event()
    read = Gateway.read_machine

    def held(self: Gateway, *arguments: Any) -> Any:
        hold.wait(20)
        return read(self, *arguments)

    monkeypatch.setattr(Gateway, "read_machine", held)
    rows = stage.app.source.db.execute(
        "SELECT id FROM machines WHERE kind='vm' AND power='running' LIMIT 12"
    )
    some = [row[0] for row in rows]
    stage.request.restart(some)
    stage.until(lambda: len(stage.operation_states()) == len(some))
    fall_asleep(monkeypatch, stage)
    hold.set()
    stage.until(lambda: S.QUEUED not in stage.operation_states())
    assert set(stage.operation_states()) == {S.CANCELED}
    assert not stage.simulator.cloud.received
    stage.request.restart(some[:1])
    stage.until(lambda: stage.operation_states()[-1] not in {S.QUEUED, S.SENT})
    assert stage.operation_states()[-1] is not S.CANCELED, "requested after the sleep"


@pytest.mark.parametrize("trouble", ["file", "sign out"])
def test_a_request_that_waits_for_its_wave_does_not_expire(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    stage.start()
    running = stage.app.engine
    number = machine(stage)
    stage.request.restart([number])
    stage.until(lambda: bool(stage.operation_states()) and is_over(stage))
    with closing(sqlite3.connect(stage.app.source.path, timeout=5)) as db, db:
        db.execute(
            "INSERT INTO operations (machine_id, kind, state, created_at, standby, batch_id, wave, wave_name)"
            " SELECT machine_id, 'assess', 'queued', '2026-01-01T00:00:00Z', 'waits', NULL, 0, '' FROM operations"
        )
    if trouble == "file":
        running._connections.scheduler.turns.failing_since[2] = stage.app.clock() - timedelta(
            hours=3
        )
    else:
        running._connections.scheduler._stopped_at[1] = stage.app.clock() - timedelta(hours=3)
    (operation,) = operations.read_open(stage.app.source.db, [2])
    assert not running._connections.scheduler._has_expired(1, operation)
    assert running._connections.scheduler._has_expired(1, operation._replace(standby=Standby.NO))


@pytest.mark.parametrize("kind", ["restart", "change"])
def test_a_recreated_machine_receives_no_operation_of_the_old_one(stage: Stage, kind: str) -> None:
    """Azure has another vmId now, and no sync has read it."""
    stage.start()
    number = machine(stage)
    with closing(sqlite3.connect(stage.app.source.path, timeout=5)) as db, db:
        db.execute("UPDATE machines SET vm_id='the old one' WHERE id=?", (number,))
    if kind == "restart":
        stage.request.restart([number])
    else:
        stage.request.change_settings([number], SettingsChange(hotpatch=False))
    stage.until(lambda: bool(stage.operation_states()) and is_over(stage))
    assert stage.operation_states() == [S.CANCELED]
    assert "another one has its name" in notes(stage)[0]
    assert not stage.simulator.cloud.received


def test_a_request_follows_its_machine_to_another_resource_group(stage: Stage) -> None:
    """It waited after a rejection, and has another row ID by then."""

    stage.start()
    stage.simulator.faults.append(busy_once())
    number = machine(stage)
    stage.request.restart([number])
    stage.until(lambda: was_refused(stage))
    running = stage.app.engine

    async def move() -> None:
        async with running._file.transaction() as db:
            db.execute("UPDATE machines SET vm_id=coalesce(vm_id, 'v') WHERE id=?", (number,))
            db.execute(
                "UPDATE machines SET deleted_at='2026-08-20T09:00:00Z' WHERE id=?", (number,)
            )
            moved = db.execute("SELECT * FROM machines WHERE id=?", (number,)).fetchone()
            values = dict(moved) | {
                "id": None,
                "assessment_id": None,
                "deleted_at": None,
                "resource_id": moved["resource_id"] + "-moved",
            }
            marks = ", ".join("?" * len(values))
            db.execute(
                f"INSERT INTO machines ({', '.join(values)}) VALUES ({marks})",
                list(values.values()),
            )
            assert identity.join_moved(db, 1) == 1

    moving = asyncio.run_coroutine_threadsafe(move(), running._loop)
    stage.until(moving.done)
    moving.result()
    stage.until(lambda: is_over(stage))
    stage.idle()
    assert stage.operation_states() in ([S.RUNNING], [S.SUCCEEDED]), notes(stage)


def test_a_machine_is_read_if_azure_does_not_report_progress_for_hours(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "FIRST_BACK_OFF_S", 0.05)

    def failing(method: str, path: str) -> Response | None:
        if method != "GET" or "operation" not in path.casefold():
            return None
        return Response(500, {"error": {"code": "InternalServerError", "message": "Later."}})

    stage.start()
    stage.simulator.faults.append(failing)
    stage.request.restart([machine(stage)])
    stage.until(
        lambda: stage.operation_states() == [S.RUNNING] and "Trying again" in notes(stage)[0]
    )
    assert "in progress" not in notes(stage)[0], "which nobody knows"
    stage.clock.advance(hours=3)
    stage.until(lambda: stage.operation_states() != [S.RUNNING])
    assert stage.operation_states() == [S.UNKNOWN]
    stage.request.dismiss([1])
    stage.until(lambda: stage.operation_states() == [S.DISMISSED])


def read_offline(is_back: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine can't be read before its request while ``is_back`` is empty, so nothing is claimed."""
    read = Gateway.read_machine

    def reading(self: Gateway, *arguments: Any) -> Any:
        if not is_back:
            problem = Problem(ProblemKind.OFFLINE, "No network.", "", may_have_been_sent=False)
            raise ProblemError(problem)
        return read(self, *arguments)

    monkeypatch.setattr(Gateway, "read_machine", reading)


@pytest.mark.parametrize(
    "naps", [[0.5, 720], [55, 55, 55, 55]], ids=["a click just before", "naps"]
)
def test_sleep_is_measured_from_the_last_check_and_adds_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, naps: list[float]
) -> None:
    """A click half a minute after the watch looked; or a laptop that wakes for a moment each hour."""
    monkeypatch.setattr(pauses, "FIRST_BACK_OFF_S", 0.3)
    monkeypatch.setattr(pauses, "MAX_BACK_OFF_S", 0.3)
    monkeypatch.setattr(operation_scheduler, "TICK_S", 1.0)
    is_back: list[int] = []
    read_offline(is_back, monkeypatch)
    stage.start()
    if naps[0] < 1:
        fall_asleep(monkeypatch, stage, 1)
    stage.request.restart([machine(stage)])
    stage.until(lambda: bool(notes(stage)) and "Trying again" in notes(stage)[0])
    for minutes in naps[naps[0] < 1 :]:
        fall_asleep(monkeypatch, stage, int(minutes))
        awake = time.monotonic() + 1.5
        stage.until(partial(is_past, awake))
    is_back.append(1)
    stage.until(lambda: is_over(stage))
    assert stage.operation_states() == [S.CANCELED]
    assert not stage.simulator.cloud.received


def is_past(moment: float) -> bool:
    return time.monotonic() > moment


@pytest.mark.parametrize("where", ["claim", "watch"])
def test_a_sleep_is_kept_if_the_expiry_cannot_be_stored(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(engine, "RESTART_S", 0.3)
    if where == "watch":
        monkeypatch.setattr(operation_scheduler, "TICK_S", 1.0)
    expire, tries = queue.expire_older, []

    def full_once(*arguments: Any) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise sqlite3.OperationalError("database or disk is full")
        expire(*arguments)

    monkeypatch.setattr(queue, "expire_older", full_once)
    stage.start()
    stage.simulator.faults.append(busy_once())
    stage.request.restart([machine(stage)])
    stage.until(lambda: was_refused(stage))
    fall_asleep(monkeypatch, stage)
    stage.until(lambda: is_over(stage))
    assert stage.operation_states() == [S.CANCELED]
    assert not stage.simulator.cloud.received


def test_two_short_locks_of_the_file_cancel_no_waiting_operation(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "TURN_S", 0.2)
    monkeypatch.setattr(engine, "RESTART_S", 0.3)
    before, failing = operations.kind_to_wait_for, []

    def locked(*arguments: Any, **keywords: Any) -> Any:
        if failing:
            failing.clear()
            raise sqlite3.OperationalError("database is locked")
        return before(*arguments, **keywords)

    monkeypatch.setattr(operations, "kind_to_wait_for", locked)
    stage.start()
    number = machine(stage, "vm-web-02")
    stage.request.assess([number])
    stage.until(lambda: stage.operation_states() == [S.RUNNING])
    stage.request.restart([number])
    stage.until(lambda: "Waiting for" in notes(stage)[1])
    turns = stage.app.engine._connections.scheduler.turns
    failing.append(1)
    stage.until(lambda: not failing)
    stage.until(lambda: not turns.failing_since and stage.app.engine._jobs.has("1 operation 2"))
    assert stage.operation_states() == [S.RUNNING, S.QUEUED]


def test_one_rejected_read_does_not_end_polling(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "FIRST_BACK_OFF_S", 0.05)
    monkeypatch.setattr(pauses, "MAX_BACK_OFF_S", 0.1)
    status = [500]

    def failing(method: str, path: str) -> Response | None:
        if method != "GET" or "operation" not in path.casefold() or not status[0]:
            return None
        return Response(status[0], {"error": {"code": "Error", "message": "Later."}})

    stage.start()
    stage.simulator.faults.append(failing)
    stage.request.restart([machine(stage)])
    stage.until(lambda: stage.operation_states() == [S.RUNNING] and "Trying" in notes(stage)[0])
    stage.clock.advance(hours=3)
    stage.until(lambda: stage.operation_states() == [S.UNKNOWN])
    events = [
        row[0] for row in stage.app.source.db.execute("SELECT event FROM audit_log ORDER BY id")
    ]
    assert events[-1] == "progress unknown", "Azure did answer the request"
    status[0] = 403
    awake = time.monotonic() + 0.5
    stage.until(partial(is_past, awake))
    status[0] = 0
    stage.until(lambda: S.SUCCEEDED in stage.operation_states())
