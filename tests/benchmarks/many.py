"""Files with as many rows as wanted, made by SQL alone, so that a million take seconds."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from hotpatch_gui.domain.clouds import demo
from hotpatch_gui.domain.connections import demo_connection
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.store import connections, database, releases, sync_state
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.store.timestamps import to_text
from hotpatch_gui.system import resources

PER_MACHINE = 100
NOW = EPOCH
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<? - 1) "
_MACHINES = (
    _NUMBERS
    + """
INSERT INTO machines (resource_id, azure_id, name, subscription_id, resource_group, location, publisher,
    offer, sku, generation, power, os_name, patch_mode, hotpatch_enabled, assessment_mode, allow_extensions,
    agent_ready, fetched_at, in_graph, assessed_at, updates, important, security, updates_that_restart,
    hotpatch_status, situation, attention)
SELECT '/subscriptions/s/resourcegroups/g/providers/microsoft.compute/virtualmachines/vm-' || i,
    '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm-' || i,
    printf('vm-%07d', (i * 7919) % ?), 's', 'rg-' || (i % 40), 'westeurope', 'MicrosoftWindowsServer',
    'WindowsServer', '2022-datacenter-azure-edition', 'V2', 'running', 'Windows Server 2022 Datacenter Azure Edition',
    'AutomaticByPlatform', 1, 'AutomaticByPlatform', 1, 1, ?, 1,
    strftime('%Y-%m-%dT%H:%M:%SZ', ?, '-' || (i * 31 % 9000) || ' minutes'), i % 23, i % 7, i % 7, i % 3,
    'Enabled', CASE i % 4 WHEN 0 THEN 'Up to date' WHEN 1 THEN 'Updates available'
        WHEN 2 THEN 'Restart pending' ELSE 'Never assessed' END, i % 4
FROM n
"""
)
_UPDATES = (
    _NUMBERS
    + """
INSERT INTO updates (machine_id, patch_id, name, kb, classification, severity, restart, published_at, version,
    fetched_at, pass_number)
SELECT 1 + i % ?, 'patch-' || i,
    'Update ' || ((i * 104729) % 5000) || ' for Windows Server 2022 for x64-based Systems',
    (5000000 + (i * 104729) % 5000) || '',
    CASE i % 5 WHEN 0 THEN 'Critical' WHEN 1 THEN 'Security' WHEN 2 THEN 'UpdateRollUp'
        WHEN 3 THEN 'Definition' ELSE 'Updates' END,
    CASE i % 3 WHEN 0 THEN 'Critical' WHEN 1 THEN 'Important' END,
    CASE i % 3 WHEN 0 THEN 'NeverReboots' WHEN 1 THEN 'AlwaysRequiresReboot' ELSE 'CanRequestReboot' END,
    strftime('%Y-%m-%dT%H:%M:%SZ', ?, '-' || (i * 31 % 500000) || ' minutes'), NULL, ?, 1
FROM n
"""
)
_RUNS = (
    _NUMBERS
    + """
INSERT INTO installations (machine_id, run_id, status, started_at, modified_at, started_by, restart_status,
    window_exceeded, installed, failed, pending, excluded, not_selected, fetched_at)
SELECT 1 + i % ?, printf('%08x-0000-0000-0000-000000000000', i),
    CASE i % 9 WHEN 0 THEN 'Failed' WHEN 1 THEN 'CompletedWithWarnings' ELSE 'Succeeded' END,
    strftime('%Y-%m-%dT%H:%M:%SZ', ?, '-' || (i * 31 % 500000) || ' minutes'),
    strftime('%Y-%m-%dT%H:%M:%SZ', ?, '-' || (i * 31 % 500000 - i % 90) || ' minutes'),
    CASE i % 2 WHEN 0 THEN 'User' ELSE 'Platform' END, CASE i % 4 WHEN 0 THEN 'Completed' ELSE 'NotNeeded' END,
    0, i % 5, i % 9 = 0, 0, 0, i % 3, ?
FROM n
"""
)
_RUN_UPDATES = """
INSERT INTO installation_updates (installation_id, patch_id, name, kb, classification, state, restart)
SELECT id, 'patch', 'Security update', (5000000 + id % 5000) || '', 'Security', 'Installed', 'NeverReboots'
FROM installations
"""


def make_fleet(folder: Path, rows: int) -> Path:
    """``rows`` updates and ``rows`` runs with one result each, PER_MACHINE of both to a machine."""
    count = max(1, rows // PER_MACHINE)
    path = _make(folder, count)
    with closing(database.open_writer(path)) as db, database.transaction(db):
        now = to_text(NOW)
        db.execute(_UPDATES, (rows, count, now, now))
        db.execute(_RUNS, (rows, count, now, now, now))
        db.execute(_RUN_UPDATES)
    return path


def make_machines(folder: Path, rows: int) -> Path:
    """``rows`` machines and nothing else."""
    return _make(folder, rows)


def _make(folder: Path, count: int) -> Path:
    path = folder / FILE_NAME
    db, _ = database.prepare(path, "https://azure.demo.invalid")
    now = to_text(NOW)
    with closing(db), database.transaction(db):
        releases.save_calendar(db, resources.calendar())
        mine = connections.save(db, demo_connection(demo()))
        db.execute(_MACHINES, (count, count, now, now))
        db.execute("UPDATE machines SET connection_id=?", (mine,))
        sync_state.sync_started(db, 1, NOW)
        sync_state.sync_ended(db, 1, NOW, None)
    return path
