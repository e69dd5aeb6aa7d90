"""Deployments of new machines as the simulated Azure answers them, through the official SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError

from helpers import sdk
from helpers.simulator import Simulated, simulate
from hotpatch_gui.domain.machine_files import PASSWORD, template
from hotpatch_gui.domain.new_machine import NewMachine

PASSPHRASE = "Correct-horse-1"
GROUP = "rg-web"


@pytest.fixture(scope="module")
def azure() -> Iterator[Simulated]:
    with simulate("--speed", "3000", "--quota", "200") as made:
        yield made


def body(name: str = "vm-dep-01", password: str = PASSPHRASE, **changed: Any) -> bytes:
    machine = NewMachine(name, GROUP, "westus2", "Standard_D2s_v5", "operator")._replace(**changed)
    properties = {
        "mode": "Incremental",
        "template": template(machine),
        "parameters": {PASSWORD: {"value": password}},
    }
    return json.dumps({"properties": properties}).encode()


def effects(result: Any) -> dict[str, str]:
    return {c["resourceId"].rsplit("/", 1)[1]: c["changeType"] for c in result.properties.changes}


def test_a_deployment_is_validated_planned_and_created(azure: Simulated) -> None:
    with sdk.deployments(azure) as client, sdk.compute(azure) as compute:
        of = client.deployments
        valid = of.begin_validate(GROUP, "first", body(), polling_interval=0).result()
        assert valid.properties.provisioning_state == "Succeeded"
        assert valid.error is None
        planned = of.begin_what_if(GROUP, "first", body(), polling_interval=0).result()
        assert effects(planned) == dict.fromkeys(
            ("vm-dep-01-vnet", "vm-dep-01-nic", "vm-dep-01"), "Create"
        )
        with pytest.raises(HttpResponseError, match="was not found"):
            compute.virtual_machines.get(GROUP, "vm-dep-01")
        made = of.begin_create_or_update(GROUP, "first", body(), polling_interval=0).result()
        assert made.properties.provisioning_state == "Succeeded"
        assert of.get(GROUP, "first").properties.provisioning_state == "Succeeded"
        vm = compute.virtual_machines.get(GROUP, "vm-dep-01", expand="instanceView")
        assert vm.os_profile.windows_configuration.patch_settings.enable_hotpatching is True
        again = of.begin_what_if(GROUP, "second", body(), polling_interval=0).result()
        assert set(effects(again).values()) == {"Modify"}
        over = of.begin_create_or_update(GROUP, "second", body(), polling=False)
        assert over.result() is not None
        failed = of.get(GROUP, "second").properties
        assert failed.provisioning_state == "Failed"
        assert failed.error.details[0].code == "PropertyChangeNotAllowed"


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"password": "abc"}, "InvalidParameter", "password complexity"),
        ({"size": "Standard_Z99"}, "InvalidParameter", "VM size"),
        ({"name": "a-name-of-more-than-15"}, "InvalidParameter", "15 characters"),
    ],
)
def test_invalid_deployments_are_rejected_before_anything_is_created(
    azure: Simulated, changed: dict[str, Any], code: str, words: str
) -> None:
    with sdk.deployments(azure) as client:
        for ask in (client.deployments.begin_validate, client.deployments.begin_what_if):
            with pytest.raises(HttpResponseError) as caught:
                ask(GROUP, "refused", body(**({"name": "vm-dep-09"} | changed)))
            error = json.loads(caught.value.response.text())["error"]
            assert error["code"] == "InvalidTemplateDeployment"
            assert error["details"][0]["code"] == code
            assert words in error["details"][0]["message"]
        with pytest.raises(HttpResponseError, match="could not be found"):
            client.deployments.get(GROUP, "refused")


def test_a_missing_password_and_an_active_deployment_are_rejected(azure: Simulated) -> None:
    with sdk.deployments(azure) as client:
        of = client.deployments
        bare = json.loads(body("vm-dep-10"))
        bare["properties"]["parameters"] = {}
        with pytest.raises(HttpResponseError, match="adminPassword"):
            of.begin_validate(GROUP, "bare", json.dumps(bare).encode())
        of.begin_create_or_update(GROUP, "active", body("vm-dep-10"), polling=False)
        with pytest.raises(ResourceExistsError, match="still active"):
            of.begin_create_or_update(GROUP, "active", body("vm-dep-10"), polling=False)
