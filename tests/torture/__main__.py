"""Torture the program and print how it went."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from hotpatch_gui.captures import environment

environment.prepare()
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.torture.disk import disk_faults
from tests.torture.faults import storm
from tests.torture.file_fuzz import fuzz_file
from tests.torture.fuzz import fuzz
from tests.torture.migrations import migrate_often
from tests.torture.rollouts import roll_out_often
from tests.torture.run import torture
from tests.torture.schedules import schedules


def main() -> None:
    parser = argparse.ArgumentParser(prog="make torture ARGS=…", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--migrations", type=int, default=100, help="kills of a migration")
    parser.add_argument("--no-disk", dest="disk", action="store_false", help="leave out the disk")
    parser.add_argument("--responses", type=int, default=10_000, help="mutated responses of Azure")
    parser.add_argument("--files", type=int, default=10_000, help="mutated contents of the file")
    parser.add_argument("--faults", type=int, default=1000, help="faults on the socket")
    parser.add_argument(
        "--schedules", type=int, default=200, help="of faults, each over 50 operations"
    )
    parser.add_argument("--rollouts", type=int, default=2000, help="fleets that are rolled out to")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.responses:
            print(fuzz(Path(folder), options.responses, options.seed), flush=True)
        if options.files:
            print(fuzz_file(Path(folder) / "files", options.files, options.seed), flush=True)
        if options.faults:
            print(storm(Path(folder) / "faults", options.faults, options.seed), flush=True)
        if options.schedules:
            reported = schedules(Path(folder) / "schedules", options.schedules, options.seed)
            print(reported, flush=True)
        if options.rollouts:
            print(roll_out_often(options.rollouts, options.seed), flush=True)
        if options.disk:
            print(disk_faults(Path(folder) / "disk"), flush=True)
        if options.migrations:
            print(migrate_often(Path(folder) / "old", options.migrations, options.seed), flush=True)
        if options.kills:
            print(f"{options.kills} kills; {torture(Path(folder), options.kills, options.seed)}")


main()
