"""The program's claims stay true when reads overlap, fail, lag behind or return nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from requests.exceptions import ReadTimeout

from hotpatch_gui.application.data_origins import read_data_origin, reset_demo
from hotpatch_gui.application.folder_lock import lock
from hotpatch_gui.application.targets import azure_target
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.cli import build_parser
from hotpatch_gui.domain.clouds import PUBLIC
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.simulator.arm import Response
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.worker import engine, periodic
from hotpatch_gui.worker.file import DataFile
from hotpatch_gui.worker.operations import pauses

S = OperationState
SECURITY = InstallRequest(frozenset({Classification.SECURITY}))


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses, so that many of them can be waited for."""
    monkeypatch.setattr(pauses, "FIRST_BACK_OFF_S", 0.05)
    monkeypatch.setattr(pauses, "MAX_BACK_OFF_S", 0.1)
    monkeypatch.setattr(pauses, "MAX_UNKNOWN_READS", 3)
    monkeypatch.setattr(engine, "RESTART_S", 0.3)
    monkeypatch.setattr(periodic, "RETRY_S", 0.3)


def one(stage: Stage, sql: str, *values: object) -> sqlite3.Row:
    db = stage.app.source.db
    assert db is not None
    row: sqlite3.Row = db.execute(sql, values).fetchone()
    return row


def machine(stage: Stage, name: str) -> int:
    return int(one(stage, "SELECT id FROM machines WHERE name=?", name)[0])


def offered(stage: Stage, name: str) -> int:
    sql = "SELECT count(*) FROM updates WHERE machine_id=?"
    return int(one(stage, sql, machine(stage, name))[0])


def answering(response: Callable[[], Response | Exception], part: str, method: str = "POST"):
    return lambda m, path: response() if m == method and path.endswith(part) else None


def test_f5_with_a_machine_open_keeps_its_updates(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-web-02")
    for _ in range(3):
        stage.window.machines.blade.commands["refresh"].trigger()
        stage.idle()
        stage.settle()
        assert offered(stage, "vm-web-02") == 3
        assert offered(stage, "vm-print-01") == 3


def test_a_sync_requested_before_the_engine_starts_runs(stage: Stage) -> None:
    stage.app.actions.sync()
    stage.start()
    assert stage.window.machines.model.rowCount() == 16


def test_selecting_machines_during_a_sync_keeps_their_updates(stage: Stage) -> None:
    stage.start()
    before = {n: offered(stage, n) for n in ("vm-web-02", "vm-print-01", "vm-app-01")}
    for name in before:
        stage.app.actions.sync()
        stage.choose(name)
    assert {n: offered(stage, n) for n in before} == before


@pytest.mark.parametrize("status", ["Failed", "InProgress"])
def test_a_failed_assessment_replaces_nothing(stage: Stage, status: str) -> None:
    stage.start()
    guest = stage.simulator.cloud.guests["vm-web-02"]
    assert guest.assessment is not None
    later = "2026-08-20T08:59:00+00:00"
    guest.assessment |= {
        "status": status,
        "patches": [],
        "id": "later",
        "modified": later,
        "started": later,
    }
    stage.app.actions.sync()
    stage.idle()
    stage.choose("vm-web-02")
    assert offered(stage, "vm-web-02") == 3
    assert "Behind by one release" in stage.window.machines.blade.banner.headline.text()


def test_lagging_resource_graph_data_does_not_replace_newer_data(stage: Stage) -> None:
    stage.start()
    stale = json.loads(json.dumps(stage.simulator.cloud.guests["vm-web-02"].assessment))
    stale["patches"] = stale["patches"][:1]
    stage.request.assess([machine(stage, "vm-web-02")])
    stage.until(lambda: stage.operation_states() == [S.RUNNING])
    stage.clock.advance(minutes=5)
    stage.simulator.cloud.settle()
    guest = stage.simulator.cloud.guests["vm-web-02"]
    fresh, real = guest.assessment, stage.simulator.handle

    def lagging(method: str, url: str, headers, body):
        guest.assessment = stale if "ResourceGraph" in url else fresh
        try:
            return real(method, url, headers, body)
        finally:
            guest.assessment = fresh

    stage.simulator.handle = lagging
    stage.until(lambda: stage.operation_states() == [S.SUCCEEDED])
    assert offered(stage, "vm-web-02") == 3


@pytest.mark.expects_log
def test_a_truncated_response_is_not_treated_as_complete(stage: Stage) -> None:
    stage.start()
    body = {"totalRecords": 12, "count": 1, "resultTruncated": "true", "facets": [], "data": []}
    calls = [0]

    def cut(method: str, path: str) -> Response | None:
        calls[0] += "ResourceGraph" in path
        return Response(200, body) if calls[0] >= 2 else None

    stage.simulator.faults.append(cut)
    stage.app.actions.sync()
    stage.until(stage.window.notice.isVisible)
    assert "returned a truncated result" in stage.window.notice.headline.text()
    assert stage.window.machines.model.rowCount() == 16


def test_an_incomplete_character_in_a_response_is_tolerated(stage: Stage) -> None:
    guest = stage.simulator.cloud.guests["vm-web-02"]
    assert guest.assessment is not None
    guest.assessment["patches"][0]["name"] = "broken \ud800 name"
    stage.start()
    assert one(stage, "SELECT count(*) FROM updates WHERE name LIKE 'broken % name'")[0] == 1


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "response",
    [
        Response(200, {}),
        Response(200, {"status": "InProgress", "installationActivityId": "x"}),
        Response(202),
    ],
    ids=["empty", "not ended", "202 without a place to look"],
)
@pytest.mark.usefixtures("hasty")
def test_a_result_without_status_is_not_a_success(stage: Stage, response: Response) -> None:
    stage.start()
    stage.simulator.faults.append(answering(lambda: response, "/installPatches"))
    stage.request.install([machine(stage, "vm-web-02")], SECURITY)
    stage.until(lambda: "no trace of this request" in one(stage, "SELECT note FROM operations")[0])
    assert stage.operation_states() == [S.UNKNOWN]


@pytest.mark.expects_log
@pytest.mark.usefixtures("hasty")
def test_a_restart_with_a_lost_response_stays_unknown_and_can_be_dismissed(stage: Stage) -> None:
    stage.start()
    lost = ReadTimeout("lost")
    stage.simulator.faults.append(answering(lambda: lost, "/restart"))
    number = machine(stage, "vm-dc-01")
    stage.request.restart([number])
    stage.until(lambda: "Azure doesn't report" in one(stage, "SELECT note FROM operations")[0])
    assert stage.operation_states() == [S.UNKNOWN]
    stage.choose("vm-dc-01")
    assert stage.window.machines.blade.commands["install"].isEnabled(), (
        "not to know is not to be busy"
    )
    stage.request.restart([number])
    stage.until(stage.window.notice.isVisible)
    assert (
        "is already queued, is in progress or has an unknown result on the machine"
        in stage.window.notice.headline.text()
    )
    stage.window.show_page("activity")
    stage.settle()
    page = stage.window.pages.currentWidget().content
    page.tabs.setCurrentWidget(page.operations)
    page.operations.panel.table.selectRow(0)
    assert not page.cancel.isEnabled()
    assert page.dismiss.text() == "Dismiss the unknown result"
    page.dismiss.click()
    stage.until(lambda: stage.operation_states() == [S.DISMISSED])
    stage.settle()
    shown = [
        page.operations.model.index(0, c).data() for c in range(page.operations.model.columnCount())
    ]
    assert "Unknown, dismissed" in shown
    stage.simulator.faults.clear()
    stage.request.restart([number])
    stage.until(lambda: stage.operation_states() == [S.DISMISSED, S.RUNNING])


@pytest.mark.expects_log
@pytest.mark.usefixtures("hasty")
def test_a_lost_installation_is_watched_while_azure_shows_it_in_progress(stage: Stage) -> None:
    stage.start()
    send = stage.simulator.handle

    def lose(method: str, url: str, headers, body):
        response = send(method, url, headers, body)
        if "/installPatches" in url:
            raise ReadTimeout("lost")
        return response

    stage.simulator.handle = lose
    stage.request.install([machine(stage, "vm-web-02")], SECURITY)
    stage.until(lambda: "shows it in progress" in one(stage, "SELECT note FROM operations")[0])
    views: list[str] = []
    stage.simulator.faults.append(
        lambda method, path: views.append(path) if method == "GET" else None
    )
    stage.until(lambda: len(views) > 2 * pauses.MAX_UNKNOWN_READS)
    assert stage.operation_states() == [S.UNKNOWN]
    stage.clock.advance(minutes=30)
    stage.until(lambda: stage.operation_states() == [S.SUCCEEDED])
    assert stage.simulator.cloud.received["install"] == 1


@pytest.mark.expects_log
@pytest.mark.usefixtures("hasty")
def test_a_settings_change_that_never_arrived_is_not_claimed(stage: Stage) -> None:
    from hotpatch_gui.domain.settings import Orchestration, SettingsChange

    stage.start()
    stage.simulator.faults.append(answering(lambda: ReadTimeout("lost"), "vm-file-01", "PATCH"))
    row = one(stage, "SELECT * FROM machines WHERE name='vm-file-01'")
    assert (row["patch_mode"], row["hotpatch_enabled"]) == ("AutomaticByPlatform", 0)
    periodic = row["assessment_mode"] == "AutomaticByPlatform"
    change = SettingsChange(
        Orchestration.SAFE_DEPLOYMENT, hotpatch=False, periodic_assessment=periodic
    )
    stage.request.change_settings([row["id"]], change)
    stage.until(lambda: "doesn't show" in one(stage, "SELECT note FROM operations")[0])
    assert stage.operation_states() == [S.UNKNOWN]


@pytest.mark.expects_log
@pytest.mark.usefixtures("hasty")
def test_a_file_that_was_locked_does_not_end_the_following(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.start()
    stage.request.install([machine(stage, "vm-web-02")], SECURITY)
    stage.until(lambda: stage.operation_states() == [S.RUNNING])
    failures = [3]
    real = DataFile.transaction

    def locked(self, **keywords):
        if failures[0]:
            failures[0] -= 1
            raise sqlite3.OperationalError("database is locked")
        return real(self, **keywords)

    monkeypatch.setattr(DataFile, "transaction", locked)
    stage.clock.advance(minutes=30)
    stage.until(lambda: failures[0] == 0)
    stage.until(lambda: stage.operation_states() == [S.SUCCEEDED])
    assert stage.simulator.cloud.received["install"] == 1


@pytest.mark.expects_log
def test_a_connection_that_cannot_be_set_up_is_reported(qapp, tmp_path: Path) -> None:
    wrong = Connection("Contoso", PUBLIC, SignInMethod.BROWSER, tenant="no tenant!")
    with Stage(
        "light", folder=tmp_path, target=azure_target()._replace(seed=lambda: wrong)
    ) as stage:
        stage.app.start()
        stage.until(stage.window.notice.isVisible)
        assert "The connection Contoso couldn't be set up" in stage.window.notice.headline.text()
        stage.window.notice.button.click()
        stage.until(stage.window.notice.isVisible)


def test_only_one_process_uses_a_folder(qapp, tmp_path: Path) -> None:
    first = lock(tmp_path)
    assert first is not None
    assert lock(tmp_path) is None
    first.unlock()
    again = lock(tmp_path)
    assert again is not None
    again.unlock()


def test_resetting_the_demo_never_touches_real_data(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as real:
        real.execute("CREATE TABLE kept (x)")
    assert not reset_demo(tmp_path)
    assert (tmp_path / FILE_NAME).exists()
    parser = build_parser(with_commands=True)
    world = read_data_origin(parser.parse_args(["--reset-demo"]), parser, tmp_path)
    assert world.folder == tmp_path / "demo", "the demo is never where Azure's data is"
    assert read_data_origin(parser.parse_args([]), parser, tmp_path).folder == tmp_path


def test_each_data_origin_has_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).touch()
    parser = build_parser(with_commands=True)
    lines = (
        [],
        ["--demo"],
        ["--endpoint=http://127.0.0.1:4711"],
        ["--endpoint=http://127.0.0.1:4712"],
    )
    folders = {read_data_origin(parser.parse_args(line), parser, tmp_path).folder for line in lines}
    assert len(folders) == len(lines)


@pytest.mark.expects_log
@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("days", [-1, 1])
def test_a_lost_installation_is_found_though_the_clock_jumped_by_a_day(
    stage: Stage, days: int
) -> None:
    """An older run that somebody else started must not be mistaken for it."""
    stage.start()
    send = stage.simulator.handle

    def on_another_day(method: str, url: str, headers, body):
        response = send(method, url, headers, body)
        moved = stage.clock.now() + timedelta(days=days)
        response.headers["Date"] = format_datetime(moved, usegmt=True)
        if "/installPatches" in url:
            stage.simulator.handle = send
            raise ReadTimeout("lost")
        return response

    stage.simulator.handle = on_another_day
    stage.request.install([machine(stage, "vm-web-02")], SECURITY)
    stage.until(lambda: stage.operation_states() == [S.UNKNOWN])
    stage.clock.advance(minutes=30)
    stage.until(lambda: stage.operation_states() == [S.SUCCEEDED])
    run = one(stage, "SELECT run_id FROM operations")[0]
    known = {i for i, o in stage.simulator.cloud.operations.items() if o.kind == "install"}
    assert {run} == known


@pytest.mark.expects_log
@pytest.mark.usefixtures("hasty")
def test_an_installation_is_not_sent_if_its_machine_cannot_be_read(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the earlier runs, its own run couldn't be identified if the response is lost."""
    monkeypatch.setattr(pauses, "TRY_FOR_S", 0.2)
    stage.start()
    stage.choose("vm-web-02")
    broken = Response(500, {"error": {"code": "Broken", "message": "Made by the test."}})
    stage.simulator.faults.append(answering(lambda: broken, "/virtualMachines/vm-web-02", "GET"))
    stage.request.install([machine(stage, "vm-web-02")], SECURITY)
    stage.until(lambda: stage.operation_states() == [S.FAILED])
    assert "Nothing was started" in one(stage, "SELECT note FROM operations")[0]
    assert not stage.simulator.cloud.received.get("install")


@pytest.mark.expects_log
def test_a_response_to_another_query_is_rejected(stage: Stage) -> None:
    """A broken proxy can return the cached response to the previous request."""
    stage.start()
    runs = one(stage, "SELECT count(*) FROM installations")[0]
    send, kept = stage.simulator.handle, {}

    def one_behind(method: str, url: str, headers, body):
        response = send(method, url, headers, body)
        if "ResourceGraph" not in url:
            return response
        response, kept["last"] = kept.get("last", response), response
        return response

    stage.simulator.handle = one_behind
    stage.sync()
    assert one(stage, "SELECT count(*) FROM installations")[0] == runs
    assert one(stage, "SELECT count(*) FROM machines WHERE deleted_at IS NOT NULL")[0] == 0
    assert one(stage, "SELECT unreadable FROM sync_state")[0] > 0


@pytest.mark.expects_log
def test_a_machine_with_an_unreadable_row_is_not_deleted(stage: Stage) -> None:
    stage.start()
    send = stage.simulator.handle

    def without_a_name(method: str, url: str, headers, body):
        response = send(method, url, headers, body)
        if "ResourceGraph" in url and b"osDisk.osType" in (body or b""):
            response.body["data"][0]["name"] = None
        return response

    stage.simulator.handle = without_a_name
    stage.app.actions.sync()
    stage.until(lambda: one(stage, "SELECT unreadable FROM sync_state")[0] == 1)
    assert one(stage, "SELECT count(*) FROM machines WHERE deleted_at IS NOT NULL")[0] == 0
