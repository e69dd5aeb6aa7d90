"""Lists beside the main ones: whatever happens to them, machines, assessments and installations are read."""

from __future__ import annotations

import html
from contextlib import closing

import pytest

from hotpatch_gui.captures.scenes.steps import advance_and_sync
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.rollout_progress import exclusion_reason
from hotpatch_gui.domain.schedules import AssignmentKind
from hotpatch_gui.models import display_text
from hotpatch_gui.models.schedule_text import when
from hotpatch_gui.simulator.guest import SUBSCRIPTION
from hotpatch_gui.simulator.maintenance import LONG_AGO, assignment
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store import additional_lists, connections, machines, schedules
from hotpatch_gui.store.database import open_writer, transaction
from hotpatch_gui.views.pages.rollout import RolloutPage

TABLES = {
    "health": b"healthresources",
    "schedules": b"maintenanceconfigurations",
    "assignments": b"configurationassignments",
}
RESPONSES = {
    "500": Response(500, {"error": {"code": "InternalServerError", "message": "No."}}),
    "403": Response(403, {"error": {"code": "AuthorizationFailed", "message": "No."}}),
    "429": Response(
        429, {"error": {"code": "RateLimiting", "message": "No."}}, headers={"Retry-After": "0.05"}
    ),
    "nonsense": Response(200, {"data": 7}),
}


def refuse(stage: Stage, monkeypatch: pytest.MonkeyPatch, query: bytes, response: Response) -> None:
    """Respond to one query in this way every time."""
    handle = stage.simulator.handle

    def answered(method: str, url: str, headers: object, body: bytes | None) -> Response:
        return response if body and query in body else handle(method, url, headers, body)

    monkeypatch.setattr(stage.simulator, "handle", answered)


@pytest.mark.parametrize("what", TABLES)
@pytest.mark.parametrize("status", RESPONSES)
def test_a_failed_additional_list_is_named_and_does_not_end_the_sync(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, what: str, status: str
) -> None:
    refuse(stage, monkeypatch, TABLES[what], RESPONSES[status])
    stage.start()
    db = stage.app.source.db
    assert db is not None
    (problem, finished) = db.execute(
        "SELECT problem, finished_at FROM sync_state WHERE scope='1'"
    ).fetchone()
    assert problem == ""
    assert finished
    for table in ("machines", "assessments", "installations"):
        assert db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] >= 10, table
    (missing,) = additional_lists.missing(db)
    assert missing.what == what
    assert missing.problem
    bar = stage.window.status_bar.connection
    assert f"couldn't be read: {display_text.list_text(what)}" in bar.full_text
    assert missing.problem in html.unescape(bar.toolTip())
    assert not stage.window.notice.isVisible()


def test_old_resource_health_is_not_claimed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    guest = stage.simulator.cloud.guests["vm-web-01"]
    guest.health, guest.resource_health_since = "Unavailable", stage.clock.now().isoformat()
    stage.start()
    db = stage.app.source.db
    assert db is not None
    health = "SELECT resource_health FROM machines WHERE name='vm-web-01'"
    guest.health = "Available"
    refuse(stage, monkeypatch, TABLES["health"], RESPONSES["403"])
    advance_and_sync(stage, hours=1)
    assert db.execute(health).fetchone()[0] == "Unavailable"
    advance_and_sync(stage, hours=13)
    assert db.execute(health).fetchone()[0] is None
    stage.window.show_page("rollout")
    stage.settle()
    page = stage.window.page("rollout")
    assert isinstance(page, RolloutPage)
    assert "Resource Health couldn't be read" in page.banner.detail.text()


def test_the_sync_continues_if_permissions_cannot_be_read(stage: Stage) -> None:
    stage.simulator.faults.append(
        lambda _, path: RESPONSES["500"] if "Microsoft.Authorization" in path else None
    )
    stage.start()
    db = stage.app.source.db
    assert db is not None
    assert [m.what for m in additional_lists.missing(db)] == ["permissions"]
    assert db.execute("SELECT count(*) FROM machines").fetchone()[0] == 16


def test_without_the_schedules_no_machine_is_shown_without_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(stage, monkeypatch, TABLES["assignments"], RESPONSES["403"])
    stage.start()
    db = stage.app.source.db
    assert db is not None
    (number,) = db.execute(
        "SELECT id FROM machines WHERE bypass_safety_checks=1 LIMIT 1"
    ).fetchone()
    followed = schedules.of_machine(db, number)
    assert "403" in followed.unread_reason
    machine = machines.read(db, number)
    assert machine is not None
    assert "which schedules it follows isn't known" in str(
        exclusion_reason(machine, followed, stage.clock.now())
    )
    name = db.execute("SELECT name FROM machines WHERE id=?", (number,)).fetchone()[0]
    stage.choose(name)
    blade = stage.window.machines.blade
    blade.tabs.setCurrentIndex(3)
    stage.settle()
    shown = [w.text() for w in blade.schedule.findChildren(type(blade.schedule.title))]
    assert not any(t.startswith("Never") for t in shown), shown
    assert any("Schedules couldn't be read" in t for t in shown)


NOTHING = Response(200, {"totalRecords": 0, "count": 0, "data": [], "resultTruncated": "false"})


def test_a_schedule_that_the_account_cannot_read_is_not_treated_as_missing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a central team's subscription: the assignment is readable, the configuration isn't."""
    refuse(stage, monkeypatch, TABLES["schedules"], NOTHING)
    stage.start()
    db = stage.app.source.db
    assert db is not None
    (number, name) = db.execute(
        "SELECT id, name FROM machines WHERE bypass_safety_checks=1"
    ).fetchone()
    followed = schedules.of_machine(db, number)
    assert [f.assignment for f in followed.follows] == [AssignmentKind.UNREAD]
    assert when(followed, stage.clock.now()) == "Perhaps: files-saturdays, its times aren't known"
    machine = machines.read(db, number)
    assert machine is not None
    assert "assigned to files-saturdays, which your account can't read" in str(
        exclusion_reason(machine, followed, stage.clock.now())
    )
    stage.choose(name)
    stage.window.machines.blade.tabs.setCurrentIndex(3)
    stage.settle()
    schedule = stage.window.machines.blade.schedule
    shown = [w.text() for w in schedule.findChildren(type(schedule.title))]
    assert any("your account can't read it" in t for t in shown)


def test_a_schedule_stays_visible_through_the_connection_that_can_read_it(stage: Stage) -> None:
    stage.start()
    db = stage.app.source.db
    assert db is not None
    before = {i: m.follows for i, m in schedules.of_machines(db).items()}
    (schedule_id, name) = db.execute("SELECT id, name FROM schedules").fetchone()
    with closing(open_writer(stage.app.source.path)) as writer, transaction(writer):
        other = connections.save(
            writer, connections.read_all(writer)[0]._replace(id=0, name="Other")
        )
        mine = writer.execute("SELECT resource_id FROM machines WHERE name='vm-web-02'").fetchone()[
            0
        ]
        writer.execute("UPDATE machines SET connection_id=? WHERE resource_id=?", (other, mine))
        for _ in range(2):
            assigned = schedules.Assignments([(f"{mine}/a", mine, schedule_id)], [])
            schedules.save(writer, other, {}, assigned, stage.app.clock())
    after = schedules.of_machines(db)
    assert {i: m.follows for i, m in after.items() if i in before} == before
    (added,) = [m for i, m in after.items() if i not in before]
    assert [(f.assignment, f.schedule.name) for f in added.follows] == [
        (AssignmentKind.UNREAD, name)
    ]


@pytest.mark.expects_log
def test_rows_that_cannot_be_read_leave_the_rest_not_known(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(
        stage,
        monkeypatch,
        TABLES["assignments"],
        Response(200, NOTHING.body | {"totalRecords": 1, "count": 1, "data": [{}]}),
    )
    stage.start()
    db = stage.app.source.db
    assert db is not None
    problems = {m.what: m.problem for m in additional_lists.missing(db)}
    assert problems["assignments"] == "One of its rows couldn't be read."
    (number,) = db.execute("SELECT id FROM machines WHERE bypass_safety_checks=1").fetchone()
    assert schedules.of_machine(db, number).unread_reason


def test_a_list_with_cyclic_links_ends(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(
        stage, monkeypatch, TABLES["health"], Response(200, NOTHING.body | {"$skipToken": "again"})
    )
    stage.start()
    db = stage.app.source.db
    assert db is not None
    (missing,) = additional_lists.missing(db)
    assert missing.what == "health"
    assert "linked to the same page twice" in missing.problem


def test_dynamic_scopes_are_stored_with_the_machines_they_include(stage: Stage) -> None:
    group = f"/subscriptions/{SUBSCRIPTION}"
    name = next(g.schedule for g in stage.simulator.cloud.guests.values() if g.schedule)["name"]
    row = next(g for g in stage.simulator.cloud.guests.values() if g.schedule)
    configuration = f"{group}/resourceGroups/{row.resource_group}/providers/Microsoft.Maintenance/maintenanceConfigurations/{name}"
    for scope, filters in (
        ("westus2", {"locations": ["westus2"], "osTypes": ["Windows"]}),
        ("by moon", {"moonPhase": ["full"], "locations": ["eastus"]}),
    ):
        made = assignment(group, scope, configuration, filters=filters)
        stage.simulator.cloud.maintenance.put("assignment", made, LONG_AGO)
    stage.start()
    db = stage.app.source.db
    assert db is not None
    found = schedules.of_machines(db)
    hows = {
        row["name"]: {f.assignment for f in found[row["id"]].follows}
        if row["id"] in found
        else set()
        for row in db.execute("SELECT id, name, location FROM machines")
    }
    places = {r["name"]: r["location"] for r in db.execute("SELECT name, location FROM machines")}
    assert {AssignmentKind.DIRECT} in hows.values()
    for machine, how in hows.items():
        if AssignmentKind.DIRECT not in how:
            wanted = {"westus2": {AssignmentKind.DYNAMIC}, "eastus": {AssignmentKind.PERHAPS}}.get(
                places[machine], set()
            )
            assert how == wanted, machine


def test_earlier_data_stays_if_a_list_fails(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.start()
    db = stage.app.source.db
    assert db is not None
    before = db.execute("SELECT * FROM machine_schedules").fetchall()
    assert before
    refuse(stage, monkeypatch, TABLES["schedules"], RESPONSES["500"])
    stage.sync()
    assert [tuple(r) for r in db.execute("SELECT * FROM machine_schedules")] == [
        tuple(r) for r in before
    ]
    assert [m.what for m in additional_lists.missing(db)] == ["schedules"]
