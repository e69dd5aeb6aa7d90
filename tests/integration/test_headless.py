"""The engine without a window: what a command waits for, and what it takes back when it is given up."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hotpatch_gui.application.headless import GivenUpError, Session
from hotpatch_gui.application.targets import demo_target
from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.captures.stage import still_wire
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.domain.waves import WaveMode, Waves
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.store import queue
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.worker import commands


def running(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute(
            "SELECT id FROM machines WHERE arc_status IS NULL AND power='running' ORDER BY id"
        )
        return [row[0] for row in rows]


def states(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as db:
        return dict(db.execute("SELECT state, count(*) FROM operations GROUP BY 1").fetchall())


def test_what_is_queued_after_the_interruption_is_taken_back_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that is interrupted amid thousands left those that were not on the disk yet to the next start."""
    path, add = tmp_path / FILE_NAME, queue.add
    monkeypatch.setattr("hotpatch_gui.worker.asking.SLICE", 3)

    def interrupted(*arguments: Any, **keywords: Any) -> list[int]:
        os.kill(os.getpid(), signal.SIGINT)
        return add(*arguments, **keywords)

    wire = still_wire(SteppedClock(EPOCH))
    with Session(tmp_path, demo_target(lambda: wire), lambda _: None) as session:
        session.wait_for_sync()
    some = running(path)
    with Session(
        tmp_path, demo_target(lambda: wire), lambda _: None, only=frozenset(), sends=True
    ) as session:
        session.wait_for_sync()
        monkeypatch.setattr(queue, "add", interrupted)
        with pytest.raises(GivenUpError, match="Interrupted"):
            session.queue(lambda: session.requests.assess(some))
        assert len(session.cancel_queued()) == len(some)
    assert states(path) == {"cancelled": len(some)}
    wire.cloud.close()


@pytest.mark.expects_log
def test_a_sign_in_that_lapsed_ends_nothing_of_another_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, begin, said = tmp_path / FILE_NAME, Gateway.begin, []
    wire = still_wire(SteppedClock(EPOCH))
    with Session(tmp_path, demo_target(lambda: wire), lambda _: None) as session:
        session.wait_for_sync()
    first, *others = running(path)
    with closing(sqlite3.connect(path)) as db:
        columns = (
            "cloud, endpoint, authority, audience, method, tenant, client_id, certificate, may_act"
        )
        db.execute(
            f"INSERT INTO connections (name, {columns}) SELECT 'B', {columns} FROM connections"
        )
        db.execute("UPDATE machines SET connection_id=2 WHERE id=?", (first,))
        db.commit()

    def lapsed(self: Gateway, *arguments: Any) -> Any:
        if self.connection.id == 2:
            problem = Problem(
                ProblemKind.NOT_SIGNED_IN, "The sign-in has expired.", "", reached=False
            )
            raise ProblemError(problem)
        return begin(self, *arguments)

    monkeypatch.setattr(Gateway, "begin", lapsed)
    with Session(tmp_path, demo_target(lambda: wire), said.append, sends=True) as session:
        session.wait_for_sync()
        mine = session.queue(lambda: session.requests.assess([first, *others]))
        session.wait_for(mine, 1.0, ends=False)
    assert states(path) == {"failed": 1, "running": len(others)}
    assert any("The sign-in has expired." in text for text in said)
    wire.cloud.close()


@pytest.mark.expects_log
def test_machines_that_cannot_be_reached_take_no_place_of_a_wave(tmp_path: Path) -> None:
    path, clock = tmp_path / FILE_NAME, SteppedClock(EPOCH)
    wire = still_wire(clock)
    with Session(tmp_path, demo_target(lambda: wire), lambda _: None) as session:
        session.wait_for_sync()
    some = running(path)[:6]
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "INSERT INTO connections (name, cloud, endpoint, authority, audience, method, tenant, client_id,"
            " certificate, may_act) VALUES ('B', 'public', '', '', '', 'certificate', 't', 'c', '/nowhere.pem', 1)"
        )
        db.executemany("UPDATE machines SET connection_id=2 WHERE id=?", [(i,) for i in some[:2]])
        names = [
            db.execute("SELECT azure_id FROM machines WHERE id=?", (i,)).fetchone()[0] for i in some
        ]
        db.commit()
    with Session(tmp_path, demo_target(lambda: wire), lambda _: None, sends=True) as session:
        session.wait_for_sync()
        waves = Waves(WaveMode.SOME, 2, 0)
        asked = commands.Act(OperationKind.ASSESS, tuple((name, None) for name in names), waves)
        mine = session.queue(lambda: session.send(asked))
        for half in (mine[2:4], mine[4:]):
            session.wait_for(half, 1.0, ends=False)
            clock.advance(minutes=10)
            session.wait_for(half, 1.0, ends=True)
    assert states(path) == {"queued": 2, "succeeded": 4}
    wire.cloud.close()
