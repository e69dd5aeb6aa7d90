"""The demo's sixteen machines, which show every case, and any number of generated ones."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hotpatch_gui.domain.releases import Product

from .catalog import Catalog, Patch, definitions
from .guest import HYBRID, Guest

EPOCH = datetime(2026, 8, 20, 14, 0, tzinfo=UTC)
"""The demo's first day: nine days after a hotpatch, between two baselines."""

WS22, WS25 = Product.WS2022.value, Product.WS2025.value
JUNE_25, JULY_25, AUG_25, AUG_LCU_25 = "26100.32995", "26100.33158", "26100.33222", "26100.33296"
JULY_22, AUG_22, AUG_LCU_22 = "20348.5386", "20348.5440", "20348.5499"
MAY_22 = "20348.5074"

CORE_25, DESKTOP_25 = "2025-datacenter-azure-edition-core", "2025-datacenter-azure-edition"
CORE_22, DESKTOP_22 = "2022-datacenter-azure-edition-core", "2022-datacenter-azure-edition-hotpatch"
PLAIN_22 = "2022-datacenter-azure-edition"


def demo_fleet(catalog: Catalog, count: int, seed: int) -> list[Guest]:
    """``count`` machines: the demo's first sixteen, the others generated from ``seed``."""
    rng = random.Random(seed)  # noqa: S311 - repeatable data, not a secret
    guests = [*_cases(), *_arc_cases()][:count]
    guests += [_drawn(rng, number) for number in range(len(guests), count)]
    return _settled(guests, catalog, seed)


def other_editions(catalog: Catalog, seed: int) -> list[Guest]:
    """Machines whose image or edition keeps them from hotpatch."""

    def vm(name: str, sku: str, **more: Any) -> Guest:
        return Guest(
            name,
            "rg-legacy",
            "eastus",
            WS22,
            sku,
            JULY_22,
            patch_mode="AutomaticByOS",
            hotpatching=False,
            receives_hotpatches=False,
            **more,
        )

    def server(name: str, edition: str, **more: Any) -> Guest:
        return vm(name, "", is_arc=True, edition=edition, publisher="", offer="", **more)

    guests = [
        vm("vm-intranet-01", "2022-datacenter-g2"),
        vm("vm-intranet-02", "2022-datacenter-core", generation="V1"),
        vm("vm-golden-01", "", publisher="", offer=""),
        server("srv-plant-01", "serverstandard"),
        server("srv-plant-02", "serverstandard", power="deallocated"),
        server("srv-lab-01", "serverdatacenter", agent={"configMode": "monitor"}),
    ]
    for guest in guests:
        if guest.is_arc:
            guest.subscription, guest.resource_group = HYBRID, "rg-hybrid"
            guest.location = "westeurope"
    return _settled(guests, catalog, seed)


def _settled(guests: list[Guest], catalog: Catalog, seed: int) -> list[Guest]:
    for guest in guests:
        _settle_history(guest, catalog, random.Random(f"{seed}:{guest.name}"))  # noqa: S311 - a scenario, not a secret
    return guests


def _cases() -> list[Guest]:
    def web(name: str, zone: str, build: str) -> Guest:
        return Guest(
            name, "rg-web", "westus2", WS25, CORE_25, build, zone=zone, tags={"app": "shop"}
        )

    return [
        web("vm-web-01", "1", AUG_25),
        web("vm-web-02", "2", JULY_25),
        Guest("vm-app-01", "rg-app", "westus2", WS25, DESKTOP_25, JUNE_25, zone="1"),
        Guest(
            "vm-sql-01",
            "rg-data",
            "westus2",
            WS25,
            CORE_25,
            AUG_LCU_25,
            zone="3",
            tags={"app": "sql"},
        ),
        Guest(
            "vm-dc-01",
            "rg-identity",
            "eastus",
            WS22,
            CORE_22,
            MAY_22,
            availability_set="avail-dc",
            update_domain=0,
            awaiting_restart=[{"kb": "KB5099540", "build": JULY_22}],
        ),
        Guest(
            "vm-file-01",
            "rg-files",
            "eastus",
            WS22,
            DESKTOP_22,
            JULY_22,
            hotpatching=False,
            receives_hotpatches=False,
            bypass_safety_checks=True,
            schedule={
                "name": "files-saturdays",
                "starts": "2026-01-03 22:00",
                "minutes": 180,
                "time_zone": "Eastern Standard Time",
                "recurs": "Week Saturday",
                "classifications": ["Critical", "Security"],
            },
        ),
        Guest(
            "vm-legacy-01",
            "rg-legacy",
            "eastus",
            WS22,
            PLAIN_22,
            JULY_22,
            generation="V1",
            patch_mode="AutomaticByOS",
            assessment_mode="ImageDefault",
            hotpatching=False,
            receives_hotpatches=False,
            availability_set="avail-legacy",
            update_domain=1,
        ),
        Guest(
            "vm-new-01",
            "rg-app",
            "westus2",
            WS25,
            DESKTOP_25,
            AUG_25,
            zone="2",
            assessment_mode="ImageDefault",
        ),
        Guest(
            "vm-batch-01",
            "rg-batch",
            "northeurope",
            WS22,
            CORE_22,
            AUG_22,
            assessment_mode="ImageDefault",
            time_zone="GMT Standard Time",
        ),
        Guest(
            "vm-dev-01",
            "rg-dev",
            "northeurope",
            WS22,
            CORE_22,
            JULY_22,
            power="deallocated",
            time_zone="GMT Standard Time",
            tags={"env": "dev"},
        ),
        Guest(
            "vm-print-01",
            "rg-office",
            "eastus",
            WS25,
            CORE_25,
            JULY_25,
            zone="2",
            fails_kb="KB5120228",
        ),
        Guest(
            "vm-erp-01", "rg-erp", "eastus", WS22, DESKTOP_22, AUG_22, zone="1", tags={"app": "erp"}
        ),
    ]


def _arc_cases() -> list[Guest]:
    """Arc-enabled servers in different states of enrollment."""

    def server(name: str, build: str, **more: Any) -> Guest:
        return Guest(
            name,
            "rg-hybrid",
            "westeurope",
            WS25,
            "",
            build,
            subscription=HYBRID,
            publisher="",
            offer="",
            is_arc=True,
            patch_mode="AutomaticByOS",
            assessment_mode="AutomaticByPlatform",
            **({"edition": "serverdatacenter"} | more),
        )

    return [
        server("srv-hq-01", AUG_25, license="Enabled"),
        server(
            "srv-hq-02",
            JULY_25,
            edition="serverstandard",
            hotpatching=False,
            receives_hotpatches=False,
        ),
        server("srv-branch-01", JULY_25, license="Enabled", vbs=False, receives_hotpatches=False),
        server(
            "hci-app-01",
            JULY_25,
            license="Enabled",
            host="HCI",
            hotpatching=False,
            receives_hotpatches=False,
        ),
    ]


_CASE_AGES = {
    "vm-new-01": None,
    "vm-batch-01": timedelta(days=9, hours=3),
    "vm-dev-01": timedelta(days=3),
}


def _drawn(rng: random.Random, number: int) -> Guest:
    template = replace(rng.choice(_cases()), fails_kb=None, installed=[], runs=[], tags={})
    template.awaiting_restart = [dict(w) for w in template.awaiting_restart]
    template.name = f"vm-{rng.choice(('app', 'web', 'job', 'api', 'db'))}-{number:05d}"
    template.resource_group = f"rg-team-{rng.randrange(40):02d}"
    template.location = rng.choice(("westus2", "eastus", "northeurope", "uksouth"))
    return template


def _settle_history(guest: Guest, catalog: Catalog, rng: random.Random) -> None:
    """Thirty days of history and the current assessment."""
    guest.runs = list(_past_runs(guest, catalog, rng))
    for run in guest.runs:
        for patch in run["patches"]:
            if patch["state"] == "Installed" and patch["build"] is None:
                guest.installed.append(patch["key"])
    age = _CASE_AGES.get(guest.name, timedelta(minutes=rng.randrange(20, 20 * 60)))
    if age is not None:
        at = EPOCH - age
        guest.assessment = assessment_of(guest, catalog, at - timedelta(minutes=2), at, "Platform")


def _past_runs(guest: Guest, catalog: Catalog, rng: random.Random) -> Iterable[dict[str, Any]]:
    if guest.name == "vm-new-01":
        return
    product = Product(guest.product)
    for days in range(29, 0, -1):
        start = EPOCH - timedelta(days=days) + timedelta(minutes=rng.randrange(600, 1020))
        if start < EPOCH and rng.random() < 0.22 and guest.power == "running":
            yield past_run([(definitions(start.date()), "Installed")], start, "User")
        if days == 26:
            july = [p for p in catalog.others(product, start.date()) if p.key.startswith("KB51")]
            if july and guest.name != "vm-erp-01":
                yield past_run(
                    [(p, "Installed") for p in july], start, "Platform", restart="Completed"
                )
        if days in (20, 19, 18) and rng.random() < 0.4:
            removal = [p for p in catalog.others(product, start.date()) if p.kb == "KB890830"]
            yield past_run([(p, "Installed") for p in removal], start, "User")
        if days == 24:
            yield from _baseline_run(guest, catalog, start)
        if days == 4:
            yield from _august_run(guest, catalog, start)


def _baseline_run(guest: Guest, catalog: Catalog, start: datetime) -> Iterable[dict[str, Any]]:
    """The installation of July's baseline, where it runs or waits for its restart."""
    base = catalog.calendar.baseline_in_force(Product(guest.product), start.date())
    runs = guest.release(catalog.calendar)
    waiting = [w["build"] for w in guest.awaiting_restart]
    assert base is not None
    if waiting:
        yield past_run(
            [(catalog.release_patch(base), "Installed")], start, "User", restart="Required"
        )
    elif runs is None or catalog.calendar.baseline_of(runs) is base:
        who = "User" if guest.patch_mode != "AutomaticByPlatform" else "Platform"
        yield past_run(
            [(catalog.release_patch(base), "Installed")], start, who, restart="Completed"
        )


def _august_run(guest: Guest, catalog: Catalog, start: datetime) -> Iterable[dict[str, Any]]:
    product = Product(guest.product)
    hotpatch = catalog.calendar.hotpatch_in_force(product, start.date())
    assert hotpatch is not None
    patch = catalog.release_patch(hotpatch)
    if guest.build in (AUG_LCU_25, AUG_LCU_22):
        assert hotpatch.lcu_kb is not None
        assert hotpatch.lcu_build is not None
        lcu = catalog.standard_patch(product, start.date(), "0.0")
        assert lcu is not None
        yield past_run([(lcu, "Installed")], start, "User", restart="Completed")
    elif guest.fails_kb:
        error = {
            "code": "0x80070005",
            "message": f"{patch.kb} could not be installed: access was denied, or there is not enough "
            "disk space (0x80070005).",
        }
        yield past_run(
            [(patch, "Failed"), (definitions(start.date()), "Installed")],
            start,
            "Platform",
            errors=[error],
        )
    elif guest.build == hotpatch.build:
        yield past_run([(patch, "Installed")], start, "Platform")
        if guest.name == "vm-web-01":
            everything = [(p, "Installed") for p in catalog.others(product, EPOCH.date())]
            yield past_run(
                everything, start + timedelta(days=2, hours=9), "User", restart="Completed"
            )
        if guest.name == "vm-erp-01":
            dotnet = [p for p in catalog.others(product, start.date()) if ".NET" in p.name]
            later = start + timedelta(days=2)
            yield past_run(
                [(definitions(later.date()), "Installed"), *((p, "Pending") for p in dotnet)],
                later,
                "User",
                exceeded=True,
            )


def past_run(
    patches: list[tuple[Patch, str]],
    start: datetime,
    started_by: str,
    *,
    restart: str = "NotNeeded",
    errors: list[dict[str, str]] | None = None,
    exceeded: bool = False,
) -> dict[str, Any]:
    """A finished installation."""
    failed = exceeded or any(state == "Failed" for _, state in patches)
    minutes = 2 + sum(p.minutes for p, state in patches if state in ("Installed", "Failed"))
    end = start + timedelta(minutes=minutes + (3 if restart == "Completed" else 0))
    run_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"run:{start.isoformat()}:{patches[0][0].kb}"))
    return {
        "id": run_id,
        "status": "Failed" if failed else "Succeeded",
        "started": start.isoformat(),
        "modified": end.isoformat(),
        "started_by": started_by,
        "restart_status": restart,
        "window_exceeded": exceeded,
        "errors": errors or [],
        "patches": [run_patch(patch, state) for patch, state in patches],
        "maintenance_run_id": f"auto-{start:%Y-%m}" if started_by == "Platform" else None,
    }


def run_patch(patch: Patch, state: str) -> dict[str, Any]:
    return offered_patch(patch) | {
        "state": state,
        "build": patch.build,
        "key": patch.key or patch.kb,
    }


def offered_patch(patch: Patch) -> dict[str, Any]:
    return {
        "patch_id": patch.patch_id,
        "kb": patch.kb,
        "name": patch.name,
        "classification": patch.classification.value,
        "restart": patch.restart.value,
        "published": patch.published_at.isoformat(),
        "severity": patch.severity,
    }


def assessment_of(
    guest: Guest, catalog: Catalog, started: datetime, ended: datetime, by: str
) -> dict[str, Any]:
    """The result of an assessment that ends at ``ended``."""
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"assess:{guest.name}:{ended.isoformat()}")),
        "started": started.isoformat(),
        "modified": ended.isoformat(),
        "started_by": by,
        "status": "Succeeded",
        "restart_pending": guest.restart_pending,
        "patches": [offered_patch(p) for p in guest.offered(catalog, ended)],
    }


__all__ = [
    "EPOCH",
    "assessment_of",
    "demo_fleet",
    "offered_patch",
    "other_editions",
    "past_run",
    "run_patch",
]
