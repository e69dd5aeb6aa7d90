"""Changes of schedules when something breaks: late and odd responses, a locked file, sleep, sign-outs and removed connections."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest
from PySide6.QtWidgets import QApplication
from requests.exceptions import ConnectionError as Broken

from helpers.schedules import (
    ASSIGN,
    DELETE,
    ID,
    NAME,
    SAVE,
    SAVE_OTHER,
    UNASSIGN,
    WEB_1,
    audit,
    change,
    fault,
    followers,
    hold,
    hold_response,
    leave_waiting,
    make_schedule,
    numbered,
    removal,
    rows,
    states,
    with_recurrence,
)
from hotpatch_gui.application.headless import Session
from hotpatch_gui.application.targets import demo_target
from hotpatch_gui.azure.bodies import assignment_body
from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.schedule_changes import (
    ChangeKind,
    ScheduleChange,
    assignment_id,
    schedule_id,
)
from hotpatch_gui.simulator.guest import SUBSCRIPTION
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store import database, schedules
from hotpatch_gui.store import schedule_changes as store
from hotpatch_gui.store.database import FILE_NAME, open_writer, transaction
from hotpatch_gui.worker import file as data_file
from hotpatch_gui.worker import schedule_sender
from hotpatch_gui.worker.calls import MAX_BULK
from hotpatch_gui.worker.commands import (
    ChangeSchedules,
    DismissChanges,
    RemoveConnection,
    SignIn,
    SignOut,
)
from hotpatch_gui.worker.operation_scheduler import SendPolicy

pytestmark = pytest.mark.expects_log
MANY = 3 * MAX_BULK
ERROR = Response(500, {"error": {"code": "Broken", "message": "Broken."}})


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        made.start()
        yield made


def shown_recurrence(stage: Stage) -> str:
    """The recurrence of the schedule as the window shows it."""
    db = stage.app.source.db
    assert db is not None
    schedule = schedules.stored(db, 1)[0][ID.lower()]
    assert schedule is not None
    return schedule.recurs


def handled(stage: Stage) -> None:
    stage.until(lambda: stage.app.engine.unhandled == 0)


def test_a_late_check_does_not_hide_the_effect_of_a_later_change(stage: Stage) -> None:
    make_schedule(stage)
    handle, lost = stage.simulator.handle, [True]

    def lose(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        response = handle(method, url, headers, body)
        if method == "PUT" and lost:
            lost.pop()
            raise Broken("reset")
        return response

    stage.simulator.handle = lose
    received, goes_on = hold_response(stage, "GET", f"/{NAME}?", but=1)
    change(stage, with_recurrence("Week Sunday"))
    stage.until(received.is_set)
    assert states(stage)[1] == "unknown"
    change(stage, with_recurrence("Week Saturday"))
    stage.until(lambda: states(stage)[1:] == ["dismissed", "succeeded"])
    goes_on.set()
    stage.idle()
    assert shown_recurrence(stage) == "Week Saturday"


def test_a_deletion_removes_what_was_assigned_a_moment_ago(stage: Stage) -> None:
    """While another change is answered late, so that the effects wait."""
    make_schedule(stage)
    received, goes_on = hold(stage, "PUT", "/other?")
    change(stage, SAVE_OTHER)
    stage.until(received.is_set)
    machine = WEB_1.replace("web-01", "web-02")
    body = json.dumps(assignment_body(ID, machine, "westus2"))
    second = ScheduleChange(ChangeKind.ASSIGN, assignment_id(machine, NAME), "vm-web-02", body)
    for number, one in enumerate((ASSIGN, second)):
        change(stage, one)
        stage.until(lambda n=number: states(stage)[2:] == ["succeeded"] * (n + 1))
    stage.app.actions.delete_schedule(1, ID, NAME)
    stage.until(lambda: len(states(stage)) > 4 and set(states(stage)[4:]) == {"succeeded"})
    goes_on.set()
    left = stage.simulator.cloud.maintenance.assignments
    assert not left.keys() & {ASSIGN.resource_id.casefold(), second.resource_id.casefold()}


def test_effects_are_shown_although_another_change_hangs(stage: Stage) -> None:
    make_schedule(stage)
    received, goes_on = hold(stage, "PUT", "/other?")
    change(stage, SAVE_OTHER)
    stage.until(received.is_set)
    change(stage, ASSIGN)
    stage.until(lambda: "vm-web-01" in followers(stage))
    change(stage, UNASSIGN)
    stage.until(lambda: "vm-web-01" not in followers(stage))
    goes_on.set()


def test_a_request_while_the_file_is_locked_at_the_end_of_all_others_is_sent(stage: Stage) -> None:
    make_schedule(stage)
    broken = [Broken("reset")]
    stage.simulator.faults.append(
        lambda method, path: (
            broken.pop()
            if broken and method == "PUT" and path.casefold().endswith("/other0")
            else None
        )
    )
    received, goes_on = hold(stage, "GET", "/other0?", but=1)
    change(stage, numbered(0))
    stage.until(received.is_set)
    for number in (1, 2):
        change(stage, numbered(number))
        stage.until(lambda n=number: states(stage)[1 + n :] == ["succeeded"])
    stage.app.engine.send(DismissChanges())
    handled(stage)
    with closing(sqlite3.connect(stage.folder / FILE_NAME, isolation_level=None)) as locker:
        locker.execute("BEGIN IMMEDIATE")
        change(stage, numbered(3))
        goes_on.set()
        stage.settle()
        locker.execute("ROLLBACK")
    stage.until(lambda: states(stage)[4:] == ["succeeded"])


def test_a_removed_connection_has_no_open_change_and_no_schedule(stage: Stage) -> None:
    received, goes_on = hold(stage, "PUT", f"/{NAME}?")
    change(stage, SAVE)
    stage.until(received.is_set)
    change(stage, with_recurrence("Week Sunday"))
    stage.until(lambda: states(stage) == ["sent", "queued"])
    stage.app.engine.send(RemoveConnection(1))
    stage.until(lambda: states(stage) == ["dismissed", "canceled"])
    db = stage.app.source.db
    assert db is not None
    assert store.still_open(db) == (0, 0, 0, "")
    count = "SELECT count(*) FROM schedules WHERE connection_id=1"
    before = db.execute(count).fetchone()[0]
    goes_on.set()
    stage.idle()
    assert db.execute(count).fetchone()[0] == before
    assert {"sending", "cancelled", "answer lost", "dismissed"} == {
        event for _, event in audit(stage)
    }


def test_an_unexpected_response_does_not_stop_other_changes(stage: Stage) -> None:
    make_schedule(stage)
    broken = [ERROR]

    def on(method: str, path: str) -> Response | None:
        if "configurationassignments" not in path.casefold():
            return None
        if method == "GET":
            return Response(200, {"id": path, "properties": {}})
        return broken.pop() if broken else None

    stage.simulator.faults.append(on)
    change(stage, ASSIGN)
    stage.until(lambda: states(stage)[1:] == ["unknown"])
    change(stage, SAVE_OTHER)
    stage.until(lambda: states(stage)[1:] == ["unknown", "succeeded"])


@pytest.mark.parametrize(
    "response",
    [
        Response(404, {"error": {"code": "SubscriptionNotFound", "message": "No."}}),
        Response(404, raw=b"<html>proxy</html>", headers={"Content-Type": "text/html"}),
    ],
)
def test_not_every_404_says_that_a_schedule_is_deleted(stage: Stage, response: Response) -> None:
    make_schedule(stage)
    received, goes_on = hold(stage, "GET", f"/{NAME}?")
    fault(stage, "DELETE", lambda: ERROR)
    fault(stage, "GET", lambda: response)
    change(stage, DELETE)
    stage.until(received.is_set)
    goes_on.set()
    stage.idle()
    assert states(stage)[1] == "unknown"


def test_a_response_from_before_a_sign_out_does_not_delay_other_schedules(stage: Stage) -> None:
    received, goes_on = hold(stage, "PUT", f"/{NAME}?")
    change(stage, SAVE)
    stage.until(received.is_set)
    stage.app.engine.send(SignOut(1))
    stage.app.engine.send(SignIn(1))
    handled(stage)
    change(stage, SAVE_OTHER)
    stage.until(lambda: states(stage) == ["sent", "succeeded"])
    goes_on.set()
    stage.until(lambda: states(stage) == ["succeeded", "succeeded"])


def test_changes_that_wait_during_a_sleep_are_not_sent(stage: Stage) -> None:
    make_schedule(stage)
    left = [Response(429, {"error": {"code": "TooMany"}}, headers={"Retry-After": "2"})]
    fault(stage, "PUT", lambda: left.pop() if left else None)
    change(stage, SAVE_OTHER)
    stage.until(lambda: bool(rows(stage)[1:]) and bool(rows(stage)[1][2]))
    change(stage, ASSIGN)
    handled(stage)
    stage.clock.advance(hours=5)
    stage.app.clock.observe(stage.clock.now(), 0.0)  # as the system's clock does
    stage.until(lambda: states(stage)[1:] == ["canceled", "canceled"])
    assert stage.simulator.cloud.received["maintenance"] == 1


def test_a_click_is_sent_although_every_bulk_request_hangs(stage: Stage) -> None:
    make_schedule(stage)
    received, goes_on = hold(stage, "DELETE", "configurationassignments")
    change(stage, *map(removal, range(MANY)))
    stage.until(received.is_set)
    change(stage, SAVE_OTHER)
    stage.until(lambda: states(stage)[-1] == "succeeded")
    goes_on.set()
    stage.app.actions.cancel_changes()
    handled(stage)


def test_hanging_checks_do_not_delay_bulk_changes(stage: Stage) -> None:
    make_schedule(stage)
    fault(stage, "DELETE", lambda: ERROR)
    _, goes_on = hold(stage, "GET", "configurationassignments")
    change(stage, *map(removal, range(MANY)))
    stage.until(lambda: states(stage)[1:] == ["unknown"] * MANY)
    stage.simulator.faults.clear()
    change(stage, *(removal(1000 + n) for n in range(MANY)))
    stage.until(lambda: states(stage)[1 + MANY :] == ["succeeded"] * MANY)
    goes_on.set()


@pytest.mark.parametrize(
    ("status", "state"), [(200, "succeeded"), (403, "failed"), (500, "unknown")]
)
@pytest.mark.parametrize("signed_out", [False, True])
def test_a_response_is_kept_until_it_can_be_stored(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, status: int, state: str, *, signed_out: bool
) -> None:
    monkeypatch.setattr(data_file, "LOCK_WAIT_S", 0.5)
    make_schedule(stage)
    received, goes_on = hold(stage, "PUT", "configurationassignments")
    if status != 200:
        refusal = Response(status, {"error": {"code": "No", "message": "No."}})
        fault(stage, "PUT", lambda: refusal)
    fault(stage, "GET", lambda: ERROR)  # so that no check decides
    change(stage, ASSIGN)
    stage.until(received.is_set)
    if signed_out:
        stage.app.engine.send(SignOut(1))
        handled(stage)
    with closing(sqlite3.connect(stage.folder / FILE_NAME, isolation_level=None)) as locker:
        locker.execute("BEGIN IMMEDIATE")
        goes_on.set()
        for _ in range(100):
            stage._spin(10)
        locker.execute("ROLLBACK")
    stage.until(lambda: states(stage)[1] == state)
    assert not any("The program ended" in note for _, _, note in rows(stage))


def test_a_temporarily_missing_file_is_not_a_rejection_by_azure(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_schedule(stage)
    received, goes_on = hold(stage, "PUT", "configurationassignments")
    change(stage, ASSIGN)
    stage.until(received.is_set)
    real, misses = database.file_identity, [True]
    monkeypatch.setattr(
        database, "file_identity", lambda path: None if misses and misses.pop() else real(path)
    )
    goes_on.set()
    stage.until(lambda: states(stage)[1] == "succeeded")


def test_changes_by_others_during_a_pause_are_kept(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule_sender, "FRESH_S", 0.5)
    make_schedule(stage)
    received, goes_on = hold_response(stage, "GET", f"/{NAME}?")
    left = [Response(429, {"error": {"code": "TooMany"}}, headers={"Retry-After": "2"})]
    stage.simulator.faults.append(
        lambda method, path: (
            left.pop() if left and method == "PUT" and path.casefold().endswith("/other") else None
        )
    )
    change(stage, with_recurrence("Week Sunday"))
    stage.until(received.is_set)
    change(stage, SAVE_OTHER)
    stage.until(lambda: bool(rows(stage)[2:]) and bool(rows(stage)[2][2]))
    goes_on.set()
    for _ in range(30):
        stage._spin(10)
    made = stage.simulator.cloud.maintenance.configurations[ID.casefold()]
    made["tags"] = {"owner": "set in the portal meanwhile"}
    stage.until(lambda: states(stage)[1] == "succeeded")
    after = stage.simulator.cloud.maintenance.configurations[ID.casefold()]
    assert after["tags"] == {"owner": "set in the portal meanwhile"}
    assert after["properties"]["maintenanceWindow"]["recurEvery"] == "Week Sunday"


def test_a_deletion_waits_for_what_is_being_assigned(stage: Stage) -> None:
    make_schedule(stage)
    received, goes_on = hold(stage, "PUT", "configurationassignments")
    change(stage, ASSIGN)
    stage.until(received.is_set)
    change(stage, DELETE)
    change(stage, SAVE_OTHER)
    stage.until(lambda: states(stage)[1:] == ["sent", "queued", "succeeded"])
    goes_on.set()
    stage.until(lambda: states(stage)[1:3] == ["succeeded", "succeeded"])


def test_nothing_is_assigned_while_a_deletion_may_be_in_progress(stage: Stage) -> None:
    make_schedule(stage)
    handle = stage.simulator.handle

    def delete_later(
        method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> Response:
        if method == "DELETE" and "configurationassignments" not in url.casefold():
            Timer(1, handle, (method, url, headers, body)).start()
            raise Broken("reset")
        return handle(method, url, headers, body)

    stage.simulator.handle = delete_later
    change(stage, DELETE)
    stage.until(lambda: states(stage)[1:] == ["unknown"])
    change(stage, ASSIGN)
    change(stage, SAVE_OTHER)
    stage.until(lambda: states(stage)[3:] == ["succeeded"])
    assert states(stage)[1:3] == ["unknown", "queued"]
    assert ASSIGN.resource_id.casefold() not in stage.simulator.cloud.maintenance.assignments
    stage.app.actions.cancel_changes()
    handled(stage)


def test_canceled_changes_do_not_wait_for_their_turn(stage: Stage) -> None:
    refused = [Response(429, {"error": {"code": "TooMany"}}, headers={"Retry-After": "600"})]
    fault(stage, "PUT", lambda: refused.pop() if refused else None)
    change(stage, SAVE)
    stage.until(lambda: bool(rows(stage)) and bool(rows(stage)[0][2]))
    change(stage, SAVE_OTHER)
    stage.until(lambda: states(stage) == ["queued"] * 2)
    stage.app.actions.cancel_changes()
    stage.until(lambda: states(stage) == ["canceled"] * 2)
    stage.idle()


def test_a_rejected_sign_in_ends_waiting_changes_and_is_reported_once(stage: Stage) -> None:
    make_schedule(stage)
    refused = Response(401, {"error": {"code": "InvalidAuthenticationToken", "message": "No."}})
    sent: list[str] = []

    def on(method: str, path: str) -> Response | None:
        if method != "DELETE":
            return None
        sent.append(path)
        return refused

    stage.simulator.faults.append(on)
    change(stage, *map(removal, range(20 * MAX_BULK)))
    stage.until(lambda: states(stage)[1:] == ["failed"] * 20 * MAX_BULK)
    assert len(sent) <= 4 * MAX_BULK
    assert "Sign in again" in rows(stage)[-1][2]


def test_a_bug_in_one_change_does_not_stop_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sender, bugs = schedule_sender.ScheduleSender, [True]
    real = sender._read_before

    async def broken(self: object, row: store.StoredChange, *more: object) -> object:
        if row.change.subject == "other" and bugs:
            bugs.pop()
            raise ZeroDivisionError
        return await real(self, row, *more)

    monkeypatch.setattr(sender, "_read_before", broken)
    change(stage, SAVE_OTHER)
    change(stage, SAVE)
    stage.until(lambda: states(stage) == ["succeeded"] * 2)
    assert any("a bug" in record.getMessage() for record in caplog.records)


def test_a_request_is_not_confused_with_one_of_an_earlier_session(
    qapp: QApplication, tmp_path: Path
) -> None:
    with Stage("light", folder=tmp_path) as first:
        first.start()
        make_schedule(first)
        simulator = first.simulator
    with closing(open_writer(tmp_path / FILE_NAME)) as db, transaction(db):
        store.add(db, 1, [ASSIGN], simulator.cloud.clock.now(), "somebody")
    simulator.cloud.clock.advance(hours=2)
    target = demo_target(lambda: simulator)
    with Session(tmp_path, target, print, sends=SendPolicy.OWN) as session:
        session.wait_for_sync()
        mine = session.queue(lambda: session.send(ChangeSchedules(1, (ASSIGN,))))
        session.wait_for_changes(mine, 1)
        assert store.states(session.db, mine) == {mine[0]: OperationState.SUCCEEDED}


def test_the_end_of_a_change_of_an_earlier_session_is_announced(
    qapp: QApplication, tmp_path: Path
) -> None:
    with Stage("light", folder=tmp_path) as first:
        first.start()
        simulator = first.simulator
        leave_waiting(first)
    simulator.faults.clear()
    with Stage("light", folder=tmp_path, simulator=simulator) as second:
        second.start()
        second.until(lambda: states(second) == ["succeeded"])
        second.settle()
        assert [o.title for o in second.app.outcomes.items] == [
            "nights: Create schedule, succeeded"
        ]


def test_an_assignment_does_not_replace_one_in_progress(stage: Stage) -> None:
    """Of a schedule of the same name, whose effect isn't stored yet."""
    other = schedule_id(SUBSCRIPTION, "rg-app", NAME)
    make_schedule(stage)
    change(stage, SAVE._replace(resource_id=other))
    stage.until(lambda: states(stage)[1:] == ["succeeded"])
    received, goes_on = hold(stage, "PUT", "configurationassignments")
    db = stage.app.source.db
    assert db is not None
    (machine,) = db.execute("SELECT id FROM machines WHERE name='vm-web-01'").fetchone()
    for schedule in (ID, other):
        stage.request.assign_machines(1, schedule, NAME, [machine])
    stage.until(received.is_set)
    goes_on.set()
    stage.until(lambda: states(stage)[2:] == ["succeeded"] * 2)
    found = stage.simulator.cloud.maintenance.assignments
    assert sum("vm-web-01" in key for key in found) == 2


def test_a_bug_after_sending_is_not_reported_as_program_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_schedule(stage)

    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Gateway, "change_schedule", broken)
    change(stage, ASSIGN)
    stage.until(lambda: states(stage)[1:] == ["unknown"])
    assert rows(stage)[1][2].startswith(
        "Because of an error in this program, Azure's response couldn't be processed"
    )
