"""At the far end of a wire: requests and times of the whole engine against a simulated Azure in another process,
behind a delay of 150 ms a request and Azure's own quota."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azure.mgmt.compute import ComputeManagementClient

from hotpatch_gui.application.headless import Session
from hotpatch_gui.application.targets import CloudTarget, simulated_target
from hotpatch_gui.azure.credentials import NoAuthentication, NoCredential
from hotpatch_gui.domain.clouds import simulated
from hotpatch_gui.store import machines
from hotpatch_gui.worker import commands
from hotpatch_gui.worker.events import Event, SyncProgress
from hotpatch_gui.worker.operation_scheduler import SendPolicy

from .children.far_azure import DELAY_S

ROOT = Path(__file__).resolve().parents[2]
ASSESSED, THREADS = 100, 16
UPDATES_EACH = 20
QUOTA_PER_S = 3.0
"""Of Resource Graph: 15 queries in 5 seconds."""
PAGE_ROWS = 1000
WAIT_MINUTES = 10.0


class Far:
    """The other process."""

    def __init__(self, machine_count: int) -> None:
        command = [
            sys.executable,
            "-m",
            "tests.benchmarks.children.far_azure",
            str(machine_count),
            str(UPDATES_EACH),
        ]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.message = self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the simulated Azure has ended")
        return dict(json.loads(line))

    def tell(self, line: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._answer()

    @property
    def target(self) -> CloudTarget:
        return simulated_target(simulated(self.message["endpoint"]))

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def far(machine_count: int) -> Iterator[Far]:
    made = Far(machine_count)
    try:
        yield made
    finally:
        made.stop()


@dataclass
class HistoryCounts:
    """Lines of (what, figure, limit, unit)."""

    lines: list[tuple[str, float, float, str]] = field(default_factory=list)

    def add(self, what: str, figure: float, limit: float, unit: str) -> None:
        self.lines.append((what, figure, limit, unit))
        print(self._line(self.lines[-1]), flush=True)

    @staticmethod
    def _line(line: tuple[str, float, float, str]) -> str:
        what, figure, limit, unit = line
        verdict = "met" if figure <= limit else "MISSED"
        return f"far: {what}: {figure:.4g} {unit}; limit {limit:g}: {verdict}"

    @property
    def is_met(self) -> bool:
        return all(figure <= limit for _, figure, limit, _ in self.lines)

    def __str__(self) -> str:
        return "far: all met" if self.is_met else "far: MISSED"


def measure(folder: Path, _: int) -> HistoryCounts:
    figures = HistoryCounts()
    with far(2_000) as azure:
        _small(folder / "small", azure, figures)
    with far(10_000) as azure:
        _large(folder / "large", azure, figures)
    return figures


def _synced(folder: Path, azure: Far) -> float:
    """Seconds of a start with its sync."""
    begun = time.perf_counter()
    with Session(folder, azure.target, print) as session:
        session.wait_for_sync()
    return time.perf_counter() - begun


def _small(folder: Path, azure: Far, figures: HistoryCounts) -> None:
    _synced(folder, azure)
    azure.tell("counts")
    _synced(folder, azure)
    total = azure.tell("counts")["total"]
    figures.add("sync with nothing changed, 2,000 machines", total, 12, "requests")
    script_s = _script(folder, azure)
    azure.tell("counts")
    ours_s = _assess(folder, azure)
    spent = azure.tell("counts")
    figures.add(
        f"assess on {ASSESSED} machines against a script in 16 threads",
        ours_s / script_s,
        0.7,
        f"times ({ours_s:.1f} s against {script_s:.1f} s)",
    )
    figures.add("requests of it a machine", spent["total"] / ASSESSED, 5, f"({spent['counts']})")
    _click(folder, azure, figures)


def _chosen(session: Session, first: int, count: int) -> list[int]:
    rows = machines.read_rows(session.db, machines.present(session.db))
    can_check = [
        r.id for r in rows if r.kind == "vm" and r.power == "running" and r.agent_ready != 0
    ]
    return can_check[first : first + count]


def _assess(folder: Path, azure: Far) -> float:
    """Seconds from the click to the last end, with the lists read."""
    with Session(folder, azure.target, print, sends=SendPolicy.ALL) as session:
        session.wait_for_sync()
        azure.tell("counts")
        chosen = _chosen(session, ASSESSED, ASSESSED)
        begun = time.perf_counter()
        requested = session.queue(lambda: session.actions.assess(chosen))
        session.wait_for(requested, WAIT_MINUTES, ends=True)
        taken = time.perf_counter() - begun
        (bad,) = session.db.execute(
            "SELECT count(*) FROM operations WHERE state<>'succeeded'"
        ).fetchone()
        assert not bad, f"{bad} did not succeed"
    return taken


def _script(folder: Path, azure: Far) -> float:
    """A script as an admin would write it: the official SDK in 16 threads, each waiting for its machine."""
    with Session(folder, azure.target, print) as session:
        session.wait_for_sync()
        rows = machines.read_rows(session.db, _chosen(session, 0, ASSESSED))
    names = [(row.resource_group, row.name) for row in rows]
    client = ComputeManagementClient(
        NoCredential(),
        azure.message["subscription_id"],
        base_url=azure.message["endpoint"],
        authentication_policy=NoAuthentication(),
        polling_interval=1,
    )

    def assess(name: tuple[str, str]) -> None:
        client.virtual_machines.begin_assess_patches(*name).result()
        client.virtual_machines.get(*name, expand="instanceView")

    begun = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(assess, names))
    return time.perf_counter() - begun


class _CachingCredential(Session):
    """Knows whether a sync has read a page."""

    is_reading = False

    def _show_rows(self, event: Event) -> None:
        self.is_reading |= isinstance(event, SyncProgress)
        super()._show_rows(event)


def _click(folder: Path, azure: Far, figures: HistoryCounts) -> None:
    """A click while a whole sync reads, and another while a second connection hangs: seconds until Azure receives it, above
    the delays of the requests that it needs (the machine's state, then the request itself)."""
    with _CachingCredential(folder, azure.target, print, sends=SendPolicy.ALL) as session:
        session.wait_for_sync()
        chosen = _chosen(session, 3 * ASSESSED, 2)
        session.is_reading = False
        session.actions.sync(full=True)
        session._until(lambda: session.is_reading)
        figures.add(
            "click while a sync reads, until it reaches Azure",
            _clicked(session, azure, chosen[0]),
            0.5,
            "s above the delays",
        )
    with far(10) as hanging:
        hanging.tell("hang /")
        with Session(folder, azure.target, print, sends=SendPolicy.ALL) as session:
            session.wait_for_sync()
            other = hanging.target.seed
            assert other is not None
            session.send(commands.SaveConnection(other()._replace(name="Hanging")))
            time.sleep(1.0)
            figures.add(
                "click while another connection hangs",
                _clicked(session, azure, chosen[1]),
                0.5,
                "s above the delays",
            )


def _clicked(session: Session, azure: Far, machine_id: int) -> float:
    azure.tell("counts")
    begun = time.time()
    session.actions.assess([machine_id])
    while not (acted := azure.tell("acted")["acted_at"]):
        time.sleep(0.01)
        assert time.time() - begun < 60, "it never reached Azure"
    return acted - begun - 2 * DELAY_S


def _large(folder: Path, azure: Far, figures: HistoryCounts) -> None:
    _synced(
        folder / "warm", azure
    )  # the simulated Azure makes its rows once; ours is what is measured
    azure.tell("counts")
    seen: list[float] = []
    begun = time.perf_counter()
    with Session(folder, azure.target, print) as session:
        session._until(lambda: _has_states(session))
        seen.append(time.perf_counter() - begun)
        session.wait_for_sync()
        taken = time.perf_counter() - begun
        rows = sum(
            session.db.execute(f"SELECT count(*) FROM {t}").fetchone()[0]
            for t in ("machines", "assessments", "updates", "installations", "installation_updates")
        )
    spent = azure.tell("counts")["total"]
    pace_s = rows / PAGE_ROWS / QUOTA_PER_S
    figures.add(
        "first sync of 10,000 machines against rows / 1,000 at the quota's pace",
        taken / pace_s,
        1.2,
        f"times ({taken:.0f} s, {spent} requests, {rows:,} rows)",
    )
    figures.add("machine list with states on screen", seen[0], 15, "s")
    _synced(folder, azure)
    figures.add(
        "sync with nothing changed, 10,000 machines", azure.tell("counts")["total"], 30, "requests"
    )
    azure.tell("change 100")
    _synced(folder, azure)
    figures.add(
        "sync with 1 % changed, 10,000 machines", azure.tell("counts")["total"], 40, "requests"
    )


def _has_states(session: Session) -> bool:
    if not session._is_open:
        return False
    found = session.db.execute(
        "SELECT count(*), coalesce(sum(situation<>''), 0) FROM machines"
    ).fetchone()
    return found[0] > 0 and found[0] == found[1]
