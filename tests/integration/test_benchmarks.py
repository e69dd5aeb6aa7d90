"""The benchmarks' own SQL fits the current schema: each floor fills the same tables as the program."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from benchmarks import many, overview, sync

from hotpatch_gui.domain.situation import Situation
from hotpatch_gui.store import database


def test_the_floor_of_a_sync_inserts_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "MACHINES", 8)
    ((ours, floor),) = sync.measure(tmp_path, 1).pairs  # counts the rows of both
    assert 0 < floor < ours


def test_a_generated_fleet_has_only_situations_of_the_program(tmp_path: Path) -> None:
    with closing(database.open_reader(many.make_machines(tmp_path, 8))) as db:
        stored = {row[0] for row in db.execute("SELECT DISTINCT situation FROM machines")}
    assert len(stored) == 4
    assert stored <= set(Situation)


def test_the_history_of_overview_fits_the_schema(tmp_path: Path) -> None:
    path = many.make_fleet(tmp_path, 800)
    overview.add_history(path)
    with closing(database.open_reader(path)) as db:
        assert (
            db.execute("SELECT count(*) FROM machine_states").fetchone()[0] == 8 * overview.STATES
        )
        assert db.execute("SELECT count(DISTINCT day) FROM daily_counts").fetchone()[0] == 90
