"""A new machine: what Azure would reject, and the files that make it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from hotpatch_gui.domain.installs import RestartSetting
from hotpatch_gui.domain.machine_files import (
    PASSWORD,
    Format,
    encoded,
    template,
    vm_body,
    written,
)
from hotpatch_gui.domain.machines import Image
from hotpatch_gui.domain.new_machine import (
    IMAGES,
    NewMachine,
    SecurityType,
    faults,
    why_correct,
)
from hotpatch_gui.domain.platforms import SKUS, is_supported
from hotpatch_gui.domain.settings import Orchestration

GOOD = NewMachine("vm-web-09", "rg-web", "westus2", "Standard_D2s_v5", "operator")
SUBNET = (
    "/subscriptions/s/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/v/subnets/x"
)


def test_the_default_is_a_valid_machine_with_hotpatch() -> None:
    assert faults(GOOD) == []
    assert (GOOD.hotpatch, GOOD.orchestration) == (True, Orchestration.SAFE_DEPLOYMENT)
    assert is_supported(GOOD.image)
    assert (GOOD.image.sku or "").startswith("2025")
    reasons = dict(why_correct(GOOD))
    assert {"Image", "Patch orchestration", "Security", "Hotpatch"} <= set(reasons)


def test_every_documented_image_can_be_chosen_and_the_preview_is_last() -> None:
    assert {i.sku for i in IMAGES[:-1]} == set(SKUS)
    assert "preview" in (IMAGES[-1].offer or "")
    assert all(map(is_supported, IMAGES))


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"name": ""}, "name", "1 to 15"),
        ({"name": "a" * 16}, "name", "1 to 15"),
        ({"name": "vm_web"}, "name", "letters, digits and hyphens"),
        ({"name": "vm-web-"}, "name", "without a hyphen"),
        ({"name": "<b>x"}, "name", "letters"),
        ({"name": "12345"}, "name", "digits only"),
        ({"resource_group": ""}, "resource_group", "1 to 90"),
        ({"resource_group": "rg."}, "resource_group", "end with a period"),
        ({"resource_group": "rg/x"}, "resource_group", "letters"),
        ({"location": " "}, "location", "region"),
        ({"size": "big"}, "size", "Standard_D2s_v5"),
        ({"zone": "4"}, "zone", "1, 2 or 3"),
        ({"security": SecurityType.STANDARD}, "security", "Trusted launch"),
        (
            {"image": Image("MicrosoftWindowsServer", "WindowsServer", "2022-datacenter")},
            "hotpatch",
            "",
        ),
        ({"image": Image()}, "hotpatch", "doesn't support"),
        ({"orchestration": Orchestration.MANUAL}, "hotpatch", "Azure to orchestrate"),
        ({"orchestration": Orchestration.CUSTOMER_SCHEDULES}, "hotpatch", "safety checks"),
        (
            {
                "orchestration": Orchestration.WINDOWS_AUTOMATIC,
                "hotpatch": False,
                "restart": RestartSetting.NEVER,
            },
            "restart",
            "Azure orchestrates",
        ),
        ({"time_zone": "Middle-earth"}, "time_zone", "Middle-earth"),
        ({"time_zone": ""}, "time_zone", "empty"),
        ({"subnet": "default"}, "subnet", "resource ID"),
        ({"admin": ""}, "admin", "1 to 20"),
        ({"admin": "Administrator"}, "admin", "doesn't allow"),
        ({"admin": "a b"}, "admin", "special"),
        ({"admin": "root."}, "admin", "period"),
    ],
)
def test_rejected_values_are_named_with_their_field(
    changed: dict[str, Any], field: str, words: str
) -> None:
    found = {f.field: f.sentence for f in faults(GOOD._replace(**changed))}
    assert list(found) == [field]
    assert words.casefold() in found[field].casefold()


def choices() -> list[NewMachine]:
    """Every combination without faults, of what decides the files."""
    made = [
        GOOD._replace(
            image=image,
            zone=zone,
            subnet=subnet,
            hotpatch=hotpatch,
            orchestration=orchestration,
            security=security,
            periodic_assessment=hotpatch,
        )
        for image, zone, subnet, hotpatch, orchestration, security in product(
            (
                IMAGES[0],
                IMAGES[-1],
                Image("MicrosoftWindowsServer", "WindowsServer", next(iter(SKUS))),
            ),
            ("", "2"),
            ("", SUBNET),
            (True, False),
            Orchestration,
            SecurityType,
        )
    ]
    return [m for m in made if not faults(m)]


def test_a_template_contains_the_selection_and_no_password() -> None:
    assert len(choices()) > 50
    for machine in choices():
        made = template(machine)
        assert made["parameters"] == {PASSWORD: {"type": "secureString"}}
        of = {r["type"].rpartition("/")[2]: r for r in made["resources"]}
        assert set(of) == {"networkInterfaces", "virtualMachines"} | (
            set() if machine.subnet else {"virtualNetworks"}
        )
        vm = of["virtualMachines"]
        assert vm.get("zones", []) == ([machine.zone] if machine.zone else [])
        system = vm["properties"]["osProfile"]
        assert system["adminPassword"] == "[parameters('adminPassword')]"
        windows = system["windowsConfiguration"]
        assert windows["provisionVMAgent"] is True
        patch = windows["patchSettings"]
        assert patch["enableHotpatching"] is machine.hotpatch
        assert patch["patchMode"] == machine.orchestration.patch_mode
        platform = patch.get("automaticByPlatformSettings")
        assert (platform is not None) is (patch["patchMode"] == "AutomaticByPlatform")
        assert (windows["enableAutomaticUpdates"] is False) is (patch["patchMode"] == "Manual")
        profile = vm["properties"].get("securityProfile", {})
        assert profile.get("securityType") == (
            "TrustedLaunch" if machine.security is SecurityType.TRUSTED_LAUNCH else None
        )
        nic = of["networkInterfaces"]
        (address,) = nic["properties"]["ipConfigurations"]
        subnet = address["properties"]["subnet"]["id"]
        assert subnet == machine.subnet or subnet.startswith("[resourceId(")
        assert "publicIPAddress" not in json.dumps(made)
        assert vm["dependsOn"] == [
            n["id"] for n in vm["properties"]["networkProfile"]["networkInterfaces"]
        ]


def test_a_text_that_looks_like_an_expression_stays_a_text() -> None:
    made = template(GOOD._replace(resource_group="rg", location="[reference('x')]"))
    assert {r["location"] for r in made["resources"]} == {"[[reference('x')]"}


def test_bicep_refers_to_resources_by_symbol_and_to_the_password_by_its_secure_parameter() -> None:
    text = written(GOOD, Format.BICEP)
    assert text.startswith("@secure()\nparam adminPassword string\n")
    assert "adminPassword: adminPassword\n" in text
    assert "id: nic.id\n" in text
    assert "id: network.properties.subnets[0].id\n" in text
    assert "resourceId(" not in text
    assert text.count("{") == text.count("}")
    assert "enableHotpatching: true\n" in text
    assert "network.properties" not in written(GOOD._replace(subnet=SUBNET), Format.BICEP)


TERRAFORM = {
    "azurerm_virtual_network": {"name", "resource_group_name", "location", "address_space"},
    "azurerm_subnet": {"name", "resource_group_name", "virtual_network_name", "address_prefixes"},
    "azurerm_network_interface": {"name", "location", "resource_group_name", "ip_configuration"},
    "azurerm_windows_virtual_machine": {
        *("name", "resource_group_name", "location", "size", "admin_username", "admin_password"),
        *("network_interface_ids", "os_disk", "source_image_reference", "zone", "timezone"),
        *("provision_vm_agent", "allow_extension_operations", "automatic_updates_enabled"),
        *("patch_mode", "hotpatching_enabled", "patch_assessment_mode", "reboot_setting"),
        *(
            "bypass_platform_safety_checks_on_user_schedule_enabled",
            "secure_boot_enabled",
            "vtpm_enabled",
        ),
    },
}
"""Arguments that the azurerm provider documents (website/docs/r, version 4)."""


def test_terraform_uses_documented_arguments_and_equals_the_template() -> None:
    for machine in choices():
        text = written(machine, Format.TERRAFORM)
        blocks = re.findall(r'^resource "(\w+)" "\w+" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL)
        for kind, body in blocks:
            names = set(re.findall(r"^  (\w+) [={]", body, re.MULTILINE))
            assert names <= TERRAFORM[kind], (kind, names - TERRAFORM[kind])
        values = dict(
            re.findall(
                r"^  (\w+) = (.+)$", dict(blocks)["azurerm_windows_virtual_machine"], re.MULTILINE
            )
        )
        windows = vm_body(machine)["properties"]["osProfile"]["windowsConfiguration"]
        patch = windows["patchSettings"]
        assert json.loads(values["patch_mode"]) == patch["patchMode"]
        assert json.loads(values["hotpatching_enabled"]) is patch["enableHotpatching"]
        assert json.loads(values["patch_assessment_mode"]) == patch["assessmentMode"]
        assert json.loads(values["automatic_updates_enabled"]) is windows["enableAutomaticUpdates"]
        assert ("secure_boot_enabled" in values) is (
            machine.security is SecurityType.TRUSTED_LAUNCH
        )
        assert values["admin_password"] == "var.admin_password"


def test_hostile_text_does_not_become_a_terraform_expression() -> None:
    text = written(GOOD._replace(location='x"${file("/etc/passwd")}%{ for'), Format.TERRAFORM)
    assert '"x\\"$${file(\\"/etc/passwd\\")}%%{ for"' in text


@pytest.mark.skipif(shutil.which("sh") is None, reason="a POSIX shell")
def test_the_script_for_the_azure_cli_deploys_exactly_the_template(tmp_path: Path) -> None:
    """With an ``az`` that keeps what it was given."""
    machine = GOOD._replace(resource_group="rg-(it's)")
    script = tmp_path / "machine.sh"
    script.write_bytes(encoded(written(machine, Format.CLI), Format.CLI))
    az = tmp_path / "az"
    az.write_text(
        '#!/bin/sh\nfor one in "$@"; do last=$one; printf "%s\\n" "$one"; done >"$KEPT.arguments"\ncp "$last" "$KEPT"\n'
    )
    az.chmod(0o755)
    kept = tmp_path / "kept"
    path = f"{tmp_path}:/usr/bin:/bin"
    subprocess.run(["sh", str(script)], check=True, env={"PATH": path, "KEPT": str(kept)})
    assert json.loads(kept.read_text(encoding="utf-8")) == template(machine)
    arguments = Path(f"{kept}.arguments").read_text(encoding="utf-8").splitlines()
    assert arguments[:5] == [
        *("deployment", "group", "create", "--resource-group=rg-(it's)", "--name")
    ]
    assert not Path(arguments[-1]).exists(), "the template is removed again"


def test_the_powershell_script_contains_exactly_the_template() -> None:
    text = written(GOOD._replace(resource_group="rg-(it's)"), Format.POWERSHELL)
    found = re.search(r"@'\n(.*)\n'@", text, re.DOTALL)
    assert found is not None
    assert json.loads(found[1]) == template(GOOD)
    assert "-ResourceGroupName 'rg-(it''s)'" in text
    assert "\n'" not in found[1], "nothing in it ends the here-string"


def test_windows_powershell_reads_a_file_as_utf_8() -> None:
    text = written(GOOD._replace(resource_group="rg-Ñä"), Format.POWERSHELL)
    file = encoded(text, Format.POWERSHELL)
    assert file.startswith(b"\xef\xbb\xbf")
    assert "rg-Ñä" in file.decode("utf-8-sig")
    assert b"\r" not in file
