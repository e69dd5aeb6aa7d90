"""A new machine as a file: an ARM template, Bicep, Terraform, or a script for the Azure CLI or PowerShell.

The scripts contain the template and deploy it, so that all of them make the same machine. None contains a password.

Sources: the specifications of Microsoft.Compute and Microsoft.Network, and the azurerm provider's documentation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from hotpatch_gui.translation import translator

from .bicep import Expression, bicep
from .machines import AssessmentMode
from .new_machine import NewMachine, SecurityType
from .settings import Orchestration

tr = translator("MachineFiles")

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
COMPUTE, NETWORK = "2024-07-01", "2023-09-01"
"""API versions of the resources."""
PASSWORD = "adminPassword"  # noqa: S105 - the parameter's name
NETWORK_PREFIX, SUBNET_PREFIX = "10.20.0.0/16", "10.20.0.0/24"


@tr.mark_values
class Format(StrEnum):
    """The kinds of files."""

    BICEP = "Bicep"
    ARM = "ARM template (JSON)"
    TERRAFORM = "Terraform"
    CLI = "Azure CLI"
    POWERSHELL = "PowerShell"

    @property
    def label(self) -> str:
        """The display name."""
        return tr(self.value)

    @property
    def file_name(self) -> str:
        """The usual name of such a file."""
        return {
            Format.BICEP: "machine.bicep",
            Format.ARM: "machine.json",
            Format.TERRAFORM: "machine.tf",
            Format.CLI: "machine.sh",
            Format.POWERSHELL: "machine.ps1",
        }[self]


def written(machine: NewMachine, form: Format) -> str:
    """The file's text. The machine must have no ``faults``."""
    return _WRITERS[form](machine)


def encoded(text: str, form: Format) -> bytes:
    """The file's bytes on every system: Windows PowerShell reads UTF-8 only with a byte order mark, and sh no carriage returns."""
    return text.encode("utf-8-sig" if form is Format.POWERSHELL else "utf-8")


def template(machine: NewMachine) -> dict[str, Any]:
    """The ARM template. Its only parameter is the administrator's password, as a secureString."""
    resources = [
        {"type": kind, "apiVersion": version, "name": name}
        | ({"dependsOn": needed} if needed else {})
        | body
        for _, kind, version, name, needed, body in _resources(machine)
    ]
    made: dict[str, Any] = _plain(
        {
            "$schema": SCHEMA,
            "contentVersion": "1.0.0.0",
            "parameters": {PASSWORD: {"type": "secureString"}},
            "resources": resources,
        }
    )
    return made


def vm_body(machine: NewMachine) -> dict[str, Any]:
    """The virtual machine as Resource Manager takes it, without name and network; the password is an expression."""
    windows: dict[str, Any] = {
        "provisionVMAgent": True,
        "enableAutomaticUpdates": machine.automatic_updates,
        "timeZone": machine.time_zone,
        "patchSettings": _patch_settings(machine),
    }
    properties: dict[str, Any] = {
        "hardwareProfile": {"vmSize": machine.size},
        "storageProfile": {
            "imageReference": {
                "publisher": machine.image.publisher,
                "offer": machine.image.offer,
                "sku": machine.image.sku,
                "version": "latest",
            },
            "osDisk": {
                "createOption": "FromImage",
                "managedDisk": {"storageAccountType": "Premium_LRS"},
            },
        },
        "osProfile": {
            "computerName": machine.name,
            "adminUsername": machine.admin,
            "adminPassword": Expression(PASSWORD, f"[parameters('{PASSWORD}')]"),
            "allowExtensionOperations": True,
            "windowsConfiguration": windows,
        },
    }
    if machine.security is SecurityType.TRUSTED_LAUNCH:
        properties["securityProfile"] = {
            "securityType": machine.security.value,
            "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
        }
    zones = {"zones": [machine.zone]} if machine.zone else {}
    return {"location": machine.location, **zones, "properties": properties}


def _patch_settings(machine: NewMachine) -> dict[str, Any]:
    mode = machine.orchestration.patch_mode
    assessment = (
        AssessmentMode.AUTOMATIC_BY_PLATFORM
        if machine.periodic_assessment
        else AssessmentMode.IMAGE_DEFAULT
    )
    settings: dict[str, Any] = {
        "patchMode": mode.value,
        "enableHotpatching": machine.hotpatch,
        "assessmentMode": assessment.value,
    }
    if machine.orchestration in (
        Orchestration.SAFE_DEPLOYMENT,
        Orchestration.CUSTOMER_SCHEDULES,
    ):
        settings["automaticByPlatformSettings"] = {
            "rebootSetting": machine.restart.value,
            "bypassPlatformSafetyChecksOnUserSchedule": machine.orchestration
            is Orchestration.CUSTOMER_SCHEDULES,
        }
    return settings


_Resource = tuple[str, str, str, str, list[Any], dict[str, Any]]
"""Symbolic name, type, API version, name, what it depends on, and its body."""


def _resources(machine: NewMachine) -> list[_Resource]:
    nic, network = f"{machine.name}-nic", f"{machine.name}-vnet"
    nic_id = _id("nic", "networkInterfaces", nic)
    made: list[_Resource] = []
    subnet: Any = machine.subnet
    needed: list[Any] = []
    if not machine.subnet:
        vnet_id = _id("network", "virtualNetworks", network)
        made.append(
            (
                "network",
                "Microsoft.Network/virtualNetworks",
                NETWORK,
                network,
                [],
                {
                    "location": machine.location,
                    "properties": {
                        "addressSpace": {"addressPrefixes": [NETWORK_PREFIX]},
                        "subnets": [
                            {"name": "default", "properties": {"addressPrefix": SUBNET_PREFIX}}
                        ],
                    },
                },
            )
        )
        subnet = Expression(
            "network.properties.subnets[0].id",
            f"[resourceId('Microsoft.Network/virtualNetworks/subnets', '{network}', 'default')]",
        )
        needed = [vnet_id]
    made.append(
        (
            "nic",
            "Microsoft.Network/networkInterfaces",
            NETWORK,
            nic,
            needed,
            {
                "location": machine.location,
                "properties": {
                    "ipConfigurations": [
                        {
                            "name": "internal",
                            "properties": {
                                "privateIPAllocationMethod": "Dynamic",
                                "subnet": {"id": subnet},
                            },
                        }
                    ]
                },
            },
        )
    )
    body = vm_body(machine)
    body["properties"]["networkProfile"] = {"networkInterfaces": [{"id": nic_id}]}
    made.append(
        (
            "machine",
            "Microsoft.Compute/virtualMachines",
            COMPUTE,
            machine.name,
            [nic_id],
            body,
        )
    )
    return made


def _id(symbol: str, kind: str, name: str) -> Expression:
    return Expression(f"{symbol}.id", f"[resourceId('Microsoft.Network/{kind}', '{name}')]")


def _plain(value: Any) -> Any:
    """JSON of a template: expressions as their text, and other texts that begin with a bracket escaped."""
    if isinstance(value, Expression):
        return value.template
    if isinstance(value, Mapping):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return f"[{value}" if isinstance(value, str) and value.startswith("[") else value


def _arm(machine: NewMachine) -> str:
    return json.dumps(template(machine), ensure_ascii=False, indent=2) + "\n"


def _bicep(machine: NewMachine) -> str:
    blocks = [f"@secure()\nparam {PASSWORD} string\n"]
    blocks += [
        f"resource {symbol} '{kind}@{version}' = {bicep({'name': name, **body})}\n"
        for symbol, kind, version, name, _, body in _resources(machine)
    ]
    return "\n".join(blocks)


def _cli(machine: NewMachine) -> str:
    return (
        "#!/bin/sh\n"
        "# Deploys the machine with the Azure CLI, which asks for the administrator's password.\n"
        "set -eu\n"
        'template=$(mktemp "${TMPDIR:-/tmp}/machine.XXXXXX")\n'
        "trap 'rm -f \"$template\"' EXIT\n"
        "cat >\"$template\" <<'TEMPLATE'\n"
        f"{_arm(machine)}"
        "TEMPLATE\n"
        f"az deployment group create --resource-group={_sh(machine.resource_group)} "
        f'--name {_sh(machine.name)} --template-file "$template"\n'
    )


def _powershell(machine: NewMachine) -> str:
    return (
        "# Deploys the machine with the Az module, which asks for the administrator's password.\n"
        "$ErrorActionPreference = 'Stop'\n"
        "$template = New-TemporaryFile\n"
        "try {\n"
        "    Set-Content -Path $template -Encoding utf8 -Value @'\n"
        f"{_arm(machine)}"
        "'@\n"
        f"    New-AzResourceGroupDeployment -ResourceGroupName {_ps(machine.resource_group)} "
        f"-Name {_ps(machine.name)} -TemplateFile $template\n"
        "} finally {\n"
        "    Remove-Item $template\n"
        "}\n"
    )


def _sh(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _ps(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _terraform(machine: NewMachine) -> str:
    group, location = machine.resource_group, machine.location
    blocks = [
        'variable "admin_password" {\n  type      = string\n  sensitive = true\n}\n',
    ]
    subnet: Any = machine.subnet
    if not machine.subnet:
        network = {
            "name": f"{machine.name}-vnet",
            "resource_group_name": group,
            "location": location,
            "address_space": [NETWORK_PREFIX],
        }
        own = {
            "name": "default",
            "resource_group_name": group,
            "virtual_network_name": _Reference("azurerm_virtual_network.network.name"),
            "address_prefixes": [SUBNET_PREFIX],
        }
        blocks += [
            _block("azurerm_virtual_network", "network", network),
            _block("azurerm_subnet", "subnet", own),
        ]
        subnet = _Reference("azurerm_subnet.subnet.id")
    address = {
        "name": "internal",
        "subnet_id": subnet,
        "private_ip_address_allocation": "Dynamic",
    }
    nic = {
        "name": f"{machine.name}-nic",
        "resource_group_name": group,
        "location": location,
        "ip_configuration": _Block(address),
    }
    blocks += [
        _block("azurerm_network_interface", "nic", nic),
        _block("azurerm_windows_virtual_machine", "machine", _terraform_machine(machine)),
    ]
    return "\n".join(blocks)


def _terraform_machine(machine: NewMachine) -> dict[str, Any]:
    settings = _patch_settings(machine)
    by_platform = settings.get("automaticByPlatformSettings")
    body: dict[str, Any] = {
        "name": machine.name,
        "resource_group_name": machine.resource_group,
        "location": machine.location,
        "size": machine.size,
        "admin_username": machine.admin,
        "admin_password": _Reference("var.admin_password"),
        "network_interface_ids": [_Reference("azurerm_network_interface.nic.id")],
        "provision_vm_agent": True,
        "allow_extension_operations": True,
        "automatic_updates_enabled": machine.automatic_updates,
        "timezone": machine.time_zone,
        "patch_mode": settings["patchMode"],
        "hotpatching_enabled": settings["enableHotpatching"],
        "patch_assessment_mode": settings["assessmentMode"],
    }
    if machine.zone:
        body["zone"] = machine.zone
    if by_platform is not None:
        body["reboot_setting"] = by_platform["rebootSetting"]
        body["bypass_platform_safety_checks_on_user_schedule_enabled"] = by_platform[
            "bypassPlatformSafetyChecksOnUserSchedule"
        ]
    if machine.security is SecurityType.TRUSTED_LAUNCH:
        body |= {"secure_boot_enabled": True, "vtpm_enabled": True}
    body["os_disk"] = _Block({"caching": "ReadWrite", "storage_account_type": "Premium_LRS"})
    body["source_image_reference"] = _Block(
        {
            "publisher": machine.image.publisher,
            "offer": machine.image.offer,
            "sku": machine.image.sku,
            "version": "latest",
        }
    )
    return body


class _Reference(str):
    """A reference in Terraform, written without quotes."""


class _Block(dict[str, Any]):
    """A nested block in Terraform, written without an equals sign."""


def _block(kind: str, name: str, body: Mapping[str, Any]) -> str:
    return f'resource "{kind}" "{name}" {{\n{_hcl_lines(body, 1)}}}\n'


def _hcl_lines(body: Mapping[str, Any], depth: int) -> str:
    indent = "  " * depth
    lines = []
    for key, value in body.items():
        if isinstance(value, _Block):
            lines.append(f"{indent}{key} {{\n{_hcl_lines(value, depth + 1)}{indent}}}\n")
        else:
            lines.append(f"{indent}{key} = {_hcl(value)}\n")
    return "".join(lines)


def _hcl(value: Any) -> str:
    if isinstance(value, _Reference):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_hcl, value))}]"
    text = json.dumps(str(value), ensure_ascii=False)
    return text.replace("${", "$${").replace("%{", "%%{")


_WRITERS: dict[Format, Callable[[NewMachine], str]] = {
    Format.BICEP: _bicep,
    Format.ARM: _arm,
    Format.TERRAFORM: _terraform,
    Format.CLI: _cli,
    Format.POWERSHELL: _powershell,
}
