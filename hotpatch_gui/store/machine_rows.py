"""Rows of machines: complete, for summaries, and for installation plans. The first paint doesn't need them."""

from typing import NamedTuple


class MachineRow(NamedTuple):
    """Everything known about a machine.

    ``display_name`` distinguishes equal names. ``grants`` is JSON of the account's permissions, None if unknown.
    """

    id: int
    resource_id: str
    azure_id: str
    name: str
    display_name: str
    subscription_id: str
    subscription_name: str
    connection_name: str | None
    changes_allowed: int
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
    license: str | None
    enablement: str | None
    enablement_error: str | None
    host: str | None
    arc_status: str | None
    arc_reason: str | None
    license_error: str | None
    agent_mode: str | None
    can_extend: int | None
    fetched_at: str
    pending_at: str | None
    hidden_at: str | None
    resource_health: str | None
    resource_health_at: str | None
    in_graph: int
    assessed_at: str | None
    assessment_error: str | None
    restart_pending: int
    updates: int
    important: int
    critical: int
    security: int
    definitions: int
    updates_restarting: int
    updates_may_restart: int
    unreported: str
    offered_kbs: str
    offered_releases: str
    restart_kbs: str
    out_of_band_kbs: str
    patch_service: str | None
    last_run_error: str | None
    last_run_at: str | None
    hotpatch_status: str
    situation: str
    level: int
    """A ``domain.situation.Level``."""
    product: str | None
    update_missing: int | None
    missing_since: str | None


class MachineSummaryRow(NamedTuple):
    """A row for summaries of many machines, with a third of MachineRow's memory."""

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
    unreported: str
    situation: str
    level: int
    """A ``domain.situation.Level``."""
    resource_health: str | None
    in_graph: int
    assessed_at: str | None
    restart_pending: int
    updates: int
    important: int
    critical: int
    security: int
    updates_restarting: int
    updates_may_restart: int
    last_run_at: str | None
    connection_name: str | None
    changes_allowed: int
    grants: str | None


class InstallRow(NamedTuple):
    """The columns of a machine that decide what an installation would do on it."""

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
    unreported: str
    in_graph: int
    assessed_at: str | None
    restart_pending: int
    updates: int
    connection_name: str | None
    changes_allowed: int
    grants: str | None
