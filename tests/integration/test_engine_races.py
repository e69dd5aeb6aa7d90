"""Races: a change during set-up, a close during a batch, a late response."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from hotpatch_gui.azure import credentials
from hotpatch_gui.azure import gateway as gateways
from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.domain.waves import WaveMode, Waves
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store import connections, database, operations, permissions
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.views.dialogs.confirm import ConfirmDialog
from hotpatch_gui.worker import commands, engine, release_updates
from hotpatch_gui.worker.release_updates import ReleaseUpdates

pytestmark = pytest.mark.expects_log
S = OperationState


def ids(stage: Stage) -> dict[str, int]:
    return dict(map(tuple, stage.app.source.db.execute("SELECT name, id FROM machines")))


def mine(stage: Stage):
    (one,) = connections.read_all(stage.app.source.db)
    return one


class Held:
    """A call that blocks until released."""

    def __init__(self) -> None:
        self.begun, self.release = threading.Event(), threading.Event()

    def __call__(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def held(*arguments: Any, **keywords: Any) -> Any:
            self.begun.set()
            self.release.wait(20)
            return call(*arguments, **keywords)

        return held


def test_a_dialog_opened_before_the_file_was_replaced_reaches_no_machine(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row IDs mean other machines in the file that replaces the damaged one."""
    with Stage("light", folder=tmp_path) as first:
        first.start()
    path = tmp_path / FILE_NAME
    with closing(sqlite3.connect(path)) as db:
        (last,) = db.execute("SELECT max(id) FROM machines").fetchone()
        db.execute("UPDATE machines SET id=id+1000")
        db.execute("UPDATE machines SET id=?-(id-1000)", (last + 1,))
        db.commit()
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name='audit_log'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    held = Held()
    monkeypatch.setattr(database, "prepare", held(database.prepare))
    with Stage("light", folder=tmp_path) as stage:
        stage.app.start()
        stage.until(held.begun.is_set)
        stage.window.machines.choose(ids(stage)["vm-dc-01"])
        stage._spin(100)
        stage.window.machines.blade.commands["restart"].trigger()
        (dialog,) = stage.window.findChildren(ConfirmDialog)
        held.release.set()
        stage.until(stage._synced)
        stage.idle()
        stage.settle()
        assert not isValid(dialog) or not dialog.isVisible()
        stage.idle()
        assert stage.operation_states() == []
        assert not stage.simulator.cloud.received


def test_changes_disallowed_during_set_up_are_disallowed(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Stage("light", folder=tmp_path) as first:
        first.start()
    held = Held()
    monkeypatch.setattr(gateways, "Gateway", held(Gateway))
    with Stage("light", folder=tmp_path) as stage:
        stage.app.start()
        stage.until(held.begun.is_set)
        stage.until(lambda: stage.app.source.db is not None)
        stage.request.allow_changes(mine(stage).id, changes_allowed=False)
        held.release.set()
        stage.until(stage._synced)
        stage.idle()
        stage.request.restart([ids(stage)["vm-dc-01"]])
        stage.until(lambda: stage.operation_states() == [S.FAILED])
        assert not stage.simulator.cloud.received


def test_changes_disallowed_while_a_claim_waits_are_not_sent(stage: Stage) -> None:
    stage.start()
    held: list[int] = []

    def refuse(_: str, path: str) -> Response | None:
        if "restart" not in path or held:
            return None
        held.append(1)
        error = {"error": {"code": "TooManyRequests", "message": "Held."}}
        return Response(429, error, {"Retry-After": "1"})

    stage.simulator.faults.append(refuse)
    stage.app.actions.restart([ids(stage)["vm-dc-01"]])
    stage.until(lambda: held)
    stage._spin(200)
    with closing(sqlite3.connect(stage.app.source.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        stage.app.actions.allow_changes(mine(stage).id, changes_allowed=False)
        stage._spin(2500)
        other.execute("ROLLBACK")
    stage.until(lambda: stage.operation_states() == [S.FAILED])
    assert not stage.simulator.cloud.received


@pytest.mark.parametrize("mode", [WaveMode.GROUPS, WaveMode.SOME, WaveMode.ALL])
def test_closing_during_a_batch_sends_nothing_more(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: WaveMode
) -> None:
    """Two requests hang, the others of their wave wait for a place; the window closes."""
    sent: list[tuple[str, bool]] = []
    is_closing, gate = threading.Event(), threading.Event()
    begin = Gateway.begin

    def slow(self: Gateway, kind: Any, machine: Any, request: Any) -> Any:
        sent.append((machine.name, is_closing.is_set()))
        gate.wait(10)
        return begin(self, kind, machine, request)

    monkeypatch.setattr(Gateway, "begin", slow)
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        (context,) = stage.app.engine._connections.contexts.values()
        context.calls.writes._own._value = 2
        running = [
            r[0]
            for r in stage.app.source.db.execute(
                "SELECT id FROM machines WHERE kind='vm' AND power='running' LIMIT 8"
            )
        ]
        waves = Waves(mode, 8 if mode is WaveMode.SOME else 0, 3)
        names = stage.app.actions._resource_ids(running)
        requests = [(name, None) for name, _ in names.values()]
        stage.app.engine.send(
            commands.Act(commands.OperationKind.RESTART, requests, waves, ["a"] * len(requests))
        )
        stage.until(lambda: len(sent) >= 2)
        stage._spin(200)
        is_closing.set()
        threading.Timer(0.5, gate.set).start()
    assert not [name for name, is_late in sent if is_late]
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        lost = db.execute("SELECT count(*) FROM operations WHERE state='sent'").fetchone()
    assert lost == (0,), "each that was sent has its token"


def test_a_response_after_a_sign_out_is_stored_without_delaying_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.start()
    held = Held()
    begin = Gateway.begin
    late: list[Any] = []

    def slow(self: Gateway, *arguments: Any) -> Any:
        late.append(begin(self, *arguments))
        return held(lambda: late[0])()

    monkeypatch.setattr(Gateway, "begin", slow)
    stage.app.actions.restart([ids(stage)["vm-dc-01"]])
    stage.until(held.begun.is_set)
    stage.app.actions.sign_out(mine(stage).id)
    stage.app.engine.send(commands.SyncEvery(3600))
    stage._spin(600)
    assert stage.app.engine.unhandled == 0, "the next command is handled meanwhile"
    stage._spin(3500)
    held.release.set()
    stage.until(lambda: stage.app.source.db.execute("SELECT token FROM operations").fetchone()[0])
    events = [r[0] for r in stage.app.source.db.execute("SELECT event FROM audit_log ORDER BY id")]
    assert "accepted" in events
    stage.clock.advance(minutes=10)
    stage.until(lambda: stage.operation_states()[0] is S.SUCCEEDED)


def test_a_refresh_during_a_sign_out_does_not_set_up_the_connection(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Gateway] = []
    closed: list[Gateway] = []
    held = Held()
    init, close = Gateway.__init__, Gateway.close

    def counted(self: Gateway, *arguments: Any, **keywords: Any) -> None:
        made.append(self)
        init(self, *arguments, **keywords)

    def closing_(self: Gateway) -> None:
        closed.append(self)
        close(self)

    monkeypatch.setattr(Gateway, "__init__", counted)
    monkeypatch.setattr(Gateway, "close", closing_)
    monkeypatch.setattr(Gateway, "sign_out", held(lambda _: None))
    stage.start()
    stage.request.sign_out(mine(stage).id)
    stage.until(held.begun.is_set)
    stage.request.sync()
    stage._spin(300)
    assert len(made) == 1
    held.release.set()
    stage.until(lambda: len(made) == 2)
    stage.idle()
    assert closed == made[:1]


@pytest.mark.parametrize("command", ["remove_connection", "sign_out"])
def test_removing_a_connection_during_its_sync_ends_the_progress(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    stage.start()
    held = Held()
    monkeypatch.setattr(Gateway, "resource_health_pages", lambda _: iter(held(lambda: None), None))
    stage.app.actions.sync(full=True)
    stage.until(held.begun.is_set)
    stage.until(lambda: stage.window.is_syncing)
    getattr(stage.request, command)(mine(stage).id)
    held.release.set()
    stage.until(lambda: not stage.window.is_syncing)


def test_only_queued_operations_expire(stage: Stage) -> None:
    """One that was sent meanwhile is followed to its end."""
    stage.start()
    by = ids(stage)
    stage.request.restart([by["vm-dc-01"]])
    stage.until(lambda: stage.operation_states() == [S.RUNNING])
    loop, scheduler = stage.app.engine._loop, stage.app.engine._connections.scheduler
    done = threading.Event()

    def expire() -> None:
        task = loop.create_task(scheduler._expire([1]))
        task.add_done_callback(lambda _: done.set())

    loop.call_soon_threadsafe(expire)
    stage.until(done.is_set)
    assert stage.operation_states() == [S.RUNNING]
    events = [r[0] for r in stage.app.source.db.execute("SELECT event FROM audit_log")]
    assert "cancelled" not in events


def test_the_daily_release_update_restarts_after_a_file_error(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.start()
    monkeypatch.setattr(release_updates, "CHECK_EVERY_S", 1.1)
    requested: list[str] = []

    async def fails_once(_: ReleaseUpdates, address: str) -> None:
        requested.append(address)
        if len(requested) == 1:
            raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(ReleaseUpdates, "from_microsoft", fails_once)
    stage.app.engine.send(commands.ReadReleasesDaily("https://example.invalid"))
    stage.until(lambda: len(requested) >= 2)


def test_many_jobs_that_fail_restart_together_and_are_reported_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.start()
    monkeypatch.setattr(engine, "RESTART_S", 0.5)
    revived: list[int] = []
    reported: list[str] = []
    own = stage.app.engine._connections
    revive = own.restart_jobs
    monkeypatch.setattr(own, "restart_jobs", lambda: (revived.append(1), revive()))
    stage.app.events.failed.connect(lambda failed: reported.append(failed.problem.text))
    loop, jobs = stage.app.engine._loop, stage.app.engine._jobs

    async def fails() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    def begin() -> None:
        for number in range(50):
            jobs.add(f"failing {number}", fails)

    loop.call_soon_threadsafe(begin)
    stage.until(lambda: revived)
    stage._spin(800)
    assert len(revived) == 1
    assert len(reported) == 1


def test_an_operation_of_a_group_beyond_ascii_can_be_dismissed(stage: Stage) -> None:
    stage.start()
    one = ids(stage)["vm-dc-01"]
    with closing(sqlite3.connect(stage.app.source.path, isolation_level=None)) as db:
        (azure,) = db.execute("SELECT azure_id FROM machines WHERE id=?", (one,)).fetchone()
        new = azure.replace("/resourceGroups/", "/resourceGroups/Ä")
        db.execute(
            "UPDATE machines SET azure_id=?, resource_id=?, resource_group='Ä' || resource_group WHERE id=?",
            (new, new.lower(), one),
        )
        db.execute(
            "INSERT INTO operations (machine_id, kind, state, created_at) VALUES"
            " (?, 'restart', 'unknown', '2026-01-01T00:00:00Z')",
            (one,),
        )
        group = new.lower().rsplit("/", 4)[0]
        permissions.save(db, 1, group, [], stage.app.clock())
        assert group in {scope for scope, _, _ in permissions.read_all(db, 1)}
        assert permissions.kinds_at(db, 1)[group] == {"vm"}
    (number,) = stage.app.source.db.execute("SELECT id FROM operations").fetchone()
    stage.request.dismiss([number])
    assert stage.operation_states() == [S.DISMISSED]


def test_an_invalid_row_does_not_prevent_following_others(
    qapp: QApplication, tmp_path: Path
) -> None:
    with Stage("light", folder=tmp_path) as first:
        first.start()
        by = ids(first)
        first.request.restart([by["vm-dc-01"]])
        first.until(lambda: first.operation_states() == [S.RUNNING])
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as db:
        db.execute(
            "INSERT INTO operations (machine_id, kind, state, created_at, standby) VALUES"
            " (?, 'assess', 'unknown', '2026-01-01T00:00:00Z', 'odd')",
            (by["vm-web-01"],),
        )
    with Stage("light", folder=tmp_path, simulator=first.simulator) as stage:
        stage.start()
        first.clock.advance(minutes=30)
        stage.until(lambda: stage.operation_states()[0] is S.SUCCEEDED)


@pytest.mark.parametrize("hangs_s", [0.5, 30.0])
def test_a_close_right_after_a_sign_out_still_forgets_the_tokens(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hangs_s: float
) -> None:
    """A request hangs; the tokens are deleted once it ended or was abandoned."""
    forgotten: list[int] = []
    gate, begun = threading.Event(), threading.Event()
    begin = Gateway.begin

    def slow(self: Gateway, *arguments: Any) -> Any:
        begun.set()
        gate.wait(hangs_s)
        return begin(self, *arguments)

    monkeypatch.setattr(Gateway, "begin", slow)
    monkeypatch.setattr(Gateway, "sign_out", lambda _: forgotten.append(1))
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        stage.app.actions.restart([ids(stage)["vm-dc-01"]])
        stage.until(begun.is_set)
        stage.app.actions.sign_out(mine(stage).id)
    gate.set()
    assert forgotten == [1]


def test_closing_while_claims_wait_sends_nothing_more(qapp: QApplication, tmp_path: Path) -> None:
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        running = [
            r[0]
            for r in stage.app.source.db.execute(
                "SELECT id FROM machines WHERE kind='vm' AND power='running' LIMIT 8"
            )
        ]
        with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as other:
            stage.app.actions.restart(running)
            stage.until(lambda: len(stage.operation_states()) == len(running))
            other.execute("BEGIN IMMEDIATE")
            stage._spin(100)
            sent = stage.simulator.cloud.received.get("restart", 0)
            assert stage.app.engine.stop()
            assert stage.simulator.cloud.received.get("restart", 0) == sent
            other.execute("ROLLBACK")


def test_requests_before_closing_are_not_lost(qapp: QApplication, tmp_path: Path) -> None:
    """A restart waits behind an assessment; it is canceled, actions are turned off, and the window closes at once."""
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        one = ids(stage)["vm-dc-01"]
        stage.request.assess([one])
        stage.request.restart([one])
        stage.until(lambda: stage.operation_states() == [S.RUNNING, S.QUEUED])
        with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            stage.app.actions.cancel([2])
            stage.app.actions.allow_changes(mine(stage).id, changes_allowed=False)
            stage._spin(50)
            other.execute("ROLLBACK")
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        assert db.execute("SELECT state FROM operations WHERE id=2").fetchone() == ("canceled",)
        assert db.execute("SELECT changes_allowed FROM connections").fetchone() == (0,)


def test_a_batch_with_failed_claims_is_retried_after_a_pause(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.start()
    tried: list[int] = []

    def full(*_: Any) -> bool:
        tried.append(1)
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(operations, "claim", full)
        running = [
            r[0]
            for r in stage.app.source.db.execute(
                "SELECT id FROM machines WHERE kind='vm' AND power='running' LIMIT 4"
            )
        ]
        stage.app.actions.install(
            running,
            InstallRequest(frozenset({Classification.SECURITY})),
            Waves(WaveMode.SOME, 4, 2),
        )
        stage.until(lambda: len(tried) >= 4)
        stage._spin(1500)
        assert len(tried) == 4
        assert stage.operation_states() == [S.QUEUED] * 4


def test_a_rejection_received_while_closing_is_stored(qapp: QApplication, tmp_path: Path) -> None:
    requested = threading.Event()

    def refuse(_: str, path: str) -> Response | None:
        if "restart" not in path:
            return None
        requested.set()
        threading.Event().wait(0.5)
        return Response(409, {"error": {"code": "OperationNotAllowed", "message": "Busy."}})

    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        stage.simulator.faults.append(refuse)
        stage.app.actions.restart([ids(stage)["vm-dc-01"]])
        stage.until(requested.is_set)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        assert db.execute("SELECT state FROM operations").fetchone()[0] in ("failed", "queued")
        events = [r[0] for r in db.execute("SELECT event FROM audit_log ORDER BY id")]
    assert events == ["sending", "refused"]


def test_a_token_store_that_fails_leaves_the_connection_signed_out_and_set_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.start()

    def broken(_: Gateway) -> None:
        raise OSError("the keyring is locked")

    monkeypatch.setattr(Gateway, "sign_out", broken)
    stage.request.sign_out(mine(stage).id)
    stage.until(lambda: stage.app.engine._connections.contexts)
    stage.idle()
    stage.sync()


def test_a_sign_out_while_the_connection_is_set_up_is_not_lost(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Stage("light", folder=tmp_path) as first:
        first.start()
    held, forgotten = Held(), []
    monkeypatch.setattr(gateways, "Gateway", held(Gateway))
    monkeypatch.setattr(credentials, "forget_tokens", forgotten.append)
    with Stage("light", folder=tmp_path) as stage:
        stage.app.start()
        stage.until(held.begun.is_set)
        stage.until(lambda: stage.app.source.db is not None)
        stage.request.sign_out(mine(stage).id)
        held.release.set()
        stage.until(lambda: forgotten)
        stage.until(lambda: stage.app.engine._connections.contexts)
        stage.idle()


def test_a_gateway_is_closed_if_its_set_up_was_abandoned(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, made, closed = Held(), [], []
    init, close = Gateway.__init__, Gateway.close

    def opened(self: Gateway, *arguments: Any) -> None:
        init(self, *arguments)
        made.append(self)

    def shut(self: Gateway) -> None:
        closed.append(self)
        close(self)

    monkeypatch.setattr(Gateway, "__init__", opened)
    monkeypatch.setattr(Gateway, "close", shut)
    monkeypatch.setattr(gateways, "Gateway", held(Gateway))
    with Stage("light", folder=tmp_path) as stage:
        stage.app.start()
        stage.until(held.begun.is_set)
        stage.until(lambda: stage.app.source.db is not None)
        stage.request.remove_connection(mine(stage).id)
        stage.until(lambda: not connections.read_all(stage.app.source.db))
        held.release.set()
        stage.until(lambda: len(made) == 1 and closed == made)


def test_a_page_of_unreadable_rows_is_read_again_later(stage: Stage) -> None:
    """They aren't read again for each row that is painted."""
    stage.start()
    stage.window.show_page("history")
    stage.settle()
    model, reads = stage.table("fleetHistoryTable").rows, []
    table = model.table

    class Broken:
        def __getattr__(self, name: str) -> Any:
            return getattr(table, name)

        def rows(self, *_: Any, **__: Any) -> Any:
            reads.append(1)
            raise sqlite3.OperationalError("disk I/O error")

    model.table = Broken()
    model._pages.clear()
    for number in range(20):
        assert model.row(number) is None
    assert len(reads) == 1
    model.table = table
    stage.until(lambda: model.row(0) is not None)
