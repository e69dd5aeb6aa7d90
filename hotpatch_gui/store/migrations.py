"""The schema as an append-only list of migrations. ``user_version`` counts those applied."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from .first_schema import FIRST_SCHEMA

_SEMICOLON = re.compile(r";(?!\s*END)")
"""Between statements; a trigger contains another one."""

if TYPE_CHECKING:
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations


_M0002 = """
DROP INDEX machines_by_attention;
DROP INDEX machines_by_name;
CREATE INDEX machines_by_attention ON machines(attention DESC, name COLLATE NOCASE) WHERE gone_at IS NULL;
CREATE INDEX machines_by_name ON machines(name COLLATE NOCASE) WHERE gone_at IS NULL;
CREATE INDEX installation_updates_by_kb ON installation_updates(kb, state);
"""

_M0003 = """
ALTER TABLE operations ADD COLUMN known_until TEXT;
UPDATE operations SET known_until=sent_at;
"""

_M0004 = """
CREATE INDEX assessments_by_time ON assessments(assessed_at);
CREATE INDEX machines_by_assessment ON machines(assessment_id);
"""

_M0005 = """
CREATE TABLE schedules (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, starts TEXT NOT NULL, minutes INTEGER, time_zone TEXT,
    recurs TEXT NOT NULL
) STRICT;
ALTER TABLE machines ADD COLUMN schedule_id TEXT REFERENCES schedules(id);
ALTER TABLE machines ADD COLUMN update_domain INTEGER;
ALTER TABLE machines ADD COLUMN health TEXT;
ALTER TABLE machines ADD COLUMN health_at TEXT;
"""

_M0006 = """
CREATE TABLE connections (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    cloud TEXT NOT NULL, endpoint TEXT NOT NULL, authority TEXT NOT NULL, audience TEXT NOT NULL,
    method TEXT NOT NULL,
    tenant TEXT, client_id TEXT, certificate TEXT,
    may_act INTEGER NOT NULL DEFAULT 0,
    every_subscription INTEGER NOT NULL DEFAULT 1,
    account TEXT, record TEXT,
    removed_at TEXT
) STRICT;
INSERT INTO connections (name, cloud, endpoint, authority, audience, method, may_act)
    SELECT coalesce(known.title, name), coalesce(known.key, 'simulated'), name, '', '',
        CASE WHEN known.key IN ('public', 'usgov', 'china') THEN 'browser' ELSE 'none' END,
        coalesce(known.key, '') NOT IN ('public', 'usgov', 'china')
    FROM world LEFT JOIN (
        SELECT 'https://management.azure.com' AS place, 'public' AS key, 'Azure' AS title
        UNION ALL SELECT 'https://management.usgovcloudapi.net', 'usgov', 'Azure US Government'
        UNION ALL SELECT 'https://management.chinacloudapi.cn', 'china', 'Azure China'
        UNION ALL SELECT 'https://azure.demo.invalid', 'demo', 'Contoso') known ON known.place=world.name;
UPDATE world SET name='azure' WHERE EXISTS (SELECT 1 FROM connections WHERE method='browser');
ALTER TABLE machines ADD COLUMN connection_id INTEGER REFERENCES connections(id);
UPDATE machines SET connection_id=(SELECT min(id) FROM connections);
ALTER TABLE subscriptions RENAME TO old_subscriptions;
CREATE TABLE subscriptions (
    connection_id INTEGER NOT NULL REFERENCES connections(id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    chosen INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (connection_id, id)
) STRICT;
INSERT INTO subscriptions SELECT c.id, s.id, s.name, 1 FROM old_subscriptions s, connections c;
DROP TABLE old_subscriptions;
INSERT INTO sync_state (scope, started_at, finished_at, problem, next_step, problem_kind, unreadable)
    SELECT c.id, started_at, finished_at, problem, next_step, problem_kind, unreadable
    FROM sync_state s, connections c WHERE s.scope='fleet'
"""

_M0007 = """
ALTER TABLE machines ADD COLUMN kind TEXT NOT NULL DEFAULT 'vm';
ALTER TABLE machines ADD COLUMN edition TEXT;
ALTER TABLE machines ADD COLUMN licence TEXT;
ALTER TABLE machines ADD COLUMN enablement TEXT;
ALTER TABLE machines ADD COLUMN enablement_error TEXT;
ALTER TABLE machines ADD COLUMN host TEXT
"""

_M0008 = """
CREATE TABLE permissions (
    connection_id INTEGER NOT NULL REFERENCES connections(id),
    scope TEXT NOT NULL,
    grants TEXT NOT NULL,
    fetched_at TEXT NOT NULL,
    PRIMARY KEY (connection_id, scope)
) STRICT;
CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    connection TEXT NOT NULL,
    account TEXT,
    asked_by TEXT,
    kind TEXT NOT NULL,
    machine TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    operation_id INTEGER,
    event TEXT NOT NULL,
    body TEXT,
    result TEXT NOT NULL DEFAULT '',
    code TEXT NOT NULL DEFAULT '',
    request_id TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TRIGGER calls_are_not_changed BEFORE UPDATE ON calls
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER calls_are_not_deleted BEFORE DELETE ON calls
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
ALTER TABLE operations ADD COLUMN asked_by TEXT;
ALTER TABLE operations ADD COLUMN standby TEXT NOT NULL DEFAULT '';
ALTER TABLE installations ADD COLUMN doubts TEXT;
CREATE INDEX installations_unchecked ON installations(machine_id) WHERE doubts IS NULL
"""

_M0009 = """
ALTER TABLE machines ADD COLUMN hidden_at TEXT
"""

_M0010 = """
ALTER TABLE machines ADD COLUMN tags TEXT NOT NULL DEFAULT '';
CREATE INDEX operations_by_run ON operations(run_id) WHERE run_id IS NOT NULL
"""

_M0011 = """
ALTER TABLE machines ADD COLUMN vm_id TEXT;
ALTER TABLE machines ADD COLUMN arc_status TEXT;
ALTER TABLE machines ADD COLUMN arc_reason TEXT;
ALTER TABLE machines ADD COLUMN licence_error TEXT;
ALTER TABLE machines ADD COLUMN agent_mode TEXT;
ALTER TABLE machines ADD COLUMN can_extend INTEGER;
ALTER TABLE machines ADD COLUMN pending_at TEXT;
ALTER TABLE machines ADD COLUMN offered_releases TEXT NOT NULL DEFAULT '';
ALTER TABLE machines ADD COLUMN patch_service TEXT;
ALTER TABLE assessments ADD COLUMN patch_service TEXT;
UPDATE installations SET doubts=NULL WHERE doubts LIKE 'nothing-installed%';
CREATE INDEX machines_by_vm_id ON machines(vm_id) WHERE vm_id IS NOT NULL;
CREATE TABLE learned_releases (
    id INTEGER PRIMARY KEY,
    product TEXT NOT NULL, month TEXT NOT NULL, origin TEXT NOT NULL, released TEXT NOT NULL,
    kind TEXT NOT NULL, channel TEXT NOT NULL, kb TEXT, build TEXT, restarts INTEGER,
    lcu_kb TEXT, lcu_build TEXT, confidence TEXT NOT NULL, source TEXT NOT NULL, note TEXT NOT NULL,
    machines INTEGER, learned_at TEXT NOT NULL
) STRICT;
CREATE INDEX learned_releases_by_month ON learned_releases(product, month);
CREATE TABLE release_documents (id TEXT PRIMARY KEY, revised TEXT NOT NULL, read_at TEXT NOT NULL) STRICT
"""

_M0012 = """
UPDATE machines SET schedule_id=NULL;
ALTER TABLE machines DROP COLUMN schedule_id;
DROP TABLE schedules;
CREATE TABLE schedules (
    id TEXT PRIMARY KEY, connection_id INTEGER NOT NULL REFERENCES connections(id),
    name TEXT NOT NULL, starts TEXT NOT NULL, minutes INTEGER, time_zone TEXT, recurs TEXT NOT NULL,
    expires TEXT, classifications TEXT NOT NULL, include TEXT NOT NULL, exclude TEXT NOT NULL,
    exclude_restarting INTEGER, restart TEXT
) STRICT;
CREATE TABLE machine_schedules (
    machine_id INTEGER NOT NULL REFERENCES machines(id),
    schedule_id TEXT NOT NULL REFERENCES schedules(id),
    how TEXT NOT NULL,
    scope TEXT NOT NULL,
    PRIMARY KEY (machine_id, schedule_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE side_reads (
    connection_id INTEGER NOT NULL REFERENCES connections(id),
    what TEXT NOT NULL,
    problem TEXT NOT NULL,
    read_at TEXT NOT NULL,
    PRIMARY KEY (connection_id, what)
) STRICT, WITHOUT ROWID
"""

_M0013 = """
ALTER TABLE machines ADD COLUMN unsaid TEXT NOT NULL DEFAULT '';
ALTER TABLE machines ADD COLUMN shares_vm_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE learned_releases ADD COLUMN offered INTEGER NOT NULL DEFAULT 1
"""

_M0014 = """
CREATE TABLE batches (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    created_at TEXT NOT NULL,
    mode TEXT NOT NULL,
    size INTEGER NOT NULL,
    stop_after INTEGER NOT NULL,
    stopped_at TEXT
) STRICT;
ALTER TABLE operations ADD COLUMN batch_id INTEGER REFERENCES batches(id);
ALTER TABLE operations ADD COLUMN wave INTEGER NOT NULL DEFAULT 0;
ALTER TABLE operations ADD COLUMN wave_name TEXT NOT NULL DEFAULT '';
UPDATE operations SET state='dismissed'
    WHERE state='failed' AND note='Dismissed: what became of it was never known.';
CREATE INDEX operations_open ON operations(machine_id, kind) WHERE ended_at IS NULL;
CREATE INDEX operations_open_by_age ON operations(id, kind) WHERE ended_at IS NULL;
CREATE INDEX operations_ended ON operations(ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX operations_by_batch ON operations(batch_id, state) WHERE batch_id IS NOT NULL;
CREATE INDEX operations_by_machine ON operations(machine_id);
ALTER TABLE machines ADD COLUMN viewed_at TEXT;
ALTER TABLE machines ADD COLUMN listed_activity TEXT;
ALTER TABLE machines ADD COLUMN lists_read INTEGER NOT NULL DEFAULT 0;
CREATE INDEX machines_never_read ON machines(connection_id) WHERE lists_read=0;
ALTER TABLE installations ADD COLUMN listed_at TEXT;
ALTER TABLE sync_state ADD COLUMN whole_at TEXT;
ALTER TABLE sync_state ADD COLUMN changes_from TEXT;
CREATE INDEX installations_open ON installations(machine_id)
    WHERE status NOT IN ('Succeeded', 'CompletedWithWarnings', 'Failed')
"""

_M0015 = """
ALTER TABLE machines ADD COLUMN tag_pairs TEXT;
CREATE INDEX operations_by_wave ON operations(batch_id, wave) WHERE batch_id IS NOT NULL AND ended_at IS NULL;
DROP INDEX operations_open_by_age;
CREATE INDEX operations_open_by_state ON operations(kind, state, ended_at) WHERE ended_at IS NULL;
UPDATE sync_state SET whole_at=NULL;
"""
"""Tags as JSON, whose text was ambiguous; the next sync reads them again. The indexes are for the next operations of a
batch, which are queried when one of its operations ends, and for the open operations, queried at every change."""

_M0016 = """
ALTER TABLE machines RENAME COLUMN licence TO license;
ALTER TABLE machines RENAME COLUMN licence_error TO license_error;
ALTER TABLE machines RENAME COLUMN unsaid TO unreported;
ALTER TABLE machines RENAME COLUMN gone_at TO deleted_at;
ALTER TABLE installations RENAME COLUMN doubts TO discrepancies;
ALTER TABLE operations RENAME COLUMN asked_by TO requested_by;
ALTER TABLE subscriptions RENAME COLUMN chosen TO selected;
ALTER TABLE updates RENAME COLUMN pass TO pass_number;
ALTER TABLE sync_state RENAME COLUMN pass TO pass_number;
ALTER TABLE sync_state RENAME COLUMN whole_at TO full_sync_at;
ALTER TABLE world RENAME TO data_origin;
UPDATE machines SET situation='Never assessed' WHERE situation='No assessment known';
UPDATE machines SET situation='Enrollment in progress' WHERE situation='Enrolment in progress';
UPDATE operations SET kind=CASE kind WHEN 'enrol' THEN 'enroll' ELSE 'unenroll' END WHERE kind IN ('enrol', 'disenrol');
UPDATE batches SET kind=CASE kind WHEN 'enrol' THEN 'enroll' ELSE 'unenroll' END WHERE kind IN ('enrol', 'disenrol');
DROP TRIGGER calls_are_not_changed;
DROP TRIGGER calls_are_not_deleted;
ALTER TABLE calls RENAME TO audit_log;
ALTER TABLE audit_log RENAME COLUMN asked_by TO requested_by;
UPDATE audit_log SET kind=CASE kind WHEN 'enrol' THEN 'enroll' ELSE 'unenroll' END WHERE kind IN ('enrol', 'disenrol');
CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_log_is_not_deleted BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
"""
"""One term for one thing: the columns are named as in the window and in Azure."""

_M0017 = """
ALTER TABLE machines RENAME COLUMN health TO resource_health;
ALTER TABLE machines RENAME COLUMN health_at TO resource_health_at;
ALTER TABLE machines RENAME COLUMN last_run_failed TO last_run_error;
"""
"""Azure's Resource Health isn't the machine's health, which is its situation and level; an error isn't a flag."""

_M0018 = """
CREATE TABLE machine_states (
    machine_id INTEGER NOT NULL REFERENCES machines(id),
    day TEXT NOT NULL,
    situation TEXT NOT NULL,
    updates INTEGER NOT NULL,
    restart_pending INTEGER NOT NULL,
    os_version TEXT,
    PRIMARY KEY (machine_id, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE daily_counts (
    day TEXT NOT NULL,
    connection_id INTEGER NOT NULL REFERENCES connections(id),
    situation TEXT NOT NULL,
    machines INTEGER NOT NULL,
    PRIMARY KEY (day, connection_id, situation)
) STRICT, WITHOUT ROWID;
CREATE INDEX installations_failed ON installations(started_at, machine_id) WHERE status='Failed';
CREATE INDEX installations_changed ON installations(modified_at, status)
"""
"""History for past days: a row for each change of a machine, and counts for the trend."""

_M0019 = """
ALTER TABLE machine_states ADD COLUMN assessed_at TEXT
"""
"""A past state is known only as long as its assessment isn't too old."""

_M0020 = """
ALTER TABLE machines ADD COLUMN product TEXT;
ALTER TABLE machines ADD COLUMN update_missing INTEGER;
ALTER TABLE machines ADD COLUMN missing_since TEXT;
ALTER TABLE machines ADD COLUMN baseline_missing INTEGER NOT NULL DEFAULT 0
"""
"""Which product a machine runs (NULL until it is derived, '' if not known), and since when it has missed a monthly update."""

_M0021 = """
ALTER TABLE operations ADD COLUMN action_id INTEGER;
CREATE INDEX operations_by_action ON operations(action_id)
"""
"""The first operation of the action that requested this one: operations of one action end together."""

_M0022 = """
ALTER TABLE machines ADD COLUMN definitions INTEGER NOT NULL DEFAULT 0
"""
"""How many of a machine's available updates are definitions, which come several times a day."""

_M0023 = """
ALTER TABLE machine_schedules ADD COLUMN known_since TEXT
"""
"""Since when a machine is known to follow a schedule: Azure doesn't report when it was assigned."""

_M0024 = """
ALTER TABLE schedules ADD COLUMN location TEXT NOT NULL DEFAULT '';
ALTER TABLE schedules ADD COLUMN azure_id TEXT NOT NULL DEFAULT '';
CREATE TABLE schedule_assignments (
    id TEXT PRIMARY KEY,
    connection_id INTEGER NOT NULL REFERENCES connections(id),
    schedule_id TEXT NOT NULL,
    machine TEXT,
    scope TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX schedule_assignments_by_schedule ON schedule_assignments(schedule_id);
CREATE INDEX machine_schedules_by_schedule ON machine_schedules(schedule_id);
CREATE TABLE schedule_changes (
    id INTEGER PRIMARY KEY,
    connection_id INTEGER NOT NULL REFERENCES connections(id),
    action_id INTEGER,
    kind TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    sent_at TEXT,
    ended_at TEXT,
    note TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE earlier_schedules (
    schedule_id TEXT NOT NULL,
    until TEXT NOT NULL,
    starts TEXT NOT NULL,
    minutes INTEGER,
    time_zone TEXT,
    recurs TEXT NOT NULL,
    PRIMARY KEY (schedule_id, until)
) STRICT, WITHOUT ROWID;
CREATE INDEX schedule_changes_open ON schedule_changes(connection_id) WHERE ended_at IS NULL
"""
"""Assignments as Azure reports them (``machine`` is a lower-case resource ID, ``scope`` JSON), changes of schedules, and which windows
schedules had until when."""

_M0025 = """
ALTER TABLE side_reads RENAME TO additional_lists;
ALTER TABLE machines RENAME COLUMN updates_that_restart TO updates_may_restart;
ALTER TABLE machines ADD COLUMN updates_restarting INTEGER NOT NULL DEFAULT 0;
UPDATE machines SET updates_restarting=(
    SELECT count(*) FROM updates u WHERE u.machine_id=machines.id AND u.restart='AlwaysRequiresReboot') WHERE updates_may_restart>0;
UPDATE machines SET updates_may_restart=max(0, updates_may_restart-updates_restarting) WHERE updates_restarting>0;
DROP INDEX machines_by_attention;
CREATE INDEX machines_by_attention ON machines(attention DESC, (attention=4 AND resource_health IS NOT NULL) DESC,
    coalesce(missing_since, '9999'), name COLLATE NOCASE) WHERE deleted_at IS NULL;
CREATE INDEX machines_by_resource_health ON machines(resource_health_at) WHERE resource_health IS NOT NULL;
CREATE INDEX installations_restarted ON installations(modified_at) WHERE restart_status='Completed'
"""
"""Updates that restart a machine are counted apart from those that may. The most urgent machines are in the list's order."""

_M0026 = """
DROP INDEX IF EXISTS machines_by_attention;
CREATE INDEX machines_by_attention ON machines(attention DESC,
    (attention=4 AND lower(coalesce(resource_health, '')) IN ('unavailable', 'degraded')) DESC,
    coalesce(missing_since, '9999'), name COLLATE NOCASE) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS machines_by_resource_health ON machines(resource_health_at) WHERE resource_health IS NOT NULL;
CREATE INDEX IF NOT EXISTS installations_restarted ON installations(modified_at) WHERE restart_status='Completed'
"""
"""Only machines that Resource Health calls unhealthy are the most urgent. Early files of version 25 don't have two indexes."""

_M0027 = """
CREATE TABLE deployments (
    id INTEGER PRIMARY KEY,
    connection_id INTEGER NOT NULL REFERENCES connections(id),
    resource_id TEXT NOT NULL,
    machine_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    sent_at TEXT,
    ended_at TEXT,
    note TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX deployments_open ON deployments(connection_id) WHERE ended_at IS NULL
"""
"""Deployments of new machines; ``request`` is the template, without the password."""

_M0028 = "ALTER TABLE machine_schedules RENAME COLUMN how TO assignment"

_M0029 = """
ALTER TABLE connections RENAME COLUMN may_act TO changes_allowed;
ALTER TABLE deployments RENAME COLUMN machine_id TO machine_resource_id;
ALTER TABLE machines RENAME COLUMN attention TO level;
UPDATE operations SET state='canceled' WHERE state='cancelled';
UPDATE schedule_changes SET state='canceled' WHERE state='cancelled';
UPDATE deployments SET state='canceled' WHERE state='cancelled';
UPDATE machines SET situation='Hotpatch not available' WHERE situation='Not available on this image';
UPDATE machines SET situation='Behind, none available' WHERE situation='Behind, nothing offered';
UPDATE machine_states SET situation='Hotpatch not available' WHERE situation='Not available on this image';
UPDATE machine_states SET situation='Behind, none available' WHERE situation='Behind, nothing offered';
UPDATE daily_counts SET situation='Hotpatch not available' WHERE situation='Not available on this image';
UPDATE daily_counts SET situation='Behind, none available' WHERE situation='Behind, nothing offered'
"""

_STEPS = {
    "m0001_first_schema": FIRST_SCHEMA,
    "m0002_indexes_for_many_rows": _M0002,
    "m0003_what_was_known_before_an_operation": _M0003,
    "m0004_indexes_for_forgetting_assessments": _M0004,
    "m0005_health_update_domains_and_schedules": _M0005,
    "m0006_connections": _M0006,
    "m0007_arc": _M0007,
    "m0008_permissions_and_audit": _M0008,
    "m0009_out_of_sight": _M0009,
    "m0010_tags_and_operations_by_run": _M0010,
    "m0011_identity_arc_agents_and_learned_releases": _M0011,
    "m0012_several_schedules_and_what_could_not_be_read": _M0012,
    "m0013_what_an_assessment_does_not_say": _M0013,
    "m0014_waves_and_reading_only_changes": _M0014,
    "m0015_tags_told_apart_and_waves_found": _M0015,
    "m0016_one_term_for_one_thing": _M0016,
    "m0017_resource_health": _M0017,
    "m0018_daily_states": _M0018,
    "m0019_assessments_of_daily_states": _M0019,
    "m0020_missing_updates": _M0020,
    "m0021_operations_of_one_action": _M0021,
    "m0022_definitions": _M0022,
    "m0023_since_when_a_schedule_is_followed": _M0023,
    "m0024_changes_of_schedules": _M0024,
    "m0025_updates_that_restart_and_that_may": _M0025,
    "m0026_order_of_unhealthy_machines": _M0026,
    "m0027_deployments": _M0027,
    "m0028_kind_of_assignment": _M0028,
    "m0029_names_and_spelling": _M0029,
}
SCHEMA_VERSION = len(_STEPS)
"""A file with more migrations is from a newer version."""


def migrations() -> Migrations:
    """All migrations.

    Imported late: sqlite-utils takes 0.28 s, and a current file doesn't need it.
    """
    from sqlite_utils.migrations import Migrations  # noqa: PLC0415 - only for an older file

    steps = Migrations("hotpatch_gui")
    for name, statements in _STEPS.items():
        steps(name=name)(_step(statements))
    return steps


def first_schema(db: Database) -> None:
    """Create the schema of the first program version in an empty file."""
    _, second, *_ = _STEPS
    migrations().apply(db, stop_before=second)
    db.execute("PRAGMA user_version=1")


def _step(statements: str) -> Callable[[Database], None]:
    def run(db: Database) -> None:
        """One statement after the other: executescript would commit before it begins."""
        for statement in _SEMICOLON.split(statements):
            if statement.strip():
                db.execute(statement)

    return run
