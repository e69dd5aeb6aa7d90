"""A sync of a whole fleet into the file, beside parsing the same JSON and inserting the same rows."""

from __future__ import annotations

import gc
import itertools
import json
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.context import sync
from hotpatch_gui.azure.results import COUNT_KEYS
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.store import database
from hotpatch_gui.system.runtime_tuning import tune_garbage_collection

from .fleet import UPDATES_EACH, Recorded, record
from .measure import Ratio, in_turns

LIMIT = 1.25
MACHINES = 10_000


def measure(folder: Path, pairs: int) -> Ratio:
    fleet = record(MACHINES)
    names = itertools.count()
    _ours(fleet, folder / "recorded.sqlite3")
    return in_turns(
        f"sync of {MACHINES:,} machines",
        lambda: _ours(fleet, folder / f"ours-{next(names)}.sqlite3"),
        lambda: _floor(fleet, folder / f"floor-{next(names)}.sqlite3"),
        limit=LIMIT,
        pairs=pairs,
    )


def _ours(fleet: Recorded, path: Path) -> float:
    db, _ = database.prepare(path, "benchmark")
    plain = gc.get_threshold()
    tune_garbage_collection()  # as the program's worker does
    begun = time.perf_counter()
    sync(db, fleet, CloudClock(None))
    taken = time.perf_counter() - begun
    gc.set_threshold(*plain)
    _check(db)
    db.close()
    path.unlink()
    return taken


def _floor(fleet: Recorded, path: Path) -> float:
    """Into the same schema, by one plain statement a table and one transaction a page."""
    db, _ = database.prepare(path, "benchmark")
    db.execute("PRAGMA foreign_keys=OFF")
    ids: dict[str, int] = {}
    begun = time.perf_counter()
    for page in fleet.pages:
        rows = json.loads(page)["data"]
        with database.transaction(db):
            for sql, values in _values(rows, ids):
                db.executemany(sql, values)
    taken = time.perf_counter() - begun
    _check(db)
    db.close()
    path.unlink()
    return taken


def _check(db: sqlite3.Connection) -> None:
    for table, count in (
        ("machines", MACHINES),
        ("assessments", MACHINES),
        ("updates", MACHINES * UPDATES_EACH),
    ):
        (found,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert found == count, f"{found} {table}, not {count}"


def _values(
    rows: list[Mapping[str, Any]], ids: dict[str, int]
) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """(statement, values) for one page's rows: every column that the program stores of them."""
    found: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _COLUMNS}
    for row in rows:
        p, key = row.get("properties", row), row["id"]
        owner = ids.get("/".join(key.lower().split("/")[:9]), 0)
        kind = row.get("type", "").lower()
        get = p.get
        if kind.endswith("patchassessmentresults"):
            counts = p["availablePatchCountByClassification"]
            found["assessments"].append(
                (
                    owner,
                    key,
                    p["status"],
                    get("startDateTime"),
                    p["lastModifiedDateTime"],
                    get("startedBy"),
                    get("rebootPending"),
                    *(counts.get(c) for c in COUNT_KEYS),
                    get("supportState"),
                    "now",
                )
            )
        elif kind.endswith("patchassessmentresults/softwarepatches"):
            found["updates"].append(
                (
                    owner,
                    p["patchId"],
                    p["patchName"],
                    get("kbId"),
                    p["classifications"][0],
                    get("msrcSeverity"),
                    p["rebootBehavior"],
                    get("publishedDateTime"),
                    get("version"),
                    "now",
                    1,
                )
            )
        elif kind.endswith("patchinstallationresults"):
            found["installations"].append(
                (
                    owner,
                    key,
                    p["status"],
                    p["startDateTime"],
                    get("lastModifiedDateTime"),
                    get("startedBy"),
                    get("rebootStatus"),
                    get("maintenanceWindowExceeded"),
                    get("installedPatchCount"),
                    get("failedPatchCount"),
                    get("pendingPatchCount"),
                    get("excludedPatchCount"),
                    get("notSelectedPatchCount"),
                    get("maintenanceRunId"),
                    "now",
                )
            )
        elif kind.endswith("patchinstallationresults/softwarepatches"):
            found["installation_updates"].append(
                (
                    0,
                    key,
                    p["patchName"],
                    get("kbId"),
                    p["classifications"][0],
                    p["installationState"],
                    get("rebootBehavior"),
                )
            )
        elif "resourceGroup" in row:
            ids[key.lower()] = len(ids) + 1
            image, windows = row.get("image") or {}, row.get("windows") or {}
            patch = row.get("patchSettings") or windows.get("patchSettings") or {}
            product = (row.get("licenseProfile") or {}).get("productProfile") or {}
            feature = (product.get("productFeatures") or [{}])[0]
            found["machines"].append(
                (
                    ids[key.lower()],
                    1,
                    key.lower(),
                    key,
                    row["name"],
                    row["subscriptionId"],
                    row["resourceGroup"],
                    row["location"],
                    *(row.get("zones") or [None])[:1],
                    row.get("availabilitySet"),
                    ", ".join(f"{k}:{v}" for k, v in sorted((row.get("tags") or {}).items())),
                    image.get("publisher"),
                    image.get("offer"),
                    image.get("sku"),
                    row.get("generation"),
                    row.get("power") or row.get("status"),
                    row["osName"],
                    row["osVersion"],
                    windows.get("timeZone"),
                    patch.get("patchMode"),
                    patch.get("enableHotpatching"),
                    patch.get("assessmentMode"),
                    windows.get("enableAutomaticUpdates"),
                    windows.get("provisionVMAgent"),
                    row.get("allowExtensions"),
                    "vm" if image else "arc",
                    row.get("osEdition"),
                    feature.get("subscriptionStatus"),
                    (patch.get("status") or {}).get("hotpatchEnablementStatus"),
                    "now",
                )
            )
    return [(_INSERTS[table], values) for table, values in found.items() if values]


_COLUMNS = {
    "machines": "id, connection_id, resource_id, azure_id, name, subscription_id, resource_group, location, zone,"
    " availability_set, tags, publisher, offer, sku, generation, power, os_name, os_version, time_zone, patch_mode,"
    " hotpatch_enabled, assessment_mode, automatic_updates, provision_agent, allow_extensions, kind,"
    " edition, license, enablement, fetched_at",
    "assessments": "machine_id, activity_id, status, started_at, assessed_at, started_by, restart_pending,"
    " critical, security, update_rollup, feature_pack, service_pack, definition, tools, updates,"
    " unclassified, support_state, fetched_at",
    "updates": "machine_id, patch_id, name, kb, classification, severity, restart, published_at, version,"
    " fetched_at, pass_number",
    "installations": "machine_id, run_id, status, started_at, modified_at, started_by, restart_status,"
    " window_exceeded, installed, failed, pending, excluded, not_selected, maintenance_run_id, fetched_at",
    "installation_updates": "installation_id, patch_id, name, kb, classification, state, restart",
}
_INSERTS = {
    table: f"INSERT INTO {table} ({columns}) VALUES ({','.join('?' * (columns.count(',') + 1))})"
    for table, columns in _COLUMNS.items()
}
