"""Disk faults: each ends in a true state and a sentence that says what to do.

A full and a read-only disk are small file systems in memory, in a namespace of the child's own (``unshare``),
so nothing outside is touched and no rights are needed.
"""

from __future__ import annotations

import errno
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from hotpatch_gui.application.folder_lock import lock
from hotpatch_gui.application.targets import demo_target
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.simulator.build import build_simulator
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.system import resources
from hotpatch_gui.system.logs import start_log
from hotpatch_gui.worker import engine, file

from . import kills as killing
from .run import SPEED, all_ended

DISK_BYTES = 4 << 20
EVERYTHING = InstallRequest(frozenset(Classification))
SHELL = 'mount -t tmpfs -o size=$1 none "$2" && shift 2 && exec "$@"'


def disk_faults(folder: Path) -> str:
    """Every fault, each in a process of its own; those that need a small disk only where one may be mounted."""
    empty = folder / "empty"
    empty.mkdir(parents=True)
    may_mount = _run_on_small_disk(empty, ["true"]).returncode == 0
    done = [name for name in FAULTS if may_mount or name not in ON_SMALL_DISK]
    for name in done:
        slot = folder / name.replace(" ", "-")
        data = slot / "data"
        data.mkdir(parents=True)
        command = [sys.executable, "-m", "tests.torture.disk", str(slot), name]
        run = _run_on_small_disk(data, command) if name in ON_SMALL_DISK else _run(command)
        assert run.returncode == 0, f"{name}: {run.stdout}{run.stderr}"
    left_out = "" if may_mount else f" (left out, as nothing may be mounted here: {ON_SMALL_DISK})"
    return (
        f"faults of the disk, each with a sentence and in a true state{left_out}: {', '.join(done)}"
    )


def _run_on_small_disk(folder: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    space = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", SHELL, "sh"]
    return _run([*space, str(DISK_BYTES), str(folder), *command])


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=killing.environment(), capture_output=True, text=True, timeout=300, check=False
    )


class _Disk:
    """A stage on ``slot/data`` beside a simulated Azure that keeps its own file elsewhere."""

    def __init__(self, slot: Path) -> None:
        self.data, self.state = slot / "data", slot / "azure.sqlite3"
        self.path = self.data / FILE_NAME
        self.simulator = build_simulator(
            resources.calendar(),
            resources.read_json("other-updates.json"),
            speed=SPEED,
            state_path=self.state,
            quota=10**6,
        )

    def stage(self) -> Stage:
        return Stage("light", folder=self.data, target=demo_target(lambda: self.simulator))

    def first_run(self) -> int:
        """Machines that a whole first run left in the file."""
        with self.stage() as stage:
            stage.start()
            return stage.window.machines.model.rowCount()

    def work(self, stage: Stage) -> None:
        """Ask for something of every kind."""
        desk, db = stage.request, stage.app.source.db
        assert db is not None
        ids = [
            r[0] for r in db.execute("SELECT id FROM machines WHERE power='running' ORDER BY id")
        ]
        desk.sync()
        desk.assess(ids[:2])
        desk.install(ids[2:4], EVERYTHING)

    def says(self, stage: Stage, words: str) -> None:
        stage.until(lambda: words in stage.window.notice.headline.text())
        assert stage.window.notice.isVisible()
        assert stage.window.notice.detail.text(), "no next step"

    def check(self) -> None:
        self.simulator.cloud.close()
        with closing(sqlite3.connect(self.path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        killing.judge(self.data, self.state)


def full(disk: _Disk) -> None:
    disk.first_run()
    filler = disk.data / "filler"
    with disk.stage() as stage:
        stage.start()
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError as error:
                assert error.errno == errno.ENOSPC
        disk.work(stage)
        disk.says(stage, "is full")
        filler.unlink()
        disk.work(stage)
        stage.until(lambda: all_ended(stage))
    disk.check()


def read_only(disk: _Disk) -> None:
    machines = disk.first_run()
    subprocess.run(["mount", "-o", "remount,ro", str(disk.data)], check=True)
    start_log(disk.data)
    assert lock(disk.data) is not None, "it reports that another program uses it"
    with disk.stage() as stage:
        stage.app.start()
        disk.says(stage, "can't be written to")
        assert stage.window.machines.model.rowCount() == machines, "what is stored is not shown"


def another_schema(disk: _Disk) -> None:
    with closing(sqlite3.connect(disk.path)) as db:
        db.execute("CREATE TABLE machines (something TEXT, else_ TEXT)")
        db.execute("INSERT INTO machines VALUES ('of', 'theirs')")
        db.commit()
    before = disk.path.read_bytes()
    with disk.stage() as stage:
        stage.app.start()
        disk.says(stage, "isn't a file of Hotpatch Dashboard")
    assert disk.path.read_bytes() == before, "it was touched"


def truncated(disk: _Disk) -> None:
    machines = disk.first_run()
    with closing(sqlite3.connect(disk.path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    part = disk.path.read_bytes()[: disk.path.stat().st_size // 2 + 1000]
    disk.path.write_bytes(part)
    with disk.stage() as stage:
        stage.start()
        disk.says(stage, "was damaged")
        assert stage.window.machines.model.rowCount() == machines, "no new file was begun"
    aside = disk.data / "hotpatch.damaged-1.sqlite3"
    assert aside.read_bytes() == part, "the damaged file is not what it was"


def locked(disk: _Disk) -> None:
    disk.first_run()
    file.LOCK_WAIT_S = 0.2
    with disk.stage() as stage:
        stage.start()
        with closing(sqlite3.connect(disk.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            disk.work(stage)
            disk.says(stage, "locked")
            other.execute("ROLLBACK")
        disk.work(stage)
        stage.until(lambda: all_ended(stage))
    disk.check()


def gone(disk: _Disk) -> None:
    """The folder is taken away while the program works, and put back."""
    disk.first_run()
    elsewhere = disk.data.with_name("elsewhere")
    with disk.stage() as stage:
        stage.start()
        disk.data.rename(elsewhere)
        received = dict(disk.simulator.cloud.received)
        disk.work(stage)
        disk.says(stage, "was moved, deleted or replaced")
        stage._spin(round(3000 * engine.RESTART_S))
        assert dict(disk.simulator.cloud.received) == received, (
            "it sent something that it cannot remember"
        )
        shutil.rmtree(disk.data, ignore_errors=True)  # its log
        elsewhere.rename(disk.data)
        disk.work(stage)
        stage.until(lambda: all_ended(stage))
    disk.check()


FAULTS: dict[str, Callable[[_Disk], None]] = {
    "full": full,
    "read-only": read_only,
    "another schema": another_schema,
    "truncated": truncated,
    "locked by another program": locked,
    "folder gone": gone,
}
ON_SMALL_DISK = ("full", "read-only")


def main(slot: str, name: str) -> None:
    engine.RESTART_S = 0.5
    FAULTS[name](_Disk(Path(slot)))


if __name__ == "__main__":
    main(*sys.argv[1:])
