"""A simulated Azure at the far end of a wire: ``python -m tests.benchmarks.children.far_azure MACHINES UPDATES``.

Each request takes DELAY_S more, side by side with others. The first line on standard output is its address; then it
responses lines on standard input with one line of JSON:

``counts``: how many requests it had of each method and kind since the last time, and the seconds of the first change
that were requested; ``change N``: the first N machines are assessed again; ``hang PART``: requests whose path
contains PART are not answered any more.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from datetime import timedelta

from hotpatch_gui.simulator.build import build_simulator
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.simulator.guest import SUBSCRIPTION
from hotpatch_gui.simulator.server import Handler, SimulatorServer
from hotpatch_gui.system import resources

DELAY_S = 0.15
SPEED = 60.0


class _FarHandler(Handler):
    server: _Far

    def _serve(self) -> None:
        time.sleep(DELAY_S)
        if self.server.hung and self.server.hung in self.path.casefold():
            self.server.released.wait()
        with self.server.lock:
            kind = "query" if "ResourceGraph" in self.path else self.command
            self.server.counts[kind] += 1
            if self.command == "POST" and kind != "query" and not self.server.acted_at:
                self.server.acted_at = time.time()
        super()._serve()

    do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815 - http.server's names


class _Far(SimulatorServer):
    def __init__(self, machines: int, updates: int) -> None:
        simulator = build_simulator(
            resources.calendar(),
            resources.read_json("other-updates.json"),
            machines=machines,
            speed=SPEED,
        )
        super().__init__(simulator)
        self.RequestHandlerClass = _FarHandler
        self.lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.acted_at = 0.0
        self.hung, self.released = "", threading.Event()
        self._fill(updates)

    def _fill(self, updates: int) -> None:
        """Every machine assessed some hours ago, with so many updates, and one run on record."""
        guests = list(self.simulator.cloud.guests.values())
        shown = next(g.assessment for g in guests if g.assessment and g.assessment["patches"])
        first = shown["patches"][0]
        offered = [
            first | {"patch_id": f"{first['patch_id']}-{n}", "name": f"{first['name']} {n}"}
            for n in range(updates)
        ]
        for number, guest in enumerate(guests):
            ended = (EPOCH - timedelta(hours=5, seconds=number % 3600)).isoformat()
            found = guest.assessment or shown
            guest.assessment = found | {
                "patches": offered,
                "started": ended,
                "modified": ended,
                "status": "Succeeded",
            }
            guest.runs = guest.runs[-1:]

    def change(self, machines: int) -> None:
        now = self.simulator.cloud.clock.now().isoformat()
        with self.simulator.cloud.lock:
            for number, guest in enumerate(list(self.simulator.cloud.guests.values())[:machines]):
                assert guest.assessment is not None
                guest.assessment = guest.assessment | {
                    "id": f"00000000-0000-4000-9000-{number:012}",
                    "started": now,
                    "modified": now,
                }

    def reported(self, line: str) -> object:
        word, _, rest = line.partition(" ")
        if word == "change":
            self.change(int(rest))
        if word == "hang":
            self.hung = rest.casefold()
        with self.lock:
            counts, self.counts = self.counts, Counter()
            acted, self.acted_at = self.acted_at, 0.0
        return {"counts": counts, "total": counts.total(), "acted_at": acted}


def main(machines: int, updates: int) -> None:
    far = _Far(machines, updates)
    far.start()
    print(json.dumps({"endpoint": far.endpoint, "subscription_id": SUBSCRIPTION}), flush=True)
    for line in sys.stdin:
        print(json.dumps(far.reported(line.strip())), flush=True)
    far.released.set()
    far.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
