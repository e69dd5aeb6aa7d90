"""``--self-test``: whether an installation is complete, from source or frozen.

It uses neither the user's data nor the network.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from importlib import import_module
from pathlib import Path

SDKS = (
    "azure.identity",
    "azure.mgmt.authorization",
    "azure.mgmt.compute",
    "azure.mgmt.hybridcompute",
    "azure.mgmt.resourcegraph",
    "truststore",
    "msal_extensions",
)
MACHINE, SCENES = "vm-web-02", ("status-healthy", "planner")
"""The planner runs in its own process."""
MINUTES = 2.0
MIN_COLORS = 50
"""A drawn window has more colors; an empty one has a few."""


class SelfTestError(Exception):
    """``str()`` describes the error."""


def run() -> int:
    """Run every step and print a line for each; 0 if all succeeded, 1 otherwise."""
    from .captures import environment  # noqa: PLC0415 - before Qt is imported

    failed = 0
    with tempfile.TemporaryDirectory(prefix="hotpatch-self-test-") as name:
        folder = Path(name)
        environment.prepare(folder)
        for what, step in STEPS.items():
            try:
                result = step(folder / what.replace(" ", "-"))
            except Exception as error:  # noqa: BLE001 - any failure is what this looks for
                failed += 1
                print(f"FAILED  {what}: {type(error).__name__}: {error}", flush=True)
            else:
                print(f"ok      {what}: {result}", flush=True)
    return 1 if failed else 0


def _sdks(_: Path) -> str:
    for name in SDKS:
        import_module(name)
    from .azure.credentials import can_keep  # noqa: PLC0415 - like its SDK

    kept = "encrypted by this platform" if can_keep("self-test") else "in memory only"
    return f"{len(SDKS)} there; tokens are kept {kept}"


def _file(folder: Path) -> str:
    """A file of the first schema."""
    from sqlite_utils import Database  # noqa: PLC0415 - not for starting

    from .store import database  # noqa: PLC0415 - a failed import is a result
    from .store.migrations import SCHEMA_VERSION, first_schema  # noqa: PLC0415 - a failed import is a result

    folder.mkdir()
    path = folder / database.FILE_NAME
    with closing(sqlite3.connect(path)) as old:
        first_schema(Database(old))
        old.execute("INSERT INTO world VALUES ('self-test')")
        old.commit()
    db, set_aside = database.prepare(path, "self-test")
    with closing(db):
        (version,) = db.execute("PRAGMA user_version").fetchone()
    if version != SCHEMA_VERSION or set_aside is not None:
        raise SelfTestError(f"a file of schema 1 became one of schema {version}")
    return f"migrated from schema 1 to {version}"


def _resources(_: Path) -> str:
    from PySide6.QtCore import QTranslator  # noqa: PLC0415 - after the environment is set
    from PySide6.QtGui import QIcon  # noqa: PLC0415 - after the environment is set

    from .captures.stage import application  # noqa: PLC0415 - a failed import is a result
    from .system import resources  # noqa: PLC0415 - a failed import is a result
    from .theme.fonts import choose_family  # noqa: PLC0415 - a failed import is a result
    from .theme.icons import NAMES, picture  # noqa: PLC0415 - a failed import is a result

    application()
    found = sorted(p for p in resources.resource(".").rglob("*") if p.is_file())
    for path in found:
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".svg":
            _needs(not QIcon(str(path)).pixmap(32, 32).isNull(), path.name)
        elif path.suffix == ".qm":
            _needs(QTranslator().load(str(path)), path.name)
        else:
            _needs(bool(path.read_text(encoding="utf-8").strip()), path.name)
    _needs(bool(resources.calendar().releases), "the calendar of releases")
    for name in NAMES:
        _needs(not picture(name, "#000000", "#808080").pixmap(16, 16).isNull(), f"the icon {name}")
    return f"{len(found)} files, {len(NAMES)} icons, the font {choose_family(bundled=True)}"


def _needs(is_there: bool, what: str) -> None:
    if not is_there:
        raise SelfTestError(f"{what} is empty or can't be read")


def _assessment(folder: Path) -> str:
    """An assessment of a demo machine through the engine."""
    from .application.headless import Session  # noqa: PLC0415 - a failed import is a result
    from .application.targets import demo_simulator, demo_target  # noqa: PLC0415 - a failed import is a result
    from .domain.operations import OperationState  # noqa: PLC0415 - after the environment is set
    from .store import operations  # noqa: PLC0415 - a failed import is a result
    from .worker.operation_scheduler import SendPolicy  # noqa: PLC0415 - a failed import is a result

    target = demo_target(lambda: demo_simulator(folder))
    with Session(folder, target, lambda _: None, sends=SendPolicy.OWN) as session:
        session.wait_for_sync()
        (number,) = session.db.execute(
            "SELECT id FROM machines WHERE name=?", (MACHINE,)
        ).fetchone()
        (queued,) = session.queue(lambda: session.actions.assess([number]))
        session.wait_for([queued], MINUTES, ends=True)
        ended = operations.read(session.db, queued)
        if ended.state is not OperationState.SUCCEEDED:
            raise SelfTestError(f"{ended.state}: {ended.note}")
        (updates,) = session.db.execute(
            "SELECT updates FROM machines WHERE id=?", (number,)
        ).fetchone()
    return f"{MACHINE} of the demo has {updates} available updates"


def _scenes(folder: Path) -> str:
    from .captures.scenes import play, set_up  # noqa: PLC0415 - after the environment is set

    folder.mkdir()
    for scene in SCENES:
        with set_up(scene, "light") as stage:
            image = stage.grab(play(scene, stage))
        across, down = range(0, image.width(), 3), range(image.height())
        colors = {image.pixel(x, y) for x in across for y in down}
        if len(colors) < MIN_COLORS or not image.save(str(folder / f"{scene}.png")):
            raise SelfTestError(f"the picture of {scene} has {len(colors)} colors")
    return ", ".join(SCENES)


def _exports(folder: Path) -> str:
    from datetime import UTC, datetime  # noqa: PLC0415 - not for starting

    from .models.export_writers import FORMATS, write  # noqa: PLC0415 - a failed import is a result
    from .models.report import Report, Sheet  # noqa: PLC0415 - a failed import is a result

    folder.mkdir()
    now = datetime.now(UTC)
    for ending in FORMATS:
        sheet = Sheet("Self-test", ["Name", "When (UTC)"], iter([["=1+1", now]]))
        write(folder / f"report{ending}", Report("Self-test", now, ["A self-test"], [sheet]))
    return ", ".join(FORMATS)


STEPS: dict[str, Callable[[Path], str]] = {
    "SDKs": _sdks,
    "file": _file,
    "resources": _resources,
    "assessment": _assessment,
    "scenes": _scenes,
    "exports": _exports,
}
