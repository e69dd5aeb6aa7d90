"""Torture the program and print how it went."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from hotpatch_gui.demo import environment

environment.prepare()
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.torture.run import torture  # noqa: E402 - after the environment


def main() -> None:
    parser = argparse.ArgumentParser(prog="make torture ARGS=…", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(torture(Path(folder), options.kills, options.seed))


main()
