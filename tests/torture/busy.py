"""A program that sends one request after another, to be killed at any moment.

Arguments: endpoint, _, folder, seed and run number. Prints a line for each request. Every fifth run begins with
a burst of operations on BURST machines, once so many are known.
"""

from __future__ import annotations

import random
import sys
from functools import partial
from pathlib import Path

from hotpatch_gui.captures import environment
from tests.torture import changes
from tests.torture.kills import BURST_EVERY

BURST = 100


def main() -> None:
    environment.prepare()
    from hotpatch_gui.application.targets import simulated_target
    from hotpatch_gui.captures.stage import Stage
    from hotpatch_gui.domain.clouds import simulated
    from hotpatch_gui.domain.installs import InstallRequest
    from hotpatch_gui.domain.settings import Orchestration, SettingsChange
    from hotpatch_gui.domain.updates import Classification

    endpoint, _, folder, seed, number = sys.argv[1:]
    rng = random.Random(f"{seed}-{number}")
    bursts = int(number) % BURST_EVERY == 1
    target = simulated_target(simulated(endpoint))
    stage = Stage("light", folder=Path(folder), target=target)
    stage.app.start()
    print("started", flush=True)
    stage.until(lambda: stage.app.source.db is not None)
    desk, db = stage.app.actions, stage.app.source.db
    assert db is not None
    everything = InstallRequest(frozenset(Classification))
    asks = {
        "sync": lambda i: desk.sync(),
        "assess": lambda i: desk.assess([i]),
        "install": lambda i: desk.install([i], everything),
        "restart": lambda i: desk.restart([i]),
        "settings": lambda i: desk.change_settings(
            [i],
            SettingsChange(
                rng.choice(list(Orchestration)),
                hotpatch=False,
                periodic_assessment=rng.random() < 0.5,
            ),
        ),
        "schedule": lambda i: changes.ask(desk, rng, db, i),
    }
    while True:
        ids = [
            row[0]
            for row in db.execute("SELECT id FROM machines WHERE deleted_at IS NULL ORDER BY id")
        ]
        if bursts and len(ids) >= BURST:
            bursts = False
            chosen = rng.sample(ids, BURST)
            request = (
                desk.assess if rng.random() < 0.5 else partial(desk.install, request=everything)
            )
            request(chosen)
            print("burst", flush=True)
        elif ids:
            name = rng.choices(list(asks), (2, 3, 4, 1, 1, 4))[0]
            asks[name](rng.choice(ids))
            print(name, flush=True)
        stage._spin(rng.randint(5, 120))


main()
