"""Each machine's path to hotpatch, by what Azure reports about it."""

from dataclasses import replace
from datetime import date

import pytest

from helpers.machines import GOOD
from hotpatch_gui.domain.arc import Arc, Enablement, License
from hotpatch_gui.domain.forecast import planned_hotpatches
from hotpatch_gui.domain.hotpatch import HotpatchStatus, hotpatch_status
from hotpatch_gui.domain.machines import Image, Machine
from hotpatch_gui.domain.platforms import SKUS, is_supported
from hotpatch_gui.domain.prerequisites import Verdict
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, ReleaseKind
from hotpatch_gui.domain.upgrade_paths import (
    PathKind,
    ServerVersion,
    replacement_sku,
    server_version,
    upgrade_path,
)

OFF = replace(GOOD, settings=replace(GOOD.settings, hotpatch_enabled=False))


def vm(sku: str | None, os_name: str | None = None, generation: str | None = "V2") -> Machine:
    image = Image("MicrosoftWindowsServer", "WindowsServer", sku) if sku else Image()
    return replace(OFF, image=image, os_name=os_name, os_version=None, generation=generation)


def arc(os_name: str | None, version: str | None, **values: object) -> Machine:
    known = {"edition": "serverstandard"} | values
    return replace(
        OFF, image=Image(), arc=Arc(**known), os_name=os_name, os_version=version, generation=None
    )


def test_enabled_hotpatch_needs_no_path() -> None:
    path = upgrade_path(GOOD)
    assert (path.kind, path.obstacle, path.checks, path.checklist) == (PathKind.ON, "", (), ())


def test_a_supported_image_only_has_to_be_turned_on_and_unmet_prerequisites_are_named() -> None:
    stopped = replace(OFF, allow_extensions=False)
    path = upgrade_path(stopped)
    assert (path.kind, path.product, path.target) == (PathKind.TURN_ON, Product.WS2025, "")
    failed = [p.check for p in path.checks if p.verdict is Verdict.FAIL]
    assert failed == ["Extension operations"]
    assert all(p.verdict is not Verdict.PASS for p in path.checks)


@pytest.mark.parametrize(
    ("sku", "target"),
    [
        ("2022-datacenter-azure-edition", "2022-datacenter-azure-edition-hotpatch"),
        (
            "2022-Datacenter-Azure-Edition-smalldisk",
            "2022-datacenter-azure-edition-hotpatch-smalldisk",
        ),
        ("2022-datacenter-g2", "2025-datacenter-azure-edition"),
        ("2019-datacenter-core-g2", "2025-datacenter-azure-edition-core"),
        ("2016-datacenter-server-core-smalldisk", "2025-datacenter-azure-edition-core-smalldisk"),
        ("2019-datacenter-smalldisk", "2025-datacenter-azure-edition-smalldisk"),
        (None, "2025-datacenter-azure-edition"),
    ],
)
def test_an_azure_image_without_hotpatch_is_replaced_by_the_closest_one(
    sku: str | None, target: str
) -> None:
    machine = vm(sku, "Windows Server 2019 Datacenter")
    path = upgrade_path(machine)
    assert (path.kind, path.target) == (PathKind.REPLACE, target)
    assert is_supported(Image("MicrosoftWindowsServer", "WindowsServer", path.target))
    assert path.product is (Product.WS2022 if target.startswith("2022") else Product.WS2025)
    assert "in-place upgrade doesn't enable hotpatch" in path.checklist[0]


def test_every_replacement_is_an_image_that_supports_hotpatch() -> None:
    for year in ("2012-r2", "2016", "2019", "2022", "2025"):
        for rest in (
            "",
            "-core",
            "-smalldisk",
            "-core-smalldisk",
            "-with-containers",
            "-azure-edition",
        ):
            assert replacement_sku(vm(f"{year}-datacenter{rest}")) in SKUS


@pytest.mark.parametrize(
    ("generation", "verdict"),
    [("V1", Verdict.FAIL), ("V2", Verdict.PASS), (None, Verdict.NOT_KNOWABLE)],
)
def test_generation_matters_for_2025_only(generation: str | None, verdict: Verdict) -> None:
    (check,) = upgrade_path(vm("2019-datacenter", generation=generation)).checks
    assert check.verdict is verdict
    (check,) = upgrade_path(vm("2022-datacenter-azure-edition", generation=generation)).checks
    assert check.verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("os_name", "version", "steps"),
    [
        ("Windows Server 2012 R2 Standard", "6.3.9600.0", 1),
        ("Windows Server 2016 Datacenter", "Microsoft Windows NT 10.0.14393.0", 1),
        ("Microsoft Windows Server 2019 Standard", "10.0.17763.5000", 1),
        ("Windows Server 2022 Standard", "10.0.20348.5440", 1),
        (None, "10.0.17763.1", 1),
        ("Windows Server 2012 Standard", "6.2.9200.0", 2),
    ],
)
def test_an_earlier_server_under_arc_is_upgraded_in_place(
    os_name: str | None, version: str, steps: int
) -> None:
    path = upgrade_path(arc(os_name, version))
    assert (path.kind, path.product) == (PathKind.UPGRADE, Product.WS2025)
    assert "2025" in path.target
    assert (path.checklist[0].startswith("Upgrade to Windows Server 2016 first")) is (steps == 2)
    assert "19 May 2026" in path.cost
    assert [c.check for c in path.checks] == ["Agent", "Patch extension"]


@pytest.mark.parametrize(
    ("machine", "kind"),
    [
        (arc("Windows Server 2025 Standard", "10.0.26100.33158"), PathKind.ENROLL),
        (
            arc("Windows Server 2025 Standard", "10.0.26100.33158", license=License.ENABLING),
            PathKind.NOT_KNOWN,
        ),
        (
            arc(
                "Windows Server 2025 Standard",
                "10.0.26100.33158",
                license=License.ENABLED,
                enablement=Enablement.DISABLED,
            ),
            PathKind.TURN_ON,
        ),
        (
            arc(
                "Windows Server 2025 Standard",
                "10.0.26100.33158",
                license=License.ENABLED,
                enablement=Enablement.ACTION_REQUIRED,
            ),
            PathKind.FIX,
        ),
        (
            arc("Windows Server 2025 Essentials", "10.0.26100.33158", edition="serveressentials"),
            PathKind.NO_PATH,
        ),
        (arc("Windows Server 2025", "10.0.26100.33158", edition=None), PathKind.NOT_KNOWN),
        (arc("Windows 11 Enterprise", "10.0.26100.4000", edition="enterprise"), PathKind.NO_PATH),
        (arc(None, None, edition=None), PathKind.NOT_KNOWN),
        (arc("Windows Server, version 23H2", "10.0.25398.1"), PathKind.NOT_KNOWN),
        (vm("win11-24h2-avd", "Windows 11 Enterprise multi-session"), PathKind.NO_PATH),
    ],
)
def test_reported_facts_decide_and_the_others_stay_unknown(
    machine: Machine, kind: PathKind
) -> None:
    path = upgrade_path(machine)
    assert path.kind is kind
    assert path.obstacle
    assert path.article.startswith("https://learn.microsoft.com/")


def test_the_path_never_contradicts_the_portals_status() -> None:
    """A path that turns hotpatch on is offered exactly where the portal's status can become Enabled."""
    machines = [vm(sku) for sku in (*SKUS, "2019-datacenter", None)]
    machines += [
        arc("Windows Server 2025 Standard", "10.0.26100.33158", license=v) for v in License
    ]
    machines += [arc("Windows Server 2019 Standard", "10.0.17763.1")]
    for machine in machines:
        status = hotpatch_status(machine, assessed=True)
        direct = upgrade_path(machine).kind in (
            PathKind.TURN_ON,
            PathKind.ENROLL,
            PathKind.FIX,
            PathKind.NOT_KNOWN,
        )
        assert direct is (status is not HotpatchStatus.NOT_AVAILABLE), machine


def test_a_build_is_not_enough_to_identify_a_server() -> None:
    assert server_version(arc(None, "10.0.14393.0", edition=None)) is None
    assert server_version(arc("windows", "10.0.14393.0", edition=None)) is None
    assert server_version(arc("windows", "10.0.14393.0")) is ServerVersion.WS2016


def test_restarts_count_from_the_first_baseline(calendar: Calendar) -> None:
    first, last = date(2026, 8, 20), date(2027, 8, 20)
    plan = list(calendar.plan(Product.WS2025, first, last))
    baseline = next(n for n, e in enumerate(plan) if e.kind.is_baseline)
    hotpatches = sum(e.kind is ReleaseKind.HOTPATCH for e in plan[baseline:])
    assert planned_hotpatches(calendar, Product.WS2025, first, last) == hotpatches
    assert hotpatches < sum(e.kind is ReleaseKind.HOTPATCH for e in plan) + (baseline == 0)
    after = date(2027, 11, 1)
    assert planned_hotpatches(calendar, Product.WS2022, after, date(2028, 11, 1)) == 0
