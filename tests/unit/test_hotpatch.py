from dataclasses import replace

import pytest

from helpers.machines import GOOD
from hotpatch_gui.domain.hotpatch import HotpatchStatus, hotpatch_status
from hotpatch_gui.domain.machines import (
    Image,
    Machine,
    PatchMode,
    PatchSettings,
    build_of,
    product_of,
)
from hotpatch_gui.domain.platforms import (
    PREVIEW_IMAGE,
    SKUS,
    is_supported,
)
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.prerequisites import Verdict, prerequisites_of
from hotpatch_gui.domain.releases import Product


def verdicts(machine: Machine) -> dict[str, Verdict]:
    return {f.check: f.verdict for f in prerequisites_of(machine)}


def test_the_portals_decision_for_an_azure_vm() -> None:
    off = replace(GOOD, settings=replace(GOOD.settings, hotpatch_enabled=False))
    plain = replace(
        GOOD,
        image=Image("MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-azure-edition"),
    )
    assert hotpatch_status(GOOD, assessed=True) is HotpatchStatus.ENABLED
    assert hotpatch_status(off, assessed=True) is HotpatchStatus.DISABLED
    assert hotpatch_status(off, assessed=False) is HotpatchStatus.PENDING_EVALUATION
    assert hotpatch_status(plain, assessed=False) is HotpatchStatus.NOT_AVAILABLE


def test_every_status_has_a_meaning() -> None:
    assert all(status.meaning.endswith(".") for status in HotpatchStatus)


@pytest.mark.parametrize("sku", sorted(SKUS))
def test_the_documented_images_are_supported_in_any_case(sku: str) -> None:
    assert is_supported(Image("microsoftwindowsserver", "WINDOWSSERVER", sku.upper()))


@pytest.mark.parametrize(
    "image",
    [
        Image("MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-azure-edition"),
        Image("MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-azure-edition-smalldisk"),
        Image("Other", "WindowsServer", "2025-datacenter-azure-edition"),
        Image(),
    ],
)
def test_other_images_are_not_supported(image: Image) -> None:
    assert not is_supported(image)


def test_the_portals_preview_image_counts() -> None:
    assert is_supported(PREVIEW_IMAGE)


def test_a_healthy_machine_meets_each_known_prerequisite() -> None:
    found = verdicts(GOOD)
    assert found.pop("Virtualization-based security") is Verdict.NOT_KNOWABLE
    assert set(found.values()) == {Verdict.PASS}


@pytest.mark.parametrize(
    ("check", "broken"),
    [
        ("Image", replace(GOOD, image=Image())),
        ("VM agent", replace(GOOD, agent_ready=False)),
        ("VM agent", replace(GOOD, settings=replace(GOOD.settings, provision_agent=False))),
        ("Extension operations", replace(GOOD, allow_extensions=False)),
        (
            "Patch orchestration",
            replace(GOOD, settings=replace(GOOD.settings, patch_mode=PatchMode.MANUAL)),
        ),
        (
            "Platform safety checks",
            replace(GOOD, settings=replace(GOOD.settings, bypass_safety_checks=True)),
        ),
        ("Power state", replace(GOOD, power=PowerState.DEALLOCATED)),
        ("Generation", replace(GOOD, generation="V1")),
    ],
)
def test_each_missing_prerequisite_fails_with_its_fix(check: str, broken: Machine) -> None:
    finding = next(f for f in prerequisites_of(broken) if f.check == check)
    assert finding.verdict is Verdict.FAIL
    assert finding.fix


@pytest.mark.parametrize(
    ("check", "silent"),
    [
        ("VM agent", replace(GOOD, agent_ready=None)),
        ("Extension operations", replace(GOOD, allow_extensions=None)),
        ("Patch orchestration", replace(GOOD, settings=PatchSettings())),
        ("Platform safety checks", replace(GOOD, settings=PatchSettings())),
        ("Power state", replace(GOOD, power=PowerState.UNKNOWN)),
        ("Generation", replace(GOOD, generation=None)),
    ],
)
def test_unreported_values_are_unknown(check: str, silent: Machine) -> None:
    assert verdicts(silent)[check] is Verdict.NOT_KNOWABLE


@pytest.mark.parametrize(
    ("version", "build"),
    [
        ("10.0.26100.33222", "26100.33222"),
        ("10.0.26100", None),
        ("Microsoft Windows NT 10.0.14393.0", None),
        ("Microsoft Windows NT 10.0.20348.2527", "20348.2527"),
        ("10.0.26100.0", None),
        (None, None),
        ("a.b.c.d", None),
    ],
)
def test_incomplete_builds_are_unknown(version: str | None, build: str | None) -> None:
    assert build_of(version) == build


@pytest.mark.parametrize(
    ("sku", "name", "version", "edition", "product"),
    [
        # an in-place upgrade: the image reference stays the old one
        (
            "2022-datacenter-azure-edition-core",
            "Windows Server 2025 Datacenter Azure Edition",
            "10.0.26100.33650",
            None,
            Product.WS2025,
        ),
        (
            "2025-datacenter-azure-edition",
            "Windows Server 2022 Datacenter Azure Edition",
            None,
            None,
            Product.WS2022,
        ),
        ("2022-datacenter-azure-edition-core", None, "10.0.26100.33650", None, Product.WS2025),
        (
            "2022-datacenter-azure-edition-core",
            "Microsoft Windows Server",
            "10.0.26100.1742",
            None,
            Product.WS2025,
        ),
        # clients have the build of Windows Server 2025 and no hotpatch calendar
        ("win11-24h2-avd", "Windows 11 Enterprise multi-session", "10.0.26100.33650", None, None),
        ("win11-24h2-ent", None, "10.0.26100.33650", None, None),
        (None, "Windows 11 Pro", "10.0.26100.1742", "Professional", None),
        (None, None, "10.0.26100.1742", None, None),
        (None, "windows", "10.0.26100.1742", "serverdatacenter", Product.WS2025),
        (None, None, "10.0.20348.2527", None, Product.WS2022),
        # an old server, whatever image it came from
        (
            "2025-datacenter-azure-edition",
            "Windows Server 2019 Datacenter",
            "10.0.17763.1",
            None,
            None,
        ),
        (
            None,
            "Windows Server 2016 Standard",
            "Microsoft Windows NT 10.0.14393.0",
            "serverstandard",
            None,
        ),
        ("2025-datacenter-azure-edition", None, None, None, Product.WS2025),
        ("windows-server-2025-azure-edition-hotpatch", None, None, None, Product.WS2025),
    ],
)
def test_name_then_build_then_image_decide_the_product(
    sku: str | None,
    name: str | None,
    version: str | None,
    edition: str | None,
    product: Product | None,
) -> None:
    assert product_of(sku, name, version, edition) is product


def test_the_product_comes_from_image_name_or_build() -> None:
    assert GOOD.product is Product.WS2025
    custom = replace(GOOD, image=Image(), os_name="Windows Server 2022 Datacenter")
    assert custom.product is Product.WS2022
    assert replace(GOOD, image=Image(), os_name=None, os_version=None).product is None
