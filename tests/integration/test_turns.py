"""Azure takes one request at a time on a machine: our operations wait for each other, and for others if the user chooses so."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QPushButton
from requests.exceptions import ConnectTimeout

from hotpatch_gui.azure import throttle
from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.azure.throttle import Rate
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.simulator.build import build_simulator
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.simulator.transport import ENDPOINT
from hotpatch_gui.store import connections
from hotpatch_gui.system import resources
from hotpatch_gui.worker.calls import MAX_BULK
from hotpatch_gui.worker.file import DataFile
from hotpatch_gui.worker.operations import pauses

SECURITY = InstallRequest(frozenset({Classification.SECURITY}))


def number(stage: Stage, name: str) -> int:
    return int(
        stage.app.source.db.execute("SELECT id FROM machines WHERE name=?", (name,)).fetchone()[0]
    )


def notes(stage: Stage) -> list[str]:
    return [
        row[0] or ""
        for row in stage.app.source.db.execute("SELECT note FROM operations ORDER BY id")
    ]


def install_elsewhere(stage: Stage, name: str) -> None:
    """Somebody else, as in the portal, begins an installation."""
    (path,) = stage.app.source.db.execute(
        "SELECT azure_id FROM machines WHERE name=?", (name,)
    ).fetchone()
    body = {
        "maximumDuration": "PT120M",
        "rebootSetting": "IfRequired",
        "windowsParameters": {"classificationsToInclude": ["Security"]},
    }
    url = f"{ENDPOINT}{path}/installPatches?api-version=2025-04-01"
    assert stage.simulator.handle("POST", url, {}, json.dumps(body).encode()).status == 202


def test_operations_on_one_machine_are_sent_in_order(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "TURN_S", 0.05)
    stage.start()
    machine = number(stage, "vm-web-02")
    stage.request.install([machine], SECURITY)
    stage.request.restart([machine])
    stage.until(lambda: stage.operation_states() == [OperationState.RUNNING, OperationState.QUEUED])
    stage.until(lambda: notes(stage)[1] == "Waiting for “Install updates now” on this machine.")
    assert "restart" not in stage.simulator.cloud.received
    stage.clock.advance(minutes=60)
    stage.until(
        lambda: stage.operation_states()[:2] == [OperationState.SUCCEEDED, OperationState.RUNNING]
    )
    assert stage.simulator.cloud.received["restart"] == 1


def test_a_queued_operation_can_be_canceled_and_is_never_sent(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "TURN_S", 0.05)
    stage.start()
    machine = number(stage, "vm-web-02")
    stage.request.install([machine], SECURITY)
    stage.request.restart([machine])
    stage.until(lambda: "Waiting for" in notes(stage)[1])
    stage.request.cancel([2])
    stage.clock.advance(minutes=60)
    stage.until(
        lambda: stage.operation_states() == [OperationState.SUCCEEDED, OperationState.CANCELED]
    )
    assert notes(stage)[1] == "Canceled before it was sent."
    assert "restart" not in stage.simulator.cloud.received


@pytest.mark.expects_log
def test_a_conflict_names_the_other_operation_and_offers_to_wait(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "BUSY_S", 0.05)
    stage.start()
    install_elsewhere(stage, "vm-web-02")
    began = stage.simulator.cloud.clock.now()
    stage.request.assess([number(stage, "vm-web-02")])
    stage.until(lambda: stage.operation_states() == [OperationState.FAILED])
    named = f"In progress: another installation (started {began:%d %b %Y, %H:%M} UTC)."
    assert named in notes(stage)[0]
    stage.window.show_page("activity")
    page = stage.window.page("activity")
    page.tabs.setCurrentWidget(page.operations)
    stage.until(lambda: page.operations.model.rowCount() == 1)
    page.operations.panel.table.selectRow(0)
    stage.until(lambda: page.operations.panel.table.selected_ids == [1])
    stage.settle()
    wait = page.findChild(QPushButton, "waitForTurn")
    assert wait.isVisible()
    wait.click()
    stage.until(
        lambda: len(notes(stage)) == 2 and "Waiting for another installation" in notes(stage)[1]
    )
    assert "assess" not in stage.simulator.cloud.received
    stage.clock.advance(minutes=60)
    stage.until(lambda: stage.operation_states()[1] is OperationState.RUNNING)
    stage.clock.advance(minutes=10)
    stage.until(lambda: stage.operation_states()[1] is OperationState.SUCCEEDED)
    stage.settle()
    page.operations.panel.table.selectRow(1)
    stage.settle()
    assert not wait.isVisible(), "it was asked again already"


@pytest.mark.expects_log
def test_a_conflict_is_retried_until_accepted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "BUSY_S", 0.05)
    stage.start()
    machine = number(stage, "vm-web-02")
    code = {"code": "AnotherOperationInProgress", "message": "Made by the test."}

    def at_work(method: str, _: str) -> Response | None:
        return Response(409, {"error": code}) if method == "POST" else None

    stage.simulator.faults.append(at_work)
    stage.request.assess([machine])
    stage.until(lambda: stage.operation_states() == [OperationState.FAILED])
    assert "In progress:" not in notes(stage)[0]
    for _ in range(2):
        stage.request.wait_for_turn([1])
    assert len(notes(stage)) == 2, "once"
    stage.until(lambda: "It's retried every minute" in notes(stage)[1])
    stage.simulator.faults.remove(at_work)
    stage.until(lambda: stage.operation_states()[1] is OperationState.RUNNING)
    assert stage.simulator.cloud.received["assess"] == 1


@pytest.mark.expects_log
def test_wait_and_retry_stays_offered_while_another_of_its_kind_is_open(stage: Stage) -> None:
    """The button disappeared without a reason."""
    stage.start()
    machine = number(stage, "vm-web-02")
    code = {"code": "AnotherOperationInProgress", "message": "Made by the test."}

    def busy(method: str, _: str) -> Response | None:
        return Response(409, {"error": code}) if method == "POST" else None

    stage.simulator.faults.append(busy)
    stage.request.assess([machine])
    stage.until(lambda: stage.operation_states() == [OperationState.FAILED])
    stage.simulator.faults.remove(busy)
    stage.request.assess([machine])
    stage.until(lambda: stage.operation_states()[1] is OperationState.RUNNING)
    stage.request.wait_for_turn([1])
    stage.until(
        lambda: (
            "is already queued, is in progress or has an unknown result"
            in stage.window.notice.headline.text()
        )
    )
    assert len(notes(stage)) == 2
    db = stage.app.source.db
    assert db.execute("SELECT standby FROM operations WHERE id=1").fetchone()[0] == "offered"


@pytest.mark.expects_log
def test_an_operation_that_the_machine_does_not_allow_offers_no_waiting(stage: Stage) -> None:
    """A 409 because of the machine's own state, which waiting doesn't change."""
    stage.start()
    stage.simulator.cloud.guests["vm-web-02"].agent_ready = False
    stage.request.assess([number(stage, "vm-web-02")])
    stage.until(lambda: stage.operation_states() == [OperationState.FAILED])
    assert "OperationNotAllowed" in notes(stage)[0]
    stage.request.wait_for_turn([1])
    assert len(notes(stage)) == 1


@pytest.mark.expects_log
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_an_unsent_request_is_retried_and_sent_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """A short network failure loses no request, at whatever step it happens."""
    monkeypatch.setattr(pauses, "FIRST_BACK_OFF_S", 0.05)
    stage.start()
    left = 3

    def refused(method: str, path: str) -> Exception | None:
        nonlocal left
        if (
            left
            and method == verb
            and path.lower().split("/")[-1] in ("vm-web-02", "installpatches")
        ):
            left -= 1
            return ConnectTimeout("no network")
        return None

    stage.simulator.faults.append(refused)
    stage.request.install([number(stage, "vm-web-02")], SECURITY)
    stage.until(lambda: stage.operation_states() == [OperationState.RUNNING])
    assert left == 0
    assert stage.simulator.cloud.received == {"install": 1}
    events = stage.app.source.db.execute("SELECT event FROM audit_log ORDER BY id").fetchall()
    tries = 3 if verb == "POST" else 0
    assert [row[0] for row in events] == ["sending", "not sent"] * tries + ["sending", "accepted"]


@pytest.mark.expects_log
def test_an_unsendable_operation_fails_after_ten_minutes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "FIRST_BACK_OFF_S", 0.05)
    monkeypatch.setattr(pauses, "TRY_FOR_S", 0.3)
    stage.start()
    stage.simulator.faults.append(
        lambda method, _: ConnectTimeout("no network") if method == "POST" else None
    )
    stage.request.restart([number(stage, "vm-web-02")])
    stage.until(lambda: stage.operation_states() == [OperationState.FAILED])
    assert notes(stage)[0].endswith("Nothing was started.")
    assert not stage.simulator.cloud.received


def test_waiting_operations_are_not_sent_once_changes_are_turned_off(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "TURN_S", 0.05)
    stage.start()
    machine = number(stage, "vm-web-02")
    stage.request.install([machine], SECURITY)
    stage.request.restart([machine])
    stage.until(lambda: stage.operation_states() == [OperationState.RUNNING, OperationState.QUEUED])
    (mine,) = connections.read_all(stage.app.source.db)
    stage.request.allow_changes(mine.id, changes_allowed=False)
    stage.until(lambda: not connections.read_all(stage.app.source.db)[0].changes_allowed)
    stage.clock.advance(minutes=60)
    stage.until(
        lambda: stage.operation_states() == [OperationState.SUCCEEDED, OperationState.FAILED]
    )
    assert "Changes are off for Contoso." in notes(stage)[1]
    assert stage.simulator.cloud.received == {"install": 1}, "what was sent is followed to its end"


@pytest.fixture
def slow_writes(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Stage, list[str]]]:
    """A hundred machines behind an Azure that takes twenty changes a second, and what it was asked."""
    monkeypatch.setattr(throttle, "ARM_WRITES", Rate(2, 20.0))
    clock = SteppedClock(EPOCH)
    simulator = build_simulator(
        resources.calendar(),
        resources.read_json("other-updates.json"),
        clock=clock,
        quota=1000,
        machines=100,
    )
    seen: list[str] = []

    def record(method: str, path: str) -> Response | None:
        machine, _, action = path.lower().partition("/virtualmachines/")[2].partition("/")
        if machine and not action and method == "GET":
            seen.append(f"view {machine}")
        elif action in ("installpatches", "assesspatches"):
            seen.append(f"send {machine}")
        return None

    with Stage("light", simulator=simulator) as stage:
        stage.start()
        simulator.faults.append(record)
        yield stage, seen


def azure_machines(stage: Stage) -> list[tuple[int, str]]:
    return [
        (row[0], row[1].lower())
        for row in stage.app.source.db.execute(
            "SELECT id, name FROM machines WHERE arc_status IS NULL AND power='running' ORDER BY id"
        )
    ]


def test_the_last_run_of_each_machine_is_read_just_before_its_installation_is_sent(
    slow_writes: tuple[Stage, list[str]],
) -> None:
    """Not for all of them at first: Azure accepts 10 changes a second, so the last read would be outdated by then."""
    stage, seen = slow_writes
    some = azure_machines(stage)[:60]
    stage.request.install([machine for machine, _ in some], SECURITY)
    stage.until(lambda: len([s for s in seen if s.startswith("send")]) >= 40)
    read: set[str] = set()
    sent: set[str] = set()
    longest = 0
    for step in seen:
        what, machine = step.split()
        (read if what == "view" else sent).add(machine)
        longest = max(longest, len(read - sent))
    assert 1 < longest <= MAX_BULK


def test_a_click_does_not_wait_for_many_requests_that_were_queued_before(
    slow_writes: tuple[Stage, list[str]],
) -> None:
    stage, seen = slow_writes
    *many, last = azure_machines(stage)
    stage.request.assess([machine for machine, _ in many])
    stage.until(lambda: len(seen) >= 5)
    stage.request.assess([last[0]])
    before = len(seen)
    stage.until(lambda: f"send {last[1]}" in seen)
    assert seen.index(f"send {last[1]}") - before <= 5


def test_hundreds_are_canceled_in_slices_while_others_continue(
    slow_writes: tuple[Stage, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One commit for each would hold the loop for seconds on a slow disk, and what is left would be sent later."""
    stage, _ = slow_writes
    stage.request.assess([machine for machine, _ in azure_machines(stage)])
    db = stage.app.source.db
    queued = [row[0] for row in db.execute("SELECT id FROM operations WHERE state='queued'")]
    durable: list[DataFile] = []
    transaction = DataFile.transaction

    def counted(self: DataFile, **keywords: Any) -> Any:
        durable.extend([self] * keywords.get("durable", False))
        return transaction(self, **keywords)

    monkeypatch.setattr(DataFile, "transaction", counted)
    stage.request.cancel(queued)
    states = stage.operation_states()
    assert states.count(OperationState.CANCELED) > len(queued) / 2
    assert OperationState.QUEUED not in states
    lines = db.execute("SELECT count(*) FROM audit_log WHERE event='cancelled'").fetchone()[0]
    assert lines == states.count(OperationState.CANCELED)
    assert 1 <= len(durable) < 12, "some were being sent"


def test_a_selection_of_all_cancels_what_is_queued_and_dismisses_only_what_is_unknown(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regardless of the order of rows: the newest one decided for all."""
    monkeypatch.setattr(pauses, "TURN_S", 60.0)
    stage.start()
    stage.simulator.faults.append(
        lambda _, path: (
            Response(500, {"error": {"code": "X", "message": "X"}}) if "/restart" in path else None
        )
    )
    stage.request.restart([number(stage, "vm-dc-01")])
    stage.until(lambda: stage.operation_states() == [OperationState.UNKNOWN])
    stage.request.install([number(stage, "vm-web-02")], SECURITY)
    stage.request.assess([number(stage, "vm-web-02"), number(stage, "vm-web-01")])
    stage.until(lambda: stage.operation_states().count(OperationState.RUNNING) == 2)
    stage.window.show_page("activity")
    page = stage.window.page("activity")
    page.tabs.setCurrentWidget(page.operations)
    stage.until(lambda: page.operations.model.rowCount() == 4)
    page.operations.panel.table.selectAll()
    stage.settle()
    assert (page.cancel.text(), page.dismiss.text()) == (
        "Cancel the queued operation",
        "Dismiss the unknown result",
    )
    page.cancel.click()
    stage.until(lambda: OperationState.QUEUED not in stage.operation_states())
    assert stage.operation_states()[0] is OperationState.UNKNOWN


@pytest.mark.expects_log
def test_simultaneous_rejections_block_no_operation(
    slow_writes: tuple[Stage, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reads its machine first: sixteen requests that each held a slot and waited for another never ended."""
    monkeypatch.setattr(throttle, "ARM_WRITES", Rate(1000, 1000.0))
    stage, _ = slow_writes
    together = threading.Barrier(16, timeout=1.0)

    def busy(_: str, path: str) -> Response | None:
        if "assessPatches" not in path:
            return None
        return Response(409, {"error": {"code": "Conflict", "message": "Busy."}})

    begin = Gateway.begin

    def synchronous(self: Gateway, *arguments: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            together.wait()
        return begin(self, *arguments)

    monkeypatch.setattr(Gateway, "begin", synchronous)
    stage.simulator.faults.append(busy)
    some = [machine for machine, _ in azure_machines(stage)[:20]]
    stage.app.actions.assess(some[:10])
    stage.app.actions.assess(some[10:])
    stage.until(lambda: stage.operation_states() == [OperationState.FAILED] * 20)
    stage.sync()
