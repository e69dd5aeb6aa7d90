"""The official SDK used directly against ``simulate``: lists, assesses, installs, queries, every field filled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.compute.models import (
    VirtualMachineInstallPatchesParameters,
    WindowsParameters,
)

from helpers import sdk
from helpers.simulator import Simulated, simulate


@pytest.fixture(scope="module")
def azure() -> Iterator[Simulated]:
    with simulate("--speed", "600", "--quota", "200") as made:
        yield made


def test_machines_are_listed_and_read_with_their_instance_view(azure: Simulated) -> None:
    with sdk.compute(azure) as client:
        names = [vm.name for vm in client.virtual_machines.list_all()]
        assert len(names) == 12, "Arc-enabled servers are none of Compute's"
        assert [vm.name for vm in client.virtual_machines.list("RG-WEB")] == [
            "vm-web-01",
            "vm-web-02",
        ]
        vm = client.virtual_machines.get("rg-web", "vm-web-01", expand="instanceView")
    windows = vm.os_profile.windows_configuration
    assert windows.provision_vm_agent
    assert windows.patch_settings.patch_mode == "AutomaticByPlatform"
    assert windows.patch_settings.enable_hotpatching
    assert windows.patch_settings.assessment_mode == "AutomaticByPlatform"
    platform = windows.patch_settings.automatic_by_platform_settings
    assert platform.bypass_platform_safety_checks_on_user_schedule is False
    assert platform.reboot_setting == "IfRequired"
    view = vm.instance_view
    assert view.os_version == "10.0.26100.33222"
    assert any(s.code == "PowerState/running" for s in view.statuses)
    status = view.patch_status
    assert status.configuration_statuses[0].code == "PatchModeConfigurationState/Ready"
    available, last = status.available_patch_summary, status.last_patch_installation_summary
    for name in (
        "status",
        "assessment_activity_id",
        "reboot_pending",
        "critical_and_security_patch_count",
        "other_patch_count",
        "start_time",
        "last_modified_time",
    ):
        assert getattr(available, name) is not None, name
    for name in (
        "status",
        "installation_activity_id",
        "maintenance_window_exceeded",
        "not_selected_patch_count",
        "excluded_patch_count",
        "pending_patch_count",
        "installed_patch_count",
        "failed_patch_count",
        "start_time",
        "last_modified_time",
    ):
        assert getattr(last, name) is not None, name


def test_an_assessment_fills_every_field(azure: Simulated) -> None:
    with sdk.compute(azure) as client:
        result = client.virtual_machines.begin_assess_patches("rg-web", "vm-web-02").result()
    assert result.status == "Succeeded"
    for name in (
        "assessment_activity_id",
        "reboot_pending",
        "critical_and_security_patch_count",
        "other_patch_count",
        "start_date_time",
    ):
        assert getattr(result, name) is not None, name
    assert (
        len(result.available_patches)
        == result.critical_and_security_patch_count + result.other_patch_count
    )
    for patch in result.available_patches:
        for name in (
            "patch_id",
            "name",
            "kb_id",
            "classifications",
            "reboot_behavior",
            "activity_id",
            "published_date",
            "last_modified_date_time",
            "assessment_state",
        ):
            assert getattr(patch, name) is not None, name
        assert patch.kb_id.isdigit()


def install(client, machine: str, group: str, **windows):
    parameters = VirtualMachineInstallPatchesParameters(
        reboot_setting="IfRequired",
        maximum_duration="PT2H",
        windows_parameters=WindowsParameters(**windows),
    )
    return client.virtual_machines.begin_install_patches(group, machine, parameters)


def test_an_installation_fills_every_field_and_keeps_its_failures(azure: Simulated) -> None:
    with sdk.compute(azure) as client:
        result = install(
            client, "vm-print-01", "rg-office", classifications_to_include=["Critical", "Security"]
        ).result()
    assert result.status == "Failed"
    for name in (
        "installation_activity_id",
        "reboot_status",
        "maintenance_window_exceeded",
        "excluded_patch_count",
        "not_selected_patch_count",
        "pending_patch_count",
        "installed_patch_count",
        "failed_patch_count",
        "start_date_time",
    ):
        assert getattr(result, name) is not None, name
    assert result.failed_patch_count == 1
    assert result.error.details[0].code == "0x80070005"
    for patch in result.patches:
        for name in ("patch_id", "name", "kb_id", "classifications", "installation_state"):
            assert getattr(patch, name) is not None, name


def test_settings_are_changed_and_invalid_ones_rejected_with_azures_message(
    azure: Simulated,
) -> None:
    def body(**settings):
        return {"properties": {"osProfile": {"windowsConfiguration": {"patchSettings": settings}}}}

    def bypass(on):
        return {"bypassPlatformSafetyChecksOnUserSchedule": on}

    refused = pytest.raises(
        HttpResponseError, match="Hotpatch updates require platform safety checks"
    )
    with sdk.compute(azure) as client:
        update = client.virtual_machines.begin_update
        with refused:  # it follows a schedule of its own
            update("rg-files", "vm-file-01", body(enableHotpatching=True))
        both = body(enableHotpatching=True, automaticByPlatformSettings=bypass(False))
        vm = update("rg-files", "vm-file-01", both).result()
        assert vm.os_profile.windows_configuration.patch_settings.enable_hotpatching
        with refused as caught:
            update("rg-files", "vm-file-01", body(automaticByPlatformSettings=bypass(True)))
    assert (caught.value.status_code, caught.value.error.code) == (400, "InvalidParameter")


def test_a_restart_completes_pending_updates(azure: Simulated) -> None:
    with sdk.compute(azure) as client:
        client.virtual_machines.begin_start("rg-identity", "vm-dc-01").result()
        before = client.virtual_machines.instance_view("rg-identity", "vm-dc-01")
        assert before.patch_status.available_patch_summary.reboot_pending, "it ran already"
        client.virtual_machines.begin_restart("rg-identity", "vm-dc-01").result()
        assert (
            client.virtual_machines.instance_view("rg-identity", "vm-dc-01").os_version
            == "10.0.20348.5386"
        )


def test_errors_have_arms_shape(azure: Simulated) -> None:
    with sdk.compute(azure) as client:
        with pytest.raises(ResourceNotFoundError) as missing:
            client.virtual_machines.get("rg-web", "nope")
        assert missing.value.error.code == "ResourceNotFound"
        with pytest.raises(ResourceExistsError) as off:
            client.virtual_machines.begin_assess_patches("rg-dev", "vm-dev-01")
        assert off.value.status_code == 409
        poller = client.virtual_machines.begin_assess_patches("rg-erp", "vm-erp-01")
        with pytest.raises(ResourceExistsError, match="concurrent request"):
            client.virtual_machines.begin_assess_patches("rg-erp", "vm-erp-01")
        poller.result()
        with pytest.raises(HttpResponseError, match="At least one classification") as empty:
            install(client, "vm-erp-01", "rg-erp")
        assert empty.value.status_code == 400


ASSESSMENT = [
    "status",
    "assessmentActivityId",
    "rebootPending",
    "osType",
    "startDateTime",
    "lastModifiedDateTime",
    "startedBy",
    "patchServiceUsed",
    "availablePatchCountByClassification",
    "configurationStatus",
]
RUN = [
    "installationActivityId",
    "status",
    "maintenanceWindowExceeded",
    "notSelectedPatchCount",
    "installedPatchCount",
    "excludedPatchCount",
    "pendingPatchCount",
    "failedPatchCount",
    "patchServiceUsed",
    "startDateTime",
    "lastModifiedDateTime",
    "rebootStatus",
    "startedBy",
    "osType",
]
OFFER = [
    "patchName",
    "patchId",
    "kbId",
    "classifications",
    "publishedDateTime",
    "lastModifiedDateTime",
    "rebootBehavior",
    "rebootRequired",
]


@pytest.mark.parametrize(
    ("table", "kind", "fields"),
    [
        (
            "patchassessmentresources",
            "microsoft.compute/virtualmachines/patchassessmentresults",
            ASSESSMENT,
        ),
        (
            "patchassessmentresources",
            "microsoft.compute/virtualmachines/patchassessmentresults/softwarepatches",
            OFFER,
        ),
        (
            "patchinstallationresources",
            "microsoft.compute/virtualmachines/patchinstallationresults",
            RUN,
        ),
        (
            "patchinstallationresources",
            "microsoft.compute/virtualmachines/patchinstallationresults/softwarepatches",
            ["installationState", *OFFER],
        ),
    ],
)
def test_resource_graph_fills_every_field(
    azure: Simulated, table: str, kind: str, fields: list[str]
) -> None:
    with sdk.graph(azure) as client:
        response = sdk.query(
            client, azure, f"{table} | where type == '{kind}' | project id, properties"
        )
    assert response.count > 0
    for row in response.data:
        missing = [f for f in fields if row["properties"].get(f) is None]
        assert missing == [], row["id"]


def test_resource_graph_pages_contain_each_row_once(azure: Simulated) -> None:
    text = "patchinstallationresources | project id | order by id asc"
    with sdk.graph(azure) as client:
        seen: list[str] = []
        token = None
        while True:
            page = sdk.query(client, azure, text, top=50, skip_token=token)
            seen += [row["id"] for row in page.data]
            assert page.result_truncated == "false"
            token = page.skip_token
            if token is None:
                break
    assert len(seen) == len(set(seen)) == page.total_records > 100


def test_a_query_that_azure_would_reject_is_rejected(azure: Simulated) -> None:
    with (
        sdk.graph(azure) as client,
        pytest.raises(HttpResponseError, match="valid query") as caught,
    ):
        sdk.query(client, azure, "resources | nonsense")
    assert caught.value.status_code == 400


def test_the_quota_counts_down_and_then_rejects() -> None:
    with simulate("--quota", "2") as azure, sdk.graph(azure) as client:
        remaining: list[str] = []

        def note(context, result, _):
            remaining.append(context.http_response.headers["x-ms-user-quota-remaining"])
            return result

        from azure.mgmt.resourcegraph.models import QueryRequest

        request = QueryRequest(
            subscriptions=[azure.subscription_id], query="resources | project id"
        )
        client.resources(request, cls=note)
        client.resources(request, cls=note)
        assert remaining == ["1", "0"]
        with pytest.raises(HttpResponseError) as caught:
            client.resources(request, retry_total=0)
        assert caught.value.status_code == 429
        assert int(caught.value.response.headers["Retry-After"]) >= 1


def test_a_poller_continues_in_another_client_without_a_second_request(azure: Simulated) -> None:
    with sdk.compute(azure) as first:
        token = first.virtual_machines.begin_assess_patches(
            "rg-app", "vm-app-01", polling=True
        ).continuation_token()
    with sdk.compute(azure) as second:
        result = second.virtual_machines.begin_assess_patches(
            "rg-app", "vm-app-01", continuation_token=token
        ).result()
    assert result.status == "Succeeded"


def test_a_state_file_continues_the_simulation(tmp_path) -> None:
    state = str(tmp_path / "world.sqlite3")
    with simulate("--state", state, "--speed", "3000") as azure, sdk.compute(azure) as client:
        client.virtual_machines.begin_restart("rg-identity", "vm-dc-01").result()
    with simulate("--state", state) as azure, sdk.compute(azure) as client:
        assert (
            client.virtual_machines.instance_view("rg-identity", "vm-dc-01").os_version
            == "10.0.20348.5386"
        )


def test_a_deallocated_machine_starts(azure: Simulated) -> None:
    """The last one, because the others need it stopped."""
    with sdk.compute(azure) as client:

        def power() -> list[str]:
            view = client.virtual_machines.instance_view("rg-dev", "vm-dev-01")
            return [s.code for s in view.statuses if s.code.startswith("PowerState/")]

        assert power() == ["PowerState/deallocated"]
        client.virtual_machines.begin_start("rg-dev", "vm-dev-01").result()
        assert power() == ["PowerState/running"]
