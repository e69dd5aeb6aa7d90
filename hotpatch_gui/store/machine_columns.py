"""The columns of a machine, and the machine they describe."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

from hotpatch_gui.domain.arc import Arc, Enablement, License
from hotpatch_gui.domain.machines import AssessmentMode, Image, Machine, PatchMode, PatchSettings
from hotpatch_gui.domain.power import PowerState

from .machine_rows import MachineRow
from .timestamps import from_text, to_text

SHARED = (
    "publisher",
    "offer",
    "sku",
    "generation",
    "power",
    "os_name",
    "os_version",
    "time_zone",
    "patch_mode",
    "hotpatch_enabled",
    "assessment_mode",
    "bypass_safety_checks",
    "restart_setting",
    "automatic_updates",
    "provision_agent",
    "allow_extensions",
    "agent_ready",
    "kind",
    "edition",
    "license",
    "enablement",
    "enablement_error",
    "host",
    "arc_status",
    "arc_reason",
    "license_error",
    "agent_mode",
    "can_extend",
)
COLUMNS = (
    "connection_id",
    "resource_id",
    "azure_id",
    "name",
    "subscription_id",
    "resource_group",
    "location",
    "zone",
    "availability_set",
    "update_domain",
    "tags",
    "tag_pairs",
    "vm_id",
    *SHARED,
    "fetched_at",
    "pending_at",
)
VM, ARC = "vm", "arc"
_ARC = SHARED[SHARED.index("edition") :]
"""Columns of an Arc-enabled server, in the order of ``Arc``'s fields."""
_NO_ARC = Arc()


def values_of(connection_id: int, m: Machine) -> tuple[object, ...]:
    """A machine's values, in the order of COLUMNS."""
    s = m.settings
    return (
        connection_id,
        m.resource_id.lower(),
        m.resource_id,
        m.name,
        m.subscription_id.lower(),
        m.resource_group,
        m.location,
        m.zone,
        m.availability_set,
        m.update_domain,
        m.tags_text,
        _pairs(m.tags),
        m.vm_id,
        m.image.publisher,
        m.image.offer,
        m.image.sku,
        m.generation,
        m.power.value,
        m.os_name,
        m.os_version,
        m.time_zone,
        s.patch_mode,
        s.hotpatch_enabled,
        s.assessment_mode,
        s.bypass_safety_checks,
        s.restart_setting,
        s.automatic_updates,
        s.provision_agent,
        m.allow_extensions,
        m.agent_ready,
        ARC if m.arc is not None else VM,
        *(m.arc or _NO_ARC)[: len(_ARC)],
        to_text(m.fetched),
        to_text(_pending(m)),
    )


def _pending(m: Machine) -> datetime | None:
    """Since when an enrollment has been pending, at the latest."""
    if m.arc is None or not m.arc.is_pending:
        return None
    return m.arc.enrolled_at or m.fetched


def machine_of(row: MachineRow) -> Machine:
    """The machine of a row."""
    return machine_from(partial(getattr, row))


def machine_from(column: Callable[[str], Any]) -> Machine:
    """Create a machine from the columns of its table."""
    return Machine(
        resource_id=column("azure_id"),
        name=column("name"),
        subscription_id=column("subscription_id"),
        resource_group=column("resource_group"),
        location=column("location"),
        fetched=from_text(column("fetched_at")) or datetime.min.replace(tzinfo=UTC),
        zone=column("zone"),
        availability_set=column("availability_set"),
        update_domain=column("update_domain"),
        tags=tuple(tags_of(column("tag_pairs")).items()),
        vm_id=column("vm_id"),
        **shared_fields(map(column, SHARED)),
    )


@lru_cache(maxsize=4096)
def _pairs(tags: tuple[tuple[str, str], ...]) -> str:
    return json.dumps(tags, ensure_ascii=False)


@lru_cache(maxsize=4096)
def tags_of(pairs: str | None) -> Mapping[str, str]:
    """The tags in ``tag_pairs``; empty if unknown."""
    try:
        return {str(name): str(value) for name, value in json.loads(pairs or "[]")}
    except (ValueError, TypeError):  # a damaged file
        return {}


def shared_fields(values: Iterable[Any]) -> dict[str, Any]:
    """Arguments of Machine from the columns SHARED, which are equal on many machines."""
    v = dict(zip(SHARED, values, strict=True))
    return {
        "image": Image(v["publisher"], v["offer"], v["sku"]),
        "settings": PatchSettings(
            patch_mode=PatchMode.parse(v["patch_mode"]),
            hotpatch_enabled=_flag(v["hotpatch_enabled"]),
            assessment_mode=AssessmentMode.parse(v["assessment_mode"]),
            bypass_safety_checks=_flag(v["bypass_safety_checks"]),
            restart_setting=v["restart_setting"],
            automatic_updates=_flag(v["automatic_updates"]),
            provision_agent=_flag(v["provision_agent"]),
        ),
        "power": PowerState.parse(v["power"]),
        "generation": v["generation"],
        "os_name": v["os_name"],
        "os_version": v["os_version"],
        "time_zone": v["time_zone"],
        "allow_extensions": _flag(v["allow_extensions"]),
        "agent_ready": _flag(v["agent_ready"]),
        "arc": _arc(v) if v["kind"] == ARC else None,
    }


def _arc(v: dict[str, Any]) -> Arc:
    return Arc(
        v["edition"],
        License.parse(v["license"]),
        Enablement.parse(v["enablement"]),
        v["enablement_error"],
        v["host"],
        v["arc_status"],
        v["arc_reason"],
        v["license_error"],
        v["agent_mode"],
        _flag(v["can_extend"]),
    )


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)
