"""New machines as the simulated Azure accepts or rejects them, through the official SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from helpers import sdk
from helpers.simulator import Simulated, simulate
from hotpatch_gui.domain.machine_files import template
from hotpatch_gui.domain.machines import Image
from hotpatch_gui.domain.new_machine import IMAGES, NewMachine, faults
from hotpatch_gui.domain.settings import Orchestration

GOOD = NewMachine("vm-new-09", "rg-web", "westus2", "Standard_D2s_v5", "operator", zone="2")


@pytest.fixture(scope="module")
def azure() -> Iterator[Simulated]:
    with simulate("--speed", "3000", "--quota", "200") as made:
        yield made


def body_of(machine: NewMachine) -> dict[str, Any]:
    """The machine of the template as a deployment would send it."""
    (vm,) = [r for r in template(machine)["resources"] if r["type"].endswith("virtualMachines")]
    text = json.dumps(vm).replace("[parameters('adminPassword')]", "Correct-horse-1")
    body: dict[str, Any] = json.loads(text)
    return {key: body[key] for key in ("location", "zones", "properties") if key in body}


def create(azure: Simulated, machine: NewMachine, body: dict[str, Any] | None = None) -> Any:
    with sdk.compute(azure) as client:
        vms = client.virtual_machines
        wanted = body_of(machine) if body is None else body
        vms.begin_create_or_update(
            machine.resource_group, machine.name, json.dumps(wanted).encode(), polling_interval=0
        ).result()
        return vms.get(machine.resource_group, machine.name, expand="instanceView")


@pytest.mark.parametrize("image", IMAGES[:-1], ids=lambda i: i.sku)
def test_each_image_creates_the_selected_machine(azure: Simulated, image: Image) -> None:
    machine = GOOD._replace(name=f"n{abs(hash(image.sku)) % 10**6}x", image=image)
    assert faults(machine) == []
    vm = create(azure, machine)
    windows = vm.os_profile.windows_configuration
    assert vm.zones == ["2"]
    assert vm.storage_profile.image_reference.sku == image.sku
    assert windows.patch_settings.enable_hotpatching is True
    assert windows.patch_settings.patch_mode == "AutomaticByPlatform"
    assert windows.patch_settings.assessment_mode == "AutomaticByPlatform"
    assert windows.time_zone == "UTC"
    assert "PowerState/running" in [s.code for s in vm.instance_view.statuses]
    with sdk.graph(azure) as graph:
        text = f"resources | where name =~ '{machine.name}' | project name"
        (row,) = sdk.query(graph, azure, text).data
        assert row["name"] == machine.name
    with sdk.compute(azure) as client:
        seen = client.virtual_machines.begin_assess_patches(
            machine.resource_group, machine.name, polling_interval=0
        ).result()
        assert seen.status == "Succeeded"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"orchestration": Orchestration.MANUAL}, "InvalidParameter"),
        ({"orchestration": Orchestration.CUSTOMER_SCHEDULES}, "InvalidParameter"),
        (
            {"image": Image("MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-g2")},
            "InvalidParameter",
        ),
        (
            {"image": Image("MicrosoftWindowsServer", "WindowsServer", "none")},
            "PlatformImageNotFound",
        ),
    ],
)
def test_machines_that_the_program_rejects_are_rejected_by_azure(
    azure: Simulated, changed: dict[str, Any], code: str
) -> None:
    machine = GOOD._replace(name="vm-refused", **changed)
    assert faults(machine)
    with pytest.raises(HttpResponseError) as caught:
        create(azure, machine)
    assert caught.value.error is not None
    assert caught.value.error.code == code


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("osProfile", "windowsConfiguration", "patchSettings"), None, "PatchSettings must be"),
        (("osProfile", "adminPassword"), None, "adminPassword"),
        (("osProfile", "computerName"), "a" * 16, "15 characters"),
        (("osProfile", "windowsConfiguration", "provisionVMAgent"), False, "VM agent"),
        (("networkProfile",), None, "network interface"),
    ],
)
def test_an_incomplete_machine_is_rejected(
    azure: Simulated, path: tuple[str, ...], value: object, words: str
) -> None:
    body = body_of(GOOD._replace(name="vm-refused"))
    inner = body["properties"]
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(HttpResponseError, match=words):
        create(azure, GOOD._replace(name="vm-refused"), body)


def test_a_machine_that_exists_is_not_created_again(azure: Simulated) -> None:
    with pytest.raises(HttpResponseError, match="exists"):
        create(azure, GOOD._replace(name="vm-web-01"))
