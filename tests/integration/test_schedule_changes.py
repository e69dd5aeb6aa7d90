"""Changes of schedules through the engine: sent once, read back if the response was lost, and preserved when the program is killed or Resource Graph lags."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from requests.exceptions import ConnectionError as Broken

from helpers.schedules import (
    ASSIGN,
    DELETE,
    ID,
    NAME,
    NIGHTS,
    SAVE,
    SAVE_OTHER,
    SAVE_SCOPE,
    SCOPE,
    UNASSIGN,
    WEB_1,
    audit,
    change,
    fault,
    followers,
    hold,
    leave_waiting,
    make_schedule,
    rows,
    states,
)
from hotpatch_gui.application.targets import demo_target
from hotpatch_gui.azure.bodies import assignment_body, schedule_body
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.schedule_changes import (
    ChangeKind,
    ScheduleChange,
    assignment_id,
    schedule_id,
)
from hotpatch_gui.domain.schedules import AssignmentKind
from hotpatch_gui.simulator.guest import SUBSCRIPTION
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store import schedule_changes as store
from hotpatch_gui.store import schedules
from hotpatch_gui.store.database import FILE_NAME, open_writer, transaction
from hotpatch_gui.worker.commands import ChangeSchedules, SetChangesAllowed, SignIn, SignOut
from hotpatch_gui.worker.jobs import KEPT_S
from hotpatch_gui.worker.schedule_sender import MAX_BULK

pytestmark = pytest.mark.expects_log


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        made.start()
        yield made


def test_a_schedule_is_created_assigned_and_shown_before_resource_graph_shows_it(
    stage: Stage,
) -> None:
    change(stage, SAVE, ASSIGN, SAVE_SCOPE)
    stage.until(lambda: states(stage) == ["succeeded"] * 3)
    stage.idle()
    assert ID.casefold() in stage.simulator.cloud.maintenance.configurations
    assert followers(stage) == {
        "vm-web-01": AssignmentKind.DIRECT,
        "vm-erp-01": AssignmentKind.DYNAMIC,
    }
    now = stage.simulator.cloud.clock.now()
    assert ID.casefold() not in {
        b["id"].casefold() for b in stage.simulator.cloud.maintenance.in_graph("configuration", now)
    }, "Resource Graph lags"
    stage.sync()
    assert followers(stage) == {
        "vm-web-01": AssignmentKind.DIRECT,
        "vm-erp-01": AssignmentKind.DYNAMIC,
    }
    db = stage.app.source.db
    assert db is not None
    (stored,) = [
        s for i, s in schedules.stored(db, 1)[0].items() if s is not None and i == ID.lower()
    ]
    assert stored == NIGHTS._replace(name=NAME, location="westus2", azure_id=ID)
    assert schedules.scopes_of(db, ID.lower()) == [SCOPE._replace(azure_id=SAVE_SCOPE.resource_id)]
    stage.clock.advance(minutes=30)
    stage.sync()
    assert followers(stage) == {
        "vm-web-01": AssignmentKind.DIRECT,
        "vm-erp-01": AssignmentKind.DYNAMIC,
    }
    assert audit(stage) == [
        ("create schedule", "sending"),
        ("create schedule", "ended"),
    ]


def test_a_change_keeps_unnamed_values_and_deleting_removes_assignments(
    stage: Stage,
) -> None:
    change(stage, SAVE, ASSIGN)
    stage.until(lambda: states(stage) == ["succeeded"] * 2)
    kept = stage.simulator.cloud.maintenance.configurations[ID.casefold()]
    kept["tags"] = {"owner": "night shift"}
    kept["properties"]["installPatches"]["linuxParameters"] = {
        "classificationsToInclude": ["Other"]
    }
    weekly = NIGHTS._replace(recurs="Week Saturday", exclude=())
    body = json.dumps(schedule_body(weekly, "westus2"))
    change(stage, SAVE._replace(kind=ChangeKind.SAVE, body=body))
    stage.until(lambda: states(stage) == ["succeeded"] * 3)
    now = stage.simulator.cloud.maintenance.configurations[ID.casefold()]
    assert now["tags"] == {"owner": "night shift"}
    assert now["properties"]["installPatches"]["linuxParameters"] == {
        "classificationsToInclude": ["Other"]
    }
    assert now["properties"]["maintenanceWindow"]["recurEvery"] == "Week Saturday"
    change(
        stage,
        ScheduleChange(ChangeKind.UNASSIGN, ASSIGN.resource_id, "vm-web-01"),
        ScheduleChange(ChangeKind.DELETE, ID, NAME),
    )
    stage.until(lambda: states(stage) == ["succeeded"] * 5)
    stage.idle()
    assert followers(stage) == {}
    assert ID.casefold() not in stage.simulator.cloud.maintenance.configurations
    stage.sync()
    assert followers(stage) == {}


def test_a_change_with_a_lost_response_is_read_back_and_not_sent_again(stage: Stage) -> None:
    cloud = stage.simulator.cloud
    handle = stage.simulator.handle
    sent = []

    def lose(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        response = handle(method, url, headers, body)
        if method == "PUT":
            sent.append(url)
            raise Broken("reset by peer")
        return response

    stage.simulator.handle = lose
    change(stage, SAVE)
    stage.until(lambda: states(stage) == ["succeeded"])
    assert len(sent) == 1
    assert cloud.received["maintenance"] == 1
    ((_, _, note),) = rows(stage)
    assert note == "Azure shows the change."
    assert [event for _, event in audit(stage)] == ["sending", "answer lost", "ended"]


def test_a_lost_change_stays_unknown_until_a_new_change_replaces_it(stage: Stage) -> None:
    lost = [True]
    fault(stage, "PUT", lambda: Broken("reset by peer") if lost[0] else None)
    change(stage, SAVE)
    stage.until(lambda: states(stage) == ["unknown"])
    assert "maintenance" not in stage.simulator.cloud.received
    ((_, _, note),) = rows(stage)
    assert "It isn't sent again" in note
    lost[0] = False
    change(stage, SAVE)
    stage.until(lambda: states(stage) == ["dismissed", "succeeded"])
    assert stage.simulator.cloud.received["maintenance"] == 1


@pytest.mark.parametrize(
    ("response", "state", "says"),
    [
        (Response(403, {"error": {"code": "AuthorizationFailed", "message": "No."}}), "failed", ""),
        (
            Response(404, {"error": {"code": "ResourceGroupNotFound", "message": "No."}}),
            "failed",
            "",
        ),
        (
            Response(400, {"error": {"code": "BadRequest", "message": "Too short."}}),
            "failed",
            "Too short",
        ),
        (Response(409, {"error": {"code": "ScopeLocked", "message": "Locked."}}), "failed", ""),
        (
            Response(500, {"error": {"code": "InternalServerError", "message": "No."}}),
            "unknown",
            "",
        ),
        (Response(200, raw=b"<html>"), "unknown", ""),
    ],
)
def test_each_response_sets_state_and_note(
    stage: Stage, response: Response, state: str, says: str
) -> None:
    fault(stage, "PUT", lambda: response)
    change(stage, SAVE)
    stage.until(lambda: states(stage) == [state])
    ((_, _, note),) = rows(stage)
    assert says in note
    assert len(note) > 20


def test_a_throttled_change_waits_and_is_sent(stage: Stage) -> None:
    refused = iter([Response(429, {"error": {"code": "TooMany"}}, headers={"Retry-After": "0.1"})])
    fault(stage, "PUT", lambda: next(refused, None))
    change(stage, SAVE)
    stage.until(lambda: states(stage) == ["succeeded"])
    assert stage.simulator.cloud.received["maintenance"] == 1


def test_nothing_is_sent_while_changes_are_off(stage: Stage) -> None:
    stage.app.engine.send(SetChangesAllowed(1, changes_allowed=False))
    change(stage, SAVE)
    stage.until(lambda: states(stage) == ["failed"])
    ((_, _, note),) = rows(stage)
    assert note.startswith("Changes are off for Contoso")
    assert "maintenance" not in stage.simulator.cloud.received


def test_a_double_click_is_one_change(stage: Stage) -> None:
    change(stage, SAVE)
    change(stage, SAVE)
    stage.until(lambda: set(states(stage)) == {"succeeded"})
    assert stage.simulator.cloud.received["maintenance"] == len(states(stage))


@pytest.mark.parametrize("was_made", [True, False])
def test_a_change_that_a_killed_program_sent_is_read_back_and_never_sent_again(
    qapp: QApplication, tmp_path: Path, *, was_made: bool
) -> None:
    with Stage("light", folder=tmp_path) as first:
        first.start()
        simulator = first.simulator
        change(first, SAVE)
        first.until(lambda: states(first) == ["succeeded"])
    if not was_made:
        simulator.cloud.maintenance.delete("configuration", ID, simulator.cloud.clock.now())
    with closing(open_writer(tmp_path / FILE_NAME)) as db, transaction(db):
        db.execute("UPDATE schedule_changes SET state='sent', ended_at=NULL, note=''")
    with Stage("light", folder=tmp_path, simulator=simulator) as second:
        second.start()
        wanted = ["succeeded"] if was_made else ["unknown"]
        second.until(lambda: states(second) == wanted)
        assert simulator.cloud.received["maintenance"] == 1
        last = audit(second)[-1][1]
        assert last == ("ended" if was_made else "answer lost")


def test_a_response_received_while_closing_is_shown_afterwards(
    qapp: QApplication, tmp_path: Path
) -> None:
    received = Event()

    def answer_late() -> None:
        received.set()
        time.sleep(0.3)

    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        change(stage, SAVE)
        stage.until(lambda: states(stage) == ["succeeded"])
        fault(stage, "PUT", answer_late)
        change(stage, ASSIGN)
        stage.until(received.is_set)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        assert db.execute("SELECT state FROM schedule_changes").fetchall() == [("succeeded",)] * 2
        found = db.execute(
            "SELECT assignment FROM machine_schedules WHERE schedule_id=?", (ID.lower(),)
        )
        assert found.fetchall() == [(AssignmentKind.DIRECT.value,)]


def test_changes_that_waited_for_more_than_an_hour_are_not_sent(
    qapp: QApplication, tmp_path: Path
) -> None:
    with Stage("light", folder=tmp_path) as first:
        first.start()
        simulator = first.simulator
        leave_waiting(first)
    simulator.faults.clear()
    simulator.cloud.clock.advance(hours=2)
    with Stage("light", folder=tmp_path, simulator=simulator) as second:
        second.start()
        second.until(lambda: states(second) == ["canceled"])
        assert "maintenance" not in simulator.cloud.received


def test_creating_over_an_existing_schedule_changes_nothing(stage: Stage) -> None:
    change(stage, SAVE)
    stage.until(lambda: states(stage) == ["succeeded"])
    before = dict(stage.simulator.cloud.maintenance.configurations[ID.casefold()])
    other = NIGHTS._replace(recurs="Week Saturday")
    change(stage, SAVE._replace(body=json.dumps(schedule_body(other, "westus2"))))
    stage.until(lambda: states(stage) == ["succeeded", "failed"])
    assert "already exists, so nothing was created" in rows(stage)[1][2]
    assert stage.simulator.cloud.maintenance.configurations[ID.casefold()] == before
    received = stage.simulator.cloud.received["maintenance"]
    change(stage, SAVE)
    stage.until(lambda: states(stage)[2:] == ["succeeded"])
    assert rows(stage)[2][2] == "Azure shows the change.", "exactly this schedule exists"
    assert stage.simulator.cloud.received["maintenance"] == received


def test_a_schedule_that_was_deleted_meanwhile_is_not_created_by_a_change(stage: Stage) -> None:
    change(stage, SAVE._replace(kind=ChangeKind.SAVE))
    stage.until(lambda: states(stage) == ["failed"])
    assert "was deleted in the meantime" in rows(stage)[0][2]
    assert "maintenance" not in stage.simulator.cloud.received


@pytest.mark.parametrize("status", [403, 500])
def test_a_schedule_is_not_deleted_while_a_machine_could_not_be_removed(
    stage: Stage, status: int
) -> None:
    change(stage, SAVE, ASSIGN)
    stage.until(lambda: states(stage) == ["succeeded"] * 2)
    refused = Response(status, {"error": {"code": "No", "message": "No."}})

    def on(method: str, path: str) -> Response | None:
        ours = method == "DELETE" and "configurationassignments" in path.casefold()
        return refused if ours else None

    stage.simulator.faults.append(on)
    unassign = ScheduleChange(ChangeKind.UNASSIGN, ASSIGN.resource_id, "vm-web-01")
    change(stage, unassign, ScheduleChange(ChangeKind.DELETE, ID, NAME))
    first = "failed" if status == 403 else "unknown"
    stage.until(lambda: states(stage)[2:3] == [first])
    if status == 403:
        stage.until(lambda: states(stage)[3:] == ["canceled"])
        assert "wasn't sent, because" in rows(stage)[3][2]
    else:
        stage.settle()
        assert states(stage)[3] == "queued", "it waits for the result"
        stage.app.actions.dismiss_changes()
        stage.until(lambda: states(stage)[2:] == ["dismissed", "canceled"])
    assert ID.casefold() in stage.simulator.cloud.maintenance.configurations
    stage.simulator.faults.clear()
    stage.sync()
    assert followers(stage) == {"vm-web-01": AssignmentKind.DIRECT}


def test_an_unreadable_schedule_does_not_delay_others(stage: Stage) -> None:
    def on(method: str, path: str) -> Response | None:
        is_it = method == "GET" and path.casefold() == ID.casefold()
        return Response(500, {"error": {"code": "Broken", "message": "Broken."}}) if is_it else None

    stage.simulator.faults.append(on)
    other = schedule_id(SUBSCRIPTION, "rg-web", "other")
    change(stage, SAVE)
    change(stage, SAVE._replace(resource_id=other, subject="other"))
    stage.until(lambda: states(stage) == ["queued", "succeeded"])
    assert "Trying again" in rows(stage)[0][2]
    assert ("create schedule", "not sent") in audit(stage)
    stage.app.actions.cancel_changes()
    stage.until(lambda: states(stage) == ["canceled", "succeeded"])


def test_assigning_again_after_removing_is_a_separate_change(stage: Stage) -> None:
    """Also while the first still waits."""
    change(stage, SAVE)
    stage.until(lambda: states(stage) == ["succeeded"])
    throttled = [Response(429, {"error": {"code": "TooMany"}}, headers={"Retry-After": "1"})]
    fault(stage, "PUT", lambda: throttled.pop() if throttled else None)
    unassign = ScheduleChange(ChangeKind.UNASSIGN, ASSIGN.resource_id, "vm-web-01")
    for one in (ASSIGN, unassign, ASSIGN):
        change(stage, one)
    stage.until(lambda: states(stage) == ["succeeded"] * 4)
    stage.idle()
    assert followers(stage) == {"vm-web-01": AssignmentKind.DIRECT}
    assert stage.simulator.cloud.maintenance.assignments


def test_a_later_success_settles_an_unknown_result(stage: Stage) -> None:
    broken = [Broken("reset")]
    fault(stage, "PUT", lambda: broken.pop() if broken else None)
    change(stage, SAVE)
    stage.until(lambda: states(stage) == ["unknown"])
    with closing(open_writer(stage.folder / FILE_NAME)) as db, transaction(db):
        db.execute(
            "INSERT INTO schedule_changes (connection_id, kind, resource_id, subject, request, state, requested_by,"
            " created_at) SELECT connection_id, kind, resource_id, subject, request, 'queued', requested_by, created_at FROM schedule_changes"
        )
    stage.app.engine.send(ChangeSchedules(1, (SAVE,)))
    stage.until(lambda: states(stage)[1] == "succeeded")
    assert states(stage)[0] == "dismissed"


def test_a_response_about_another_resource_is_never_merged(stage: Stage) -> None:
    """A caching proxy may return an earlier response."""
    change(stage, SAVE)
    stage.until(lambda: states(stage) == ["succeeded"])
    foreign = dict(stage.simulator.cloud.maintenance.configurations[ID.casefold()])
    foreign |= {"id": ID.replace(NAME, "others"), "tags": {"of": "others"}}
    responses = [Response(200, foreign)]
    fault(stage, "GET", lambda: responses.pop() if responses else None)
    weekly = json.dumps(schedule_body(NIGHTS._replace(recurs="Week Sunday"), "westus2"))
    change(stage, SAVE._replace(kind=ChangeKind.SAVE, body=weekly))
    stage.until(lambda: states(stage) == ["succeeded"] * 2)
    made = stage.simulator.cloud.maintenance.configurations[ID.casefold()]
    assert made["properties"]["maintenanceWindow"]["recurEvery"] == "Week Sunday"
    assert not made["tags"]


def test_schedules_of_one_name_keep_their_machines_and_scopes(stage: Stage) -> None:
    other = schedule_id(SUBSCRIPTION, "rg-app", NAME)
    change(stage, SAVE, ASSIGN, SAVE_SCOPE)
    change(stage, SAVE._replace(resource_id=other))
    stage.until(lambda: states(stage) == ["succeeded"] * 4)
    db = stage.app.source.db
    assert db is not None
    (machine,) = db.execute("SELECT id FROM machines WHERE name='vm-web-01'").fetchone()
    stage.app.actions.assign_machines(1, other, NAME, [machine])
    stage.app.actions.save_scope(1, SCOPE._replace(schedule_id=other.lower()))
    stage.until(lambda: states(stage) == ["succeeded"] * 6)
    stage.idle()
    both = {"vm-web-01": AssignmentKind.DIRECT, "vm-erp-01": AssignmentKind.DYNAMIC}
    assert followers(stage) == both
    assert followers(stage, other) == both
    stage.clock.advance(minutes=30)
    stage.sync()
    assert (followers(stage), followers(stage, other)) == (both, both)


def throttle_once(stage: Stage, verb: str, part: str = "") -> None:
    """Throttle the first call of this verb to a path with ``part``, with a Retry-After of one second."""
    left = [Response(429, {"error": {"code": "TooMany"}}, headers={"Retry-After": "1"})]

    def on(method: str, path: str) -> Response | None:
        return left.pop() if left and method == verb and part in path.casefold() else None

    stage.simulator.faults.append(on)


def test_changes_of_a_resource_are_sent_in_the_order_requested(stage: Stage) -> None:
    make_schedule(stage)
    throttle_once(stage, "PUT")
    for recurs in ("Week Sunday", "Week Saturday"):
        body = json.dumps(schedule_body(NIGHTS._replace(recurs=recurs), "westus2"))
        change(stage, SAVE._replace(kind=ChangeKind.SAVE, body=body))
    stage.until(lambda: states(stage)[1:] == ["succeeded"] * 2)
    made = stage.simulator.cloud.maintenance.configurations[ID.casefold()]
    assert made["properties"]["maintenanceWindow"]["recurEvery"] == "Week Saturday"
    throttle_once(stage, "PUT")
    change(stage, ASSIGN)
    change(stage, UNASSIGN)
    stage.until(lambda: states(stage)[3:] == ["succeeded"] * 2)
    stage.idle()
    assert followers(stage) == {}
    assert ASSIGN.resource_id.casefold() not in stage.simulator.cloud.maintenance.assignments


def test_an_assignment_waits_for_the_creation_of_its_schedule(stage: Stage) -> None:
    throttle_once(stage, "PUT")
    change(stage, SAVE)
    change(stage, ASSIGN)
    stage.until(lambda: states(stage) == ["succeeded"] * 2)


def test_a_deletion_waits_for_a_removal_that_was_requested_before(stage: Stage) -> None:
    make_schedule(stage, ASSIGN)
    throttle_once(stage, "DELETE", "configurationassignments")
    change(stage, UNASSIGN)
    stage.until(lambda: any("Trying again" in note for _, _, note in rows(stage)))
    refused = Response(403, {"error": {"code": "AuthorizationFailed", "message": "No."}})

    def on(method: str, path: str) -> Response | None:
        ours = method == "DELETE" and "configurationassignments" in path.casefold()
        return refused if ours else None

    stage.simulator.faults.append(on)
    change(stage, UNASSIGN, DELETE)
    stage.until(lambda: states(stage)[2:] == ["failed", "failed", "canceled"])
    assert ID.casefold() in stage.simulator.cloud.maintenance.configurations


def test_a_deletion_requested_again_is_done(stage: Stage) -> None:
    make_schedule(stage, ASSIGN)
    broken = [Response(500, {"error": {"code": "Broken", "message": "No."}})]
    fault(stage, "DELETE", lambda: broken.pop() if broken else None)
    change(stage, UNASSIGN, DELETE)
    stage.until(lambda: states(stage)[2:] == ["unknown", "queued"])
    change(stage, UNASSIGN, DELETE)
    stage.until(lambda: states(stage)[4:] == ["succeeded"] * 2)
    assert states(stage)[2:4] == ["dismissed", "canceled"]
    assert ID.casefold() not in stage.simulator.cloud.maintenance.configurations


def test_changes_of_an_earlier_session_are_canceled_when_a_later_one_is_sent(
    stage: Stage,
) -> None:
    """Neither a command nor the next window may send the earlier session's change."""
    with closing(open_writer(stage.folder / FILE_NAME)) as db, transaction(db):
        store.add(db, 1, [UNASSIGN], stage.clock.now(), "somebody")
        store.add(db, 1, [ASSIGN], stage.clock.now(), "somebody")
        left, made = store.unfinished(db, 1)
        store.end_earlier(db, 1, made, OperationState.QUEUED, stage.clock.now())
    assert left.id < made.id
    assert states(stage) == ["canceled", "queued"]


@pytest.mark.parametrize("settle", ["cancel", "dismiss"])
def test_a_request_right_after_the_last_change_ended_is_sent(stage: Stage, settle: str) -> None:
    """The sender that finds nothing more is about to end."""
    broken = [Response(500, {"error": {"code": "No", "message": "No."}})]
    fault(stage, "PUT" if settle == "dismiss" else "GET", lambda: broken.pop() if broken else None)
    change(stage, SAVE)
    stage.until(lambda: bool(rows(stage)) and bool(rows(stage)[0][2]))
    stage.idle()
    other = schedule_id(SUBSCRIPTION, "rg-web", "other")
    if settle == "dismiss":
        stage.app.actions.dismiss_changes()
    else:
        stage.app.actions.cancel_changes()
    change(stage, SAVE._replace(resource_id=other, subject="other"))
    stage.until(lambda: states(stage)[1:] == ["succeeded"])


def test_nothing_is_assigned_to_a_schedule_that_is_being_deleted(stage: Stage) -> None:
    make_schedule(stage, ASSIGN)
    throttle_once(stage, "DELETE", "maintenanceconfigurations")
    change(stage, UNASSIGN, DELETE)
    stage.until(lambda: any("Trying again" in note for _, _, note in rows(stage)))
    change(stage, ASSIGN)
    stage.until(lambda: states(stage)[2:] == ["succeeded", "succeeded", "failed"])
    assert ASSIGN.resource_id.casefold() not in stage.simulator.cloud.maintenance.assignments


def test_deleting_a_schedule_removes_what_is_being_assigned_to_it(stage: Stage) -> None:
    make_schedule(stage)
    throttle_once(stage, "PUT")
    change(stage, ASSIGN)
    stage.until(lambda: states(stage)[1:] == ["queued"])
    stage.app.actions.delete_schedule(1, ID, NAME)
    stage.until(lambda: states(stage)[1:] == ["succeeded"] * 3)
    assert ASSIGN.resource_id.casefold() not in stage.simulator.cloud.maintenance.assignments


def test_another_sender_waits_for_responses_to_an_earlier_one(stage: Stage) -> None:
    """As after signing out and in, while a request is being answered."""
    make_schedule(stage)
    received, handle = Event(), stage.simulator.handle

    def answer_late(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        if method == "PUT" and not received.is_set():
            received.set()
            time.sleep(KEPT_S + 1.5)
        return handle(method, url, headers, body)

    stage.simulator.handle = answer_late
    bodies = [
        json.dumps(schedule_body(NIGHTS._replace(recurs=recurs), "westus2"))
        for recurs in ("Week Sunday", "Week Saturday")
    ]
    save = SAVE._replace(kind=ChangeKind.SAVE)
    change(stage, save._replace(body=bodies[0]))
    stage.until(received.is_set)
    change(stage, save._replace(body=bodies[1]))
    stage.app.engine.send(SignOut(1))
    stage.app.engine.send(SignIn(1))
    stage.until(lambda: states(stage)[1:] == ["succeeded"] * 2)
    made = stage.simulator.cloud.maintenance.configurations[ID.casefold()]
    assert made["properties"]["maintenanceWindow"]["recurEvery"] == "Week Saturday"


@pytest.mark.parametrize(
    ("status", "state"), [(403, "failed"), (429, "queued"), (409, "failed"), (500, "unknown")]
)
def test_a_response_received_while_the_program_closes_is_stored(
    qapp: QApplication, tmp_path: Path, status: int, state: str
) -> None:
    received = Event()

    def answer_late() -> Response:
        received.set()
        time.sleep(0.3)
        return Response(status, {"error": {"code": "No", "message": "No."}})

    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        fault(stage, "PUT", answer_late)
        change(stage, SAVE)
        stage.until(received.is_set)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        assert db.execute("SELECT state FROM schedule_changes").fetchall() == [(state,)]


def test_creating_an_existing_schedule_in_another_region_fails(stage: Stage) -> None:
    make_schedule(stage)
    change(stage, SAVE._replace(body=json.dumps(schedule_body(NIGHTS, "eastus"))))
    stage.until(lambda: states(stage) == ["succeeded", "failed"])
    assert "already exists, so nothing was created" in rows(stage)[1][2]


def test_canceling_a_change_cancels_dependent_changes(stage: Stage) -> None:
    make_schedule(stage, ASSIGN)
    refused = Response(429, {"error": {"code": "TooMany"}}, headers={"Retry-After": "600"})
    fault(stage, "DELETE", lambda: refused)
    change(stage, UNASSIGN, DELETE)
    stage.until(lambda: any("Trying again" in note for _, _, note in rows(stage)))
    stage.app.actions.cancel_changes([3])
    stage.until(lambda: states(stage)[2:] == ["canceled"] * 2)


def test_the_number_of_queries_does_not_grow_with_the_changes_of_a_request(stage: Stage) -> None:
    many = [UNASSIGN._replace(resource_id=f"{WEB_1}/{n}") for n in range(300)]
    received: list[str] = []
    with closing(open_writer(stage.folder / FILE_NAME)) as db:
        db.execute("BEGIN")
        db.set_trace_callback(received.append)
        for _ in range(2):
            assert len(store.add(db, 1, many, stage.clock.now(), "somebody")) == len(many)
        assert len({row.action_id for row in store.unfinished(db, 1)}) == 1
        singles = [store.add(db, 1, [DELETE], stage.clock.now(), "somebody") for _ in range(2)]
        store.states_before(db, range(1, 500))
        db.set_trace_callback(None)
        db.execute("ROLLBACK")
    assert singles[0] == singles[1]
    assert sum(line.lstrip().startswith("SELECT") for line in received) <= 6


@pytest.mark.parametrize("verb", ["PUT", "GET"])
def test_a_slow_response_does_not_delay_other_schedules(stage: Stage, verb: str) -> None:
    received, goes_on = hold(stage, verb, f"/{NAME}?")
    change(stage, SAVE)
    stage.until(received.is_set)
    change(stage, SAVE_OTHER)
    stage.until(lambda: states(stage)[1:] == ["succeeded"])
    assert states(stage)[0] in {"queued", "sent"}
    goes_on.set()
    stage.until(lambda: states(stage) == ["succeeded"] * 2)


def test_changes_of_a_resource_wait_for_the_previous_response(stage: Stage) -> None:
    make_schedule(stage)
    received, goes_on = hold(stage, "PUT", "configurationassignments")
    change(stage, ASSIGN)
    stage.until(received.is_set)
    change(stage, UNASSIGN)
    change(stage, SAVE_OTHER)
    stage.until(lambda: states(stage)[3:] == ["succeeded"])
    assert states(stage)[1:3] == ["sent", "queued"]
    goes_on.set()
    stage.until(lambda: states(stage)[1:3] == ["succeeded"] * 2)
    assert ASSIGN.resource_id.casefold() not in stage.simulator.cloud.maintenance.assignments


def test_a_slow_check_of_an_unknown_result_does_not_delay_changes(stage: Stage) -> None:
    broken = [Broken("reset")]
    fault(stage, "PUT", lambda: broken.pop() if broken else None)
    received, goes_on = hold(stage, "GET", f"/{NAME}?", but=1)
    change(stage, SAVE)
    stage.until(received.is_set)
    assert states(stage) == ["unknown"]
    change(stage, SAVE_OTHER)
    stage.until(lambda: states(stage) == ["unknown", "succeeded"])
    goes_on.set()


def test_one_click_is_sent_before_the_rest_of_many(stage: Stage) -> None:
    count = 3 * MAX_BULK
    received, goes_on = hold(stage, "DELETE", "configurationassignments")
    change(
        stage, *(UNASSIGN._replace(resource_id=f"{UNASSIGN.resource_id}{n}") for n in range(count))
    )
    stage.until(received.is_set)
    change(stage, SAVE)
    stage.until(lambda: stage.app.engine.unhandled == 0)
    goes_on.set()
    stage.until(lambda: states(stage)[-1] == "succeeded")
    assert states(stage).count("queued") > MAX_BULK
    stage.until(lambda: states(stage) == ["succeeded"] * (count + 1))


def test_a_failure_of_the_file_ends_the_sender_after_its_request(
    stage: Stage,
) -> None:
    """A request that is being sent is kept, and the next sender continues it."""
    received, goes_on = hold(stage, "PUT", f"/{NAME}?")
    change(stage, SAVE)
    stage.until(received.is_set)
    with closing(open_writer(stage.folder / FILE_NAME)) as db, transaction(db):
        db.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON schedule_changes WHEN new.subject='other' AND new.state='sent'"
            " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
    change(stage, SAVE_OTHER)
    stage.until(lambda: bool(stage.app.engine.unhandled == 0 and len(states(stage)) == 2))
    goes_on.set()
    stage.until(lambda: states(stage) == ["succeeded", "queued"])
    with closing(open_writer(stage.folder / FILE_NAME)) as db, transaction(db):
        db.execute("DROP TRIGGER full")
    change(stage, SAVE_OTHER)
    stage.until(lambda: states(stage) == ["succeeded"] * 2)
    assert stage.simulator.cloud.received["maintenance"] == 2


def test_equal_changes_of_one_request_are_one(stage: Stage) -> None:
    make_schedule(stage)
    change(stage, ASSIGN, ASSIGN)
    stage.until(lambda: states(stage)[1:] == ["succeeded"])
    change(stage, UNASSIGN, ASSIGN, UNASSIGN)
    stage.until(lambda: states(stage)[2:] == ["succeeded"] * 3)
    assert ASSIGN.resource_id.casefold() not in stage.simulator.cloud.maintenance.assignments
    assert stage.simulator.cloud.received["maintenance"] == 5


def test_kinds_that_alternate_in_one_request_are_sent_in_its_order(stage: Stage) -> None:
    make_schedule(stage, ASSIGN)
    machine = WEB_1.replace("web-01", "web-02")
    other = assignment_id(machine, NAME)
    body = json.dumps(assignment_body(ID, machine, "westus2"))
    assign = ScheduleChange(ChangeKind.ASSIGN, other, "vm-web-02", body)
    change(stage, UNASSIGN, assign, UNASSIGN._replace(resource_id=other, subject="vm-web-02"))
    stage.until(lambda: states(stage)[2:] == ["succeeded"] * 3)
    left = stage.simulator.cloud.maintenance.assignments
    assert not left.keys() & {ASSIGN.resource_id.casefold(), other.casefold()}


def test_a_change_that_is_requested_before_the_connection_is_ready_is_sent_then(
    qapp: QApplication, tmp_path: Path
) -> None:
    is_ready = Event()
    with Stage("light", folder=tmp_path) as first:
        first.start()
        simulator = first.simulator
    target = demo_target(lambda: simulator)
    make = target.transport
    assert make is not None

    def later() -> Callable[[], Any]:
        made = make()

        def connect() -> Any:
            is_ready.wait(30)
            return made()

        return connect

    with Stage(
        "light", folder=tmp_path, simulator=simulator, target=target._replace(transport=later)
    ) as second:
        second.app.start()
        change(second, SAVE)
        second.until(lambda: states(second) == ["queued"])
        is_ready.set()
        second.until(lambda: states(second) == ["succeeded"])


def test_a_change_for_a_removed_connection_is_rejected(stage: Stage) -> None:
    stage.app.engine.send(ChangeSchedules(99, (SAVE,)))
    stage.until(lambda: stage.app.engine.unhandled == 0)
    stage.settle()
    assert states(stage) == []
    assert "The connection was removed" in stage.window.notice.headline.text()
