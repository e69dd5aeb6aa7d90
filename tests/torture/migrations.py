"""SIGKILL in the middle of a migration: the file comes up whole, with every row, and its first copy is kept."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from hotpatch_gui.store import database
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.store.migrations import SCHEMA_VERSION, first_schema, migrations

from .kills import environment

ROWS = 60_000
CHILD = (
    "import sys; from pathlib import Path; from hotpatch_gui.store import database;"
    "from sqlite_utils import Database; print('started', flush=True);"
    "database.prepare(Path(sys.argv[1]), 'test')[0].close(); print('whole', flush=True)"
)
KEPT = ("machines", "installations", "installation_updates", "operations")


def migrate_often(folder: Path, kills: int, seed: int) -> str:
    """Kill ``kills`` migrations of a file of the first schema; each time another one must end it."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    old = folder / "old.sqlite3"
    _make_old(old)
    path = folder / "data" / FILE_NAME
    longest = _time_whole(old, path)
    cut = 0
    for _ in range(kills):
        _begin_anew(old, path)
        with _migration(path) as victim:
            assert victim.stdout is not None
            assert victim.stdout.readline() == "started\n"
            time.sleep(rng.uniform(0, longest))
            victim.send_signal(signal.SIGKILL)
            cut += victim.stdout.readline() == ""
        _check(path, old)
    assert cut, "no migration was cut off"
    return f"{kills} kills of a migration, {cut} of them in its middle: nothing was lost"


def _make_old(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        first_schema(Database(db))
        db.execute("INSERT INTO world VALUES ('test')")
        db.execute(
            "INSERT INTO machines (resource_id, azure_id, name, subscription_id, resource_group, location,"
            " power, fetched_at) VALUES ('m', 'm', 'm', 's', 'g', 'l', 'running', '')"
        )
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{ROWS})"
        db.execute(
            f"{numbers} INSERT INTO installations (machine_id, run_id, status, started_at, fetched_at)"
            " SELECT 1, i, 'Succeeded', '2026-01-01T00:00:00Z', '' FROM n"
        )
        db.execute(
            f"{numbers} INSERT INTO installation_updates (installation_id, patch_id, name, kb, classification,"
            " state) SELECT i, i, 'u', i, 'Security', 'Installed' FROM n"
        )
        db.execute(
            f"{numbers} INSERT INTO operations (machine_id, kind, state, created_at, sent_at)"
            " SELECT 1, 'install', 'succeeded', '', '2026-01-01T00:00:00Z' FROM n"
        )
        db.commit()


def _begin_anew(old: Path, path: Path) -> None:
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir()
    shutil.copy(old, path)


def _migration(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment()},
    )


def _time_whole(old: Path, path: Path) -> float:
    """Seconds that a migration takes that nobody disturbs."""
    _begin_anew(old, path)
    with _migration(path) as full:
        assert full.stdout is not None
        assert full.stdout.readline() == "started\n"
        begun = time.monotonic()
        assert full.stdout.readline() == "whole\n"
        return time.monotonic() - begun


def _check(path: Path, old: Path) -> None:
    database.prepare(path, "test")[0].close()
    copy = path.with_name(f"{path.stem}.before-{SCHEMA_VERSION}-1{path.suffix}")
    for file, version in ((path, SCHEMA_VERSION), (copy, 1)):
        with closing(sqlite3.connect(file)) as db, closing(sqlite3.connect(old)) as first:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert db.execute("PRAGMA user_version").fetchone() == (version,), file.name
            for table in KEPT:
                count = f"SELECT count(*) FROM {table}"
                assert db.execute(count).fetchone() == first.execute(count).fetchone(), table
            assert len(migrations().applied(Database(db))) == version, file.name
