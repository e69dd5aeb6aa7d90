"""Errors that name their cause: on the wire, at sign-in, and of a long-running operation."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from helpers.tls import CLIENT, TENANT, SecureAzure, browser, secure_azure
from hotpatch_gui.azure import credentials, network
from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.clouds import custom
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.operations import OperationKind, OperationState
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.simulator.arm import SimulatorApi
from hotpatch_gui.simulator.responses import Response


@pytest.fixture
def azure(
    simulator: SimulatorApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SecureAzure]:
    with secure_azure(simulator, tmp_path / "keys") as made:
        monkeypatch.setenv("SSL_CERT_FILE", str(made.root))
        yield made


def problem_with(connection: Connection) -> Problem:
    """The problem of reading through the connection."""
    gateway = Gateway(connection, CloudClock.real())
    try:
        with pytest.raises(ProblemError) as error:
            gateway.subscriptions()
    finally:
        gateway.close()
    return error.value.problem


# Resource Graph


@pytest.mark.parametrize(
    ("details", "code", "says"),
    [
        (
            [{"code": "DisallowedLogicalTableName", "message": "Table x is invalid."}],
            "DisallowedLogicalTableName",
            "Table x is invalid.",
        ),
        ([{"code": "A", "message": "One."}, {"code": "B", "message": "Two."}], "A", "One. Two."),
        ([], "BadRequest", "Please provide below info"),
    ],
)
def test_resource_graphs_reason_is_in_its_details(
    stage: Stage, details: list[dict[str, str]], code: str, says: str
) -> None:
    body = {
        "error": {
            "code": "BadRequest",
            "message": "Please provide below info when asking for support: timestamp = x",
            "details": details,
        }
    }
    stage.simulator.faults.append(
        lambda _, path: Response(400, body) if "ResourceGraph" in path else None
    )
    stage.start()
    headline = stage.window.notice.headline.text()
    assert says in headline
    assert code in headline


# the network


def test_tls_inspection_names_the_issuer_and_the_systems_store(
    azure: SecureAzure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with secure_azure(azure.simulator, tmp_path / "company") as company:
        monkeypatch.setenv("SSL_CERT_FILE", str(azure.root))  # the company's root is not trusted
        found = problem_with(company.principal())
    assert "isn't trusted on this computer, so nothing was sent" in found.sentence
    assert "It was issued by “trustme" in found.sentence
    assert "add its root certificate to the system's certificate store" in found.next_step
    assert not found.may_have_been_sent


def test_an_unknown_host_is_reported(azure: SecureAzure, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    address = custom(azure.cloud.endpoint, azure.identity.address)
    mine = azure.principal()._replace(cloud=address)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    found = problem_with(mine)
    assert "The name 127.0.0.1 couldn't be resolved" in found.sentence
    assert "DNS" in found.next_step


def test_a_rejecting_proxy_is_named_without_its_password(
    azure: SecureAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://admin:hunter2@127.0.0.1:{port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    azure.behind_proxy()
    found = problem_with(azure.principal())
    assert f"The proxy 127.0.0.1:{port} didn't let the request" in found.sentence
    assert "hunter2" not in found.text


def test_a_server_that_does_not_accept_connections_is_reported() -> None:
    """A listener whose queue is full lets nobody in."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        slot = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(slot)
        with pytest.raises(requests.exceptions.ConnectTimeout) as error:
            requests.get(f"http://127.0.0.1:{slot[1]}/", timeout=0.5)
        for one in waiting:
            one.close()
    found = network.cause_of(error.value, "reading")
    assert found is not None
    assert found.sentence == "No connection to 127.0.0.1 within the time limit while reading."


def test_an_error_without_details_claims_no_cause() -> None:
    assert network.cause_of(TimeoutError(), "reading") is None


# signing in


@pytest.mark.parametrize(
    ("code", "says", "step"),
    [
        ("AADSTS90002", "The tenant wasn't found", "tenant's ID or domain"),
        (
            "AADSTS53003",
            "A Conditional Access policy blocks the sign-in",
            "device or network that the policy allows",
        ),
        ("AADSTS50076", "multifactor authentication", "Choose Sign in"),
        ("AADSTS50079", "multifactor authentication", "Choose Sign in"),
        ("AADSTS12345", "Sign-in failed (AADSTS12345)", "Settings › Connections"),
    ],
)
def test_a_rejected_sign_in_names_cause_and_fix(
    azure: SecureAzure, code: str, says: str, step: str
) -> None:
    azure.identity.refuses = code
    found = problem_with(azure.principal())
    assert found.kind is ProblemKind.NOT_SIGNED_IN
    assert says in found.sentence
    assert code in found.sentence
    assert step in found.next_step


def test_a_slow_azure_cli_is_reported_after_a_minute(
    azure: SecureAzure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert credentials.CLI_TIMEOUT_S == 60
    slow = tmp_path / "bin" / "az"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:/usr/bin:/bin")
    monkeypatch.setattr(credentials, "CLI_TIMEOUT_S", 1)
    mine = Connection("Contoso", azure.cloud, SignInMethod.CLI, id=7)
    found = problem_with(mine)
    assert "The Azure CLI didn't answer within 1 s" in found.sentence
    assert "az account get-access-token" in found.next_step


CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"p1"}}}'


def test_a_claims_challenge_is_passed_to_the_next_sign_in(
    azure: SecureAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write needs multifactor authentication: one problem that says so, and a sign-in that asks for it."""
    monkeypatch.setattr("webbrowser.open", browser(azure.root))
    mine = Connection(
        "Contoso",
        azure.cloud,
        SignInMethod.BROWSER,
        id=7,
        tenant=TENANT,
        client_id=CLIENT,
        changes_allowed=True,
    )
    handle = azure.simulator.handle
    encoded = base64.urlsafe_b64encode(CLAIMS.encode()).rstrip(b"=").decode()

    def challenged(method: str, url: str, headers: Any, body: bytes | None) -> Response:
        is_proven = any(
            CLAIMS in requested.get("claims", "")
            for requested in azure.identity.requested
            if requested["grant_type"] == "authorize"
        )
        if method == "POST" and "assessPatches" in url and not is_proven:
            challenge = (
                f'Bearer authorization_uri="x", error="insufficient_claims", claims="{encoded}"'
            )
            return Response(
                401,
                {"error": {"code": "InvalidAuthenticationToken", "message": "MFA"}},
                {"WWW-Authenticate": challenge},
            )
        return handle(method, url, headers, body)

    monkeypatch.setattr(azure.simulator, "handle", challenged)
    gateway = Gateway(mine, CloudClock.real())
    try:
        gateway.sign_in()
        machine = next(
            m for page in gateway.machine_pages() for m in page.machines if m.name == "vm-web-01"
        )
        azure.identity.refuses = (
            "AADSTS50076"  # no token of the kind that is wanted without the user
        )
        with pytest.raises(ProblemError) as refused:
            gateway.begin(OperationKind.ASSESS, machine, None)
        azure.identity.refuses = ""
        problem = refused.value.problem
        assert problem.kind is ProblemKind.NOT_SIGNED_IN
        assert "multifactor authentication" in problem.sentence
        assert not problem.may_have_been_sent, "nothing was started"
        gateway.sign_in()
        assert CLAIMS in azure.identity.requested[-2].get("claims", "") + azure.identity.requested[
            -1
        ].get("claims", "")
        assert gateway.begin(OperationKind.ASSESS, machine, None).token
        many = len(azure.identity.requested)
        gateway.sign_in()
        assert all(CLAIMS not in a.get("claims", "") for a in azure.identity.requested[many:]), (
            "once is enough"
        )
    finally:
        gateway.close()


def test_a_write_that_needs_another_sign_in_shows_one_notice_with_a_button(stage: Stage) -> None:
    stage.start()
    body = {"error": {"code": "InvalidAuthenticationToken", "message": "Sign in."}}
    stage.simulator.faults.append(
        lambda method, path: Response(401, body) if "assessPatches" in path else None
    )
    db = stage.app.source.db
    assert db is not None
    ids = [
        r[0] for r in db.execute("SELECT id FROM machines WHERE name IN ('vm-web-01', 'vm-web-02')")
    ]
    stage.request.assess(ids)
    stage.until(lambda: set(stage.operation_states()) == {OperationState.FAILED})
    stage.until(stage.window.notice.isVisible)
    assert stage.window.notice.button.text() == "Sign in"
    assert "(401)" in stage.window.notice.headline.text()
    stage.sync()
    assert stage.window.notice.isVisible(), (
        "reading works on, and the notice stays until somebody signs in"
    )


# following an operation


def test_the_newest_location_is_followed_also_after_a_restart(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arc's operations have a Location only; each 202 may name another one, and the old one is gone then."""
    handle = stage.simulator.handle
    newest: list[int] = [0]
    requested: list[str] = []

    def moving(method: str, url: str, headers: Any, body: bytes | None) -> Response:
        response = handle(method, url.split("&turn=", maxsplit=1)[0], headers, body)
        if "updateCenterOperationResults" in url:
            requested.append(url)
            bulk_slot = int(url.split("&turn=")[1]) if "&turn=" in url else 0
            if bulk_slot != newest[0]:
                return Response(
                    404, {"error": {"code": "NotFound", "message": "That place is gone."}}
                )
        if (
            response.status == 202
            and "Location" in response.headers
            and ("assessPatches" in url or "updateCenter" in url)
        ):
            newest[0] += 1
            slot = response.headers["Location"].split("&turn=")[0]
            response.headers["Location"] = f"{slot}&turn={newest[0]}"
        return response

    monkeypatch.setattr(stage.simulator, "handle", moving)
    stage.start()
    db = stage.app.source.db
    assert db is not None
    (number,) = db.execute("SELECT id FROM machines WHERE name='srv-hq-01'").fetchone()
    stage.request.assess([number])
    stage.until(lambda: stage.operation_states() == [OperationState.RUNNING])
    stage.until(lambda: len(requested) >= 2)
    token = db.execute("SELECT token FROM operations").fetchone()[0]
    assert token
    stage.clock.advance(minutes=30)
    stage.until(lambda: stage.operation_states()[0].is_final)
    assert stage.operation_states() == [OperationState.SUCCEEDED]
    assert newest[0] >= 2


def test_the_token_in_the_file_names_the_newest_place(simulator: SimulatorApi) -> None:
    from hotpatch_gui.domain.clouds import demo
    from hotpatch_gui.domain.connections import demo_connection
    from hotpatch_gui.simulator.transport import in_process_transport

    gateway = Gateway(
        demo_connection(demo()),
        CloudClock.real(),
        transport=lambda: in_process_transport(simulator),
    )
    try:
        machine: Machine = next(m for page in gateway.arc_pages() for m in page.machines)
        begun = gateway.begin(OperationKind.ASSESS, machine, None)
        handle = simulator.handle

        def moved(method: str, url: str, headers: Any, body: bytes | None) -> Response:
            response = handle(method, url.split("&turn=", maxsplit=1)[0], headers, body)
            if response.status == 202:
                response.headers["Location"] = f"{response.headers['Location']}&turn=9"
            return response

        simulator.handle = moved
        seen = gateway.poll(OperationKind.ASSESS, machine, None, begun.token)
        assert seen.token != begun.token
        assert "turn=9" in base64.b64decode(seen.token + "==", validate=False).decode(
            errors="replace"
        )
        assert "Bearer" not in base64.b64decode(seen.token + "==").decode(errors="replace")
    finally:
        gateway.close()


# licenses


@pytest.mark.parametrize("has_profile", [True, False])
def test_enrolling_never_resets_the_rest_of_a_license_profile(
    stage: Stage, has_profile: bool
) -> None:
    guest = next(
        g
        for g in stage.simulator.cloud.guests.values()
        if g.is_arc and g.can_enroll and g.license is None
    )
    rest = {
        "softwareAssurance": {"softwareAssuranceCustomer": True},
        "esuProfile": {"licenseAssignmentState": "Assigned"},
    }
    guest.profile = dict(rest) if has_profile else {}
    sent: list[str] = []
    stage.simulator.faults.append(
        lambda method, path: sent.append(method) if "licenseProfiles" in path else None
    )
    stage.start()
    db = stage.app.source.db
    assert db is not None
    (number,) = db.execute("SELECT id FROM machines WHERE name=?", (guest.name,)).fetchone()
    stage.request.enroll([number], on=True)
    stage.until(lambda: stage.operation_states() == [OperationState.RUNNING])
    assert sent[:2] == ["GET", "PATCH" if has_profile else "PUT"]
    assert guest.profile == (rest if has_profile else {})
    (request,) = db.execute("SELECT request FROM operations").fetchone()
    feature = json.loads(request)["properties"]["productProfile"]["productFeatures"][0]
    assert feature == {
        "name": "Hotpatch",
        "subscriptionStatus": "Enable" if has_profile else "Enabled",
    }
    assert ("location" in json.loads(request)) is not has_profile
    stage.clock.advance(hours=1)
    stage.until(lambda: stage.operation_states() == [OperationState.SUCCEEDED])
