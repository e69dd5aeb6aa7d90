"""Who is who: a machine that moved keeps its history, one made again doesn't inherit it, equal names differ."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.context import sync as sync_with
from helpers.operations_queue import put
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.situation import Level
from hotpatch_gui.models import display_text
from hotpatch_gui.simulator.arm import SimulatorApi
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.guest import Guest
from hotpatch_gui.store import database, machines
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.store.lists import HISTORY
from hotpatch_gui.store.tables import MACHINES, Where

NAME = "vm-web-01"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    made, _ = database.prepare(tmp_path / FILE_NAME, "https://azure.demo.invalid")
    with closing(made):
        yield made


@pytest.fixture
def sync(
    db: sqlite3.Connection, simulator: SimulatorApi, clock: SteppedClock
) -> Callable[[], None]:
    return lambda: sync_with(db, simulator, CloudClock(clock.now()))


def of(db: sqlite3.Connection, name: str = NAME) -> list[sqlite3.Row]:
    return db.execute("SELECT * FROM machines WHERE name=? ORDER BY id", (name,)).fetchall()


def runs(db: sqlite3.Connection, machine_id: int) -> set[str]:
    rows = db.execute("SELECT run_id FROM installations WHERE machine_id=?", (machine_id,))
    return {row[0] for row in rows}


def fixed(guest: Guest) -> str:
    """Give the guest a vmId of its own that survives a move, as in Azure."""
    guest.identity = f"00000000-0000-4000-8000-{abs(hash(guest.name)) % 10**12:012}"
    return guest.identity


def test_a_machine_that_moves_keeps_its_history(
    db: sqlite3.Connection, simulator: SimulatorApi, sync: Callable[[], None]
) -> None:
    guest = simulator.cloud.guests[NAME]
    fixed(guest)
    sync()
    (before,) = of(db)
    old_runs = runs(db, before["id"])
    assert old_runs
    assessed = before["assessed_at"]
    guest.resource_group = "rg-moved"
    guest.runs, guest.assessment = [], None  # Resource Graph has nothing under the new id yet
    sync()
    (after,) = of(db)
    assert after["resource_group"] == "rg-moved"
    assert after["deleted_at"] is None
    assert runs(db, after["id"]) == old_runs
    machines_of = db.execute("SELECT count(*) FROM assessments WHERE machine_id=?", (after["id"],))
    assert machines_of.fetchone()[0] >= 1
    sync()
    assert of(db)[0]["assessed_at"] == assessed, "what was known is known"


def test_a_recreated_machine_inherits_nothing(
    db: sqlite3.Connection, simulator: SimulatorApi, sync: Callable[[], None]
) -> None:
    guest = simulator.cloud.guests[NAME]
    fixed(guest)
    sync()
    (old,) = of(db)
    with database.transaction(db):
        (run,) = db.execute(
            "SELECT id FROM installations WHERE machine_id=? LIMIT 1", (old["id"],)
        ).fetchone()
        db.execute(
            "INSERT INTO installation_updates (installation_id, patch_id, name, kb, classification, state)"
            " VALUES (?, 'p', 'x', 'KB5070881', 'Security', 'Installed')",
            (run,),
        )
    sync()
    assert "KB5070881" in of(db)[0]["out_of_band_kbs"]
    guest.identity = "11111111-0000-4000-8000-000000000000"
    guest.runs, guest.assessment = [], None
    sync()
    gone, new = of(db)
    assert gone["id"] == old["id"]
    assert gone["deleted_at"] is not None
    assert runs(db, gone["id"]), "the old machine's history stays with it"
    assert (new["deleted_at"], new["out_of_band_kbs"], runs(db, new["id"])) == (None, "", set())
    assert new["situation"] == "Never assessed"
    shown = HISTORY.rows(db, HISTORY.ids(db, Where(), "started", True))
    assert f"{NAME} (no longer listed)" in {row.machine_name for row in shown.values()}


def test_a_request_for_the_old_machine_never_reaches_the_new_one(
    db: sqlite3.Connection,
    simulator: SimulatorApi,
    sync: Callable[[], None],
    tmp_path: Path,
    clock: SteppedClock,
) -> None:
    guest = simulator.cloud.guests[NAME]
    fixed(guest)
    sync()
    (old,) = of(db)
    put(db, OperationKind.RESTART, [(old["id"], None)], clock.now())
    guest.identity = "11111111-0000-4000-8000-000000000000"
    sync()
    state, note = db.execute("SELECT state, note FROM operations").fetchone()
    assert state == "canceled"
    assert "deleted, and another one has its name" in note


def test_two_servers_that_report_the_same_identity_stay_two(
    db: sqlite3.Connection, simulator: SimulatorApi, sync: Callable[[], None]
) -> None:
    """A cloned Arc-enabled server."""
    servers = [g for g in simulator.cloud.guests.values() if g.is_arc][:2]
    for server in servers:
        server.identity = "22222222-0000-4000-8000-000000000000"
    sync()
    sync()
    found = [of(db, s.name) for s in servers]
    assert [len(rows) for rows in found] == [1, 1]
    assert all(rows[0]["deleted_at"] is None for rows in found)
    runs = "SELECT count(*) FROM installations WHERE machine_id=?"
    before = [db.execute(runs, (rows[0]["id"],)).fetchone()[0] for rows in found]
    del simulator.cloud.guests[servers[1].name]
    sync()
    after = [db.execute(runs, (rows[0]["id"],)).fetchone()[0] for rows in found]
    assert after == before, "one that is deleted does not leave its history to the other"


def test_lists_distinguish_equal_names(
    db: sqlite3.Connection, simulator: SimulatorApi, sync: Callable[[], None]
) -> None:
    twin = deepcopy(simulator.cloud.guests[NAME])
    twin.resource_group, twin.identity = "rg-twin", "33333333-0000-4000-8000-000000000000"
    simulator.cloud.guests["twin"] = twin
    sync()
    first, second = of(db)
    shown = MACHINES.rows(db, [first["id"], second["id"]])
    assert {r.name for r in shown.values()} == {
        f"{NAME} (rg-web)",
        f"{NAME} (rg-twin)",
    }
    other = next(r for r in of(db, "vm-web-02"))
    assert MACHINES.rows(db, [other["id"]])[other["id"]].name == "vm-web-02"
    rows = machines.read_rows(db, [first["id"], second["id"]])
    assert len({r.display_name for r in rows}) == 2
    history = HISTORY.rows(db, HISTORY.ids(db, Where(), "started", True)).values()
    assert NAME not in {r.machine_name for r in history}


def test_a_machine_that_was_never_read_is_not_selected(
    db: sqlite3.Connection, simulator: SimulatorApi, sync: Callable[[], None]
) -> None:
    sync()
    machine = machines.read(db, 1)
    assert machine is not None
    with database.transaction(db):
        new = replace(machine, resource_id=f"{machine.resource_id}-new", name="vm-zz", vm_id=None)
        machines.save(db, 1, [new])
    row = next(r for r in machines.read_rows(db, machines.present(db)) if r.name == "vm-zz")
    assert display_text.level_of(row) is Level.UNKNOWN
    assert display_text.situation_text(row) == "Not read yet"
    assert row.level == Level.UNKNOWN


def test_each_recreated_machine_is_a_new_one(
    db: sqlite3.Connection, sync: Callable[[], None]
) -> None:
    """Also where none of the syncs was whole, so that nothing is joined in between."""
    sync()
    (row,) = of(db)
    machine = machines.read(db, row["id"])
    assert machine is not None
    for number in (4, 5, 4, 5, 4):
        with database.transaction(db):
            machines.save(
                db, 1, [replace(machine, vm_id=f"{number}4444444-0000-4000-8000-000000000000")]
            )
    rows = of(db)
    assert len([r for r in rows if r["deleted_at"] is None]) == 1
    assert len(rows) == 6
    assert len({r["resource_id"] for r in rows}) == 6
