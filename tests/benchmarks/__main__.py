"""Run benchmarks and print their figures: ``python -m tests.benchmarks [NAME ...]``, by default all of them.

The exit code is 1 where a limit is missed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from hotpatch_gui.captures import environment

environment.prepare()
sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' helpers

from hotpatch_gui.captures import stage as stages
from tests.benchmarks import (
    acting,
    day,
    far,
    frozen,
    gaps,
    idle,
    overview,
    peers,
    planner,
    rows,
    startup,
    sync,
    year,
)

BENCHMARKS = {
    "startup": (startup.measure, 25),
    "frozen": (frozen.measure, 15),
    "sync": (sync.measure, 9),
    "gaps": (gaps.measure, 2),
    "idle": (idle.measure, 1),
    "overview": (overview.measure, 7),
    "day": (day.measure, 1),
    "far": (far.measure, 1),
    "acting": (acting.measure, 3),
    "planner": (planner.measure, 5),
    "rows": (rows.measure, 1),
    "peers": (peers.measure, 1),
    "year": (year.measure, 1),
}


stages.TIMEOUT_S = 600.0
"""A slow machine takes its time to fill a fleet of 10,000."""


def main(names: list[str]) -> int:
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        print(f"There is no benchmark {', '.join(sorted(unknown))}: {', '.join(BENCHMARKS)}")
        return 2
    if len(names) == 1:
        return _run(names[0])
    # each in a process of its own, so that none meets what another one left in memory
    command = [sys.executable, "-m", "tests.benchmarks"]
    codes = [
        subprocess.run([*command, name], check=False).returncode for name in names or BENCHMARKS
    ]
    return max(codes)


def _run(name: str) -> int:
    measure, pairs = BENCHMARKS[name]
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), pairs)
    print(figures, flush=True)
    return 0 if figures.is_met else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
