"""Mutated responses of Azure through SDK, parser and store: refused with a sentence or read, never a crash."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable
from contextlib import closing
from pathlib import Path
from typing import Any

from helpers.context import run_with
from hotpatch_gui.captures.stage import stopped_simulator
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.problems import ProblemError
from hotpatch_gui.simulator.arm import Response, SimulatorApi
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.store import database, machine_columns, machines
from hotpatch_gui.worker.context import Context
from hotpatch_gui.worker.sync.fleet import sync_fleet
from hotpatch_gui.worker.sync.machine import read_machine
from hotpatch_gui.worker.urgency import Urgency

from .watch import only_below

GIVEN_S = 5.0
ODD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**63,
    2**70,
    1e308,
    float("inf"),
    "",
    " ",
    "\x00",
    "\ud800",
    "\u202eevil",
    "<b>x</b>",
    "=cmd()|'/c calc'!A0",
    "'; DROP TABLE machines; --",
    "x" * 5000,
    "2026-13-45T99:99:99Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "../../etc/passwd",
    "🧨" * 40,
    [],
    {},
    [[]],
    {"a": {"a": {}}},
    [None],
    ["x", 1, {}],
]


def mutated(value: Any, rng: random.Random, rate: float) -> Any:
    """``value`` with some of its parts replaced, dropped or doubled."""
    if rng.random() < rate:
        return rng.choice(ODD)
    if isinstance(value, dict):
        kept = {k: mutated(v, rng, rate) for k, v in value.items() if rng.random() > rate}
        return kept | (
            {rng.choice(list(kept)): rng.choice(ODD)} if kept and rng.random() < rate else {}
        )
    if isinstance(value, list):
        changed = [mutated(v, rng, rate) for v in value if rng.random() > rate]
        return changed + changed[:1] if rng.random() < rate else changed
    return value


class Mutating(SimulatorApi):
    """The demo's wire, with changed responses."""

    def __init__(self, simulator: SimulatorApi, rng: random.Random) -> None:
        self.simulator, self.rng, self.responses = simulator, rng, 0

    def handle(self, method: str, url: str, headers: Any, body: bytes | None) -> Response:
        response = self.simulator.handle(method, url, headers, body)
        self.responses += 1
        rng = self.rng
        payload = response.payload()
        kind = rng.random()
        if kind < 0.8:
            changed = mutated(json.loads(payload or b"null"), rng, rng.choice((0.002, 0.02, 0.1)))
            payload = json.dumps(changed).encode("utf-8", "replace")
        elif kind < 0.9:
            payload = payload[: rng.randrange(len(payload) + 1)]
        else:
            payload = bytes(rng.randrange(256) for _ in range(rng.randrange(60)))
        # a token that would lead on for ever is wrong but readable, and ends with the real pages
        headers_out = {k: v for k, v in response.headers.items() if k != "Content-Length"}
        if rng.random() < 0.05:
            headers_out["x-ms-user-quota-resets-after"] = rng.choice(("", "a:b:c", "99", "1:2"))
        status = (
            response.status
            if rng.random() > 0.05
            else rng.choice((200, 204, 302, 400, 401, 403, 404, 409, 429, 500))
        )
        return Response(status, None, headers_out, payload)


def fuzz(folder: Path, responses: int, seed: int) -> str:
    """Sync and read machines until ``responses`` mutated responses were given; how often what happened."""
    rng = random.Random(seed)
    simulator = Mutating(stopped_simulator(SteppedClock(EPOCH)), rng)
    path = folder / "fuzz.sqlite3"
    db, _ = database.prepare(path, "fuzz")
    counted = {"read": 0, "refused": 0}

    async def read(context: Context) -> None:
        while simulator.responses < responses:
            await _count(
                sync_fleet(context, lambda _: None, full=bool(rng.getrandbits(1))), counted
            )
            known = machines.present(context.db)
            for i in rng.sample(known, min(4, len(known))):
                await _count(read_machine(context, i, Urgency.ACT), counted)

    with only_below(folder), closing(db):
        run_with(db, simulator, CloudClock(EPOCH), read)
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert not db.execute("PRAGMA foreign_key_check").fetchall()
        for i in machines.present(db):
            row = machines.read_row(db, i)
            assert row is not None
            assert machine_columns.machine_of(row).name
    simulator.simulator.cloud.close()
    return (
        f"{simulator.responses} responses: {counted['read']} readings, {counted['refused']} refused"
    )


async def _count(job: Awaitable[None], counted: dict[str, int]) -> None:
    """Read or refused; a bug is passed on. A wait for a pause from a mutated response is canceled."""
    try:
        await asyncio.wait_for(job, GIVEN_S)
    except ProblemError as error:
        assert error.problem.sentence
        assert error.problem.next_step
        counted["refused"] += 1
    except TimeoutError:
        counted["refused"] += 1
    else:
        counted["read"] += 1
