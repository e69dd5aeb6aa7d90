"""Our program against a dumb server that replays hand-written responses, the odd ones of real life among them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from helpers.stub import Stub, written
from helpers.tls import SecureAzure, secure_azure
from hotpatch_gui.application.targets import azure_target
from hotpatch_gui.azure import long_running as stepping
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.simulator.arm import Response

SECURITY = InstallRequest(frozenset({Classification.SECURITY}))
VM = "/subscriptions/[^/]*/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/VM-Web-01"
SERVER = "/subscriptions/[^/]*/resourceGroups/rg-hybrid/providers/Microsoft.HybridCompute/machines/SRV-HQ-01"
OPERATION = "/subscriptions/6f1a0c3e-1111-4222-8333-944455556666/providers/Microsoft.Compute/locations/westus/operations/op-1"
VERSION = "api-version=2026-04-01"
IN_PROGRESS = {"startTime": "2026-08-20T09:00:00+00:00", "status": "InProgress", "name": "op-1"}
HAS_ENDED = IN_PROGRESS | {
    "endTime": "2026-08-20T09:01:00+00:00",
    "status": "Succeeded",
    "error": None,
}


pytestmark = pytest.mark.expects_log  # rows that cannot be read are part of the stub's responses


@pytest.fixture
def stub() -> Stub:
    made = Stub()
    made.on(f"GET .*{VM}\\?", Response(200, written("machine")))
    made.on(f"GET .*{SERVER}\\?", Response(200, written("arc-machine")))
    denied = {"error": {"code": "AuthorizationFailed", "message": "No.", "details": None}}
    made.on("GET .*/virtualMachines/vm-web-02\\?", Response(403, denied))
    return made


@pytest.fixture
def azure(stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecureAzure]:
    monkeypatch.setattr(stepping, "DEFAULT_DELAY_S", 0.05)
    with secure_azure(stub, tmp_path / "keys") as made:
        monkeypatch.setenv("SSL_CERT_FILE", str(made.root))
        yield made


@pytest.fixture
def stage(qapp: QApplication, tmp_path: Path, azure: SecureAzure) -> Iterator[Stage]:
    with Stage("light", folder=tmp_path / "data", target=azure_target()) as made:
        made.app.start()
        made.until(lambda: made.app.source.db is not None)
        made.app.actions.save_connection(azure.principal()._replace(changes_allowed=True))
        made.until(lambda: numbers(made))
        made.sync()
        yield made


def numbers(stage: Stage) -> dict[str, int]:
    assert stage.app.source.db is not None
    rows = stage.app.source.db.execute("SELECT name, id FROM machines WHERE deleted_at IS NULL")
    return dict(tuple(row) for row in rows)


def values(stage: Stage, sql: str) -> list[tuple]:
    assert stage.app.source.db is not None
    return [tuple(row) for row in stage.app.source.db.execute(sql)]


def ended(stage: Stage, state: OperationState) -> tuple:
    stage.until(lambda: stage.operation_states() == [state])
    return values(stage, "SELECT note, code, request_id FROM operations")[0]


@pytest.mark.expects_log
def test_rows_with_mixed_cases_nulls_and_unknown_words_are_read(stage: Stage, stub: Stub) -> None:
    assert values(
        stage,
        "SELECT name, power, patch_mode, hotpatch_status, tags, updates, kind FROM machines ORDER BY kind='arc', lower(name)",
    ) == [
        ("VM-Web-01", "running", "AutomaticByPlatform", "Enabled", "app, env:prod", 2, "vm"),
        ("vm-web-02", "unknown", None, "Not available", "", 0, "vm"),
        ("SRV-HQ-01", "running", "Manual", "Action required", "", 0, "arc"),
    ]
    assert values(
        stage, "SELECT name, kb, classification, severity, restart FROM updates ORDER BY name"
    ) == [
        ("A rollup that has no KB", None, "UpdateRollUp", "NotAvailable", "Unknown"),
        (
            "Security Intelligence Update for Microsoft Defender Antivirus",
            "KB2267602",
            "Definition",
            None,
            "NeverReboots",
        ),
    ]
    assert values(
        stage,
        "SELECT i.status, i.restart_status, u.kb, u.classification FROM installations i"
        " JOIN installation_updates u ON u.installation_id=i.id",
    ) == [("Succeeded", "Completed", "KB5099540", "Security")]
    assert values(stage, "SELECT status FROM assessments ORDER BY status") == [
        ("Succeeded",),
        ("Unknown",),
    ]
    assert values(stage, "SELECT max(problem), sum(unreadable) FROM sync_state") == [("", 1)], (
        "the row without an ID is counted and reported"
    )
    assert not stub.unknown


@pytest.mark.expects_log
def test_both_polling_headers_without_retry_after_are_accepted(
    stage: Stage, stub: Stub, azure: SecureAzure
) -> None:
    at = azure.cloud.endpoint
    accepted = {
        "Location": f"{at}{OPERATION}&monitor=true&{VERSION}",  # as in the specification's example
        "Azure-AsyncOperation": f"{at}{OPERATION}?{VERSION}",
        "x-ms-request-id": "11111111-aaaa-4bbb-8ccc-000000000001",
    }
    stub.on(f"POST .*{VM}/assessPatches", Response(202, None, accepted))
    stub.on(
        f"GET .*{OPERATION}\\?",
        Response(200, IN_PROGRESS),
        Response(200, IN_PROGRESS),
        Response(200, HAS_ENDED),
    )
    stub.on(f"GET .*{OPERATION}&monitor=true&", Response(200, written("assessed")))
    stage.request.assess([numbers(stage)["VM-Web-01"]])
    note, _, request_id = ended(stage, OperationState.SUCCEEDED)
    assert note == "Assessed: 3 updates available."
    assert request_id == accepted["x-ms-request-id"]
    assert stub.count(f"POST .*{VM}/assessPatches") == 1
    assert stub.count(f"GET .*{OPERATION}\\?") == 3
    assert stub.count(f"GET .*{OPERATION}&monitor") == 1, "the list is where Location says"
    assert values(stage, "SELECT kb, classification, restart FROM updates ORDER BY patch_id") == [
        ("KB2267602", "Definition", "NeverReboots"),
        (None, "UpdateRollUp", "Unknown"),
        ("KB5120229", "Security", "CanRequestReboot"),
    ]
    assert not stub.unknown


def test_a_location_of_5000_characters_without_another_header_is_followed(
    stage: Stage, stub: Stub, azure: SecureAzure
) -> None:
    address = f"{azure.cloud.endpoint}{OPERATION}?{VERSION}&t="
    address += "x" * (5000 - len(address))
    stub.on(
        f"POST .*{VM}/installPatches",
        Response(202, None, {"Location": address, "Retry-After": "0"}),
    )
    stub.on(
        f"GET .*{OPERATION}",
        Response(202, None, {"Location": address}),
        Response(200, written("installed")),
    )
    stage.request.install([numbers(stage)["VM-Web-01"]], SECURITY)
    ended(stage, OperationState.SUCCEEDED)
    assert {len(a.url) for a in stub.requested if "/operations/" in a.url} == {5000}
    (body,) = [
        json.loads(a.body)
        for a in stub.requested
        if a.url.split("?")[0].endswith("/installPatches")
    ]
    assert body == {
        "maximumDuration": "PT120M",
        "rebootSetting": "IfRequired",
        "windowsParameters": {
            "classificationsToInclude": ["Security"],
            "kbNumbersToInclude": [],
            "kbNumbersToExclude": [],
            "excludeKbsRequiringReboot": False,
        },
    }
    assert values(
        stage,
        "SELECT status, restart_status, installed FROM installations ORDER BY started_at DESC LIMIT 1",
    ) == [("CompletedWithWarnings", "Perhaps", 1)]
    assert values(stage, "SELECT count(*) FROM installation_errors") == [(0,)], (
        "an error of nulls is none"
    )
    assert not stub.unknown


@pytest.mark.expects_log
def test_a_location_on_a_foreign_host_receives_no_request(
    stage: Stage, stub: Stub, azure: SecureAzure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = Stub()
    with secure_azure(foreign, tmp_path / "foreign") as elsewhere:
        both = tmp_path / "both.pem"
        both.write_text(azure.root.read_text() + elsewhere.root.read_text())
        monkeypatch.setenv("SSL_CERT_FILE", str(both))
        stub.on(
            f"POST .*{VM}/installPatches",
            Response(202, None, {"Location": f"{elsewhere.cloud.endpoint}{OPERATION}?{VERSION}"}),
        )
        stage.request.install([numbers(stage)["VM-Web-01"]], SECURITY)
        stage.until(lambda: "pointed to" in values(stage, "SELECT note FROM operations")[0][0])
        assert elsewhere.cloud.host in values(stage, "SELECT note FROM operations")[0][0]
        assert elsewhere.seen == [], "nothing was asked there, so no token went there"
        assert stage.operation_states()[0] in (OperationState.RUNNING, OperationState.UNKNOWN)
        assert stub.count(f"POST .*{VM}/installPatches") == 1
    (token,) = values(stage, "SELECT token FROM operations")[0]
    kept = base64.b64decode(token).decode()
    assert not any(given in kept for given in azure.identity.given)


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "result",
    [written("installed") | {"status": "CompletedByMoonlight"}, {"status": "Succeeded"}, None, [1]],
)
def test_unknown_status_values_do_not_count_as_success(
    stage: Stage, stub: Stub, azure: SecureAzure, result: object
) -> None:
    stub.on(
        f"POST .*{VM}/installPatches",
        Response(202, None, {"Location": f"{azure.cloud.endpoint}{OPERATION}?{VERSION}"}),
    )
    stub.on(f"GET .*{OPERATION}", Response(200, result))
    stage.request.install([numbers(stage)["VM-Web-01"]], SECURITY)
    note, *_ = ended(stage, OperationState.UNKNOWN)
    assert "its result can't be read. The program reads the machine instead" in note
    assert stub.count(f"POST .*{VM}/installPatches") == 1


@pytest.mark.expects_log
def test_a_recorded_failed_operation_is_failed(
    stage: Stage, stub: Stub, azure: SecureAzure
) -> None:
    failed = HAS_ENDED | {
        "status": "Failed",
        "error": {
            "code": "VMGuestPatchInternalError",
            "message": "An internal execution error occurred. Please retry later.",
        },
    }
    at = f"{azure.cloud.endpoint}{OPERATION}?{VERSION}"
    stub.on(f"POST .*{VM}/assessPatches", Response(202, None, {"Azure-AsyncOperation": at}))
    stub.on(f"GET .*{OPERATION}", Response(200, failed))
    stage.request.assess([numbers(stage)["VM-Web-01"]])
    note, code, _ = ended(stage, OperationState.FAILED)
    assert code == "VMGuestPatchInternalError"
    assert "An internal execution error occurred." in note


def test_a_result_without_a_patch_list_is_accepted(
    stage: Stage, stub: Stub, azure: SecureAzure
) -> None:
    at = f"{azure.cloud.endpoint}{OPERATION}?{VERSION}"
    counts = {"security": 2, "critical": 0, "definition": None, "other": 1}
    result = {
        "status": "Succeeded",
        "assessmentActivityId": "0d1fbb4e-6b5d-4a3b-9d70-0a4c5d1f0011",
        "rebootPending": True,
        "availablePatchCountByClassification": counts,
        "startDateTime": "2026-08-20T09:00:00Z",
        "lastModifiedDateTime": "2026-08-20T09:01:00Z",
        "startedBy": "User",
        "patchServiceUsed": "WU_WSUS",
        "osType": "Windows",
        "errorDetails": None,
    }
    stub.on(
        f"POST .*{SERVER}/assessPatches", Response(202, None, {"Location": at, "Retry-After": "0"})
    )
    stub.on(f"GET .*{OPERATION}", Response(202, None, {"Location": at}), Response(200, result))
    stage.request.assess([numbers(stage)["SRV-HQ-01"]])
    ended(stage, OperationState.SUCCEEDED)
    found = "SELECT updates, important, restart_pending FROM machines WHERE name='SRV-HQ-01'"
    assert values(stage, found) == [(3, 2, 1)]
    assert not stub.unknown
