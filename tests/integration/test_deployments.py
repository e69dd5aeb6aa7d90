"""Deployments of new machines by the engine: sent once, followed by their name, and the password is nowhere."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from html import escape
from pathlib import Path
from threading import Event
from urllib.parse import quote

import pytest
from PySide6.QtWidgets import QApplication
from requests.exceptions import ConnectionError as Broken

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.deployments import (
    Deployment,
    Effect,
    WhatIfChange,
    deployment_of,
    rejection_reason,
)
from hotpatch_gui.domain.new_machine import NewMachine, faults, password_fault
from hotpatch_gui.domain.problems import ProblemError
from hotpatch_gui.models.deployments import what_if_rows
from hotpatch_gui.simulator.guest import SUBSCRIPTION
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store.database import FILE_NAME, open_writer, transaction
from hotpatch_gui.worker import deployments
from hotpatch_gui.worker import events as reported
from hotpatch_gui.worker.commands import (
    CheckDeployment,
    Deploy,
    RemoveConnection,
    SetChangesAllowed,
    SignOut,
)

PASSPHRASE = "Correct-horse-1"
MACHINE = NewMachine("vm-dep-01", "rg-web", "westus2", "Standard_D2s_v5", "operator")


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployments, "FOLLOW_S", 0.02)


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        made.start()
        yield made


def deployment(stage: Stage, **changed: str) -> Deployment:
    return deployment_of(MACHINE._replace(**changed), SUBSCRIPTION, stage.clock.now())


def deploy(stage: Stage, wanted: Deployment | None = None) -> None:
    stage.app.engine.send(Deploy(1, wanted or deployment(stage), PASSPHRASE))
    stage.until(lambda: stage.app.engine.unhandled == 0)


def rows(stage: Stage) -> list[tuple[str, str]]:
    db = stage.app.source.db
    assert db is not None
    return [tuple(r) for r in db.execute("SELECT state, note FROM deployments ORDER BY id")]


def states(stage: Stage) -> list[str]:
    return [state for state, _ in rows(stage)]


def audit(stage: Stage) -> list[str]:
    db = stage.app.source.db
    assert db is not None
    found = db.execute("SELECT event FROM audit_log WHERE kind='deploy machine' ORDER BY id")
    return [row[0] for row in found]


def names(stage: Stage) -> set[str]:
    db = stage.app.source.db
    assert db is not None
    return {row[0] for row in db.execute("SELECT name FROM machines WHERE deleted_at IS NULL")}


def puts(stage: Stage) -> list[str]:
    """The deployments that are sent from now on."""
    seen: list[str] = []

    def watch(method: str, path: str) -> None:
        if method == "PUT" and "/deployments/" in path:
            seen.append(path)

    stage.simulator.faults.append(watch)
    return seen


def reads(stage: Stage) -> list[str]:
    """The readings of deployments from now on."""
    seen: list[str] = []

    def watch(method: str, path: str) -> None:
        if method == "GET" and "/deployments/" in path:
            seen.append(path)

    stage.simulator.faults.append(watch)
    return seen


def respond(stage: Stage, verb: str, outcome: Callable[[], Response | Exception | None]) -> None:
    def on(method: str, path: str) -> Response | Exception | None:
        return outcome() if method == verb and "/deployments/" in path else None

    stage.simulator.faults.append(on)


def error(status: int, code: str, message: str = "No.") -> Response:
    return Response(status, {"error": {"code": code, "message": message}})


def pass_time(stage: Stage) -> None:
    stage.until(lambda: states(stage) not in ([], ["queued"], ["sent"]))
    stage.clock.advance(minutes=10)


def listen(stage: Stage) -> list[reported.Event]:
    """The engine's reports from now on."""
    heard: list[reported.Event] = []
    tell = stage.app.engine._observe

    def also(event: reported.Event) -> None:
        heard.append(event)
        tell(event)

    stage.app.engine._observe = also
    assert stage.app.engine._connections is not None
    stage.app.engine._connections.deployments._observe = also
    return heard


def checked(
    stage: Stage, question: str, answer: Response, password: str = PASSPHRASE
) -> reported.DeploymentChecked:
    """The engine's report of a check of which one question is answered so."""

    def on(method: str, path: str) -> Response | None:
        return answer if path.endswith(f"/{question}") else None

    stage.simulator.faults.append(on)
    heard = listen(stage)
    stage.app.engine.send(CheckDeployment(1, deployment(stage), password))
    stage.until(lambda: [e for e in heard if isinstance(e, reported.DeploymentChecked)])
    (found,) = [e for e in heard if isinstance(e, reported.DeploymentChecked)]
    return found


def test_a_check_shows_planned_resources_and_creates_nothing(stage: Stage) -> None:
    heard = listen(stage)
    sent = puts(stage)
    wanted = deployment(stage)
    stage.app.engine.send(CheckDeployment(1, wanted, PASSPHRASE))
    stage.until(lambda: [e for e in heard if isinstance(e, reported.DeploymentChecked)])
    (found,) = [e for e in heard if isinstance(e, reported.DeploymentChecked)]
    assert found.problem is None
    assert [(f.kind.rsplit("/", 1)[1], f.name, f.effect) for f in found.changes] == [
        ("virtualNetworks", "vm-dep-01-vnet", Effect.CREATE),
        ("networkInterfaces", "vm-dep-01-nic", Effect.CREATE),
        ("virtualMachines", "vm-dep-01", Effect.CREATE),
    ]
    assert (sent, rows(stage), audit(stage)) == ([], [], [])


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("changed", "words"),
    [({"size": "Standard_Z9"}, "VM size"), ({"name": "a-name-of-more-than-15"}, "15 characters")],
)
def test_a_check_names_azures_inner_reason(
    stage: Stage, changed: dict[str, str], words: str
) -> None:
    heard = listen(stage)
    stage.app.engine.send(CheckDeployment(1, deployment(stage, **changed), PASSPHRASE))
    stage.until(lambda: [e for e in heard if isinstance(e, reported.DeploymentChecked)])
    (found,) = [e for e in heard if isinstance(e, reported.DeploymentChecked)]
    assert found.problem is not None
    assert words in found.problem.sentence
    assert found.changes == ()


def test_a_deployed_machine_is_listed(stage: Stage) -> None:
    sent = puts(stage)
    deploy(stage)
    stage.until(lambda: states(stage) == ["running"])
    pass_time(stage)
    stage.until(lambda: states(stage) == ["succeeded"])
    stage.until(lambda: "vm-dep-01" in names(stage))
    assert len(sent) == 1
    assert audit(stage) == ["sending", "accepted", "ended"]
    assert rows(stage)[0][1] == "Azure created vm-dep-01."


SECRET = 'Co <b>"r\\re  ct&/1'
"""A password that JSON, HTML and URLs write differently."""


def nowhere(stage: Stage, secret: str) -> None:
    """No file of the program contains the password or its beginning in any spelling."""
    forms = (secret, json.dumps(secret)[1:-1], escape(secret), quote(secret, safe=""), secret[:12])
    for file in stage.folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not [form for form in forms if form.encode() in content], file


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "message",
    [
        f"The value {SECRET} is wrong.",
        f"The body {json.dumps({'password': SECRET})} is wrong.",
        f"<p>{escape(SECRET)}</p>",
        f"/x?password={quote(SECRET, safe='')}",
        f"{'y' * 290} {SECRET}",
        f"{'y' * 985} {SECRET}",
        json.dumps(json.dumps(SECRET)),
        f"/x?password={quote(SECRET, safe='').lower()}",
        f"/x?password={quote(quote(SECRET, safe=''), safe='')}",
        "".join(f"&#{ord(c)};" for c in SECRET),
        f"Basic {base64.b64encode(f'operator:{SECRET}'.encode()).decode()}",
        f"Azure cut it: {SECRET[:12]}",
    ],
)
def test_each_encoding_of_the_password_is_masked(stage: Stage, message: str) -> None:
    body = {"error": {"code": SECRET, "message": message}}
    respond(stage, "PUT", lambda: Response(400, body, {"x-ms-request-id": SECRET}))
    stage.app.engine.send(Deploy(1, deployment(stage), SECRET))
    stage.until(lambda: states(stage) == ["failed"])
    stage.idle()
    nowhere(stage, SECRET)


@pytest.mark.expects_log
@pytest.mark.parametrize("question", ["validate", "whatIf"])
def test_a_check_that_repeats_the_password_hides_it(stage: Stage, question: str) -> None:
    message = f"{'y' * 985} {SECRET}"
    answer = Response(200, {"error": {"code": SECRET, "message": message}})
    found = checked(stage, question, answer, password=SECRET)
    assert found.problem is not None
    assert SECRET[:6] not in found.problem.text + found.problem.code


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("validate", {"error": "Quota", "properties": {"provisioningState": "Succeeded"}}),
        ("validate", {"error": ["a"], "properties": {"provisioningState": "Succeeded"}}),
        ("validate", {"properties": {"provisioningState": "Failed", "error": {"code": "No"}}}),
        ("validate", {"id": "/other", "properties": {"provisioningState": "Succeeded"}}),
        ("validate", {"properties": {"correlationId": "1"}}),
        ("validate", {"properties": ["provisioningState"]}),
        ("whatIf", {"status": "Failed"}),
        ("whatIf", {"status": "Succeeded", "properties": {"changes": {}}}),
        (
            "whatIf",
            {"status": "Succeeded", "properties": {"changes": [], "potentialChanges": {"a": 1}}},
        ),
        (
            "whatIf",
            {
                "status": "Succeeded",
                "properties": {"changes": [], "diagnostics": [{"level": "Error", "code": "No"}]},
            },
        ),
    ],
)
def test_only_success_responses_count_as_success(
    stage: Stage, question: str, answer: dict[str, object]
) -> None:
    found = checked(stage, question, Response(200, answer))
    assert found.problem is not None
    assert found.changes == ()


@pytest.mark.expects_log
@pytest.mark.parametrize("status", [401, 408, 500, 503])
def test_a_check_that_failed_promises_no_retry(stage: Stage, status: int) -> None:
    found = checked(stage, "validate", error(status, "No"))
    assert found.problem is not None
    assert "automatically" not in found.problem.text
    assert "Nothing was created." in found.problem.text


@pytest.mark.expects_log
def test_a_result_that_repeats_the_password_is_masked_too(stage: Stage) -> None:
    wanted = deployment(stage)
    wrong = {
        "id": wanted.resource_id,
        "properties": {
            "provisioningState": "Failed",
            "error": {"code": "Bad", "message": f"The value {SECRET} is wrong."},
        },
    }
    respond(stage, "GET", lambda: Response(200, wrong))
    stage.app.engine.send(Deploy(1, wanted, SECRET))
    stage.until(lambda: states(stage) == ["failed"])
    assert "The value ••• is wrong." in rows(stage)[0][1]
    stage.idle()
    nowhere(stage, SECRET)


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "response",
    [
        error(403, "AuthorizationFailed"),
        Response(404, raw=b"<html>"),
        error(404, "ResourceGroupNotFound"),
        Response(200, {"id": "/another"}),
    ],
)
def test_a_deployment_that_cannot_be_read_is_unknown_until_it_can(
    stage: Stage, response: Response
) -> None:
    fails = [True]
    respond(stage, "GET", lambda: response if fails else None)
    deploy(stage)
    stage.until(lambda: states(stage) == ["unknown"])
    assert "keeps reading it" in rows(stage)[0][1]
    pass_time(stage)
    fails.clear()
    stage.until(lambda: states(stage) == ["succeeded"])


@pytest.mark.expects_log
def test_a_deployment_that_cannot_be_read_for_long_is_unknown(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployments, "MAX_FAILURES", 3)
    fails, read = [True], reads(stage)
    respond(stage, "GET", lambda: error(500, "Broken") if fails else None)
    deploy(stage)
    stage.until(lambda: states(stage) == ["unknown"])
    assert len(read) >= 3, "a short failure isn't news"
    assert "automatically" not in rows(stage)[0][1]
    pass_time(stage)
    fails.clear()
    stage.until(lambda: states(stage) == ["succeeded"])


@pytest.mark.expects_log
def test_an_endless_what_if_starts_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployments, "CHECK_FOR_S", 0.5)
    sent = puts(stage)
    later = {"Location": "https://management.azure.com/later?api-version=1", "Retry-After": "0"}

    def on(method: str, path: str) -> Response | None:
        return Response(202, None, later) if path.endswith(("/whatIf", "/later")) else None

    stage.simulator.faults.append(on)
    deploy(stage)
    stage.until(lambda: states(stage) == ["failed"])
    assert "Nothing was created." in rows(stage)[0][1]
    assert sent == []
    assert audit(stage) == ["not sent"]


@pytest.mark.expects_log
@pytest.mark.parametrize("status", [400, 403, 500])
def test_after_a_restart_error_texts_of_azure_are_not_stored(stage: Stage, status: int) -> None:
    """The password isn't known anymore, so it can't be masked."""
    wanted = deployment(stage)
    code = "Authorization" if status == 403 else SECRET
    respond(stage, "GET", lambda: error(status, code, f"The value {SECRET} is wrong."))
    connections = stage.app.engine._connections
    assert connections is not None
    gateway = connections.deployments._contexts[1].gateway
    with pytest.raises(ProblemError) as raised:
        gateway.read_deployment(wanted, None)
    assert SECRET[:6] not in str(raised.value)
    assert raised.value.problem.code in ("Authorization", str(status))


@pytest.mark.expects_log
def test_changes_that_are_turned_off_while_it_waits_cancel_it(stage: Stage) -> None:
    sent = puts(stage)
    answers = iter([Response(429, {"error": {"code": "Throttled"}}, {"Retry-After": "2"})])
    respond(stage, "PUT", lambda: next(answers, None))
    deploy(stage)
    stage.until(lambda: sent and states(stage) == ["queued"])
    stage.app.engine.send(SetChangesAllowed(1, changes_allowed=False))
    stage.until(lambda: states(stage) == ["canceled"])
    assert "Changes were turned off" in rows(stage)[0][1]
    assert len(sent) == 1


@pytest.mark.parametrize("how", ["sign out", "remove"])
@pytest.mark.expects_log
def test_an_interrupted_check_is_reported(stage: Stage, how: str) -> None:
    heard, received, goes_on, handle = listen(stage), Event(), Event(), stage.simulator.handle

    def slow(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        if "/validate" in url:
            received.set()
            goes_on.wait(20)
        return handle(method, url, headers, body)

    stage.simulator.handle = slow
    stage.app.engine.send(CheckDeployment(1, deployment(stage), PASSPHRASE))
    stage.until(received.is_set)
    stage.app.engine.send(SignOut(1) if how == "sign out" else RemoveConnection(1))
    stage.until(lambda: [e for e in heard if isinstance(e, reported.DeploymentChecked)])
    goes_on.set()
    (found,) = [e for e in heard if isinstance(e, reported.DeploymentChecked)]
    assert found.problem is not None
    assert found.problem.sentence == "The check was interrupted. Nothing was created."


@pytest.mark.expects_log
def test_resources_created_since_the_check_are_not_changed(stage: Stage) -> None:
    deploy(stage)
    stage.until(lambda: states(stage) == ["running"])
    sent = puts(stage)
    deploy(stage)
    stage.until(lambda: states(stage)[1:] == ["failed"])
    assert "It may change existing resources" in rows(stage)[1][1]
    assert sent == []


def change(kind: str, resource_id: str) -> WhatIfChange:
    return WhatIfChange(Effect.parse(kind), resource_id)


def test_only_what_creates_the_machine_and_changes_nothing_is_started(stage: Stage) -> None:
    wanted = deployment(stage)
    nic = wanted.machine_resource_id.replace("Compute/virtualMachines", "Network/networkInterfaces")
    create = change("Create", wanted.machine_resource_id.upper())
    assert rejection_reason(wanted, [create, change("NoChange", nic)]) == ""
    for changes in (
        [],
        [change("NoChange", wanted.machine_resource_id)],
        [change("Create", nic)],
        [create, change("Delete", nic)],
        [create, change("SomethingNew", nic)],
    ):
        assert rejection_reason(wanted, changes)


def test_two_deployments_have_two_names(stage: Stage) -> None:
    assert deployment(stage).resource_id != deployment(stage).resource_id


@pytest.mark.expects_log
@pytest.mark.parametrize("question", ["validate", "whatIf"])
def test_a_check_that_failed_names_azures_reason(stage: Stage, question: str) -> None:
    reason = {"code": "SkuNotAvailable", "message": "The size isn't available."}
    found = checked(stage, question, Response(200, {"status": "Failed", "error": reason}))
    assert found.problem is not None
    assert "The size isn't available." in found.problem.sentence


def test_the_password_is_neither_in_the_file_nor_in_the_log_nor_in_an_error(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    respond(stage, "PUT", lambda: error(400, "Bad", f"The value {PASSPHRASE} is wrong."))
    deploy(stage)
    stage.until(lambda: states(stage) == ["failed"])
    assert "The value ••• is wrong." in rows(stage)[0][1]
    stage.idle()
    assert PASSPHRASE not in caplog.text
    assert PASSPHRASE not in repr(Deploy(1, deployment(stage), PASSPHRASE))
    for file in stage.folder.rglob("*"):
        if file.is_file():
            assert PASSPHRASE.encode() not in file.read_bytes(), file


@pytest.mark.expects_log
@pytest.mark.parametrize("was_accepted", [True, False])
def test_a_lost_response_is_resolved_by_reading(stage: Stage, was_accepted: bool) -> None:
    sent, lost, handle = puts(stage), [True], stage.simulator.handle

    def lose(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        if method == "PUT" and lost:
            lost.pop()
            if was_accepted:
                handle(method, url, headers, body)
            raise Broken("reset")
        return handle(method, url, headers, body)

    stage.simulator.handle = lose
    deploy(stage)
    if was_accepted:
        pass_time(stage)
        stage.until(lambda: states(stage) == ["succeeded"])
        assert audit(stage)[:2] == ["sending", "answer lost"]
        assert len(sent) == 1
        return
    stage.until(lambda: states(stage) == ["unknown"])
    read = reads(stage)
    stage.until(lambda: len(read) > 2)
    assert states(stage) == ["unknown"], "that Azure doesn't show it proves nothing"
    assert "isn't sent again" in rows(stage)[0][1]
    assert sent == []


@pytest.mark.expects_log
def test_a_throttled_deployment_is_sent_when_azure_accepts_requests_again(stage: Stage) -> None:
    answers = iter([Response(429, {"error": {"code": "Throttled"}}, {"Retry-After": "1"})])
    respond(stage, "PUT", lambda: next(answers, None))
    deploy(stage)
    stage.until(lambda: states(stage) == ["running"])
    assert audit(stage) == ["sending", "refused", "sending", "accepted"]


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("response", "words"),
    [
        (error(403, "AuthorizationFailed"), "Access denied (403)"),
        (error(404, "ResourceGroupNotFound", "Resource group 'rg-web' couldn't be found."), "404"),
        (error(409, "DeploymentActive"), "409 DeploymentActive"),
    ],
)
def test_a_rejected_deployment_says_why(stage: Stage, response: Response, words: str) -> None:
    respond(stage, "PUT", lambda: response)
    deploy(stage)
    stage.until(lambda: states(stage) == ["failed"])
    assert words in rows(stage)[0][1]
    assert audit(stage) == ["sending", "refused"]


@pytest.mark.expects_log
def test_a_deployment_that_fails_names_the_cause_and_what_stays(stage: Stage) -> None:
    wanted = deployment(stage)
    inner = {"code": "QuotaExceeded", "message": "The quota of cores is exceeded."}
    outer = {"code": "DeploymentFailed", "message": "See details.", "details": [inner]}
    body = {
        "id": wanted.resource_id,
        "properties": {"provisioningState": "Failed", "error": outer},
    }
    respond(stage, "GET", lambda: Response(200, body))
    deploy(stage, wanted)
    stage.until(lambda: states(stage) == ["failed"])
    note = rows(stage)[0][1]
    assert "The quota of cores is exceeded." in note
    assert "Resources that were already created remain" in note


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "response",
    [
        error(500, "InternalServerError"),
        Response(200, {"id": "/another"}),
        Response(200, raw=b"<html>"),
        Response(200, {"properties": []}),
        Broken("reset"),
    ],
)
def test_unexpected_responses_do_not_end_a_deployment(
    stage: Stage, response: Response | Exception
) -> None:
    answers = iter([response] * 3)
    respond(stage, "GET", lambda: next(answers, None))
    deploy(stage)
    pass_time(stage)
    stage.until(lambda: states(stage) == ["succeeded"])


@pytest.mark.expects_log
def test_a_deployment_that_azure_no_longer_has_is_not_failed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployments, "MAX_MISSING", 3)
    respond(stage, "GET", lambda: error(404, "DeploymentNotFound"))
    deploy(stage)
    stage.until(lambda: states(stage) == ["dismissed"])
    assert "Check in the portal whether vm-dep-01 exists" in rows(stage)[0][1]
    assert audit(stage)[-2:] == ["answer lost", "dismissed"], "it is never called failed"


@pytest.mark.expects_log
def test_without_changes_nothing_is_stored(stage: Stage) -> None:
    with closing(open_writer(stage.app.source.path)) as db, transaction(db):
        db.execute("UPDATE connections SET changes_allowed=0")
    heard = listen(stage)
    deploy(stage)
    assert rows(stage) == []
    (failed,) = [e for e in heard if isinstance(e, reported.Failed)]
    assert failed.problem.sentence == "Changes are off for Contoso."


@pytest.mark.expects_log
def test_a_removed_connection_ends_its_deployments(stage: Stage) -> None:
    deploy(stage)
    stage.until(lambda: states(stage) == ["running"])
    stage.app.engine.send(RemoveConnection(1))
    stage.until(lambda: states(stage) == ["dismissed"])
    assert audit(stage)[-2:] == ["answer lost", "dismissed"]


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("state", "after"),
    [("queued", "canceled"), ("sent", "unknown"), ("running", "unknown"), ("unknown", "unknown")],
)
def test_deployments_of_an_earlier_session_are_read_and_never_sent(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, after: str
) -> None:
    monkeypatch.setattr(deployments, "FOLLOW_S", 5.0)
    with Stage("light", folder=tmp_path) as first:
        first.start()
        wanted = deployment(first)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db, db:
        db.execute(
            "INSERT INTO deployments (connection_id, resource_id, machine_resource_id, subject, request, state, requested_by,"
            " created_at) VALUES (1, ?, ?, ?, ?, ?, 'x', '2026-08-20T09:00:00Z')",
            (*wanted[:4], state),
        )
    with Stage("light", folder=tmp_path) as second:
        sent = puts(second)
        second.start()
        second.until(lambda: states(second) == [after])
        assert sent == []


def test_a_response_received_while_the_program_ends_is_stored(
    qapp: QApplication, tmp_path: Path
) -> None:
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        received, goes_on, handle = Event(), Event(), stage.simulator.handle

        def late(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
            response = handle(method, url, headers, body)
            if method == "PUT":
                received.set()
                goes_on.wait(1)
            return response

        stage.simulator.handle = late
        deploy(stage)
        stage.until(received.is_set)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        assert db.execute("SELECT state FROM deployments").fetchall() == [("running",)]


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        (PASSPHRASE, True),
        ("Ab1!", False),
        ("abcdefgh1", False),
        ("Abcdefgh1", True),
        ("P@ssw0rd", False),
        ("a" * 124, False),
        ("Correct\0horse1", False),
        ("Corr\udce9ct-horse-1", False),
    ],
)
def test_passwords_follow_azures_rules(password: str, is_good: bool) -> None:
    assert (password_fault(password) == "") is is_good


def test_the_resources_of_the_deployment_are_listed_first_and_the_rest_is_counted(
    stage: Stage,
) -> None:
    wanted = deployment(stage)
    others = [change("Ignore", f"{wanted.machine_resource_id}-{n}") for n in range(500)]
    rows = what_if_rows([*others, change("Create", wanted.machine_resource_id)])
    assert rows[0].cells[2] == Effect.CREATE.label
    assert rows[-1].cells[0] == "and 301 more"


@pytest.mark.expects_log
def test_a_deployment_that_is_throttled_for_an_hour_is_canceled(stage: Stage) -> None:
    sent = puts(stage)
    respond(
        stage, "PUT", lambda: Response(429, {"error": {"code": "Throttled"}}, {"Retry-After": "1"})
    )
    deploy(stage)
    stage.until(lambda: len(sent) >= 1 and states(stage) == ["queued"])
    stage.clock.advance(minutes=61)
    stage.until(lambda: states(stage) == ["canceled"])
    assert "within an hour. Nothing was created." in rows(stage)[0][1]
    count = len(sent)
    stage.settle()
    assert len(sent) == count


@pytest.mark.expects_log
@pytest.mark.parametrize("status", [400, 403, 404, 409, 500])
def test_a_repeated_what_if_that_fails_says_that_nothing_was_created(
    stage: Stage, status: int
) -> None:
    def fail(method: str, path: str) -> Response | None:
        return error(status, "ResourceGroupNotFound") if path.endswith("/whatIf") else None

    stage.simulator.faults.append(fail)
    deploy(stage)
    stage.until(lambda: states(stage) == ["failed"])
    note = rows(stage)[0][1]
    assert "Nothing was created." in note
    assert "automatically" not in note
    assert ("Choose a resource group that exists." in note) == (status == 404)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("location", "west'us2\nTEMPLATE"),
        ("location", "<b>"),
        ("location", "[resourceGroup().location]"),
        ("admin", "oper\nator"),
        ("subnet", f"{MACHINE.subnet}/subscriptions/1\n"),
    ],
)
def test_values_that_could_leave_their_place_in_a_template_are_rejected(
    field: str, value: str
) -> None:
    assert field in [fault.field for fault in faults(MACHINE._replace(**{field: value}))]
