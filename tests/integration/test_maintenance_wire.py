"""The official SDK of Microsoft.Maintenance used directly against ``simulate``: configurations, assignments and scopes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.maintenance import models
from azure.mgmt.maintenance.models import MaintenanceConfiguration

from helpers import sdk
from helpers.simulator import Simulated, simulate
from hotpatch_gui.simulator.arm import SimulatorApi
from hotpatch_gui.simulator.build import build_simulator
from hotpatch_gui.simulator.guest import SUBSCRIPTION
from hotpatch_gui.system import resources

GROUP = "rg-web"
COMPUTE, MACHINES = "Microsoft.Compute", "virtualMachines"


@pytest.fixture(scope="module")
def azure() -> Iterator[Simulated]:
    with simulate("--speed", "600", "--quota", "200") as made:
        yield made


def nightly(**changed: Any) -> MaintenanceConfiguration:
    fields: dict[str, Any] = {
        "location": "westus2",
        "maintenance_scope": "InGuestPatch",
        "extension_properties": {"InGuestPatchMode": "User"},
        "start_date_time": "2026-09-01 22:00",
        "duration": "03:00",
        "time_zone": "Pacific Standard Time",
        "recur_every": "Day",
        "install_patches": models.InputPatchConfiguration(
            reboot_setting="IfRequired",
            windows_parameters=models.InputWindowsParameters(
                classifications_to_include=["Critical", "Security"],
                kb_numbers_to_exclude=["5120708"],
            ),
        ),
    }
    return MaintenanceConfiguration(**(fields | changed))


def test_a_configuration_is_created_read_changed_and_deleted(azure: Simulated) -> None:
    with sdk.maintenance(azure) as client:
        known = client.maintenance_configurations
        made = known.create_or_update(GROUP, "nightly", nightly())
        assert made.id.endswith("/maintenanceConfigurations/nightly")
        read = known.get(GROUP, "nightly")
        assert (read.duration, read.recur_every, read.maintenance_scope) == (
            "03:00",
            "Day",
            "InGuestPatch",
        )
        windows = read.install_patches.windows_parameters
        assert windows.classifications_to_include == ["Critical", "Security"]
        assert windows.kb_numbers_to_exclude == ["5120708"]
        known.create_or_update(GROUP, "nightly", nightly(recur_every="Week Saturday,Sunday"))
        assert known.get(GROUP, "nightly").recur_every == "Week Saturday,Sunday"
        assert {c.name for c in known.list()} == {"files-saturdays", "nightly"}
        known.delete(GROUP, "nightly")
        known.delete(GROUP, "nightly")  # 204: there is none
        with pytest.raises(ResourceNotFoundError):
            known.get(GROUP, "nightly")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"duration": "04:00"}, "duration must be between"),
        ({"duration": "01:00"}, "duration must be between"),
        ({"recur_every": "5Hours"}, "recurEvery '5Hours'"),
        ({"recur_every": "Year"}, "recurEvery 'Year'"),
        ({"time_zone": "Middle-earth"}, "time zone"),
        ({"start_date_time": "2026-01-01 22:00"}, "current date or a future date"),
        ({"expiration_date_time": "2026-01-01 22:00"}, "future date"),
        ({"extension_properties": {}}, "InGuestPatchMode"),
        ({"install_patches": None}, "At least one classification"),
        ({"location": None}, "location"),
    ],
)
def test_requests_that_azure_rejects_are_rejected(azure: Simulated, changed: Any, why: str) -> None:
    with (
        sdk.maintenance(azure) as client,
        pytest.raises(HttpResponseError, match=why) as caught,
    ):
        client.maintenance_configurations.create_or_update(GROUP, "bad", nightly(**changed))
    assert caught.value.status_code == 400


def test_machines_are_assigned_and_removed_and_a_scope_is_kept_with_its_filter(
    azure: Simulated,
) -> None:
    with sdk.maintenance(azure) as client:
        made = client.maintenance_configurations.create_or_update(GROUP, "assigned", nightly())
        link = models.ConfigurationAssignment(maintenance_configuration_id=made.id)
        of = client.configuration_assignments
        place = (GROUP, COMPUTE, MACHINES, "vm-web-01")
        of.create_or_update(*place, "assigned", link)
        assert of.get(*place, "assigned").maintenance_configuration_id == made.id
        (one,) = of.list(*place)
        assert one.resource_id.endswith("/virtualMachines/vm-web-01")
        of.delete(*place, "assigned")
        assert list(of.list(*place)) == []
        with pytest.raises(ResourceNotFoundError):
            of.create_or_update(GROUP, COMPUTE, MACHINES, "vm-nobody", "assigned", link)
        filters = models.ConfigurationAssignmentFilterProperties(
            locations=["westus2"],
            os_types=["Windows"],
            tag_settings=models.TagSettingsProperties(tags={"app": ["web"]}, filter_operator="All"),
        )
        scope = models.ConfigurationAssignment(maintenance_configuration_id=made.id, filter=filters)
        scopes = client.configuration_assignments_for_subscriptions
        scopes.create_or_update("webs", scope)
        assert scopes.get("webs").filter.tag_settings.tags == {"app": ["web"]}
        scopes.delete("webs")
        with pytest.raises(ResourceNotFoundError):
            scopes.get("webs")
        missing = models.ConfigurationAssignment(maintenance_configuration_id=f"{made.id}-not")
        with pytest.raises(ResourceNotFoundError):
            of.create_or_update(*place, "assigned", missing)


def test_accepted_requests_survive_a_killed_simulator(tmp_path: Path) -> None:
    """As a command of the demo does, which ends without closing the simulated Azure."""
    state = tmp_path / "state.sqlite3"

    def simulated() -> SimulatorApi:
        others = resources.read_json("other-updates.json")
        return build_simulator(resources.calendar(), others, state_path=state)

    base = "https://management.azure.com/subscriptions/{}/resourceGroups/rg-web/providers"
    name = "Microsoft.Maintenance/maintenanceConfigurations/nightly"
    url = f"{base.format(SUBSCRIPTION)}/{name}?api-version=2023-04-01"
    body = {
        "location": "westus2",
        "properties": {
            "maintenanceScope": "InGuestPatch",
            "extensionProperties": {"InGuestPatchMode": "User"},
            "maintenanceWindow": {
                "startDateTime": "2026-09-01 22:00",
                "duration": "03:00",
                "timeZone": "Pacific Standard Time",
                "recurEvery": "Day",
            },
            "installPatches": {"windowsParameters": {"classificationsToInclude": ["Security"]}},
        },
    }
    assert simulated().handle("PUT", url, {}, json.dumps(body).encode()).status == 201
    assert simulated().handle("GET", url, {}, None).status == 200
    assert simulated().handle("DELETE", url, {}, None).status == 200
    assert simulated().handle("GET", url, {}, None).status == 404
