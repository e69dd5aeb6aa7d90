"""Scenarios in which the demo can start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hotpatch_gui.domain.releases import Product, Release

from .catalog import Catalog, definitions
from .fleet import (
    CORE_25,
    DESKTOP_25,
    EPOCH,
    WS25,
    assessment_of,
    demo_fleet,
    other_editions,
    past_run,
)
from .guest import Guest


@dataclass(frozen=True, slots=True)
class Scenario:
    """``fleet`` creates the machines from a catalog, their number and a seed."""

    title: str
    start: datetime
    fleet: Callable[[Catalog, int, int], list[Guest]]


def _october(catalog: Catalog, _: int, __: int) -> list[Guest]:
    """Six machines on October's baseline; the out-of-band update KB5070881 reaches one of them."""
    baseline = catalog.calendar.by_kb(Product.WS2025, "KB5066835")
    assert baseline is not None
    made = []
    for number, (region, zone, reached) in enumerate(
        (
            ("westus2", "1", True),
            ("westus2", "2", False),
            ("eastus", "1", False),
            ("eastus", "2", False),
            ("eastus", "3", False),
            ("eastus", "1", False),
        ),
        start=1,
    ):
        guest = Guest(
            f"vm-web-{number:02}",
            "rg-web",
            region,
            WS25,
            CORE_25 if number % 2 else DESKTOP_25,
            baseline.build or "",
            zone=zone,
            mistaken=["KB5070881"] if reached else [],
        )
        at = datetime(2025, 10, 16, 6 + number, tzinfo=UTC)
        guest.runs = [
            past_run(
                [(catalog.release_patch(baseline), "Installed")],
                at,
                "Platform",
                restart="Completed",
            )
        ]
        others = catalog.others(Product.WS2025, datetime(2025, 10, 20, tzinfo=UTC).date())
        guest.installed = [p.key or p.kb for p in others]
        seen = datetime(2025, 10, 22, 6, number, tzinfo=UTC)
        guest.assessment = assessment_of(
            guest, catalog, seen - timedelta(minutes=2), seen, "Platform"
        )
        made.append(guest)
    return made


def _bad_update(catalog: Catalog, machines: int, seed: int) -> list[Guest]:
    """The demo's machines on the day of September's baseline, which breaks one of them."""
    fleet = demo_fleet(catalog, max(machines, 24), seed)
    seen = datetime(2026, 9, 8, 11, tzinfo=UTC)
    for guest in fleet:
        guest.fails_kb = None
        if guest.power == "running":
            begun = seen - timedelta(minutes=2)
            guest.assessment = assessment_of(guest, catalog, begun, seen, "Platform")
        if guest.location == "westus2" and guest.zone == "1":
            guest.unhealthy_after = ["KB5122871"]
    return fleet


def _november(catalog: Catalog, machines: int, seed: int) -> list[Guest]:
    """November's releases aren't known, so Windows Update ends with October."""
    fleet = demo_fleet(catalog, machines, seed)
    for number, guest in enumerate(fleet):
        october, september, august = (
            _of_month(catalog, guest, month) for month in ("2026-10", "2026-09", "2026-08")
        )
        guest.fails_kb = None
        guest.runs = [
            past_run(
                [(definitions(datetime(2026, 11, 20, tzinfo=UTC).date()), "Installed")],
                datetime(2026, 11, 20, 11, number % 60, tzinfo=UTC),
                "Platform",
            )
        ]
        if guest.awaiting_restart:
            guest.build = august.build or ""
            guest.awaiting_restart = [{"kb": september.kb, "build": september.build}]
        elif guest.name == "vm-app-01":
            guest.build = august.build or ""
        elif guest.name == "vm-web-02":
            guest.build, guest.patch_service = september.build or "", "WU_WSUS"
        elif guest.receives_hotpatches and guest.release(catalog.calendar) is not None:
            guest.build = october.build or ""
            guest.runs.append(
                past_run(
                    [(catalog.release_patch(october), "Installed")],
                    datetime(2026, 10, 28, 2 + number % 6, tzinfo=UTC),
                    "Platform",
                    restart="Completed",
                )
            )
        if guest.assessment is not None:
            seen = datetime(2026, 11, 25, 5, number % 60, tzinfo=UTC)
            begun = seen - timedelta(minutes=2)
            guest.assessment = assessment_of(guest, catalog, begun, seen, "Platform")
    return fleet


def _before_upgrade(catalog: Catalog, machines: int, seed: int) -> list[Guest]:
    """The demo's machines, and six whose image or edition keeps them from hotpatch."""
    return demo_fleet(catalog, machines, seed) + other_editions(catalog, seed)


def _of_month(catalog: Catalog, guest: Guest, month: str) -> Release:
    """The release offered to an enrolled machine in the month."""
    return next(
        r
        for r in catalog.calendar.releases
        if r.product == guest.product and r.month == month and r.on_train and r.is_offered
    )


SCENARIOS = {
    "today": Scenario("20 Aug 2026, between two releases", EPOCH, demo_fleet),
    "before-upgrade": Scenario(
        "20 Aug 2026, servers whose edition has no hotpatch", EPOCH, _before_upgrade
    ),
    "october-2025": Scenario(
        "22 Oct 2025, the day before KB5070881", datetime(2025, 10, 22, 9, tzinfo=UTC), _october
    ),
    "bad-update": Scenario(
        "8 Sep 2026, the day of a bad update",
        datetime(2026, 9, 8, 16, tzinfo=UTC),
        _bad_update,
    ),
    "november-2026": Scenario(
        "25 Nov 2026, after the release data ends",
        datetime(2026, 11, 25, 9, tzinfo=UTC),
        _november,
    ),
}
