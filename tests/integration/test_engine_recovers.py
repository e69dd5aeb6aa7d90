"""After trouble with the file, a sign-in or a connection, the engine continues automatically, and only with what is still
meant."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from helpers.waiting import busy, fail_once, machine, mine, notes, was_refused
from hotpatch_gui.application.connection_trial import ConnectionTrial
from hotpatch_gui.application.targets import azure_target
from hotpatch_gui.azure import credentials
from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.azure.pages import MachinePage
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain import clouds
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store import connections, database, machines, queue
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.worker import commands, engine, operation_queue
from hotpatch_gui.worker import connections as worker_connections
from hotpatch_gui.worker.sync import unseen

pytestmark = pytest.mark.expects_log
S = OperationState


def test_operations_that_waited_days_for_a_sign_in_are_not_sent(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Gateway, "sign_in", lambda _: None)
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        own = mine(stage)
        stage.request.save_connection(own._replace(method=SignInMethod.BROWSER))
        stage.until(lambda: stage.app.engine._connections.contexts)
        stage.idle()
        stage.simulator.faults.append(busy)
        stage.request.restart([machine(stage)])
        stage.until(lambda: was_refused(stage))
        stage.request.sign_out(own.id)
        stage.simulator.faults.clear()
        stage.until(lambda: stage.app.engine._connections.contexts)
        stage.app.engine._clock.observe(stage.clock.now() + timedelta(days=3), 0.0)
        stage.request.sign_in(own.id)
        stage.until(lambda: stage.operation_states() == [S.CANCELED])
        assert "restart" not in stage.simulator.cloud.received


def test_an_old_request_is_not_sent_after_the_clock_was_set_back(
    qapp: QApplication, tmp_path: Path
) -> None:
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        stage.simulator.faults.append(busy)
        stage.request.restart([machine(stage)])
        stage.until(lambda: was_refused(stage))
    with Stage("light", folder=tmp_path) as stage:
        stage.app.engine._clock.observe(stage.clock.now() - timedelta(days=2), 0.0)
        stage.start()
        stage.until(lambda: stage.operation_states() == [S.CANCELED])
        assert not stage.simulator.cloud.received


def test_a_file_that_is_locked_at_the_start_is_opened_once_it_is_free(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "RESTART_S", 0.2)
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 100)
    path = tmp_path / FILE_NAME
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        stage = Stage("light", folder=tmp_path)
        stage.app.start()
        stage.until(stage.window.notice.isVisible)
        assert stage.app.source.db is None
        other.rollback()
    with stage:
        stage.until(lambda: stage.app.source.db is not None)
        stage.sync()


def test_a_connection_that_could_not_be_set_up_is_tried_again_at_its_periods(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries, stored = fail_once(monkeypatch), worker_connections.store_failure

    async def slow_file(*arguments: Any) -> None:
        await asyncio.sleep(1.0)
        await stored(*arguments)

    monkeypatch.setattr(worker_connections, "store_failure", slow_file)
    with Stage("light", folder=tmp_path) as stage:
        stage.app.engine._sync_every_s = 0.3
        stage.app.start()
        stage.until(lambda: len(tries) >= 2)
        stage.until(lambda: stage.app.engine._connections.contexts)


def test_a_partially_stored_request_is_reported(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.start()
    monkeypatch.setattr(operation_queue, "SLICE", 2)
    monkeypatch.setattr(engine, "RESTART_S", 0.2)
    add, calls, reported = queue.add, [], []
    stage.app.events.failed.connect(lambda failed: reported.append(failed.problem))

    def full(*arguments: Any, **keywords: Any) -> list[int]:
        calls.append(1)
        if len(calls) == 2:
            raise sqlite3.OperationalError("database or disk is full")
        return add(*arguments, **keywords)

    monkeypatch.setattr(queue, "add", full)
    some = [machine(stage, name) for name in ("vm-dc-01", "vm-web-01", "vm-web-02", "vm-app-01")]
    stage.request.assess(some)
    stage.until(lambda: len(reported) == 2)
    assert reported[0].sentence.startswith("Only 2 of 4 operations were queued")
    assert len(stage.operation_states()) == 2


def test_closing_does_not_wait_for_a_file_that_is_being_opened(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare, begun, advance_and_sync = database.prepare, threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        begun.set()
        advance_and_sync.wait(20)
        return prepare(*arguments)

    monkeypatch.setattr(database, "prepare", slow)
    with Stage("light", folder=tmp_path) as stage:
        stage.app.start()
        stage.until(begun.is_set)
        assert stage.app.engine.stop(3.0)
        advance_and_sync.set()


def test_choices_made_while_the_file_cannot_be_opened_are_kept(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare, broken = database.prepare, [1]

    def locked(*arguments: Any) -> Any:
        if broken:
            raise sqlite3.OperationalError("unable to open database file")
        return prepare(*arguments)

    monkeypatch.setattr(database, "prepare", locked)
    with Stage("light", folder=tmp_path) as stage:
        stage.app.engine._release_feed = "https://feed.invalid/"
        stage.app.start()
        stage.until(stage.window.notice.isVisible)
        stage.app.engine.send(commands.ReadReleasesDaily(None))
        stage.app.engine.send(commands.SyncEvery(1234.0))
        broken.clear()
        stage.sync()
        assert stage.app.engine._release_feed is None
        assert stage.app.engine._connections.periodic.every_s == 1234.0


def test_machines_that_azure_still_returns_are_not_marked_as_deleted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Resource Graph returns nothing once, as one of its replicas may."""
    stage.start()
    monkeypatch.setattr(unseen, "MAX_INDIVIDUAL_READS", 5)
    monkeypatch.setattr(Gateway, "machine_pages", lambda _: iter([MachinePage([], 0, 0)]))
    monkeypatch.setattr(Gateway, "arc_pages", lambda _: iter([MachinePage([], 0, 0)]))
    stage.app.engine.send(commands.Sync(full=True))
    stage.until(lambda: stage.app.engine.is_idle)
    gone = stage.app.source.db.execute("SELECT count(*) FROM machines WHERE deleted_at IS NOT NULL")
    assert gone.fetchone()[0] == 0


def test_a_pause_that_azure_requests_outlives_a_sign_out(stage: Stage) -> None:
    stage.start()
    requested: list[str] = []

    def later(method: str, path: str) -> Response | None:
        if "Microsoft.ResourceGraph" not in path:
            return None
        requested.append(path)
        return Response(503, None, {"Retry-After": "120"})

    stage.simulator.faults.append(later)
    stage.app.engine.send(commands.Sync())
    stage.until(lambda: requested)
    stage.request.sign_out(mine(stage).id)
    stage.until(lambda: stage.app.engine._connections.contexts)
    stage.request.sign_in(mine(stage).id)
    stage._spin(800)
    assert len(requested) == 1


def test_a_connection_removed_while_its_tokens_are_forgotten_stays_removed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.start()
    own = mine(stage).id
    forget, begun, advance_and_sync = Gateway.sign_out, threading.Event(), threading.Event()

    def held(self: Gateway) -> None:
        begun.set()
        advance_and_sync.wait(20)
        forget(self)

    monkeypatch.setattr(Gateway, "sign_out", held)
    stage.request.sign_out(own)
    stage.until(begun.is_set)
    with closing(sqlite3.connect(stage.app.source.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        stage.app.actions.remove_connection(own)
        stage._spin(200)
        advance_and_sync.set()
        stage._spin(500)
    stage.until(lambda: not connections.read_all(stage.app.source.db))
    stage.idle()
    assert not stage.app.engine._connections.contexts
    present = stage.app.source.db.execute("SELECT count(*) FROM machines WHERE deleted_at IS NULL")
    assert present.fetchone()[0] == 0


@pytest.mark.parametrize("change", ["save", "choose"])
def test_a_change_of_a_removed_connection_is_rejected_with_a_reason(
    stage: Stage, change: str
) -> None:
    stage.start()
    one, reported = mine(stage), []
    stage.app.events.failed.connect(lambda failed: reported.append(failed.problem))
    stage.request.remove_connection(one.id)
    stage.until(lambda: not connections.read_all(stage.app.source.db))
    command = {
        "save": commands.SaveConnection(one._replace(name="Again")),
        "choose": commands.ChooseSubscriptions(one.id, ("x",)),
    }[change]
    stage.app.engine.send(command)
    stage.until(lambda: reported)
    assert reported[0].kind is ProblemKind.NOT_FOUND
    kept = stage.app.source.db.execute("SELECT count(*) FROM subscriptions").fetchone()
    assert kept[0] == 0


class Kept:
    """An encrypted store, in memory."""

    stores: dict[str, str]

    def __init__(self, name: str) -> None:
        self.name = name

    def load(self) -> str:
        if self.name not in self.stores:
            raise FileNotFoundError(
                self.name
            )  # msal_extensions' PersistenceNotFound is one of OSError
        return self.stores[self.name]

    def save(self, content: str) -> None:
        self.stores[self.name] = content


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    Kept.stores = {}
    monkeypatch.setattr(credentials, "_store_of", lambda name, *, is_cae: Kept(f"{name}{is_cae}"))
    return Kept.stores


def test_changing_the_sign_in_method_deletes_its_tokens(
    stage: Stage, stores: dict[str, str]
) -> None:
    stage.start()
    browser = Connection("Real", clouds.PUBLIC, SignInMethod.BROWSER, 1)
    for is_cae in (False, True):
        stores[f"{credentials.CACHE_NAME.format(id=1)}{is_cae}"] = "refresh"
    credentials.forget_tokens(browser._replace(method=SignInMethod.CLI))
    assert set(stores.values()) == {"{}"}


def test_a_tested_connection_keeps_its_sign_in_and_subscriptions(
    qapp: QApplication, tmp_path: Path, stores: dict[str, str]
) -> None:
    made = Connection(
        "Real", clouds.PUBLIC, SignInMethod.BROWSER, tenant="t", subscription_ids=("a",)
    )
    origin = azure_target().data_origin
    db, _ = database.prepare(tmp_path / FILE_NAME, origin)
    with closing(db), database.transaction(db):
        connections.remove(db, connections.save(db, made), azure_target().clock(None)())
    trial = ConnectionTrial(tmp_path, made)
    db, _ = database.prepare(trial._path, origin)
    with closing(db), database.transaction(db):
        number = connections.save(db, trial._connection)
        connections.choose_subscriptions(db, number, ("a",))
        connections.signed_in(db, number, "me", "record")
    stores[f"{credentials.CACHE_NAME.format(id=number)}False"] = "refresh"
    assert trial.save_connection() is None
    with closing(database.open_reader(tmp_path / FILE_NAME)) as reader:
        (taken,) = connections.read_all(reader)
    assert taken.subscription_ids == ("a",)
    assert stores == {f"{credentials.CACHE_NAME.format(id=taken.id)}False": "refresh"}


def test_a_request_that_cannot_be_stored_is_reported(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception in a slot would only be logged, and the click would be lost."""
    stage.start()

    def damaged(*_: Any) -> Any:
        raise sqlite3.DatabaseError("database disk image is malformed")

    monkeypatch.setattr(machines, "arm_ids", damaged)
    stage.app.actions.restart([machine(stage)])
    assert stage.window.notice.isVisible()
    assert "hotpatch.sqlite3" in stage.window.notice.headline.text()


def test_machines_missing_from_the_file_are_reported(stage: Stage) -> None:
    stage.start()
    stage.app.actions.restart([10_001, 10_002])
    assert "2 of the machines aren't in the current data" in stage.window.notice.headline.text()
    assert not stage.operation_states()


def test_an_unfinished_sign_in_waits_for_the_user(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever azure-identity calls it: nothing tries again, and the button stays."""
    stage.start()

    def lapsed(_: Gateway) -> None:
        problem = Problem(ProblemKind.AZURE_FAILED, "Timed out.", "The program retries.")
        raise ProblemError(problem)

    monkeypatch.setattr(Gateway, "sign_in", lapsed)
    stage.request.save_connection(mine(stage)._replace(method=SignInMethod.BROWSER))
    stage.until(stage.window.notice.isVisible)
    stage.until(lambda: stage.window.notice.button.text() == "Sign in")
    assert stage.window.notice.detail.text() == "Choose Sign in to try again."


def test_a_sign_out_during_a_change_keeps_the_connection_set_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.start()
    one = mine(stage)
    held, forget = threading.Event(), Gateway.sign_out

    def slow(self: Gateway) -> None:
        held.wait(5)
        forget(self)

    monkeypatch.setattr(Gateway, "sign_out", slow)
    stage.request.save_connection(one._replace(tenant="another"))
    stage.request.sign_out(one.id)
    held.set()
    stage.until(lambda: stage.app.engine._connections.contexts)
    stage.request.sign_in(one.id)
    stage.until(lambda: stage.app.engine.is_idle)
    stage.sync()


def test_machines_without_permission_are_not_deleted_with_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.start()
    monkeypatch.setattr(unseen, "MAX_INDIVIDUAL_READS", 2)
    monkeypatch.setattr(Gateway, "machine_pages", lambda _: iter([MachinePage([], 0, 0)]))
    monkeypatch.setattr(Gateway, "arc_pages", lambda _: iter([MachinePage([], 0, 0)]))

    def refused(*_: Any) -> Any:
        raise ProblemError(Problem(ProblemKind.FORBIDDEN, "No.", ""))

    monkeypatch.setattr(Gateway, "read_machine", refused)
    stage.app.engine.send(commands.Sync(full=True))
    stage.until(lambda: stage.app.engine.is_idle)
    gone = stage.app.source.db.execute("SELECT count(*) FROM machines WHERE deleted_at IS NOT NULL")
    assert gone.fetchone()[0] == 0


def test_a_restart_that_waits_for_a_long_installation_does_not_expire(stage: Stage) -> None:
    stage.start()
    number = machine(stage, "vm-web-02")
    stage.request.install([number], InstallRequest(frozenset({Classification.SECURITY})))
    stage.until(lambda: stage.operation_states() == [S.RUNNING])
    stage.request.restart([number])
    stage.app.engine._clock.observe(stage.clock.now() + timedelta(hours=2), 0.0)
    stage.request.sign_out(mine(stage).id)
    stage.until(lambda: stage.app.engine._connections.contexts)
    stage.until(lambda: stage.app.engine._jobs.has("1 operation 2"))
    stage.idle()
    assert "Waiting for" in notes(stage)[1]
    assert stage.operation_states() == [S.RUNNING, S.QUEUED]


def test_an_operation_that_waited_for_an_expired_one_expires(
    qapp: QApplication, tmp_path: Path
) -> None:
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        number = machine(stage, "vm-web-02")
        stage.request.install([number], InstallRequest(frozenset({Classification.SECURITY})))
        stage.until(lambda: stage.operation_states() == [S.RUNNING])
        stage.request.restart([number])
        simulator = stage.simulator
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        db.execute("UPDATE operations SET created_at='2026-08-18T00:00:00Z' WHERE kind='restart'")
        db.commit()
    with Stage("light", folder=tmp_path, simulator=simulator) as stage:
        stage.start()
        stage.until(lambda: stage.operation_states() == [S.RUNNING, S.CANCELED])


def test_a_failed_noninteractive_sign_in_is_retried_by_syncs(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pressed while the connection could not be set up yet."""
    tries = fail_once(monkeypatch)

    def offline(_: Gateway) -> None:
        raise ProblemError(Problem(ProblemKind.OFFLINE, "No network.", ""))

    monkeypatch.setattr(Gateway, "sign_in", offline)
    with Stage("light", folder=tmp_path) as stage:
        stage.app.start()
        stage.until(lambda: tries)
        stage.until(stage.window.notice.isVisible)
        stage.request.sign_in(mine(stage).id)
        stage.until(lambda: stage.window.machines.model.rowCount() == 16)


def test_a_file_of_a_newer_version_is_not_opened_again_and_again(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "RESTART_S", 0.1)
    prepare, opened = database.prepare, []

    def counted(*arguments: Any) -> Any:
        opened.append(1)
        return prepare(*arguments)

    monkeypatch.setattr(database, "prepare", counted)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        db.execute("CREATE TABLE future (x)")
        db.execute("PRAGMA user_version=999")
    with Stage("light", folder=tmp_path) as stage:
        stage.app.start()
        stage.until(stage.window.notice.isVisible)
        stage._spin(600)
    assert len(opened) == 1


def test_saving_without_changes_keeps_tokens(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Stage("light", folder=tmp_path) as first:
        first.start()
    init, held, forgotten = Gateway.__init__, threading.Event(), []

    def slow(self: Gateway, *arguments: Any) -> None:
        held.wait(5)
        init(self, *arguments)

    monkeypatch.setattr(Gateway, "__init__", slow)
    monkeypatch.setattr(credentials, "forget_tokens", forgotten.append)
    with Stage("light", folder=tmp_path) as stage:
        stage.app.start()
        stage.until(lambda: stage.app.source.db is not None)
        stage.request.save_connection(mine(stage)._replace(name="Renamed"))
        held.set()
        stage.until(lambda: stage.app.engine._connections.contexts)
        stage.idle()
    assert not forgotten


def test_an_operation_that_waits_for_its_turn_does_not_expire_when_its_job_restarts(
    stage: Stage,
) -> None:
    """As after a failure of the file: nothing kept the connection from sending."""
    stage.start()
    number = machine(stage, "vm-web-02")
    stage.request.install([number], InstallRequest(frozenset({Classification.SECURITY})))
    stage.until(lambda: stage.operation_states() == [S.RUNNING])
    stage.request.restart([number])
    stage.until(lambda: "Waiting for" in notes(stage)[1])
    running = stage.app.engine
    running._clock.observe(stage.clock.now() + timedelta(hours=2), 0.0)
    ended = asyncio.run_coroutine_threadsafe(running._jobs.end("1 operation 2"), running._loop)
    stage.until(ended.done)
    running._loop.call_soon_threadsafe(running._connections.restart_jobs)
    stage.until(lambda: running._jobs.has("1 operation 2"))
    stage.idle()
    assert stage.operation_states() == [S.RUNNING, S.QUEUED]


def has_handled_all(running: engine.Engine) -> bool:
    return running.unhandled == 0


def test_a_test_sign_in_keeps_tokens_of_other_connections(
    qtbot: QtBot, tmp_path: Path, stores: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure's file may not be readable yet, so the IDs of its connections may not be known."""
    signed_in: list[str] = []

    def sign_in(gateway: Gateway) -> None:
        signed_in.append(f"{credentials.CACHE_NAME.format(id=gateway.connection.id)}False")
        stores[signed_in[-1]] = "of the trial"

    monkeypatch.setattr(Gateway, "sign_in", sign_in)
    made = Connection("Real", clouds.PUBLIC, SignInMethod.BROWSER, tenant="t")
    db, _ = database.prepare(tmp_path / FILE_NAME, azure_target().data_origin)
    with closing(db):
        db.execute("PRAGMA user_version=9999")  # of a version to come
    name = f"{credentials.CACHE_NAME.format(id=1)}False"
    stores[name] = "refresh"
    trial = ConnectionTrial(tmp_path, made)
    trial.start()
    qtbot.waitUntil(lambda: bool(signed_in))
    qtbot.waitUntil(partial(has_handled_all, trial._engine))
    assert trial.save_connection() is not None, "that file can't hold it"
    trial.discard()
    assert stores.pop(name) == "refresh"
    assert set(stores.values()) == {"{}"}
