"""The engine: one writer that never waits, whose commands name machines, and which loses no request unheard."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from requests.exceptions import ReadTimeout

from helpers.program import TOP
from hotpatch_gui.captures.stage import Stage, stopped_simulator
from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.operations import OperationKind, OperationState
from hotpatch_gui.domain.settings import Orchestration, SettingsChange
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.domain.waves import WaveMode, Waves
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store import connections, database, queue
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.views.dialogs.confirm import ConfirmDialog
from hotpatch_gui.worker import commands

S = OperationState
SECURITY = InstallRequest(frozenset({Classification.SECURITY}))
ENDS_S = 5.0


def ids(stage: Stage) -> dict[str, int]:
    return dict(map(tuple, stage.app.source.db.execute("SELECT name, id FROM machines")))


def test_a_damaged_file_that_still_opens_is_replaced_everywhere(
    qapp: QApplication, tmp_path: Path
) -> None:
    """The window had it open before the engine found the damage: its row numbers are of another file."""
    with Stage("light", folder=tmp_path) as first:
        first.start()
    path = tmp_path / FILE_NAME
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE machines SET id=id+1000")
        db.commit()
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name='audit_log'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        assert list(tmp_path.glob("*.damaged-1.sqlite3")), "it was set aside"
        stage.settle()
        shown = {stage.window.machines.model.id_at(n) for n in range(16)}
        assert shown == set(ids(stage).values()), "the list shows the new file"
        assert all(i < 1000 for i in ids(stage).values())
        stage.request.restart([ids(stage)["vm-dc-01"]])
        stage.until(lambda: stage.operation_states() == [S.RUNNING])
        (name,) = stage.app.source.db.execute(
            "SELECT name FROM machines m JOIN operations o ON o.machine_id=m.id"
        ).fetchone()
        assert name == "vm-dc-01"


@pytest.mark.expects_log
@pytest.mark.parametrize("part", [0.25, 0.5, 0.9])
def test_a_truncated_file_with_its_wal_does_not_end_the_window(
    qapp: QApplication, tmp_path: Path, part: float
) -> None:
    """A copy that broke off, with the -wal of the whole file: it opens, and fails as it is read."""
    with Stage("light", folder=tmp_path / "whole") as first:
        first.start()
    path, cut = tmp_path / "whole" / FILE_NAME, tmp_path / "cut" / FILE_NAME
    cut.parent.mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_autocheckpoint=0")
        db.execute("UPDATE machines SET updates=updates+1")
        db.commit()
        cut.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
        wal = Path(f"{path}-wal")
        Path(f"{cut}-wal").write_bytes(wal.read_bytes())
    with Stage("light", folder=cut.parent) as stage:
        stage.start()
        stage.settle()
        assert stage.window.machines.model.rowCount() == 16
        assert stage.window.notice.isVisible()


@pytest.mark.expects_log
def test_a_request_from_a_replaced_file_reaches_no_machine(stage: Stage) -> None:
    stage.start()
    stage.app.engine.send(
        commands.Act(OperationKind.RESTART, [("/subscriptions/x/of/another/file", None)])
    )
    stage.until(stage.window.notice.isVisible)
    assert "in the current data" in stage.window.notice.headline.text()
    assert stage.operation_states() == []
    assert not stage.simulator.cloud.received


def test_disallowed_changes_stay_disallowed_after_other_edits(stage: Stage) -> None:
    """The dialog's picture of the connection was older than the file."""
    stage.start()
    (mine,) = connections.read_all(stage.app.source.db)
    assert mine.changes_allowed
    stage.request.allow_changes(mine.id, changes_allowed=False)
    stage.request.choose_subscriptions(mine.id, ())
    stage.request.save_connection(mine._replace(name="Renamed"))
    (now,) = connections.read_all(stage.app.source.db)
    assert (now.name, now.changes_allowed) == ("Renamed", False)
    stage.request.restart([ids(stage)["vm-dc-01"]])
    stage.until(lambda: stage.operation_states() == [S.FAILED])
    assert not stage.simulator.cloud.received


def test_a_restart_announces_no_assessment_that_is_not_queued(stage: Stage) -> None:
    """Both are in one transaction: whoever sees the end sees what follows it."""
    stage.start()
    stage.request.restart([ids(stage)["vm-dc-01"]])
    stage.until(lambda: stage.operation_states() == [S.RUNNING])
    seen: list[list[str]] = []
    path = stage.app.source.path

    def look(_: object) -> None:
        with closing(database.open_reader(path)) as db:
            seen.append([r[0] for r in db.execute("SELECT state FROM operations ORDER BY id")])

    stage.app.events.changed.connect(look)
    stage.clock.advance(minutes=30)
    stage.until(lambda: len(stage.operation_states()) == 2)
    assert ["succeeded"] not in seen


@pytest.mark.expects_log
def test_a_bug_in_one_command_is_reported_and_affects_no_other(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.start()

    def broken(*_: object, **__: object) -> list[int]:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(queue, "add", broken)
        stage.request.restart([ids(stage)["vm-dc-01"]])
    stage.until(stage.window.notice.isVisible)
    assert "An internal error occurred" in stage.window.notice.headline.text()
    assert stage.operation_states() == [], "nothing is half there"
    stage.request.restart([ids(stage)["vm-dc-01"]])
    stage.until(lambda: stage.operation_states() == [S.RUNNING])


@pytest.mark.expects_log
def test_signing_out_of_a_locked_file_keeps_tokens_and_connection_together(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hotpatch_gui.azure.gateway import Gateway
    from hotpatch_gui.worker import file

    monkeypatch.setattr(file, "LOCK_WAIT_S", 0.2)
    stage.start()
    forgotten: list[int] = []
    monkeypatch.setattr(Gateway, "sign_out", lambda self: forgotten.append(1))
    (mine,) = connections.read_all(stage.app.source.db)
    with closing(sqlite3.connect(stage.app.source.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        stage.request.remove_connection(mine.id)
        stage.until(stage.window.notice.isVisible)
        assert "Another program has locked" in stage.window.notice.headline.text()
        assert not forgotten, "the tokens stay with the connection"
        other.execute("ROLLBACK")
    assert connections.read_all(stage.app.source.db) == [mine]
    stage.request.remove_connection(mine.id)
    stage.until(lambda: bool(forgotten))
    assert connections.read_all(stage.app.source.db) == []


def test_a_locked_file_delays_writes_but_not_network_calls(stage: Stage) -> None:
    """Another program locks it for a second: the loop continues, and the write follows."""
    stage.start()
    with closing(sqlite3.connect(stage.app.source.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        stage.app.actions.restart([ids(stage)["vm-dc-01"]])
        end = time.monotonic() + 0.5
        stage.until(lambda: time.monotonic() > end)
        assert stage.operation_states() == []
        other.execute("ROLLBACK")
    stage.until(lambda: stage.operation_states() == [S.RUNNING])


def test_a_single_401_is_followed_by_a_new_token(stage: Stage) -> None:
    stage.start()
    refused: list[str] = []

    def once(method: str, path: str) -> Response | None:
        if refused or "ResourceGraph" not in path:
            return None
        refused.append(path)
        return Response(
            401, {"error": {"code": "ExpiredAuthenticationToken", "message": "Lapsed."}}
        )

    stage.simulator.faults.append(once)
    before = stage.app.source.db.execute("SELECT finished_at FROM sync_state").fetchone()[0]
    stage.clock.advance(minutes=5)
    stage.sync()
    row = stage.app.source.db.execute("SELECT finished_at, problem FROM sync_state").fetchone()
    assert refused
    assert (row["problem"], row["finished_at"] > before) == ("", True)


@pytest.mark.expects_log
def test_a_failed_sync_without_interactive_sign_in_is_retried(stage: Stage) -> None:
    """A wall display: the tokens were refused for a while, and then are taken again."""
    stage.start()
    skip_reason = Response(
        401, {"error": {"code": "ExpiredAuthenticationToken", "message": "Lapsed."}}
    )
    stage.simulator.faults.append(lambda method, path: skip_reason)
    stage.app.actions.sync()
    stage.until(stage.window.notice.isVisible)
    stage.app.actions.sync_every(0.1 / 60)
    stage.simulator.faults.clear()
    stage.until(lambda: not stage.window.notice.isVisible())
    stage.app.actions.sync_every(60)
    stage.idle()


@pytest.mark.expects_log
def test_a_failed_query_is_shown_in_place_of_its_result(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hotpatch_gui.models import rollout

    stage.start()

    def broken(*_: object, **__: object) -> None:
        raise OverflowError("date value out of range")

    monkeypatch.setattr(rollout, "read_rollout", broken)
    stage.window.show_page("rollout")
    stage.settle()
    page = stage.window.page("rollout")
    assert page.panel.currentWidget() is page.panel.empty
    assert "OverflowError" in page.panel.empty.explanation.text()


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_dates_at_the_limit_are_unknown(stage: Stage, moment: str) -> None:
    stage.start()
    with closing(database.open_writer(stage.app.source.path)) as db:
        for table, column in (
            ("machines", "assessed_at"),
            ("installations", "started_at"),
            ("installations", "modified_at"),
            ("machines", "resource_health_at"),
            ("machines", "pending_at"),
            ("updates", "published_at"),
        ):
            db.execute(f"UPDATE {table} SET {column}=?", (moment,))
    for name in ("rollout", "calendar", "history", "updates", "planner"):
        stage.window.show_page(name)
        stage.settle()
    stage.choose("vm-web-01")


def test_a_wave_starts_after_the_previous_one_and_a_failure_stops_the_rest(
    stage: Stage,
) -> None:
    stage.start()
    names = ["vm-web-01", "vm-web-02", "vm-app-01", "vm-sql-01"]
    stage.simulator.cloud.guests["vm-app-01"].agent_ready = False
    by = ids(stage)
    names = [n for n in names if n in by]
    groups = ["one", "one", "two", "three"][: len(names)]
    waves = Waves(WaveMode.GROUPS, stop_after=1)
    stage.request.install([by[n] for n in names], SECURITY, waves, groups)
    stage.until(lambda: stage.operation_states()[:2] == [S.RUNNING, S.RUNNING])
    assert set(stage.operation_states()[2:]) == {S.QUEUED}
    stage.window.show_page("activity")
    stage.settle()
    model = stage.table("activityTable").rows
    keys = [c.key for c in model.columns]
    newest = model.row(0)
    assert model.text(newest, keys.index("note")) == "Waiting for its wave: three."
    assert model.text(newest, keys.index("wave")) == "three"
    stage.clock.advance(minutes=120)
    stage.until(lambda: all(s.is_final for s in stage.operation_states()))
    assert stage.operation_states() == [S.SUCCEEDED, S.SUCCEEDED, S.FAILED, S.CANCELED]
    (note,) = stage.app.source.db.execute("SELECT note FROM operations WHERE id=4").fetchone()
    assert note == (
        "Not sent: sending stopped after one of the operations requested together failed, had an unknown result, or left the machine unhealthy."
    )
    (line,) = stage.app.source.db.execute(
        "SELECT event FROM audit_log WHERE operation_id=4"
    ).fetchall()
    assert line[0] == "cancelled"
    sent = stage.app.source.db.execute(
        "SELECT result FROM audit_log WHERE event='sending'"
    ).fetchall()
    rule = "One group after another, stopping after one failure. In the group “one”."
    assert (len(sent), sent[0][0]) == (3, rule)


def test_a_machine_that_an_installation_leaves_unhealthy_stops_the_rest(stage: Stage) -> None:
    stage.start()
    names = ["vm-web-01", "vm-web-02", "vm-app-01"]
    by = ids(stage)
    waves = Waves(WaveMode.GROUPS, stop_after=1)
    stage.request.install([by[n] for n in names], SECURITY, waves, ["one", "two", "three"])
    stage.until(lambda: stage.operation_states()[0] is S.RUNNING)
    stage.clock.advance(minutes=30)
    stage.until(lambda: stage.operation_states()[1] is S.RUNNING)
    guest = stage.simulator.cloud.guests["vm-web-01"]
    guest.health, guest.resource_health_since = "Unavailable", stage.clock.now().isoformat()
    stage.sync()
    stage.clock.advance(minutes=30)
    stage.until(lambda: all(s.is_final for s in stage.operation_states()))
    assert stage.operation_states() == [S.SUCCEEDED, S.SUCCEEDED, S.CANCELED]


def test_the_limit_of_concurrent_operations_is_kept(stage: Stage) -> None:
    stage.start()
    running = [
        r[0]
        for r in stage.app.source.db.execute(
            "SELECT id FROM machines WHERE power='running' AND kind='vm' AND agent_ready IS NOT 0 LIMIT 5"
        )
    ]
    stage.request.install(running, SECURITY, Waves(WaveMode.SOME, size=2))
    stage.until(lambda: stage.operation_states().count(S.RUNNING) == 2)
    stage.idle()
    assert stage.operation_states().count(S.QUEUED) == len(running) - 2
    most = [0]

    def have_ended() -> bool:
        stage.clock.advance(minutes=2)
        most.append(sum(state.is_under_way for state in stage.operation_states()))
        return all(state.is_final for state in stage.operation_states())

    stage.until(have_ended)
    assert max(most) <= 2


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("arguments", [["sync"], []], ids=["command", "window"])
def test_a_signal_ends_the_program_while_a_request_hangs(
    tmp_path: Path, number: signal.Signals, arguments: list[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as azure:
        address = f"http://127.0.0.1:{azure.getsockname()[1]}"
        command = [
            sys.executable,
            "-m",
            "hotpatch_gui",
            "--data-dir",
            str(tmp_path),
            "--endpoint",
            address,
            *arguments,
        ]
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        with subprocess.Popen(
            command, cwd=TOP, env=environment, stderr=subprocess.PIPE, text=True
        ) as program:
            azure.settimeout(60)
            connection, _ = azure.accept()
            assert connection.recv(1), "a request is under way, and is never answered"
            begun = time.monotonic()
            program.send_signal(number)
            _, message = program.communicate(timeout=30)
            assert time.monotonic() - begun < ENDS_S
            assert program.returncode == (1 if arguments else 0)
            assert "Traceback" not in message
            connection.close()


def test_a_change_whose_immediate_end_was_not_stored_is_resolved(
    qapp: QApplication, tmp_path: Path
) -> None:
    """Killed between the response and its end: Azure has no operation to follow, and the machine shows the result."""
    change = SettingsChange(Orchestration.WINDOWS_AUTOMATIC, periodic_assessment=True)
    simulator = stopped_simulator(SteppedClock(EPOCH))
    with Stage("light", folder=tmp_path, simulator=simulator) as first:
        first.start()
        first.request.change_settings([ids(first)["srv-hq-01"]], change)
        first.until(lambda: first.operation_states() == [S.SUCCEEDED])
    with closing(database.open_writer(tmp_path / FILE_NAME)) as db:
        db.execute("UPDATE operations SET state='running', ended_at=NULL, token=''")
    sent = dict(simulator.cloud.received)
    with Stage("light", folder=tmp_path, simulator=simulator) as again:
        again.start()
        again.until(lambda: again.operation_states() == [S.SUCCEEDED])
    assert dict(simulator.cloud.received) == sent
    simulator.cloud.close()


def test_a_sync_reads_what_changed_and_shift_f5_reads_everything(
    stage: Stage, qtbot: QtBot
) -> None:
    stage.start()
    requested: list[str] = []
    handle = stage.simulator.handle

    def count(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        if "ResourceGraph" in url and b"patchassessmentresources" in (body or b""):
            requested.append((body or b"").decode())
        return handle(method, url, headers, body)

    stage.simulator.handle = count
    stage.app.actions.sync()
    stage.idle()
    assert len(requested) == 1
    assert "lastModifiedDateTime" in requested[0]
    guest = stage.simulator.cloud.guests["vm-web-02"]
    now = stage.clock.now().isoformat()
    guest.assessment |= {
        "id": "another",
        "started": now,
        "modified": now,
        "patches": guest.assessment["patches"][:1],
    }
    requested.clear()
    stage.app.actions.sync()
    stage.idle()
    assert len(requested) == 2, "what changed, then the list of the one machine"
    assert "vm-web-02" in requested[1].casefold()
    (left,) = stage.app.source.db.execute(
        "SELECT count(*) FROM updates WHERE machine_id=?", (ids(stage)["vm-web-02"],)
    ).fetchone()
    assert left == 1
    requested.clear()
    stage.window.activateWindow()
    stage.until(stage.window.isActiveWindow)
    qtbot.keyClick(stage.window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    stage.idle()
    assert len(requested) == 2, "results and updates of the whole fleet"
    assert not any("lastModifiedDateTime" in text for text in requested)


@pytest.mark.expects_log
def test_a_list_that_was_cut_off_is_read_with_the_next_sync(stage: Stage) -> None:
    """Its result is in the file already, and says by its id that the list is not."""
    stage.start()
    guest = stage.simulator.cloud.guests["vm-web-02"]
    now = stage.clock.now().isoformat()
    guest.assessment |= {
        "id": "another",
        "started": now,
        "modified": now,
        "patches": guest.assessment["patches"][:1],
    }
    handle = stage.simulator.handle

    def cut(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        if b"id startswith" in (body or b""):
            return Response(200, raw=b'{"data": [')
        return handle(method, url, headers, body)

    stage.simulator.handle = cut
    stage.app.actions.sync()
    stage.until(stage.window.notice.isVisible)
    count = "SELECT count(*) FROM updates WHERE machine_id=?"
    number = ids(stage)["vm-web-02"]
    assert stage.app.source.db.execute(count, (number,)).fetchone()[0] == 3, "as it was"
    stage.simulator.handle = handle
    stage.app.actions.sync()
    stage.idle()
    assert stage.app.source.db.execute(count, (number,)).fetchone()[0] == 1


def test_usage_errors_are_reported_before_any_request_to_azure(
    clock: SteppedClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from hotpatch_gui import cli
    from hotpatch_gui.simulator.server import SimulatorServer

    simulator = stopped_simulator(clock)
    template = simulator.cloud.guests["vm-web-02"]
    for n in range(30):
        made = replace(deepcopy(template), name=f"many-{n}")
        simulator.cloud.guests[made.name] = made
    server = SimulatorServer(simulator)
    server.start()
    common = ["--data-dir", str(tmp_path), "--endpoint", server.endpoint]
    try:
        assert cli.main([*common, "sync"]) == 0
        requested: list[str] = []
        simulator.faults.append(lambda method, path: requested.append(path))
        for bad in (
            ["assess", "no-such-machine"],
            ["install", "vm-web-01", "no-such-machine"],
            ["assess", "--all"],
            ["install", "--all", "--include", "KB<b>"],
        ):
            assert cli.main([*common, *bad]) == 2
        assert requested == []
        assert "--confirm" in capsys.readouterr().err
    finally:
        server.stop()
        simulator.cloud.close()


def test_a_stop_rule_survives_a_kill_between_failure_and_next_wave(
    qapp: QApplication, tmp_path: Path
) -> None:
    with Stage("light", folder=tmp_path) as first:
        first.start()
        by = ids(first)
        waves = Waves(WaveMode.SOME, size=1, stop_after=1)
        first.request.install([by["vm-web-01"], by["vm-web-02"]], SECURITY, waves)
        first.until(lambda: first.operation_states() == [S.RUNNING, S.QUEUED])
    with closing(database.open_writer(tmp_path / FILE_NAME)) as db:
        db.execute("UPDATE operations SET state='failed', ended_at=created_at WHERE id=1")
    with Stage("light", folder=tmp_path) as again:
        again.start()
        again.until(lambda: again.operation_states() == [S.FAILED, S.CANCELED])
        assert "install" not in again.simulator.cloud.received


@pytest.mark.expects_log
def test_an_unknown_result_does_not_block_a_wave(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.start()
    by = ids(stage)
    lost = [True]

    def once(method: str, path: str) -> Exception | None:
        if method == "POST" and path.endswith("/installPatches") and lost.pop():
            lost.append(False)
            return ReadTimeout("lost")
        return None

    lost.insert(0, False)
    stage.simulator.faults.append(once)
    stage.request.install(
        [by["vm-web-01"], by["vm-web-02"]], SECURITY, Waves(WaveMode.GROUPS), ["a", "b"]
    )
    stage.until(lambda: stage.operation_states()[0] is S.UNKNOWN)
    stage.clock.advance(minutes=1)
    stage.until(lambda: stage.operation_states() == [S.UNKNOWN, S.RUNNING])


def test_a_pending_response_is_stored_when_the_program_ends(
    qapp: QApplication, tmp_path: Path
) -> None:
    """Azure needs a second to respond; dropping the response would leave a restart of which nothing is recorded."""
    simulator = stopped_simulator(SteppedClock(EPOCH))
    handle = simulator.handle

    def slow(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        response = handle(method, url, headers, body)
        if method == "POST" and "/restart" in url:
            time.sleep(1.0)
        return response

    simulator.handle = slow
    with Stage("light", folder=tmp_path, simulator=simulator) as stage:
        stage.start()
        stage.request.restart([ids(stage)["vm-dc-01"]])
        stage.until(lambda: simulator.cloud.received.get("restart", 0) == 1)
    with closing(database.open_reader(tmp_path / FILE_NAME)) as db:
        state, token = db.execute("SELECT state, token FROM operations").fetchone()
    assert state == "running"
    assert token
    simulator.cloud.close()


def test_a_stopped_machine_is_started_from_its_status_sentence(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-dev-01")
    blade = stage.window.machines.blade
    assert blade.banner.button.text() == "Start"
    blade.banner.button.click()
    dialog = stage.window.findChild(ConfirmDialog)
    assert dialog is not None
    dialog.yes.click()
    stage.until(lambda: stage.operation_states() == [S.RUNNING])
    stage.clock.advance(minutes=1)
    stage.until(lambda: stage.operation_states() == [S.SUCCEEDED])
    stage.settle()
    assert not blade.commands["start"].isVisible(), "it runs now"
    assert blade.commands["assess"].isEnabled()
    assert stage.simulator.cloud.received == {"start": 1}


@pytest.mark.expects_log
def test_a_start_whose_response_was_lost_is_read_from_the_machine(stage: Stage) -> None:
    handle = stage.simulator.handle

    def lost(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        response = handle(method, url, headers, body)
        if method == "POST" and "/start" in url:
            raise ConnectionResetError(104, "Connection reset by peer")
        return response

    stage.start()
    stage.simulator.handle = lost
    stage.request.start([ids(stage)["vm-dev-01"]])
    stage.until(lambda: stage.simulator.cloud.received.get("start", 0) == 1)
    stage.clock.advance(minutes=30)
    stage.until(lambda: stage.operation_states() == [S.SUCCEEDED])
    assert stage.simulator.cloud.received == {"start": 1}, "it isn't sent again"


def test_a_request_of_an_earlier_session_is_not_sent_hours_later(
    qapp: QApplication, tmp_path: Path
) -> None:
    with Stage("light", folder=tmp_path) as first:
        first.start()
        number = ids(first)["vm-web-02"]
    with closing(database.open_writer(tmp_path / FILE_NAME)) as db:
        db.execute(
            "INSERT INTO operations (machine_id, kind, state, request, created_at) VALUES (?, 'install', 'queued',"
            " '{}', '2026-08-20T06:00:00Z')",
            (number,),
        )
    with Stage("light", folder=tmp_path) as again:
        again.start()
        again.until(lambda: again.operation_states() == [S.CANCELED])
        assert not again.simulator.cloud.received


@pytest.mark.expects_log
def test_a_connection_that_cannot_be_created_does_not_affect_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong with one: here a bug in the making of its gateway."""
    from hotpatch_gui.azure import gateway

    real = gateway.Gateway

    def broken(connection: Connection, *rest: object, **keywords: object) -> object:
        if connection.name == "Broken":
            raise KeyError("record")
        return real(connection, *rest, **keywords)

    monkeypatch.setattr(gateway, "Gateway", broken)
    stage.start()
    (mine,) = connections.read_all(stage.app.source.db)
    stage.request.save_connection(mine._replace(id=0, name="Broken"))
    stage.until(lambda: stage.app.engine.is_idle)
    stage.request.restart([ids(stage)["vm-dc-01"]])
    stage.until(lambda: stage.operation_states() == [S.RUNNING])
