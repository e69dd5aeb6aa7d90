"""Helpers for operations that wait: rejected for now, left by a closed window, or made older."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store import connections
from hotpatch_gui.store.database import FILE_NAME

S = OperationState


def machine(stage: Stage, name: str = "vm-dc-01") -> int:
    return int(
        stage.app.source.db.execute("SELECT id FROM machines WHERE name=?", (name,)).fetchone()[0]
    )


def mine(stage: Stage) -> Connection:
    (one,) = connections.read_all(stage.app.source.db)
    return one


def busy(method: str, path: str) -> Response | None:
    """Azure is asked again later."""
    if "restart" not in path:
        return None
    error = {"error": {"code": "TooManyRequests", "message": "Later."}}
    return Response(429, error, {"Retry-After": "60"})


def was_refused(stage: Stage) -> bool:
    """Once, so that it waits in the queue."""
    events = [
        row[0] for row in stage.app.source.db.execute("SELECT event FROM audit_log ORDER BY id")
    ]
    return events == ["sending", "refused"] and stage.operation_states() == [S.QUEUED]


def fail_once(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The first set-up of a connection fails; a number for each try."""
    init, tries = Gateway.__init__, []

    def opened(self: Gateway, *arguments: Any) -> None:
        tries.append(len(tries))
        if len(tries) == 1:
            raise FileNotFoundError("the drive isn't mounted yet")
        init(self, *arguments)

    monkeypatch.setattr(Gateway, "__init__", opened)
    return tries


def notes(stage: Stage) -> list[str]:
    rows = stage.app.source.db.execute("SELECT note FROM operations ORDER BY id")
    return [row[0] or "" for row in rows]


def leave_a_restart(folder: Path, ago: str) -> None:
    """A restart that a closed window has left in the queue."""
    with Stage("light", folder=folder) as stage:
        stage.start()
        stage.simulator.faults.append(busy)
        stage.request.restart([machine(stage)])
        stage.until(lambda: was_refused(stage))
    make_older(folder, ago)


def make_older(folder: Path, ago: str) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME, timeout=5)) as db, db:
        db.execute(
            "UPDATE operations SET created_at="
            "strftime('%Y-%m-%dT%H:%M:%S', created_at, ?) || substr(created_at, 20)",
            (ago,),
        )


def is_over(stage: Stage) -> bool:
    return stage.operation_states() != [S.QUEUED]
