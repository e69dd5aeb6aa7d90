"""Shapes that were seen in recorded conversations with Azure and in public reports, read as they were meant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hotpatch_gui.azure import parse, results
from hotpatch_gui.domain.arc import Arc, Enablement, License
from hotpatch_gui.domain.evidence import Evidence
from hotpatch_gui.domain.hotpatch import HotpatchStatus, hotpatch_status, is_on_and_supported
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.prerequisites import Verdict, prerequisites_of
from hotpatch_gui.domain.records import RunStatus
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product
from hotpatch_gui.domain.situation import Level, Situation
from hotpatch_gui.domain.status_text import status_text
from hotpatch_gui.domain.updates import RestartBehavior

NOW = datetime(2026, 8, 20, 9, tzinfo=UTC)
AT = "2026-08-20T06:00:00.1234567Z"


def arc(**properties: Any) -> Machine:
    """An Arc-enabled server with these properties, as arc-machines.kql has them."""
    row: dict[str, Any] = {
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.HybridCompute/machines/srv",
        "name": "srv",
        "subscriptionId": "s",
        "resourceGroup": "g",
        "location": "westus2",
        "status": "Connected",
        "osName": "windows",
        "osSku": "Windows Server 2025 Datacenter",
        "osVersion": "10.0.26100.33222",
        "osEdition": "serverdatacenter",
    }
    return parse.arc_machine(row | properties, NOW)


def profile(
    status: str | None, error: dict[str, Any] | None = None, since: str | None = None
) -> dict[str, Any]:
    feature = {
        "name": "Hotpatch",
        "subscriptionStatus": status,
        "error": error,
        "enrollmentDate": since,
    }
    return {"productProfile": {"productFeatures": [feature]}}


def checks(machine: Machine) -> dict[str, tuple[Verdict, str]]:
    return {f.check: (f.verdict, f.detail) for f in prerequisites_of(machine)}


# letter case, texts for flags, KB numbers


@pytest.mark.parametrize("word", ["required", "REQUIRED", "Required"])
def test_enum_values_of_a_run_are_normalized(
    word: str,
) -> None:
    run = results.graph_run(
        {"startDateTime": AT, "status": "SUCCEEDED", "rebootStatus": word, "startedBy": "platform"},
        "r",
    )
    assert (run.status, run.restart_status, run.started_by) == (
        RunStatus.SUCCEEDED,
        "Required",
        "Platform",
    )
    update = results.run_update(
        {
            "patchName": "x",
            "installationState": word.swapcase().replace("rEQUIRED", "iNSTALLED"),
            "rebootBehavior": "neverreboots",
        }
    )
    assert update.restart == RestartBehavior.NEVER.value
    assert (
        results.run_update({"patchName": "x", "installationState": "installed"}).state
        == "Installed"
    )
    assert (
        results.run_update({"patchName": "x", "installationState": "Sideways"}).state == "Sideways"
    )


@pytest.mark.parametrize(
    ("given", "read"),
    [("true", True), ("False", False), (True, True), ("maybe", None), (1, None), (None, None)],
)
def test_flags_may_be_strings(given: Any, read: bool | None) -> None:
    found = results.graph_assessment(
        {"lastModifiedDateTime": AT, "rebootPending": given, "status": "Succeeded"}, "a"
    )
    assert found.restart_pending is read


@pytest.mark.parametrize(
    ("field", "title", "kb"),
    [
        ("5120228", "2026-08 Hotpatch", "KB5120228"),
        (
            None,
            "2026-08 Cumulative Update for Windows Server 2025 (KB5120233) (26100.33296)",
            "KB5120233",
        ),
        ("", "Security Intelligence Update - KB2267602 - Current Channel", "KB2267602"),
        ("5120228, 5120233", "2026-08 Hotpatch for Windows Server 2025 (KB5120228)", "KB5120228"),
        ("5120228;5120233", "An update", "KB5120228"),
        ("KB5120228 KB5120228", "An update", "KB5120228"),
        (None, "Update for KB5120228 and KB5120233", None),
        (None, "Version 5120228", None),
        ("none", "An update", None),
    ],
)
def test_kb_numbers_are_found_in_each_field(field: str | None, title: str, kb: str | None) -> None:
    assert results.graph_update({"patchName": title, "kbId": field, "patchId": "p"}).kb == kb
    assert results.run_update({"patchName": title, "kbId": field}).kb == kb
    assert results.arm_update({"name": title, "kbId": field}).kb == kb


# Arc-enabled servers


def test_an_expired_server_is_disconnected_and_explains_how_to_reconnect(
    calendar: Calendar,
) -> None:
    machine = arc(status="Expired", licenseProfile=profile("Enabled"))
    assert machine.power is PowerState.DISCONNECTED
    assert checks(machine)["Agent"][0] is Verdict.FAIL
    assert "expired" in checks(machine)["Agent"][1]
    found = status_text(Evidence(machine, HotpatchStatus.ENABLED, None), calendar, NOW)
    assert found.situation is Situation.NOT_RUNNING
    assert "azcmagent connect" in found.next_step


def test_a_cloned_server_is_named() -> None:
    machine = arc(status="Disconnected", statusReason="Cloned")
    assert "cloned" in checks(machine)["Agent"][1]


@pytest.mark.parametrize(
    ("agent", "verdict", "says"),
    [
        ({"configMode": "monitor"}, Verdict.FAIL, "monitor mode"),
        ({"extensionsEnabled": "false"}, Verdict.FAIL, "forbid the patch extension"),
        (
            {
                "extensionsAllowList": [
                    {"publisher": "Microsoft.Azure.Monitor", "type": "AzureMonitorWindowsAgent"}
                ]
            },
            Verdict.FAIL,
            "forbid the patch extension",
        ),
        (
            {
                "extensionsBlockList": [
                    {
                        "publisher": "Microsoft.SoftwareUpdateManagement",
                        "type": "WindowsOsUpdateExtension",
                    }
                ]
            },
            Verdict.FAIL,
            "forbid the patch extension",
        ),
        (
            {
                "extensionsAllowList": [
                    {
                        "publisher": "Microsoft.SoftwareUpdateManagement",
                        "type": "windowsOsUpdateExtension",
                    }
                ]
            },
            Verdict.PASS,
            "allow",
        ),
        ({"configMode": "full", "extensionsAllowList": []}, Verdict.NOT_KNOWABLE, "n't reported"),
        (None, Verdict.NOT_KNOWABLE, "n't reported"),
    ],
)
def test_the_agents_lists_and_its_mode_are_prerequisites(
    agent: dict[str, Any] | None, verdict: Verdict, says: str
) -> None:
    found = checks(arc(agent=agent))["Patch extension"]
    assert found[0] is verdict
    assert says in found[1]


def test_a_license_error_is_shown(calendar: Calendar) -> None:
    error = {"code": "LicenseNotAvailable", "message": "The <b>license</b> is not available."}
    machine = arc(licenseProfile=profile("Failed", error))
    assert checks(machine)["License"][0] is Verdict.FAIL
    status = hotpatch_status(machine, assessed=True)
    found = status_text(Evidence(machine, status, NOW), calendar, NOW)
    assert found.level is not Level.OK
    assert "The <b>license</b> is not available. (LicenseNotAvailable)" in found.headline


def test_a_pending_license_states_its_start(calendar: Calendar) -> None:
    machine = arc(licenseProfile=profile("Enabling", since="2026-08-20T08:40:00Z"))
    assert machine.arc is not None
    assert machine.arc.is_pending
    assert machine.arc.enrolled_at == datetime(2026, 8, 20, 8, 40, tzinfo=UTC)
    pending = Evidence(machine, HotpatchStatus.PENDING, None, pending_since=machine.arc.enrolled_at)
    found = status_text(pending, calendar, NOW)
    assert "since 20 Aug 2026, 08:40 UTC" in found.headline


def test_a_license_whose_enablement_is_unknown_is_not_enrolled() -> None:
    settings = {"status": {"hotpatchEnablementStatus": "Unknown"}}
    machine = arc(licenseProfile=profile("Enabled"), patchSettings=settings)
    assert machine.arc is not None
    assert machine.arc.enablement is Enablement.UNKNOWN
    assert hotpatch_status(machine, assessed=True) is HotpatchStatus.NOT_ENROLLED


@pytest.mark.parametrize(
    ("os_sku", "enablement", "status"),
    [
        ("Windows Server 2025 Datacenter Azure Edition", None, HotpatchStatus.NOT_KNOWN),
        ("Windows Server 2022 Datacenter Azure Edition", None, HotpatchStatus.NOT_KNOWN),
        ("Windows Server 2025 Datacenter Azure Edition", "Enabled", HotpatchStatus.ENABLED),
        ("Windows Server 2019 Datacenter", None, HotpatchStatus.NOT_AVAILABLE),
    ],
)
def test_azure_edition_on_azure_local_is_eligible_and_not_called_unavailable(
    os_sku: str, enablement: str | None, status: HotpatchStatus, calendar: Calendar
) -> None:
    settings = {"status": {"hotpatchEnablementStatus": enablement}} if enablement else None
    machine = arc(kind="HCI", osSku=os_sku, osEdition="serverturbine", patchSettings=settings)
    assert hotpatch_status(machine, assessed=True) is status
    if status is HotpatchStatus.NOT_KNOWN:
        found = status_text(Evidence(machine, status, NOW), calendar, NOW)
        assert (found.situation, found.level) == (Situation.NOT_CONFIRMED, Level.UNKNOWN)
        assert checks(machine)["System"][0] is Verdict.PASS
    is_eligible = status is not HotpatchStatus.NOT_AVAILABLE
    assert ("License" in checks(machine)) is not is_eligible, "it needs none"
    assert is_on_and_supported(machine) is (status is HotpatchStatus.ENABLED)
    if status is HotpatchStatus.ENABLED:
        found = status_text(Evidence(machine, status, NOW), calendar, NOW)
        assert found.situation is not Situation.DISABLED


def test_a_windows_client_has_no_calendar_and_is_not_available(calendar: Calendar) -> None:
    machine = arc(
        osSku="Windows 11 Enterprise", osEdition="enterprise", osVersion="10.0.26100.33222"
    )
    assert machine.product is None
    status = hotpatch_status(machine, assessed=True)
    assert status is HotpatchStatus.NOT_AVAILABLE
    assert "up to date" not in status_text(Evidence(machine, status, NOW), calendar, NOW).text


def test_an_old_agent_does_not_report_the_build() -> None:
    machine = arc(
        osSku="Windows Server 2016 Standard", osVersion="Microsoft Windows NT 10.0.14393.0"
    )
    assert (machine.build, machine.product) == (None, None)
    named = arc(osVersion="Microsoft Windows NT 10.0.26100.0")
    assert (named.build, named.product) == (None, Product.WS2025)
    assert checks(named)["Build"][0] is Verdict.NOT_KNOWABLE


def test_image_default_is_a_patch_mode_of_arc() -> None:
    machine = arc(patchSettings={"patchMode": "ImageDefault", "assessmentMode": "imagedefault"})
    assert machine.settings.patch_mode is not None
    assert machine.settings.orchestration == "Image default"


def test_arc_fields_reach_the_record() -> None:
    machine = arc(vmId="ABCD-1", statusReason="Cloned", agent={"configMode": "full"})
    assert machine.vm_id == "abcd-1"
    assert isinstance(machine.arc, Arc)
    assert (machine.arc.reason, machine.arc.mode, machine.arc.license) == ("Cloned", "full", None)
    assert License.parse("ENABLED") is License.ENABLED
