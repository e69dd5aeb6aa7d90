"""Random schedules of faults while fifty operations run: dropped connections, delays, 429, 500, cut responses,
and restarts of the simulated Azure, which goes on from its own file. Nothing is lost, nothing is sent twice,
and every row ends in a true state.
"""

from __future__ import annotations

import contextlib
import random
import socket
import sqlite3
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from hotpatch_gui.application.headless import AbandonedError, Session
from hotpatch_gui.application.targets import simulated_target
from hotpatch_gui.azure import throttle
from hotpatch_gui.azure.throttle import Rate
from hotpatch_gui.captures.stage import application
from hotpatch_gui.domain.clouds import simulated
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.operations import OperationKind, OperationState
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.models.permitted_actions import disabled_reason
from hotpatch_gui.simulator.arm import Response, SimulatorApi
from hotpatch_gui.simulator.build import build_simulator
from hotpatch_gui.simulator.server import Handler, SimulatorServer
from hotpatch_gui.store import machines, operations
from hotpatch_gui.system import resources
from hotpatch_gui.worker.operation_scheduler import SendPolicy
from hotpatch_gui.worker.operations import pauses
from hotpatch_gui.worker.reconcile import NotYet

from . import kills as killing

OPERATIONS, MACHINES = 50, 70
SPEED = 1200
FAULTS = ("dropped before", "dropped after", "late", "cut", "429", "500")
LATE_S = 0.15
RESTARTS = 3
GIVEN_S, LOOK_MINUTES = 180.0, 1 / 60
EVERYTHING = InstallRequest(frozenset(Classification))
QUICK = {
    (pauses, "FIRST_BACK_OFF_S"): 0.1,
    (pauses, "MAX_BACK_OFF_S"): 0.5,
    (pauses, "MAX_UNKNOWN_READS"): 4,
    (pauses, "TURN_S"): 0.1,
    (throttle, "ARM_READS"): Rate(10**6, 10.0**6),
    (throttle, "ARM_WRITES"): Rate(10**6, 10.0**6),
}
"""Pauses that are minutes elsewhere."""


class _Faulty(Handler):
    """Asks its server what to do with each response."""

    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def _serve(self) -> None:
        kind = self.server.next_fault()
        if kind == "dropped before":
            self._hang_up()
            return
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        if kind in ("429", "500"):
            error = {"error": {"code": f"Fault{kind}", "message": "Made by the torture."}}
            self._answer(Response(int(kind), error, {"Retry-After": "0"}))
            return
        url = f"http://{self.headers.get('Host', '')}{self.path}"
        response = self.server.simulator.handle(self.command, url, dict(self.headers), body)
        if kind == "dropped after":
            self._hang_up()
            return
        if kind == "late":
            time.sleep(LATE_S)
        self._answer(response, self.server.rng.random() if kind == "cut" else 1.0)
        if kind == "cut":
            self._hang_up()

    do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815 - http.server's names

    def _answer(self, response: Response, part: float = 1.0) -> None:
        payload = response.payload()
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload[: round(len(payload) * part)])
        self.wfile.flush()

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class _Server(SimulatorServer):
    def __init__(self, simulator: SimulatorApi, rng: random.Random, rate: float, port: int) -> None:
        self.rng, self.rate = rng, rate
        self.made: Counter[str] = Counter()
        self.open: set[socket.socket] = set()
        super().__init__(simulator, port)
        self.RequestHandlerClass = _Faulty

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up, and a cloud that was switched off under a request, are what this is about."""

    def next_fault(self) -> str:
        if self.rng.random() >= self.rate:
            return ""
        kind = self.rng.choice(FAULTS)
        self.made[kind] += 1
        return kind

    def switch_off(self) -> None:
        """As a process that is killed: no connection is left, and no request ends."""
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.stop()
        self.simulator.cloud.close()


class _Azure:
    """The simulated Azure at one address, which may be restarted. ``rate`` is how many responses are spoilt."""

    def __init__(self, state: Path, rng: random.Random) -> None:
        self._state, self._rng, self._seed = state, rng, rng.randrange(10**6)
        self.made: Counter[str] = Counter()
        self.rate = 0.0
        self.server = self._start(0)

    def _start(self, port: int) -> _Server:
        others = resources.read_json("other-updates.json")
        simulator = build_simulator(
            resources.calendar(),
            others,
            state_path=self._state,
            machines=MACHINES,
            seed=self._seed,
            speed=SPEED,
            quota=10**6,
        )
        server = _Server(simulator, self._rng, self.rate, port)
        server.start()
        return server

    def spoil(self, rate: float) -> None:
        self.rate = self.server.rate = rate

    def restart(self) -> None:
        port = self.server.server_port
        self.stop()
        time.sleep(self._rng.uniform(0, 0.4))
        self.server = self._start(port)
        self.made["restart"] += 1

    def stop(self) -> None:
        self.server.switch_off()
        self.made += self.server.made


def schedules(folder: Path, count: int, seed: int) -> str:
    """Play ``count`` schedules, each in an empty folder; raises AssertionError where one ends untruly."""
    made: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    application()  # a window may follow in this process, and a session would make a lesser one
    kept = {slot: getattr(*slot) for slot in QUICK}
    for (module, name), value in QUICK.items():
        setattr(module, name, value)
    try:
        for number in range(count):
            faults, states = _play(folder / str(number), random.Random(f"{seed}-{number}"))
            made += faults
            ended += states
    finally:
        for (module, name), value in kept.items():
            setattr(module, name, value)
    reported = ", ".join(f"{kind} {n}" for kind, n in sorted(made.items()))
    states = ", ".join(f"{state} {n}" for state, n in sorted(ended.items()))
    return f"{count} schedules of faults ({reported}) over {ended.total()} operations: {states}"


def _play(folder: Path, rng: random.Random) -> tuple[Counter[str], Counter[str]]:
    folder.mkdir(parents=True)
    state, data = folder / "azure.sqlite3", folder / "data"
    azure = _Azure(state, rng)
    target = simulated_target(simulated(azure.server.endpoint))
    try:
        with Session(data, target, lambda _: None, sends=SendPolicy.ALL) as session:
            session.wait_for_sync()
            mine = _query(session, rng)
            azure.spoil(rng.uniform(0.05, 0.35))
            calm = threading.Event()
            trouble = threading.Thread(
                target=_make_trouble, args=(azure, rng, calm), name="trouble"
            )
            trouble.start()
            try:
                _wait(session)
            finally:
                calm.set()
                trouble.join()
            ended = Counter(str(operations.read(session.db, i).state) for i in mine)
    finally:
        azure.stop()
    killing.judge(data, state)
    assert ended.total() == OPERATIONS
    return azure.made, ended


def _query(session: Session, rng: random.Random) -> list[int]:
    """Fifty operations on as many machines."""
    db = session.db
    rows = machines.read_rows(db, machines.present(db))
    can_check = [
        r.id for r in rows if not disabled_reason(r, OperationKind.ASSESS) and r.kind == "vm"
    ]
    chosen = rng.sample(can_check, OPERATIONS)
    first, second = sorted(rng.sample(range(5, OPERATIONS - 5), 2))
    request = session.actions
    return [
        *session.queue(lambda: request.assess(chosen[:first])),
        *session.queue(lambda: request.install(chosen[first:second], EVERYTHING)),
        *session.queue(lambda: request.restart(chosen[second:])),
    ]


def _make_trouble(azure: _Azure, rng: random.Random, calm: threading.Event) -> None:
    """Restarts at random moments; then the faults end, so that everything can come to its end."""
    for _ in range(rng.randint(1, RESTARTS)):
        if calm.wait(rng.uniform(0.2, 1.2)):
            return
        azure.restart()
    calm.wait(rng.uniform(0.5, 2.0))
    azure.spoil(0.0)


def _wait(session: Session) -> None:
    """Until each has ended, what followed a restart too, or is unknown for good and says what to do."""
    end = time.monotonic() + GIVEN_S
    while left := [row["id"] for row in _all(session.db) if _goes_on(row)]:
        assert time.monotonic() < end, (
            f"still under way: {[dict(r) for r in _all(session.db) if _goes_on(r)]}"
        )
        with contextlib.suppress(AbandonedError):
            session.wait_for(left, LOOK_MINUTES, ends=True)
        assert session.problem is None, session.problem


def _all(db: sqlite3.Connection) -> list[sqlite3.Row]:
    return db.execute("SELECT id, state, note FROM operations").fetchall()


def _goes_on(row: sqlite3.Row) -> bool:
    state = OperationState(row["state"])
    is_told = state is OperationState.UNKNOWN and row["note"].endswith(
        (NotYet.NO_TRACE.value, NotYet.NOT_REPORTED.value)
    )
    return not state.is_final and not is_told
