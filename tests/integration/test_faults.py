"""Each trouble shows its sentence, loses nothing stored, and ends in a true state."""

from __future__ import annotations

import sqlite3
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ReadTimeout, SSLError
from urllib3 import exceptions as wire_errors
from urllib3.exceptions import MaxRetryError, NewConnectionError

from hotpatch_gui.application.targets import demo_simulator, demo_target
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.problems import ProblemError
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.simulator.arm import Response, SimulatorApi
from hotpatch_gui.simulator.install_parameters import parse_install_parameters
from hotpatch_gui.store import database
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.worker import file
from hotpatch_gui.worker.operations import pauses

S = OperationState
Outcome = Response | Exception
SECURITY = InstallRequest(frozenset({Classification.SECURITY}))


def error(
    status: int, code: str = "Code", message: str = "Azure's own words.", **headers: str
) -> Response:
    return Response(status, {"error": {"code": code, "message": message}}, dict(headers))


def always(outcome: Outcome, part: str = "") -> Callable[[str, str], Outcome | None]:
    return lambda method, path: outcome if part.casefold() in path.casefold() else None


def times(count: int, outcome: Outcome, part: str) -> Callable[[str, str], Outcome | None]:
    left = [count]

    def fault(method: str, path: str) -> Outcome | None:
        if part.casefold() not in path.casefold() or left[0] == 0:
            return None
        left[0] -= 1
        return outcome

    return fault


def stored(stage: Stage) -> tuple[int, ...]:
    db = stage.app.source.db
    assert db is not None
    tables = ("machines", "assessments", "updates", "installations", "installation_updates")
    return tuple(db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables)


def refused() -> NoConnection:
    """The error that requests raises if nothing listens on a port."""
    return NoConnection(MaxRetryError(None, "/", NewConnectionError(None, "refused")))


FAULTS = {
    "no network": (refused(), "No connection to the server could be made", "Check the network"),
    "broken connection": (
        ReadTimeout("gone"),
        "connection was interrupted before Azure answered",
        "Check the network",
    ),
    "401": (error(401), "didn't accept the sign-in (401)", "sign in again"),
    "403": (error(403), "Access denied (403)", "role that allows it"),
    "404": (error(404), "didn't find the resource (404)", "Refresh the data"),
    "409": (
        error(409, "Conflict"),
        "Another operation is in progress there (409)",
        "Wait until it finishes",
    ),
    "409 that is no contention": (
        error(409, "ScopeLocked"),
        "A lock prevents the change (409 ScopeLocked)",
        "Remove the lock",
    ),
    "400": (error(400), "rejected the request (400", "Change the request"),
    "500": (error(500), "failed (500)", "retries automatically"),
    "503 without a body": (Response(503), "failed (503)", "retries automatically"),
    "a web page": (
        Response(200, raw=b"<html>Proxy login</html>"),
        "couldn't be read",
        "Earlier data is kept",
    ),
    "a response that is nested too deep": (
        Response(200, raw=b"[" * 200_000),
        "couldn't be read",
        "Earlier data is kept",
    ),
    "half a response": (
        Response(200, raw=b'{"data": [{"id": "/subscr'),
        "couldn't be read",
        "Earlier data is kept",
    ),
    "another shape": (
        Response(200, {"data": "nonsense", "count": 1}),
        "couldn't be read",
        "Earlier data is kept",
    ),
    "empty": (Response(200, raw=b""), "couldn't be read", "Earlier data is kept"),
    "a redirect": (
        Response(302, None, {"Location": "https://elsewhere.invalid/"}),
        "couldn't be read",
        "Try again",
    ),
}


@pytest.mark.expects_log
@pytest.mark.parametrize("name", FAULTS)
def test_a_failed_sync_names_the_reason_and_loses_nothing(stage: Stage, name: str) -> None:
    outcome, sentence, step = FAULTS[name]
    stage.start()
    before = stored(stage)
    stage.simulator.faults.append(always(outcome))
    stage.app.actions.sync()
    stage.until(stage.window.notice.isVisible)
    assert sentence in stage.window.notice.headline.text()
    assert step in stage.window.notice.detail.text()
    assert "Showing the last known data" in stage.window.status_bar.connection.full_text
    assert stored(stage) == before
    assert stage.window.machines.model.rowCount() == 16

    stage.simulator.faults.clear()
    stage.window.notice.button.click()
    stage.until(lambda: not stage.window.notice.isVisible())


def test_commands_are_disabled_offline_with_a_reason(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-web-01")
    stage.simulator.faults.append(always(NoConnection("refused")))
    stage.app.actions.sync()
    stage.until(stage.window.notice.isVisible)
    action = stage.window.machines.blade.commands["install"]
    assert not action.isEnabled()
    assert "No connection to Azure" in action.toolTip()
    stage.simulator.faults.clear()
    stage.app.actions.sync()
    stage.until(action.isEnabled)


QUERIES = 8
"""Of a sync: subscriptions, machines, health, schedules, assignments, assessments, installations."""


def test_a_429_pauses_for_retry_after(stage: Stage) -> None:
    stage.start()
    requested: list[float] = []
    refuse = times(2, error(429, **{"Retry-After": "1"}), "ResourceGraph")

    def fault(method: str, path: str) -> Outcome | None:
        if "ResourceGraph" in path:
            requested.append(time.monotonic())
        return refuse(method, path)

    stage.simulator.faults.append(fault)
    synced = stage.app.source.db.execute("SELECT finished_at FROM sync_state").fetchone()[0]
    stage.clock.advance(minutes=5)
    stage.app.actions.sync()
    connection = stage.window.status_bar.connection
    stage.until(lambda: "paused by Azure for 1 s" in connection.full_text)
    stage.until(lambda: "Connected" in connection.full_text)
    row = stage.app.source.db.execute("SELECT finished_at, problem FROM sync_state").fetchone()
    assert row["finished_at"] > synced
    assert not row["problem"]
    first, second, third, *rest = requested
    assert min(second - first, third - second) >= 1, "it waited each time"
    assert len(rest) == QUERIES - 1, "the query that was refused, once more, and the others"


def test_only_the_throttled_page_is_read_again(stage: Stage) -> None:
    stage.start()
    refuse = times(1, error(429, **{"Retry-After": "0.2"}), "ResourceGraph")
    requested: list[str] = []

    def fault(method: str, path: str) -> Outcome | None:
        if "ResourceGraph" in path:
            requested.append(path)
        return refuse(method, path) if len(requested) == 3 else None

    before = stored(stage)
    stage.simulator.faults.append(fault)
    stage.app.actions.sync()
    stage.until(lambda: len(requested) == QUERIES + 1)
    stage.until(lambda: "Connected" in stage.window.status_bar.connection.full_text)
    assert stored(stage) == before


def begin(stage: Stage, machine: str = "vm-web-02") -> int:
    db = stage.app.source.db
    assert db is not None
    (number,) = db.execute("SELECT id FROM machines WHERE name=?", (machine,)).fetchone()
    stage.request.install([number], SECURITY)
    return int(number)


def note(stage: Stage) -> str:
    db = stage.app.source.db
    assert db is not None
    return str(db.execute("SELECT note FROM operations ORDER BY id DESC").fetchone()[0])


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (refused(), "No connection to the server could be made"),
        (error(401), "didn't accept the sign-in"),
        (error(403, "AuthorizationFailed"), "Azure reported: Azure's own words."),
        (error(404), "didn't find the resource"),
        (error(409, "Conflict"), "Another operation is in progress there (409)"),
        (error(409, "ScopeLocked"), "A lock prevents the change (409 ScopeLocked)"),
        (error(409, "MissingSubscriptionRegistration"), "registered for the resource provider"),
        (error(409, "OperationNotAllowed"), "doesn't allow this operation for the machine"),
        (error(409, "SomethingElse"), "because of the resource's state (409 SomethingElse)"),
        (Response(409), "because of the resource's state (409)"),
        (error(400, "InvalidParameter"), "rejected the request (400 InvalidParameter)"),
    ],
)
def test_a_rejected_installation_fails_with_the_reason(
    stage: Stage, outcome: Outcome, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "TRY_FOR_S", 0.0)
    stage.start()
    stage.simulator.faults.append(always(outcome, "installPatches"))
    begin(stage)
    stage.until(lambda: stage.operation_states() == [S.FAILED])
    assert sentence in note(stage)
    assert stage.simulator.cloud.received.get("install", 0) == 0


def test_error_texts_of_azure_are_one_line_without_control_characters(stage: Stage) -> None:
    stage.start()
    words = "bad \x1b]0;owned\x07 \x1b[31m\u202e\r\nOK: 16 machines"
    stage.simulator.faults.append(always(error(400, "X\x1b[2J", words), "installPatches"))
    begin(stage)
    stage.until(lambda: stage.operation_states() == [S.FAILED])
    assert note(stage).isprintable()
    assert "OK: 16 machines" in note(stage)


@pytest.mark.expects_log
def test_a_simulated_azure_that_cannot_start_is_reported_until_it_can(qapp, tmp_path: Path) -> None:
    damaged = tmp_path / "simulated-azure.sqlite3"
    damaged.write_bytes(b"nonsense " * 1000)
    target = demo_target(lambda: demo_simulator(tmp_path))
    with Stage("light", folder=tmp_path, target=target) as stage:
        stage.app.start()
        connection = stage.window.status_bar.connection
        stage.until(lambda: "simulated-azure.sqlite3 is damaged" in connection.full_text)
        assert "Never synced" in connection.full_text
        texts = [label.text() for label in stage.window.machines.blade.findChildren(QLabel)]
        assert "Azure couldn't be read" in texts
        damaged.unlink()
        stage.app.actions.sync()
        stage.until(lambda: connection.full_text.startswith("Connected"))


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("world", "{"),
        ("world", '{"machines": 16, "seed": 1, "story": "of a newer version"}'),
        ("world", "[]"),
        ("guest", '{"name": "vm-web-01", "of_a_newer_version": 1}'),
        ("operation", '{"id": "1"}'),
    ],
)
def test_a_simulated_azure_with_unreadable_content_names_the_fix(
    tmp_path: Path, kind: str, value: str
) -> None:
    demo_simulator(tmp_path).cloud.close()
    path = tmp_path / "simulated-azure.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("INSERT OR REPLACE INTO item VALUES (?, 'made', ?)", (kind, value))
    before = path.read_bytes()
    with pytest.raises(ProblemError) as caught:
        demo_simulator(tmp_path)
    assert "simulated-azure.sqlite3" in caught.value.problem.sentence
    assert "--reset-demo" in caught.value.problem.next_step
    assert path.read_bytes() == before


@pytest.mark.expects_log
def test_a_simulated_azure_with_a_full_disk_returns_500(stage: Stage) -> None:
    """It isn't a problem of the program's own file, and the request's result isn't known."""
    stage.start()
    world = stage.simulator.cloud._state._db
    world.execute("PRAGMA max_page_count=1")
    begin(stage)
    stage.until(lambda: stage.operation_states() == [S.UNKNOWN])
    assert "(500)" in note(stage)
    world.execute("PRAGMA max_page_count=1000000")
    begin(stage, "vm-app-01")
    stage.until(lambda: stage.operation_states()[1] == S.RUNNING)


UNREGISTERED = (
    "The subscription is not registered to use namespace 'Microsoft.Compute'. See https://aka.ms/rps-not-found for how "
    "to register subscriptions."
)


@pytest.mark.expects_log
def test_reading_does_not_register_a_provider(stage: Stage) -> None:
    """The SDK would send a registration and wait ten seconds and more."""
    stage.start()
    requested: list[str] = []
    unregistered = error(409, "MissingSubscriptionRegistration", UNREGISTERED)

    def response(method: str, path: str) -> Response | None:
        requested.append(f"{method} {path.split('?', maxsplit=1)[0].casefold()}")
        return unregistered if "/virtualmachines/vm-sql-01" in requested[-1] else None

    stage.simulator.faults.append(response)
    stage.choose("vm-sql-01")
    stage.until(lambda: any("vm-sql-01" in path for path in requested))
    stage.idle()
    assert not [path for path in requested if path.endswith("/register")]


def test_429_on_an_installation_waits_and_sends_it_once(stage: Stage) -> None:
    stage.start()
    stage.simulator.faults.append(times(2, error(429, **{"Retry-After": "1"}), "installPatches"))
    begin(stage)
    stage.until(lambda: stage.operation_states() == [S.RUNNING])
    assert stage.simulator.cloud.received["install"] == 1


def taken_but_unanswered(
    simulator: SimulatorApi, machine: str, outcome: Outcome
) -> Callable[[str, str], Outcome | None]:
    """Azure takes the request, and the response never arrives."""
    sent: list[str] = []

    def fault(method: str, path: str) -> Outcome | None:
        if "installPatches" not in path:
            return None
        sent.append(path)
        guest = simulator.cloud.guests[machine]
        raw = {
            "rebootSetting": "IfRequired",
            "windowsParameters": {"classificationsToInclude": ["Security"]},
        }
        simulator.cloud.begin_installation(guest, parse_install_parameters(raw), raw)
        return outcome

    return fault


@pytest.mark.parametrize(
    "outcome",
    [
        ReadTimeout("lost"),
        error(500),
        Response(200, raw=b"<html>"),
        SSLError(MaxRetryError(None, "/", wire_errors.SSLError(ssl.SSLError("bad record mac")))),
        OSError(5, "Input/output error"),
        Response(202, raw=b"[" * 200_000),
        AssertionError("a bug of ours"),
    ],
    ids=[
        "lost",
        "500",
        "nonsense",
        "a damaged TLS record",
        "a broken read",
        "nested too deep",
        "a bug",
    ],
)
@pytest.mark.expects_log
def test_a_lost_response_is_unknown_until_azure_shows_the_result(
    stage: Stage, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "FIRST_BACK_OFF_S", 0.1)
    stage.start()
    stage.simulator.faults.append(taken_but_unanswered(stage.simulator, "vm-web-02", outcome))
    begin(stage)
    stage.until(lambda: stage.operation_states() == [S.UNKNOWN])
    assert "It isn't sent again" in note(stage)
    stage.clock.advance(minutes=30)
    stage.until(lambda: stage.operation_states() == [S.SUCCEEDED])
    assert stage.simulator.cloud.received["install"] == 1


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "outcome",
    [
        refused(),
        SSLError(ssl.SSLCertVerificationError("self-signed certificate")),
        OSError("Could not find a suitable TLS CA certificate bundle, invalid path: /nowhere"),
    ],
    ids=["refused", "an untrusted certificate", "no bundle of certificates"],
)
def test_a_request_that_certainly_was_not_sent_is_retried_and_sent_once(
    stage: Stage, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "FIRST_BACK_OFF_S", 0.1)
    stage.start()
    stage.simulator.faults.append(times(2, outcome, "installPatches"))
    begin(stage)
    stage.until(lambda: stage.operation_states() == [S.RUNNING])
    assert stage.simulator.cloud.received["install"] == 1
    db = stage.app.source.db
    events = [row[0] for row in db.execute("SELECT event FROM audit_log ORDER BY id")]
    assert events == ["sending", "not sent", "sending", "not sent", "sending", "accepted"]


def test_a_response_with_an_invalid_date_counts(stage: Stage) -> None:
    stage.start()
    handle = stage.simulator.handle

    def undated(*arguments: Any) -> Response:
        response = handle(*arguments)
        response.headers["Date"] = "yesterday"
        return response

    stage.simulator.handle = undated
    begin(stage)
    stage.until(lambda: stage.operation_states() == [S.RUNNING])


@pytest.mark.expects_log
def test_a_lost_installation_that_azure_no_longer_shows_is_not_in_progress(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was shown in progress forever after it had disappeared from the machine."""
    for name, value in (
        ("FIRST_BACK_OFF_S", 0.05),
        ("MAX_BACK_OFF_S", 0.05),
        ("MAX_UNKNOWN_READS", 3),
    ):
        monkeypatch.setattr(pauses, name, value)
    stage.start()
    stage.simulator.faults.append(
        taken_but_unanswered(stage.simulator, "vm-web-02", ReadTimeout("lost"))
    )
    begin(stage)
    stage.until(lambda: "shows it in progress" in note(stage))
    guest = stage.simulator.cloud.guests["vm-web-02"]
    stage.simulator.cloud._open.clear()
    stage.simulator.cloud._unfinished.clear()
    guest.runs = guest.runs[:-1]
    stage.clock.advance(minutes=1)
    stage.until(lambda: "Azure shows no trace" in note(stage))
    assert stage.operation_states() == [S.UNKNOWN]


@pytest.mark.parametrize(
    "outcome",
    [
        NoConnection("x"),
        ReadTimeout("x"),
        error(401),
        error(403),
        error(429, **{"Retry-After": "1"}),
        error(500),
        Response(200, raw=b"{"),
        Response(200, raw=b"[" * 200_000),
    ],
    ids=["offline", "cut", "401", "403", "429", "500", "half", "nested too deep"],
)
@pytest.mark.expects_log
def test_errors_while_polling_do_not_end_an_installation(
    stage: Stage, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "FIRST_BACK_OFF_S", 0.1)
    stage.start()
    begin(stage)
    stage.until(lambda: stage.operation_states() == [S.RUNNING])
    stage.simulator.faults.append(times(2, outcome, "/operations/"))  # a 401 is asked again at once
    stage.until(lambda: "Trying again" in note(stage))
    assert stage.operation_states() == [S.RUNNING]
    stage.clock.advance(minutes=30)
    stage.until(lambda: stage.operation_states() == [S.SUCCEEDED])
    assert stage.simulator.cloud.received["install"] == 1


def test_an_operation_that_azure_says_has_failed_has_failed(stage: Stage) -> None:
    stage.start()
    body = {
        "status": "Failed",
        "name": "x",
        "error": {
            "code": "VMGuestPatchInternalError",
            "message": "An internal execution error occurred.",
        },
    }
    stage.simulator.faults.append(always(Response(200, body), "/operations/"))
    begin(stage)
    stage.until(lambda: stage.operation_states() == [S.FAILED])
    assert "An internal execution error occurred." in note(stage)


@pytest.mark.expects_log
def test_a_link_to_a_foreign_host_is_not_followed(stage: Stage) -> None:
    stage.start()
    foreign = {
        "Location": "https://evil.invalid/x",
        "Azure-AsyncOperation": "https://evil.invalid/x",
        "Retry-After": "1",
    }
    stage.simulator.faults.append(always(Response(202, None, foreign), "installPatches"))
    begin(stage)
    stage.until(lambda: "evil.invalid" in note(stage))
    assert "A response pointed to evil.invalid, which isn't azure.demo.invalid." in note(stage)


@pytest.mark.expects_log
def test_rows_that_cannot_be_read_are_left_out_and_counted(stage: Stage) -> None:
    stage.start()
    rows = [{"id": None}, {"id": 5, "name": []}, {"nothing": 1}]
    body = {"totalRecords": 3, "count": 3, "resultTruncated": "false", "facets": [], "data": rows}
    calls = [0]

    def second(method: str, path: str) -> Response | None:
        calls[0] += "ResourceGraph" in path
        return Response(200, body) if calls[0] == 3 else None

    before = stored(stage)
    stage.simulator.faults.append(second)
    stage.app.actions.sync()
    stage.until(lambda: "3 rows couldn't be read" in stage.window.status_bar.connection.full_text)
    assert stored(stage) == before


@pytest.mark.expects_log
def test_an_invalid_machine_response_is_reported_and_keeps_the_machine(stage: Stage) -> None:
    stage.start()
    run = {"installationActivityId": "x", "startTime": "not a time"}
    view = {"patchStatus": {"lastPatchInstallationSummary": run}}
    db = stage.app.source.db
    assert db is not None
    (machine,) = db.execute("SELECT azure_id FROM machines WHERE name='vm-web-02'").fetchone()
    body = {
        "id": machine,
        "name": "vm-web-02",
        "location": "x",
        "properties": {"instanceView": view},
    }
    stage.simulator.faults.append(always(Response(200, body), "/virtualMachines/vm-web-02"))
    before = stored(stage)
    stage.choose("vm-web-02")
    stage.until(stage.window.notice.isVisible)
    assert (
        "Azure's response while reading vm-web-02 couldn't be read"
        in stage.window.notice.headline.text()
    )
    assert stored(stage) == before


def test_a_damaged_file_is_set_aside_and_reported(qapp, data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / FILE_NAME).write_bytes(b"not a database at all" * 50)
    with Stage("light", folder=data_dir) as stage:
        stage.start()
        assert "The data file was damaged" in stage.window.notice.headline.text()
        assert "damaged-1" in stage.window.notice.detail.text()
        assert stage.window.machines.model.rowCount() == 16
    assert (data_dir / "hotpatch.damaged-1.sqlite3").read_bytes().startswith(b"not a database")


@pytest.mark.expects_log
def test_a_newer_file_is_rejected_with_a_reason_and_not_changed(qapp, data_dir: Path) -> None:
    database.prepare(data_dir / FILE_NAME, "demo")[0].close()
    with closing(sqlite3.connect(data_dir / FILE_NAME)) as db:
        db.execute("CREATE TABLE future (x)")
        db.execute("PRAGMA user_version=99")
    before = (data_dir / FILE_NAME).read_bytes()
    with Stage("light", folder=data_dir) as stage:
        stage.app.start()
        stage.until(stage.window.notice.isVisible)
        assert "written by a newer version" in stage.window.notice.headline.text()
        assert "Update the program" in stage.window.notice.detail.text()
        assert stage.window.status_bar.connection.full_text == "The data file couldn't be opened"
    assert (data_dir / FILE_NAME).read_bytes() == before


@pytest.mark.expects_log
def test_a_file_locked_by_another_program_is_reported_and_retried(
    qapp, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    monkeypatch.setattr(file, "LOCK_WAIT_S", 0.5)
    with Stage("light", folder=data_dir) as stage:
        stage.start()
        with closing(sqlite3.connect(data_dir / FILE_NAME, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            stage.app.actions.sync()
            stage.until(stage.window.notice.isVisible)
            assert "has locked hotpatch.sqlite3" in stage.window.notice.headline.text()
            other.execute("ROLLBACK")
        assert stage.window.machines.model.rowCount() == 16


def test_a_damaged_settings_file_does_not_stop_the_start(qapp, data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "settings.ini").write_bytes(
        b"\xff\xfe[General]\ntheme=@Invalid(\nsync_minutes=many\nhistory_days=-4"
    )
    with Stage("light", folder=data_dir) as stage:
        stage.start()
        assert stage.app.preferences.sync_minutes == 15
        assert stage.window.machines.model.rowCount() == 16


@pytest.mark.expects_log
def test_a_response_to_another_operation_is_not_the_result(stage: Stage) -> None:
    """As over a connection on which a response came twice."""
    stage.start()
    ids = {r["name"]: r["id"] for r in stage.app.source.db.execute("SELECT id, name FROM machines")}
    handle, results = stage.simulator.handle, []

    def answered(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        response = handle(method, url, headers, body)
        is_result = method == "GET" and isinstance(response.body, dict)
        if is_result and "installationActivityId" in response.body and "patches" in response.body:
            results.append(response)
            return results[0]
        return response

    stage.simulator.handle = answered
    for number, name in enumerate(("vm-print-01", "vm-web-02"), 1):
        stage.request.install([ids[name]], SECURITY)
        stage.until(lambda: S.RUNNING in stage.operation_states())
        while len(results) < number:
            stage.clock.advance(minutes=5)
            stage._spin(50)
        if number == 2:
            stage.simulator.handle = handle
        stage.until(lambda: S.RUNNING not in stage.operation_states())
    while not stage.operation_states()[-1].is_final:
        stage.clock.advance(minutes=5)
        stage._spin(50)
    runs = [r[0] for r in stage.app.source.db.execute("SELECT run_id FROM operations ORDER BY id")]
    assert len(set(runs)) == 2
    assert None not in runs
