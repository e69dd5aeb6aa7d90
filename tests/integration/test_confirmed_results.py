"""A result is claimed only if Azure's response and what it then shows agree."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from requests.exceptions import ConnectionError as Broken
from requests.exceptions import ConnectTimeout

from helpers.schedules import SAVE, change, fault, rows, states
from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.settings import SettingsChange
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.domain.waves import WaveMode, Waves
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store import situations
from hotpatch_gui.views.dialogs.install import InstallDialog
from hotpatch_gui.views.pages.activity import ActivityPage
from hotpatch_gui.views.widgets.toasts import Toast
from hotpatch_gui.worker import schedule_sender
from hotpatch_gui.worker.operations import pauses

S = OperationState
SECURITY = InstallRequest(frozenset({Classification.SECURITY}))
OTHER = {"id": "/subscriptions/x/other", "name": "other", "properties": {}}


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        made.start()
        yield made


def ids(stage: Stage, *names: str) -> list[int]:
    db = stage.app.source.db
    known = {row["name"]: row["id"] for row in db.execute("SELECT id, name FROM machines")}
    return [known[name] for name in names]


def notes(stage: Stage) -> list[str]:
    found = stage.app.source.db.execute("SELECT note FROM operations ORDER BY id")
    return [row[0] or "" for row in found]


def respond_once(stage: Stage, verb: str, part: str, response: Response) -> None:
    """Respond to one request without making it."""
    handle, left = stage.simulator.handle, [response]

    def answered(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        if method == verb and part in url.casefold() and left:
            return left.pop()
        return handle(method, url, headers, body)

    stage.simulator.handle = answered


@pytest.mark.parametrize("body", [None, {}, OTHER], ids=["empty", "{}", "another resource"])
def test_a_schedule_is_changed_only_if_the_response_is_that_schedule(
    stage: Stage, body: dict[str, Any] | None
) -> None:
    response = Response(200, body)
    fault(stage, "PUT", lambda: response)
    change(stage, SAVE)
    stage.until(lambda: states(stage) == ["unknown"])


def test_a_schedule_that_azure_made_differently_is_not_shown_as_requested(stage: Stage) -> None:
    handle = stage.simulator.handle

    def other_hour(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        found = handle(method, url, headers, body)
        if method == "PUT" and isinstance(found.body, dict):
            window = found.body["properties"]["maintenanceWindow"] | {"duration": "01:30"}
            properties = found.body["properties"] | {"maintenanceWindow": window}
            return replace(found, body=found.body | {"properties": properties})
        return found

    stage.simulator.handle = other_hour
    change(stage, SAVE)
    stage.until(lambda: states(stage) == ["succeeded"])
    ((_, _, note),) = rows(stage)
    assert "returned other values than requested" in note


@pytest.mark.parametrize("body", [None, {}, OTHER], ids=["empty", "{}", "another machine"])
def test_a_start_without_a_running_machine_is_unknown(
    stage: Stage, body: dict[str, Any] | None
) -> None:
    respond_once(stage, "POST", "/start", Response(200, body))
    stage.request.start(ids(stage, "vm-dev-01"))
    stage.until(lambda: stage.operation_states() == [S.UNKNOWN])


@pytest.mark.parametrize("name", ["vm-web-02", "srv-hq-01"])
def test_settings_that_the_machine_does_not_have_are_unknown(stage: Stage, name: str) -> None:
    respond_once(stage, "PATCH", f"/{name}", Response(200, {}))
    stage.request.change_settings(ids(stage, name), SettingsChange(periodic_assessment=False))
    stage.until(lambda: stage.operation_states() == [S.UNKNOWN])


def nothing_installed(value: object) -> object:
    """A response in whose installation every update failed."""
    if isinstance(value, list):
        return [nothing_installed(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: nothing_installed(one) for key, one in value.items()}
    if isinstance(found.get("patches"), list) and found.get("installedPatchCount"):
        found["failedPatchCount"], found["installedPatchCount"] = found["installedPatchCount"], 0
        found["status"] = "CompletedWithWarnings"
        found["patches"] = [one | {"installationState": "Failed"} for one in found["patches"]]
    return found


def test_an_installation_in_which_everything_failed_has_failed_and_stops_its_waves(
    stage: Stage,
) -> None:
    handle = stage.simulator.handle

    def failing(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        found = handle(method, url, headers, body)
        return replace(found, body=nothing_installed(found.body)) if method == "GET" else found

    stage.simulator.handle = failing
    machines = ids(stage, "vm-web-02", "vm-app-01")
    stage.request.install(machines, SECURITY, Waves(WaveMode.SOME, size=1, stop_after=1))
    stage.until(lambda: stage.operation_states()[0] is S.RUNNING)
    stage.clock.advance(minutes=60)
    stage.until(lambda: all(state.is_final for state in stage.operation_states()))
    assert stage.operation_states() == [S.FAILED, S.CANCELED]


@pytest.mark.parametrize(
    ("waves", "groups"),
    [(Waves(WaveMode.SOME, size=1), []), (Waves(WaveMode.GROUPS), ["one", "two"])],
    ids=["one at a time", "by group"],
)
def test_the_next_machine_waits_while_azure_shows_a_lost_installation_in_progress(
    stage: Stage, waves: Waves, groups: list[str]
) -> None:
    handle, left = stage.simulator.handle, [1]

    def lost(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        found = handle(method, url, headers, body)
        if method == "POST" and "installpatches" in url.casefold() and left:
            left.pop()
            raise Broken("reset")
        return found

    stage.simulator.handle = lost
    stage.request.install(ids(stage, "vm-web-02", "vm-app-01"), SECURITY, waves, groups)
    in_progress = "SELECT count(*) FROM installations WHERE status='InProgress'"
    stage.until(lambda: stage.app.source.db.execute(in_progress).fetchone()[0] > 0)
    stage.idle()
    assert stage.operation_states() == [S.UNKNOWN, S.QUEUED]
    stage.clock.advance(minutes=60)
    stage.until(lambda: stage.operation_states()[1] is S.RUNNING)
    assert stage.operation_states()[0] is S.SUCCEEDED


def test_a_started_machine_is_not_unhealthy_because_it_was_stopped(
    stage: Stage,
) -> None:
    health = "SELECT resource_health FROM machines WHERE name='vm-dev-01'"
    assert stage.app.source.db.execute(health).fetchone()[0] == "Unavailable"
    stage.request.start(ids(stage, "vm-dev-01"))
    stage.until(lambda: stage.operation_states() == [S.RUNNING])
    stage.clock.advance(minutes=10)
    stage.until(lambda: stage.operation_states() == [S.SUCCEEDED])
    assert stage.app.source.db.execute(health).fetchone()[0] is None


@pytest.mark.expects_log
def test_a_machine_deleted_in_the_meantime_does_not_block_its_wave(stage: Stage) -> None:
    def lost(method: str, path: str) -> Exception | None:
        is_first = method == "POST" and "vm-web-02/installpatches" in path.casefold()
        return Broken("reset") if is_first else None

    stage.simulator.faults.append(lost)
    machines = ids(stage, "vm-web-02", "vm-app-01")
    stage.request.install(machines, SECURITY, Waves(WaveMode.GROUPS), ["one", "two"])
    stage.until(lambda: stage.operation_states()[0] is S.UNKNOWN)
    assert stage.operation_states()[1] is S.QUEUED
    del stage.simulator.cloud.guests["vm-web-02"]
    stage.app.actions.sync(full=True)
    stage.until(lambda: stage.operation_states()[1] is S.RUNNING)


@pytest.mark.expects_log
def test_two_network_interruptions_an_hour_apart_are_counted_separately(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure responded in between: the ten minutes of retries begin again."""
    monkeypatch.setattr(pauses, "BUSY_S", 0.05)
    monkeypatch.setattr(pauses, "FIRST_BACK_OFF_S", 0.05)
    monkeypatch.setattr(pauses, "TRY_FOR_S", 0.5)
    code = {"error": {"code": "AnotherOperationInProgress", "message": "Made by the test."}}
    busy = Response(409, code)
    outcomes: list[Response | Exception] = [busy]
    (machine,) = ids(stage, "vm-web-02")

    def on(method: str, path: str) -> Response | Exception | None:
        return outcomes[0] if method == "POST" and outcomes else None

    stage.simulator.faults.append(on)
    stage.request.assess([machine])
    stage.until(lambda: stage.operation_states() == [S.FAILED])
    outcomes[0] = ConnectTimeout("no network")
    stage.request.wait_for_turn([1])
    stage.until(lambda: "Nothing was sent yet" in (notes(stage) or [""])[-1])
    outcomes[0] = busy
    stage.until(lambda: "retried every minute" in notes(stage)[-1])
    time.sleep(0.6)
    outcomes[0] = ConnectTimeout("no network")
    stage.until(lambda: "Nothing was sent yet" in notes(stage)[-1])
    outcomes.clear()
    stage.until(lambda: stage.operation_states()[-1] is S.RUNNING)


def test_a_finished_operation_is_not_polled_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    polls, poll = [], Gateway.poll

    def counted(self: Gateway, *arguments: Any) -> Any:
        polls.append(arguments[0])
        return poll(self, *arguments)

    monkeypatch.setattr(Gateway, "poll", counted)
    stage.request.change_settings(
        ids(stage, "srv-hq-01"), SettingsChange(periodic_assessment=False)
    )
    stage.until(lambda: stage.operation_states() == [S.SUCCEEDED])
    stage.idle()
    assert polls == []


@pytest.mark.expects_log
def test_nothing_is_sent_to_a_machine_that_azure_does_not_find(stage: Stage) -> None:
    missing = Response(404, {"error": {"code": "ResourceNotFound", "message": "No."}})
    stage.simulator.faults.append(
        lambda method, path: missing if method == "GET" and "vm-web-02" in path else None
    )
    stage.request.install(ids(stage, "vm-web-02"), SECURITY)
    stage.until(lambda: stage.operation_states() == [S.FAILED])
    assert "install" not in stage.simulator.cloud.received
    assert "find" in notes(stage)[0]


@pytest.mark.expects_log
def test_failed_reads_do_not_count_as_checks_of_a_lost_change(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule_sender, "CHECK_S", 0.02)
    monkeypatch.setattr(schedule_sender, "CHECKS", 2)
    handle, is_off = stage.simulator.handle, [False]
    tries = []

    def lose(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        if is_off and is_off[0] and "microsoft.maintenance" in url.casefold():
            tries.append(url)
            raise ConnectTimeout("no network")
        found = handle(method, url, headers, body)
        if method == "PUT":
            is_off[0] = True
            raise Broken("reset")
        return found

    stage.simulator.handle = lose
    change(stage, SAVE)
    stage.until(lambda: len(tries) > 5)
    is_off[0] = False
    stage.until(lambda: states(stage) == ["succeeded"])


@pytest.mark.expects_log
def test_failed_installations_are_retried_from_where_they_are_shown(stage: Stage) -> None:
    stage.simulator.cloud.guests["vm-app-01"].agent_ready = False
    kb = InstallRequest(include=("KB5120708",))
    stage.request.install(ids(stage, "vm-app-01", "vm-web-02"), kb)
    stage.until(lambda: S.FAILED in stage.operation_states())
    stage.window.show_page("activity")
    stage.settle()
    page = stage.window.page("activity")
    assert isinstance(page, ActivityPage)
    page.by_action.panel.table.selectRow(0)
    stage.until(page.retry.isVisible)
    stage.until(lambda: page.by_action.operations.rowCount() == 2)
    first = page.by_action.operations.row(0)
    assert first is not None
    assert first.machine_name == "vm-app-01", "failures come first"
    assert page.retry.text() == "Install again on 1 machine…"
    page.retry.click()
    stage.settle()
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None
    assert [row.cells[0] for row in dialog.machines.rows] == ["vm-app-01"]
    dialog.close()
    stage.until(lambda: stage.window.findChild(InstallDialog) is None)
    stage.clock.advance(hours=1)  # the other installation ends, and with it the action
    stage.until(lambda: any(len(t.buttons) > 1 for t in stage.window.findChildren(Toast)))
    toast = next(t for t in stage.window.findChildren(Toast) if len(t.buttons) > 1)
    assert toast.buttons[1].text() == "Install again…"
    toast.buttons[1].click()
    stage.settle()
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None, "from the toast"
    assert [row.cells[0] for row in dialog.machines.rows] == ["vm-app-01"]
    assert dialog.updates.include.toPlainText() == "KB5120708"
    dialog.reject()


@pytest.mark.expects_log
@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_start_is_not_claimed_while_the_machine_cannot_be_read(stage: Stage, status: int) -> None:
    handle, accepted = stage.simulator.handle, []
    refused = Response(status, {"error": {"code": "X", "message": "No."}})

    def start_nothing(
        method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> Response:
        own = url.casefold()
        if method == "POST" and "/start" in own:
            accepted.append(url)
            return Response(200, {})
        if accepted and method == "GET" and "virtualmachines/vm-dev-01" in own:
            return refused
        return handle(method, url, headers, body)

    stage.simulator.handle = start_nothing
    stage.request.start(ids(stage, "vm-dev-01"))
    stage.until(lambda: S.UNKNOWN in stage.operation_states())
    assert "can't be read" in notes(stage)[0]


@pytest.mark.expects_log
def test_syncs_that_read_nothing_derive_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    derived, refresh = [], situations.derive_and_record

    def counted(*arguments: Any) -> None:
        derived.append(1)
        refresh(*arguments)

    monkeypatch.setattr(situations, "derive_and_record", counted)
    stage.simulator.faults.append(lambda *_: Broken("no network"))
    stage.clock.advance(hours=2)
    for _ in range(3):
        stage.sync()
    assert len(derived) <= 1, "once, because an hour has passed"


@pytest.mark.expects_log
@pytest.mark.parametrize("on", [True, False], ids=["enroll", "unenroll"])
def test_an_enrollment_that_the_server_does_not_show_is_unknown(stage: Stage, on: bool) -> None:
    """Azure answers 200 and does nothing."""
    verb, name = ("PUT", "srv-hq-02") if on else ("PATCH", "srv-hq-01")
    respond_once(stage, verb, "licenseprofiles", Response(200, {}))
    stage.app.actions.enroll(ids(stage, name), on=on)
    stage.until(lambda: stage.operation_states() == [S.UNKNOWN])
    assert "doesn't show the result" in notes(stage)[0]


@pytest.mark.expects_log
def test_a_rejected_sign_in_names_the_remedy(stage: Stage) -> None:
    refused = Response(401, {"error": {"code": "ExpiredToken", "message": "Expired."}})
    stage.simulator.faults.append(lambda method, path: refused if method == "POST" else None)
    stage.app.actions.restart(ids(stage, "vm-web-01"))
    stage.until(lambda: stage.operation_states() == [S.FAILED])
    assert notes(stage)[0].endswith("Nothing was started. Sign in, then request it again.")


@pytest.mark.expects_log
def test_a_token_repeated_in_a_response_is_not_stored(stage: Stage) -> None:
    token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
    said = {"code": "Odd", "message": f"Authorization: Bearer {token} isn't valid."}
    stage.simulator.faults.append(
        lambda method, path: Response(400, {"error": said}) if method == "POST" else None
    )
    stage.app.actions.restart(ids(stage, "vm-web-01"))
    stage.until(lambda: stage.operation_states() == [S.FAILED])
    assert "Authorization: [token] isn't valid." in notes(stage)[0]
    stage.idle()
    for file in stage.folder.rglob("*"):
        assert not file.is_file() or token.encode() not in file.read_bytes(), file
