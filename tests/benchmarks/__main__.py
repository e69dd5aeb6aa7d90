"""Run every benchmark and print its figures; the exit code is 1 where a limit is missed."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from hotpatch_gui.demo import environment

environment.prepare()

from tests.benchmarks import startup  # noqa: E402 - after the environment

PAIRS = 25


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        figures = [startup.measure(Path(folder), PAIRS)]
    for figure in figures:
        print(figure)
    return 0 if all(f.is_met for f in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
