"""A socket that cannot be trusted: each response may be dropped, late, cut, doubled, refused, or of another day.

The program works on it as ``busy.py`` does; once the faults are over, everything must end in its true state,
compared with the file of the simulated Azure. On the way it may show troubles, each with a next
step, and none of them a bug of its own.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections import Counter
from datetime import timedelta
from email.utils import format_datetime
from http.server import ThreadingHTTPServer
from pathlib import Path

from hotpatch_gui.application.targets import simulated_target
from hotpatch_gui.captures import stage as stages
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.clouds import simulated
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.problems import Problem, ProblemKind
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.simulator.arm import Response, SimulatorApi
from hotpatch_gui.simulator.build import build_simulator
from hotpatch_gui.simulator.server import Handler
from hotpatch_gui.system import resources
from hotpatch_gui.worker import engine, periodic
from hotpatch_gui.worker.operations import pauses

from . import kills as killing
from .run import SPEED, TIMEOUT_S, all_ended

FAULT_RATE = 0.15
MAX_DELAY_S = 0.4
STORM = (3, 12)
EVERYTHING = InstallRequest(frozenset(Classification))
KINDS = (
    "dropped before",
    "dropped after",
    "late",
    "cut",
    "doubled",
    "another type",
    "another day",
    "401",
    "429",
    "500",
)


class _Socket(Handler):
    """Asks its server what to do with each response."""

    server: _Server

    def _faulty(self) -> None:
        kind = self.server.next_fault()
        if kind == "dropped before":
            self._hang_up()
            return
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        if kind in ("401", "429", "500"):
            headers = {"Retry-After": "0" if kind == "429" else "1"}
            error = {"error": {"code": f"Fault{kind}", "message": "Made by the torture."}}
            self._send(Response(int(kind), error, headers))
            return
        url = f"http://{self.headers.get('Host', '')}{self.path}"
        response = self.server.simulator.handle(self.command, url, dict(self.headers), body)
        if kind == "dropped after":
            self._hang_up()
        elif kind == "late":
            time.sleep(self.server.rng.uniform(0, MAX_DELAY_S))
            self._send(response)
        elif kind == "cut":
            self._send(response, part=self.server.rng.random())
            self._hang_up()
        elif kind == "doubled":
            self._send(response)
            self._send(response)
        elif kind == "another type":
            page = b"<html><b>Sign in to the hotel network</b></html>"
            self._send(Response(200, None, response.headers | {"Content-Type": "text/html"}, page))
        elif kind == "another day":
            day = timedelta(days=self.server.rng.choice((-1, 1)))
            moved = format_datetime(self.server.simulator.cloud.clock.now() + day, usegmt=True)
            self._send(Response(response.status, response.body, response.headers | {"Date": moved}))
        else:
            self._send(response)

    do_GET = do_POST = do_PATCH = _faulty  # noqa: N815 - http.server's names

    def _send(self, response: Response, part: float = 1.0) -> None:
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
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other side was faster


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, simulator: SimulatorApi, rng: random.Random) -> None:
        self.simulator, self.rng = simulator, rng
        self.made: Counter[str] = Counter()
        self.is_faulty = True
        self._storm: tuple[str, int] = ("", 0)
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Socket)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is what this is about."""

    def next_fault(self) -> str:
        """The fault of the next response; empty for none. 429s come in bursts."""
        with self._lock:
            kind, left = self._storm
            if self.is_faulty and left:
                self._storm = (kind, left - 1)
            elif self.is_faulty and self.rng.random() < FAULT_RATE:
                kind = self.rng.choice(KINDS)
                self._storm = (kind, self.rng.randint(*STORM)) if kind == "429" else ("", 0)
            else:
                return ""
            self.made[kind] += 1
            return kind


def storm(folder: Path, faults: int, seed: int) -> str:
    """Work until ``faults`` faults were made, then let everything end, and judge."""
    rng = random.Random(seed)
    others = resources.read_json("other-updates.json")
    state = folder / "azure.sqlite3"
    folder.mkdir(parents=True, exist_ok=True)
    simulator = build_simulator(
        resources.calendar(), others, state_path=state, seed=seed, speed=SPEED, quota=10**6
    )
    server = _Server(simulator, rng)
    serving = threading.Thread(target=server.serve_forever, args=(0.05,), name="faulty")
    serving.start()
    troubles: list[Problem] = []
    endpoint = f"http://127.0.0.1:{server.server_port}"
    kept = stages.TIMEOUT_S, pauses.MAX_UNKNOWN_READS, engine.RESTART_S, periodic.RETRY_S
    stages.TIMEOUT_S, pauses.MAX_UNKNOWN_READS = TIMEOUT_S, 3
    engine.RESTART_S = periodic.RETRY_S = 1.0
    try:
        target = simulated_target(simulated(endpoint))
        with Stage("light", folder=folder / "data", target=target) as stage:
            stage.app.events.failed.connect(lambda failed: troubles.append(failed.problem))
            stage.app.start()
            stage.until(stage.window.machines.model.rowCount)
            while server.made.total() < faults:
                _ask_something(stage, rng)
                stage._spin(rng.randint(5, 80))
                _check_notice(stage)
            server.is_faulty = False
            stage.app.actions.sync()
            stage.until(lambda: all_ended(stage))
    finally:
        stages.TIMEOUT_S, pauses.MAX_UNKNOWN_READS, engine.RESTART_S, periodic.RETRY_S = kept
        server.shutdown()
        serving.join()
        server.server_close()
        simulator.cloud.close()
    bugs = [t for t in troubles if t.kind is ProblemKind.BUG]
    assert not bugs, f"{len(bugs)} bugs of our own"
    assert all(t.sentence and t.next_step for t in troubles)
    outcome = killing.judge(folder / "data", state)
    made = ", ".join(f"{kind} {count}" for kind, count in sorted(server.made.items()))
    return f"{server.made.total()} faults on the socket ({made}); {outcome}"


def _ask_something(stage: Stage, rng: random.Random) -> None:
    db, desk = stage.app.source.db, stage.app.actions
    assert db is not None
    ids = [r[0] for r in db.execute("SELECT id FROM machines WHERE deleted_at IS NULL ORDER BY id")]
    machine = rng.choice(ids)
    match rng.choices(("sync", "read", "assess", "install", "restart"), (2, 2, 3, 4, 1))[0]:
        case "sync":
            desk.sync()
        case "read":
            desk.read_machine(machine)
        case "assess":
            desk.assess([machine])
        case "install":
            desk.install([machine], EVERYTHING)
        case "restart":
            desk.restart([machine])


def _check_notice(stage: Stage) -> None:
    notice = stage.window.notice
    if notice.isVisible():
        assert notice.headline.text()
        assert notice.detail.text(), f"no next step: {notice.headline.text()}"
