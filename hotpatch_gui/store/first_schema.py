"""The tables of the first program version, as SQL. They never change; ``migrations`` continues from them."""

from __future__ import annotations

FIRST_SCHEMA = """
CREATE TABLE subscriptions (id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;

CREATE TABLE machines (
    id INTEGER PRIMARY KEY,
    resource_id TEXT NOT NULL UNIQUE,
    azure_id TEXT NOT NULL,
    name TEXT NOT NULL,
    subscription_id TEXT NOT NULL,
    resource_group TEXT NOT NULL,
    location TEXT NOT NULL,
    zone TEXT,
    availability_set TEXT,
    publisher TEXT, offer TEXT, sku TEXT,
    generation TEXT,
    power TEXT NOT NULL,
    os_name TEXT, os_version TEXT,
    time_zone TEXT,
    patch_mode TEXT,
    hotpatch_enabled INTEGER,
    assessment_mode TEXT,
    bypass_safety_checks INTEGER,
    restart_setting TEXT,
    automatic_updates INTEGER,
    provision_agent INTEGER,
    allow_extensions INTEGER,
    agent_ready INTEGER,
    fetched_at TEXT NOT NULL,
    gone_at TEXT,
    in_graph INTEGER NOT NULL DEFAULT 0,
    assessment_id INTEGER REFERENCES assessments(id),
    assessed_at TEXT,
    assessment_error TEXT,
    restart_pending INTEGER NOT NULL DEFAULT 0,
    updates INTEGER NOT NULL DEFAULT 0,
    important INTEGER NOT NULL DEFAULT 0,
    critical INTEGER NOT NULL DEFAULT 0,
    security INTEGER NOT NULL DEFAULT 0,
    updates_that_restart INTEGER NOT NULL DEFAULT 0,
    offered_kbs TEXT NOT NULL DEFAULT '',
    restart_kbs TEXT NOT NULL DEFAULT '',
    out_of_band_kbs TEXT NOT NULL DEFAULT '',
    last_run_failed TEXT,
    last_run_at TEXT,
    hotpatch_status TEXT NOT NULL DEFAULT '',
    situation TEXT NOT NULL DEFAULT '',
    attention INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX machines_by_attention ON machines(attention DESC, name);
CREATE INDEX machines_by_name ON machines(name);

CREATE TABLE assessments (
    id INTEGER PRIMARY KEY,
    machine_id INTEGER NOT NULL REFERENCES machines(id),
    activity_id TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at TEXT,
    assessed_at TEXT NOT NULL,
    started_by TEXT,
    restart_pending INTEGER,
    important INTEGER, other INTEGER,
    critical INTEGER, security INTEGER, update_rollup INTEGER, feature_pack INTEGER,
    service_pack INTEGER, definition INTEGER, tools INTEGER, updates INTEGER, unclassified INTEGER,
    support_state TEXT,
    error TEXT,
    fetched_at TEXT NOT NULL,
    UNIQUE (machine_id, activity_id)
) STRICT;
CREATE INDEX assessments_by_machine ON assessments(machine_id, assessed_at);

CREATE TABLE updates (
    id INTEGER PRIMARY KEY,
    machine_id INTEGER NOT NULL REFERENCES machines(id),
    patch_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kb TEXT,
    classification TEXT NOT NULL,
    severity TEXT,
    restart TEXT NOT NULL,
    published_at TEXT,
    version TEXT,
    fetched_at TEXT NOT NULL,
    pass INTEGER NOT NULL,
    UNIQUE (machine_id, patch_id)
) STRICT;
CREATE INDEX updates_by_kb ON updates(kb);
CREATE INDEX updates_by_published ON updates(published_at);

CREATE TABLE installations (
    id INTEGER PRIMARY KEY,
    machine_id INTEGER NOT NULL REFERENCES machines(id),
    run_id TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at TEXT NOT NULL,
    modified_at TEXT,
    started_by TEXT,
    restart_status TEXT,
    window_exceeded INTEGER,
    installed INTEGER, failed INTEGER, pending INTEGER, excluded INTEGER, not_selected INTEGER,
    maintenance_run_id TEXT,
    fetched_at TEXT NOT NULL,
    UNIQUE (machine_id, run_id)
) STRICT;
CREATE INDEX installations_by_start ON installations(started_at);
CREATE INDEX installations_by_machine ON installations(machine_id, started_at);

CREATE TABLE installation_updates (
    id INTEGER PRIMARY KEY,
    installation_id INTEGER NOT NULL REFERENCES installations(id),
    patch_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kb TEXT,
    classification TEXT NOT NULL,
    state TEXT NOT NULL,
    restart TEXT,
    UNIQUE (installation_id, patch_id)
) STRICT;

CREATE TABLE installation_errors (
    installation_id INTEGER NOT NULL REFERENCES installations(id),
    ordinal INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (installation_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE operations (
    id INTEGER PRIMARY KEY,
    machine_id INTEGER NOT NULL REFERENCES machines(id),
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    request TEXT,
    created_at TEXT NOT NULL,
    sent_at TEXT,
    ended_at TEXT,
    latest_end_at TEXT,
    token TEXT,
    run_id TEXT,
    note TEXT NOT NULL DEFAULT '',
    code TEXT NOT NULL DEFAULT '',
    request_id TEXT NOT NULL DEFAULT '',
    done INTEGER, total INTEGER
) STRICT;
CREATE INDEX operations_by_state ON operations(state);

CREATE TABLE releases (
    id INTEGER PRIMARY KEY,
    product TEXT NOT NULL, month TEXT NOT NULL, released TEXT NOT NULL, kind TEXT NOT NULL,
    channel TEXT NOT NULL, kb TEXT, build TEXT, restarts INTEGER, lcu_kb TEXT, lcu_build TEXT,
    confidence TEXT NOT NULL, source TEXT NOT NULL
) STRICT;
CREATE INDEX releases_by_kb ON releases(kb);

CREATE TABLE world (name TEXT PRIMARY KEY) STRICT;

CREATE TABLE sync_state (
    scope TEXT PRIMARY KEY,
    started_at TEXT,
    finished_at TEXT,
    problem TEXT NOT NULL DEFAULT '',
    next_step TEXT NOT NULL DEFAULT '',
    problem_kind TEXT NOT NULL DEFAULT '',
    unreadable INTEGER NOT NULL DEFAULT 0,
    pass INTEGER NOT NULL DEFAULT 0
) STRICT;
"""
