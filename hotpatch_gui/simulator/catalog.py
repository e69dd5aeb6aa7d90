"""Windows Update in the simulation, from real release data."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import RELEASE_HOUR, Product, Release, ReleaseKind, second_tuesday
from hotpatch_gui.domain.updates import Classification, RestartBehavior

CATEGORY_NAMES = {
    Classification.CRITICAL: "Critical Updates",
    Classification.SECURITY: "Security Updates",
    Classification.UPDATE_ROLLUP: "Update Rollups",
    Classification.FEATURE_PACK: "Feature Packs",
    Classification.SERVICE_PACK: "Service Packs",
    Classification.DEFINITION: "Definition Updates",
    Classification.TOOLS: "Tools",
    Classification.UPDATES: "Updates",
}
"""Display names of classifications in Resource Manager's results."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One available update. ``build`` is what the machine runs once it takes effect."""

    kb: str
    name: str
    classification: Classification
    restart: RestartBehavior
    published: date
    minutes: float
    severity: str | None = None
    build: str | None = None
    key: str = ""

    @property
    def patch_id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"patch:{self.key or self.kb}:{self.name}"))

    @property
    def published_at(self) -> datetime:
        """Microsoft's hour of releases; definitions come all day, the first at midnight."""
        is_definition = self.classification is Classification.DEFINITION
        return datetime.combine(self.published, time(tzinfo=UTC) if is_definition else RELEASE_HOUR)


MINUTES_HOTPATCH = 3.0
"""Assumed; no published installation time of a server hotpatch was found."""
MINUTES_CUMULATIVE = 9.5
"""540 to 600 s before the restart in a public log."""
MINUTES_DOTNET, MINUTES_SMALL = 3.0, 0.5


class Catalog:
    """Available updates by product, state and day. It has no state."""

    def __init__(self, calendar: Calendar, other_updates: Iterable[Mapping[str, Any]]) -> None:
        self.calendar = calendar
        self._others = [row for row in other_updates if row.get("kb") and row.get("title")]

    def release_patch(self, release: Release) -> Patch:
        """A hotpatch-channel release as offered to an enrolled machine."""
        kb = release.kb or ""
        if release.kind.is_baseline:
            return self._cumulative(
                release.product, release.month, kb, release.build, release.released
            )
        restart = RestartBehavior.UNKNOWN if release.restarts is None else RestartBehavior.NEVER
        return Patch(
            kb=kb,
            name=_titled(f"{release.month} Hotpatch for {release.product.label}", kb),
            classification=Classification.SECURITY,
            restart=RestartBehavior.ALWAYS if release.restarts else restart,
            published=release.released,
            minutes=MINUTES_HOTPATCH,
            severity="Critical",
            build=release.build,
        )

    def standard_patch(self, product: Product, day: date, running_build: str) -> Patch | None:
        """The cumulative update for a machine off the train; None if it runs it."""
        newest: tuple[date, str, str, str] | None = None
        for r in self.calendar.releases:
            if r.product is not product or r.released > day or not r.is_offered:
                continue
            if r.channel == "standard":
                kb, build = r.kb, r.build
            elif r.kind is not ReleaseKind.OUT_OF_BAND:
                kb, build = r.lcu_kb, r.lcu_build
            else:
                continue
            if build:
                newest = max(
                    newest or (date.min, "", "", ""), (r.released, kb or "", build, r.month)
                )
        if newest is None or build_number(newest[2]) <= build_number(running_build):
            return None
        released, number, build, month = newest
        return self._cumulative(product, month, number, build, released)

    def _cumulative(
        self, product: Product, month: str, kb: str, build: str | None, released: date
    ) -> Patch:
        return Patch(
            kb=kb,
            name=_titled(f"{month} Cumulative Update for {product.label}", kb),
            classification=Classification.SECURITY,
            restart=RestartBehavior.ALWAYS,
            published=released,
            minutes=MINUTES_CUMULATIVE,
            severity="Critical",
            build=build,
        )

    @lru_cache(maxsize=256)  # noqa: B019 - one catalog lives as long as the process
    def others(self, product: Product, day: date) -> tuple[Patch, ...]:
        """The newest .NET update, removal tool and Defender definitions until ``day``."""
        newest: dict[str, Patch] = {}
        for row in self._others:
            patch = _other_patch(row)
            kind = row["update_kind"]
            if row["product"] != product or kind not in ("dotnet", "msrt") or patch.published > day:
                continue
            if kind not in newest or newest[kind].published < patch.published:
                newest[kind] = patch
        return (*newest.values(), definitions(day))


def _titled(name: str, kb: str) -> str:
    """The title of a release, without a KB if none was published."""
    return f"{name} ({kb})" if kb else name


def definitions(day: date) -> Patch:
    """The day's Defender definitions. Real ones come several times a day; versions aren't invented."""
    return Patch(
        kb="KB2267602",
        name="Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 - "
        "Current Channel (Broad)",
        classification=Classification.DEFINITION,
        restart=RestartBehavior.NEVER,
        published=day,
        minutes=MINUTES_SMALL,
        key=f"KB2267602@{day.isoformat()}",
    )


def build_number(build: str) -> tuple[int, ...]:
    return tuple(int(part) for part in build.split("."))


def _other_patch(row: Mapping[str, Any]) -> Patch:
    year, month = (int(part) for part in row["month"].split("-"))
    released = row.get("released")
    dotnet = row["update_kind"] == "dotnet"
    return Patch(
        kb=row["kb"],
        name=row["title"],
        classification=Classification.parse(row["classification"]) or Classification.UPDATES,
        restart=RestartBehavior.CAN_REQUEST if dotnet else RestartBehavior.NEVER,
        published=date.fromisoformat(released) if released else second_tuesday(year, month),
        minutes=MINUTES_DOTNET if dotnet else MINUTES_SMALL,
        severity="Important" if dotnet else None,
        key=row["kb"] if dotnet else f"{row['kb']}@{row['month']}",
    )
