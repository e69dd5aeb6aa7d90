"""The engine without a window: which results a command waits for, and which requests it cancels when interrupted."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from hotpatch_gui.application.headless import AbandonedError, Session
from hotpatch_gui.application.targets import demo_target
from hotpatch_gui.azure.bodies import schedule_body
from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.captures.stage import stopped_simulator
from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.domain.schedule_changes import ChangeKind, ScheduleChange, schedule_id
from hotpatch_gui.domain.schedules import Schedule
from hotpatch_gui.domain.waves import WaveMode, Waves
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.simulator.guest import SUBSCRIPTION
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store import queue, schedule_changes, sync_state
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.worker import commands
from hotpatch_gui.worker.operation_scheduler import SendPolicy


def running(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute(
            "SELECT id FROM machines WHERE arc_status IS NULL AND power='running' ORDER BY id"
        )
        return [row[0] for row in rows]


def states(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as db:
        return dict(db.execute("SELECT state, count(*) FROM operations GROUP BY 1").fetchall())


def test_commands_after_the_interruption_are_dropped_or_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupted command must not leave operations to the next start that weren't on the disk yet."""
    path, add = tmp_path / FILE_NAME, queue.add
    monkeypatch.setattr("hotpatch_gui.worker.operation_queue.SLICE", 3)

    def interrupted(*arguments: Any, **keywords: Any) -> list[int]:
        os.kill(os.getpid(), signal.SIGINT)
        return add(*arguments, **keywords)

    simulator = stopped_simulator(SteppedClock(EPOCH))
    with Session(tmp_path, demo_target(lambda: simulator), lambda _: None) as session:
        session.wait_for_sync()
    some = running(path)
    with Session(
        tmp_path,
        demo_target(lambda: simulator),
        lambda _: None,
        only=frozenset(),
        sends=SendPolicy.ALL,
    ) as session:
        session.wait_for_sync()
        monkeypatch.setattr(queue, "add", interrupted)
        with pytest.raises(AbandonedError, match="Interrupted"):
            session.queue(lambda: session.actions.assess(some))
        taken_back = session.cancel_queued()
        assert len(taken_back) < len(some), "the rest was dropped"
    assert states(path) == {"canceled": len(taken_back)}
    simulator.cloud.close()


@pytest.mark.expects_log
def test_an_expired_sign_in_does_not_affect_another_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, begin, message = tmp_path / FILE_NAME, Gateway.begin, []
    simulator = stopped_simulator(SteppedClock(EPOCH))
    with Session(tmp_path, demo_target(lambda: simulator), lambda _: None) as session:
        session.wait_for_sync()
    first, *others = running(path)
    with closing(sqlite3.connect(path)) as db:
        columns = "cloud, endpoint, authority, audience, method, tenant, client_id, certificate, changes_allowed"
        db.execute(
            f"INSERT INTO connections (name, {columns}) SELECT 'B', {columns} FROM connections"
        )
        db.execute("UPDATE machines SET connection_id=2 WHERE id=?", (first,))
        db.commit()

    def lapsed(self: Gateway, *arguments: Any) -> Any:
        if self.connection.id == 2:
            problem = Problem(
                ProblemKind.NOT_SIGNED_IN, "The sign-in has expired.", "", may_have_been_sent=False
            )
            raise ProblemError(problem)
        return begin(self, *arguments)

    monkeypatch.setattr(Gateway, "begin", lapsed)
    with Session(
        tmp_path, demo_target(lambda: simulator), message.append, sends=SendPolicy.ALL
    ) as session:
        session.wait_for_sync()
        mine = session.queue(lambda: session.actions.assess([first, *others]))
        session.wait_for(mine, 1.0, ends=False)
    assert states(path) == {"failed": 1, "running": len(others)}
    assert any("The sign-in has expired." in text for text in message)
    simulator.cloud.close()


@pytest.mark.expects_log
def test_unreachable_machines_take_no_place_in_a_wave(tmp_path: Path) -> None:
    path, clock = tmp_path / FILE_NAME, SteppedClock(EPOCH)
    simulator = stopped_simulator(clock)
    with Session(tmp_path, demo_target(lambda: simulator), lambda _: None) as session:
        session.wait_for_sync()
    some = running(path)[:6]
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "INSERT INTO connections (name, cloud, endpoint, authority, audience, method, tenant, client_id,"
            " certificate, changes_allowed) VALUES ('B', 'public', '', '', '', 'certificate', 't', 'c', '/nowhere.pem', 1)"
        )
        db.executemany("UPDATE machines SET connection_id=2 WHERE id=?", [(i,) for i in some[:2]])
        names = [
            db.execute("SELECT azure_id FROM machines WHERE id=?", (i,)).fetchone()[0] for i in some
        ]
        db.commit()
    with Session(
        tmp_path, demo_target(lambda: simulator), lambda _: None, sends=SendPolicy.ALL
    ) as session:
        session.wait_for_sync()
        waves = Waves(WaveMode.SOME, 2, 0)
        requested = commands.Act(OperationKind.ASSESS, tuple((name, None) for name in names), waves)
        mine = session.queue(lambda: session.send(requested))
        for half in (mine[2:4], mine[4:]):
            session.wait_for(half, 1.0, ends=False)
            clock.advance(minutes=10)
            session.wait_for(half, 1.0, ends=True)
    assert states(path) == {"queued": 2, "succeeded": 4}
    simulator.cloud.close()


def test_a_request_rejected_after_the_interruption_is_not_sent_later(tmp_path: Path) -> None:
    path, simulator = tmp_path / FILE_NAME, stopped_simulator(SteppedClock(EPOCH))

    def interrupted(_: str, url: str) -> Response | None:
        if "assessPatches" not in url:
            return None
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(0.5)
        error = {"error": {"code": "TooManyRequests", "message": "Later."}}
        return Response(429, error, {"Retry-After": "1"})

    with Session(
        tmp_path, demo_target(lambda: simulator), lambda _: None, sends=SendPolicy.ALL
    ) as session:
        session.wait_for_sync()
        some = running(path)[:4]
        simulator.faults.append(interrupted)
        with suppress(AbandonedError):  # before or after the last of them is on the disk
            session.queue(lambda: session.actions.assess(some))
        with pytest.raises(AbandonedError, match="Interrupted"):
            session.wait_for(session.queued, 1.0, ends=True)
        session.cancel_queued()
    assert set(states(path)) <= {"canceled", "failed"}
    assert sum(states(path).values()) == len(some)
    simulator.cloud.close()


def _schedule_states(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return [state for (state,) in db.execute("SELECT state FROM schedule_changes")]


@pytest.mark.parametrize("ends", ["before it is stored", "while it is sent", "refused late"])
def test_an_interrupted_change_of_a_schedule_is_canceled_or_awaited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    path, simulator = tmp_path / FILE_NAME, stopped_simulator(SteppedClock(EPOCH))
    add = schedule_changes.add

    def store_late(*arguments: Any) -> list[int]:
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(0.4)
        return add(*arguments)

    def answer_late(verb: str, url: str) -> Response | None:
        if verb != "PUT" or "maintenanceconfigurations" not in url.casefold():
            return None
        os.kill(os.getpid(), signal.SIGINT)
        if ends == "while it is sent":
            threading.Event().wait(0.6)
            return None
        threading.Event().wait(2.0)  # longer than the command waits
        return Response(429, {"error": {"code": "TooManyRequests"}}, {"Retry-After": "1"})

    with Session(
        tmp_path, demo_target(lambda: simulator), lambda _: None, sends=SendPolicy.OWN
    ) as session:
        session.wait_for_sync()
        if ends != "before it is stored":
            simulator.faults.append(answer_late)
        else:
            monkeypatch.setattr(schedule_changes, "add", store_late)
        nights = Schedule(
            "nights", "2026-08-21 22:00", 180, "UTC", "Day", classifications=("Critical",)
        )
        change = ScheduleChange(
            ChangeKind.CREATE,
            schedule_id(SUBSCRIPTION, "rg-web", "nights"),
            "nights",
            json.dumps(schedule_body(nights, "westus2")),
        )
        with suppress(AbandonedError):  # before or after it is on the disk
            session.queue(lambda: session.send(commands.ChangeSchedules(1, (change,))))
            session.wait_for_changes(session.queued, 1.0)
        mine = session.cancel_changes()
        found = schedule_changes.states(session.db, mine)
    at_exit, afterwards = {
        "before it is stored": ("canceled", "canceled"),
        "while it is sent": ("succeeded", "succeeded"),
        "refused late": ("sent", "failed"),
    }[ends]
    assert [state.value for state in found.values()] == [at_exit]
    assert _schedule_states(path) == [afterwards]
    simulator.cloud.close()


@pytest.mark.expects_log
def test_an_unknown_machine_does_not_affect_the_others(tmp_path: Path) -> None:
    path, simulator, message = tmp_path / FILE_NAME, stopped_simulator(SteppedClock(EPOCH)), []
    with Session(
        tmp_path, demo_target(lambda: simulator), message.append, sends=SendPolicy.ALL
    ) as session:
        session.wait_for_sync()
        some = running(path)[:3]
        mine = session.queue(lambda: session.actions.assess([*some, 10_001]))
        session.wait_for(mine, 1.0, ends=False)
    assert states(path) == {"running": 3}
    assert "in the current data" in message[0]
    simulator.cloud.close()


@pytest.mark.expects_log
def test_one_at_a_time_applies_across_connections(tmp_path: Path) -> None:
    """An operation that is queued again because Azure was busy keeps its place."""
    path, simulator = tmp_path / FILE_NAME, stopped_simulator(SteppedClock(EPOCH))
    with Session(tmp_path, demo_target(lambda: simulator), lambda _: None) as session:
        session.wait_for_sync()
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        ids = running(path)[:4]
        db.execute(
            "INSERT INTO batches (kind, created_at, mode, size, stop_after) VALUES ('assess', '', 'some', 1, 1)"
        )
        db.executemany(
            "INSERT INTO operations (machine_id, kind, state, created_at, batch_id) VALUES (?, 'assess', 'queued', '', 1)",
            [(i,) for i in ids],
        )
        db.execute("UPDATE machines SET connection_id=2 WHERE id IN (?, ?)", (ids[0], ids[2]))
        begun = queue.next_of_batch(db, 1, [1], queue.NOT_STARTED)
        assert (begun.ids, begun.progress.last_id) == ([2], 2)
        late = begun.progress._replace(skipped=frozenset({1}))
        assert queue.next_of_batch(db, 1, [1, 2], late).ids == [], "the second has its place"
        db.execute("UPDATE operations SET state='succeeded', ended_at='x' WHERE id=2")
        after = queue.next_of_batch(db, 1, [1, 2], late)
        assert (after.ids, after.progress) == ([1], queue.BatchProgress(0, 2))
        db.execute("UPDATE operations SET state='succeeded', ended_at='x' WHERE id=1")
        assert queue.next_of_batch(db, 1, [1, 2], after.progress).ids == [3]
    simulator.cloud.close()


def test_a_command_sends_only_its_own_requests(tmp_path: Path) -> None:
    """A closed window left a restart of the same machine in the queue; a dry run sends nothing."""
    path, simulator = tmp_path / FILE_NAME, stopped_simulator(SteppedClock(EPOCH))
    target = demo_target(lambda: simulator)
    with Session(tmp_path, target, lambda _: None) as session:
        session.wait_for_sync()
        (left,) = session.queue(lambda: session.actions.restart(running(path)[:1]))
    for sends in (SendPolicy.NOTHING, SendPolicy.OWN):
        with Session(tmp_path, target, lambda _: None, sends=sends) as session:
            session.wait_for_sync()
            if sends is SendPolicy.OWN:
                mine = session.queue(lambda: session.actions.assess(running(path)[:1]))
                session.wait_for(mine, 1.0, ends=False)
            session._until(lambda: session._engine.is_idle)
    assert states(path) == {"queued": 1, "running": 1}
    assert simulator.cloud.received == {"assess": 1}
    with Session(tmp_path, target, lambda _: None, sends=SendPolicy.ALL) as session:
        session.wait_for([left], 1.0, ends=False)
    simulator.cloud.close()


@pytest.mark.expects_log
def test_a_hanging_set_up_does_not_block_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The platform's key store asks for its password, and nobody answers."""
    monkeypatch.setattr("hotpatch_gui.worker.connections.SET_UP_S", 0.5)
    path, simulator = tmp_path / FILE_NAME, stopped_simulator(SteppedClock(EPOCH))
    target = demo_target(lambda: simulator)
    with Session(tmp_path, target, lambda _: None) as session:
        session.wait_for_sync()
    with closing(sqlite3.connect(path)) as db, db:
        columns = "cloud, endpoint, authority, audience, method, changes_allowed"
        db.execute(
            f"INSERT INTO connections (name, {columns}) SELECT 'B', {columns} FROM connections"
        )
    init, answered = Gateway.__init__, threading.Event()

    def hangs(self: Gateway, connection: Connection, *arguments: Any) -> None:
        if connection.name == "B":
            answered.wait()
        init(self, connection, *arguments)

    monkeypatch.setattr(Gateway, "__init__", hangs)
    with Session(tmp_path, target, lambda _: None) as session:
        session.wait_for_sync()
        first, second = sync_state.sync_states(session.db)
        assert not first.problem
        assert second.problem == "The connection isn't ready yet."
        answered.set()
        session._until(lambda: not sync_state.sync_states(session.db)[1].problem)
    simulator.cloud.close()
