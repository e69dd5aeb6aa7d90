"""The rows of the file's SELECTs, one type each: what is read leaves the store typed. Times are ISO texts in UTC, as
they are stored; ``times.from_text`` makes datetimes of them. Flags are 0 or 1. Here are machines and operations, which
the first frame shows; ``history_rows`` has the others."""

import sqlite3
from collections.abc import Callable
from typing import NamedTuple, TypeVar

R = TypeVar("R")


def fields(row: Callable[..., object], alias: str, **computed: str) -> str:
    """SQL that selects a row type's fields in their order: the column of the field's name, or what is computed."""
    names: tuple[str, ...] = getattr(row, "_fields", ())
    return ", ".join(f"{computed.get(name, f'{alias}.{name}')} AS {name}" for name in names)


def typed(cursor: sqlite3.Cursor, row: Callable[..., R]) -> list[R]:
    """The rows of a SELECT made with ``fields``."""
    return [row(*values) for values in cursor]


def first(cursor: sqlite3.Cursor, row: Callable[..., R]) -> R | None:
    """The first of them; None where there is none."""
    values = cursor.fetchone()
    return None if values is None else row(*values)


class MachineListRow(NamedTuple):
    """A machine in the list."""

    name: str
    hotpatch_status: str
    situation: str
    attention: int
    updates: int
    updates_that_restart: int
    assessed_at: str | None


class MachineRow(NamedTuple):
    """All that is known of a machine. ``display_name`` tells machines of equal names apart; ``grants`` is JSON of what
    the account may do there, None where it is not known."""

    id: int
    resource_id: str
    azure_id: str
    name: str
    display_name: str
    subscription_id: str
    subscription_name: str
    connection_name: str | None
    may_act: int
    grants: str | None
    resource_group: str
    location: str
    zone: str | None
    availability_set: str | None
    update_domain: int | None
    tags: str
    tag_pairs: str | None
    vm_id: str | None
    publisher: str | None
    offer: str | None
    sku: str | None
    generation: str | None
    power: str
    os_name: str | None
    os_version: str | None
    time_zone: str | None
    patch_mode: str | None
    hotpatch_enabled: int | None
    assessment_mode: str | None
    bypass_safety_checks: int | None
    restart_setting: str | None
    automatic_updates: int | None
    provision_agent: int | None
    allow_extensions: int | None
    agent_ready: int | None
    kind: str
    edition: str | None
    licence: str | None
    enablement: str | None
    enablement_error: str | None
    host: str | None
    arc_status: str | None
    arc_reason: str | None
    licence_error: str | None
    agent_mode: str | None
    can_extend: int | None
    fetched_at: str
    pending_at: str | None
    hidden_at: str | None
    in_graph: int
    assessed_at: str | None
    assessment_error: str | None
    restart_pending: int
    updates: int
    important: int
    critical: int
    security: int
    updates_that_restart: int
    unsaid: str
    offered_kbs: str
    offered_releases: str
    restart_kbs: str
    out_of_band_kbs: str
    patch_service: str | None
    last_run_failed: str | None
    last_run_at: str | None
    hotpatch_status: str
    situation: str
    attention: int


class ChosenRow(NamedTuple):
    """What a sum of many machines needs: a third of the memory of a MachineRow."""

    id: int
    name: str
    display_name: str
    kind: str
    resource_group: str
    sku: str | None
    os_name: str | None
    os_version: str | None
    power: str
    hotpatch_status: str
    arc_status: str | None
    unsaid: str
    situation: str
    attention: int
    in_graph: int
    assessed_at: str | None
    restart_pending: int
    updates: int
    important: int
    critical: int
    security: int
    updates_that_restart: int
    last_run_at: str | None
    connection_name: str | None
    may_act: int
    grants: str | None


class InstallRow(NamedTuple):
    """What the plan of an installation needs of a machine."""

    id: int
    display_name: str
    kind: str
    location: str
    zone: str | None
    resource_group: str
    tag_pairs: str | None
    power: str
    hotpatch_status: str
    arc_status: str | None
    unsaid: str
    in_graph: int
    assessed_at: str | None
    restart_pending: int
    updates: int
    connection_name: str | None
    may_act: int
    grants: str | None


class OperationRow(NamedTuple):
    """An operation with its machine's name and resource id."""

    id: int
    machine_id: int
    machine_name: str
    azure_id: str
    kind: str
    state: str
    request: str | None
    created_at: str
    sent_at: str | None
    ended_at: str | None
    latest_end_at: str | None
    token: str | None
    run_id: str | None
    note: str
    code: str
    request_id: str
    done: int | None
    total: int | None
    asked_by: str | None
    standby: str
    batch_id: int | None
    wave: int
    wave_name: str
