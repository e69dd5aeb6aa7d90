"""Azure's responses reach the disk, whatever happens to the file in the meantime."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store import connections, database
from hotpatch_gui.worker import file, reconcile
from hotpatch_gui.worker.operations import pauses

pytestmark = pytest.mark.expects_log
S = OperationState


def machine(stage: Stage, name: str = "vm-dc-01") -> int:
    return int(
        stage.app.source.db.execute("SELECT id FROM machines WHERE name=?", (name,)).fetchone()[0]
    )


def events(stage: Stage) -> list[str]:
    return [
        row[0] for row in stage.app.source.db.execute("SELECT event FROM audit_log ORDER BY id")
    ]


def locker(path: Path, how: str = "IMMEDIATE") -> sqlite3.Connection:
    """Another program that holds the file."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute(f"BEGIN {how}")
    return other


def test_a_rejection_received_while_the_file_is_locked_is_stored_as_rejected(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "LOCK_WAIT_S", 0.2)
    monkeypatch.setattr(pauses, "FIRST_BACK_OFF_S", 0.1)
    stage.start()
    held: list[sqlite3.Connection] = []

    def refuse(_: str, path: str) -> Response | None:
        if "restart" not in path:
            return None
        held.append(locker(stage.app.source.path))
        return Response(403, {"error": {"code": "AuthorizationFailed", "message": "No."}})

    stage.simulator.faults.append(refuse)
    stage.app.actions.restart([machine(stage)])
    stage.until(lambda: held)
    stage._spin(600)
    held[0].close()
    stage.until(lambda: stage.operation_states() == [S.FAILED])
    assert events(stage) == ["sending", "refused"]


def test_removing_a_connection_before_a_response_is_stored_makes_the_result_unknown(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not stay running forever without a way to dismiss it."""
    stage.start()
    begin, sent, answered = Gateway.begin, threading.Event(), threading.Event()

    def late(self: Gateway, *arguments: object) -> object:
        look = begin(self, *arguments)
        sent.set()
        answered.wait(20)
        return look

    monkeypatch.setattr(Gateway, "begin", late)
    (one,) = connections.read_all(stage.app.source.db)
    stage.request.restart([machine(stage)])
    stage.until(sent.is_set)
    with closing(locker(stage.app.source.path)):
        stage.app.actions.remove_connection(one.id)
        stage._spin(300)
        answered.set()
        stage._spin(300)
    stage.until(lambda: not connections.read_all(stage.app.source.db))
    stage.idle()
    assert stage.operation_states() == [S.UNKNOWN]
    assert events(stage)[-1] == "accepted"
    stage.request.dismiss([1])
    assert stage.operation_states() == [S.DISMISSED]


def test_a_continuation_token_survives_a_temporary_read_failure(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a network share, which has no WAL, a reader waits for a writer."""
    monkeypatch.setattr(database, "is_on_network", lambda _: True)
    monkeypatch.setattr(pauses, "FIRST_BACK_OFF_S", 0.1)
    begin = Gateway.begin

    def locked(self: Gateway, *arguments: object) -> object:
        look = begin(self, *arguments)
        other = locker(tmp_path / database.FILE_NAME, "EXCLUSIVE")
        threading.Timer(0.8, other.close).start()
        return look

    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        monkeypatch.setattr(Gateway, "begin", locked)
        number = machine(stage)
        stage.app.actions.restart([number])
        stage.until(lambda: stage.operation_states() == [S.RUNNING])
        assert events(stage) == ["sending", "accepted"]


def test_a_token_that_arrives_while_the_machine_is_read_is_followed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The response of a restart, which the machine itself never shows, was stored and never polled."""
    monkeypatch.setattr(pauses, "FIRST_BACK_OFF_S", 0.05)
    stage.start()
    begin, read, tokens = Gateway.begin, reconcile.find_result, list[str]()

    def lose(self: Gateway, *arguments: object) -> object:
        tokens.append(begin(self, *arguments).token)
        raise ProblemError(Problem(ProblemKind.OFFLINE, "The response is lost.", "Wait."))

    def store_meanwhile(db: sqlite3.Connection, operation_id: int) -> object:
        found = read(db, operation_id)
        db.execute("UPDATE operations SET token=? WHERE id=?", (tokens[0], operation_id))
        return found

    monkeypatch.setattr(Gateway, "begin", lose)
    monkeypatch.setattr(reconcile, "find_result", store_meanwhile)
    stage.request.restart([machine(stage)])
    stage.until(lambda: tokens)
    stage.clock.advance(minutes=60)
    stage.until(lambda: stage.operation_states()[:1] == [S.SUCCEEDED])
    assert events(stage)[:3] == ["sending", "answer lost", "ended"]
