"""The composition root: builds everything, hands it down; the only place that picks a cloud."""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QLockFile, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from . import resources
from .demo_time import DemoTime
from .domain.clock import Clock, CloudClock
from .domain.clouds import Cloud, demo
from .domain.operations import OperationKind
from .domain.problems import Problem, ProblemKind
from .models.source import DataSource
from .settings import Settings
from .store import catalogue
from .store.changes import Changes
from .store.database import FILE_NAME, store_problem
from .store.operations import Outbox
from .theme.icons import Icons
from .theme.theme import Theme
from .views.main_window import MainWindow
from .views.services import CloudLabel, Services
from .worker.thread import Opened, Worker, WorkerThread

if TYPE_CHECKING:
    from .domain.connections import Connection
    from .domain.installs import InstallRequest
    from .domain.settings import SettingsChange
    from .simulator.arm import Wire
    from .worker.sync import SyncProgress

log = logging.getLogger(__name__)
UNSEEN_MS = 2000
"""After this long a window that was never painted (minimised, covered) counts as painted."""
SWITCH_S = 0.0005
"""How long another thread may keep the window waiting for the interpreter; Python's own 5 ms add up to
visible stalls, as a frame asks for it a thousand times."""
LOCK_FILE = "hotpatch.lock"
SIMULATOR_FILE = "simulated-azure.sqlite3"


def make_application() -> QApplication:
    """The one QApplication. Its style is named beforehand: to name it later takes 8 ms more."""
    os.environ["QT_STYLE_OVERRIDE"] = "fusion"
    sys.setswitchinterval(SWITCH_S)
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Hotpatch Dashboard")
    application.setDesktopFileName("hotpatch-gui")
    return application


def lock(folder: Path) -> QLockFile | None:
    """Held while the program runs on ``folder``, so that no second one sends its operations too; None
    where another program holds it. One left by a program that was killed is taken over; where nobody can
    write, nothing is sent, and the worker says so."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        log.warning("the data folder cannot be made")
    made = QLockFile(str(folder / LOCK_FILE))
    made.setStaleLockTime(0)
    is_held = not made.tryLock(0) and made.error() is QLockFile.LockError.LockFailedError
    return None if is_held else made


def say(text: str) -> None:
    """A message before there is a window."""
    from PySide6.QtWidgets import QMessageBox  # noqa: PLC0415 - rarely wanted, and slow to load

    box = QMessageBox(QMessageBox.Icon.Information, "Hotpatch Dashboard", text)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.exec()


AZURE_WORLD = "azure"


class Target(NamedTuple):
    """What to show: the file's connections, or one to a simulated Azure.

    ``world`` says whose data a file holds: a demo's is not shared with Azure's. ``seed`` is the connection that
    it is to have, ``transport`` makes what reaches a cloud in this process; both run on the worker's thread.
    ``wire`` is the simulated Azure of this process, once it was made.
    """

    world: str
    label: CloudLabel
    seed: Callable[[], Connection] | None = None
    transport: Callable[[], Callable[[], Any]] | None = None
    wire: Callable[[], Wire | None] | None = None


def azure_target() -> Target:
    """The connections that the file holds."""
    return Target(AZURE_WORLD, CloudLabel("Azure"))


def demo_target(make_wire: Callable[[], Wire]) -> Target:
    """The simulated Azure in this process."""

    made: list[Wire] = []

    def transport() -> Callable[[], Any]:
        from .simulator.transport import in_process_transport  # noqa: PLC0415

        made.append(make_wire())
        return partial(in_process_transport, made[-1])

    label = CloudLabel("Contoso", "Demo, simulated Azure")
    seed = partial(_seed, demo(), "Contoso")
    return Target(demo().endpoint, label, seed, transport, lambda: made[-1] if made else None)


def simulated_target(cloud: Cloud) -> Target:
    """A simulated Azure at an address of this machine."""
    label = CloudLabel(cloud.name, "Demo, simulated Azure")
    return Target(cloud.endpoint, label, partial(_seed, cloud, cloud.name))


def _seed(cloud: Cloud, name: str) -> Connection:
    from .domain.connections import demo_connection  # noqa: PLC0415 - not before the first paint

    return demo_connection(cloud, name)


def demo_wire(folder: Path, story: str = "today") -> Wire:
    """The demo's world, kept in ``folder`` so that a restarted demo goes on."""
    from .simulator.build import build_simulator  # noqa: PLC0415 - only the demo needs it

    others = resources.read_json("other-updates.json")
    pairs = resources.read_json("region-pairs.json")["pairs"]
    return build_simulator(
        resources.calendar(), others, state_path=folder / SIMULATOR_FILE, story=story, pairs=pairs
    )


class Next(NamedTuple):
    """What comes after a window that closed: a world of the demo, the demo as it was, or Azure with a
    connection that is to be made."""

    story: str | None = None
    connection: Connection | None = None


def _under_way(kind: OperationKind, machines: int) -> Problem:
    where = f"on {machines:,} of the machines" if machines > 1 else "on the machine"
    return Problem(
        ProblemKind.CONFLICT,
        f"“{kind.label}” is under way {where} already, so it was not asked for again.",
        "Activity shows it; one whose end is not known can be dismissed there.",
    )


class Desk:
    """What the window asks for: into the queue at once, then word to the worker."""

    def __init__(
        self, path: Path, thread: WorkerThread, clock: Clock, go_on: Callable[[Next], None]
    ) -> None:
        """``go_on`` ends this window for what comes next."""
        self._path, self._thread, self._clock, self._go_on = path, thread, clock, go_on
        self._outbox: Outbox | None = None

    def sync(self) -> None:
        self._thread.sync_requested.emit()

    def sync_every(self, minutes: int) -> None:
        self._thread.worker.sync_every_s = minutes * 60.0

    def read_machine(self, machine_id: int) -> None:
        self._thread.machine_requested.emit(machine_id)

    def save_connection(self, connection: Connection) -> None:
        self._thread.connection_saved.emit(connection)

    def connect(self, connection: Connection) -> None:
        self._go_on(Next(connection=connection))

    def show_demo(self) -> None:
        self._go_on(Next())

    def remove_connection(self, connection_id: int) -> None:
        self._thread.connection_removed.emit(connection_id)

    def sign_in(self, connection_id: int) -> None:
        self._thread.sign_in_requested.emit(connection_id)

    def sign_out(self, connection_id: int) -> None:
        self._thread.sign_out_requested.emit(connection_id)

    def assess(self, machine_ids: Sequence[int]) -> int:
        return self._queue(OperationKind.ASSESS, [(i, None) for i in machine_ids])

    def install(self, machine_ids: Sequence[int], request: InstallRequest) -> int:
        import json  # noqa: PLC0415

        from .azure.bodies import install_body  # noqa: PLC0415 - after the first paint

        body = json.dumps(install_body(request))
        return self._queue(OperationKind.INSTALL, [(i, body) for i in machine_ids])

    def restart(self, machine_ids: Sequence[int]) -> int:
        return self._queue(OperationKind.RESTART, [(i, None) for i in machine_ids])

    def change_settings(self, machine_ids: Sequence[int], change: SettingsChange) -> int:
        import json  # noqa: PLC0415

        from .azure.bodies import settings_body  # noqa: PLC0415 - after the first paint

        arcs = self._box().arc_locations(machine_ids)
        bodies = {
            is_arc: json.dumps(settings_body(change, is_arc=is_arc)) for is_arc in (False, True)
        }
        return self._queue(OperationKind.SETTINGS, [(i, bodies[i in arcs]) for i in machine_ids])

    def enrol(self, machine_ids: Sequence[int], *, on: bool) -> int:
        import json  # noqa: PLC0415

        from .azure.bodies import disenrol_body, enrol_body  # noqa: PLC0415 - after the first paint

        places = self._box().arc_locations(machine_ids)
        if on:
            wanted = [(i, json.dumps(enrol_body(place))) for i, place in places.items()]
            return self._queue(OperationKind.ENROL, wanted)
        body = json.dumps(disenrol_body())
        return self._queue(OperationKind.DISENROL, [(i, body) for i in places])

    def cancel(self, operation_id: int) -> bool:
        return self._change(lambda box: box.cancel(operation_id, self._clock()))

    def wait_for_turn(self, operation_id: int) -> bool:
        done = self._change(lambda box: box.wait_for_turn(operation_id, self._clock()) is not None)
        self._thread.operations_queued.emit()
        return done

    def _change(self, change: Callable[[Outbox], bool]) -> bool:
        try:
            done = change(self._box())
        except sqlite3.Error as error:
            self._thread.worker.failed.emit(store_problem(error, self._path))
            return False
        self._thread.worker.changed.emit(Changes.to("operations"))
        return done

    def close(self) -> None:
        if self._outbox is not None:
            self._outbox.close()

    def _queue(self, kind: OperationKind, wanted: Sequence[tuple[int, str | None]]) -> int:
        """(machine id, request JSON) into the queue. A problem goes the way of the worker's own: into the window."""
        try:
            queued = len(self._box().queue(kind, wanted, self._clock()))
        except sqlite3.Error as error:
            self._thread.worker.failed.emit(store_problem(error, self._path))
            return 0
        self._thread.worker.changed.emit(Changes.to("operations"))
        self._thread.operations_queued.emit()
        if queued < len(wanted):
            self._thread.worker.failed.emit(_under_way(kind, len(wanted) - queued))
        return queued

    def _box(self) -> Outbox:
        if self._outbox is None:
            self._outbox = Outbox(self._path)
        return self._outbox


class App(QObject):
    """The program: window, worker and what ties them. ``close`` ends both in order.

    Signals:
        beginning (): the first frame is on the screen; the worker starts next.
    """

    beginning = Signal()

    def __init__(
        self, application: QApplication, folder: Path, target: Target, *,
        theme: str | None = None, bundled_font: bool = False, scale: float = 1.0,
        connection: Connection | None = None, is_first: bool = False,
    ) -> None:  # fmt: skip
        """``connection`` is to be made once the file is ready; ``is_first`` asks first what to look at."""
        super().__init__()
        self.next: Next | None = None
        self._connection, self._is_first = connection, is_first
        self._unseen = QTimer(self)
        self._unseen.setSingleShot(True)
        path = folder / FILE_NAME
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.settings = Settings(folder)
        self.source = DataSource(path, self)
        self.clock = self._clock_for(target)
        self.theme = Theme(
            application, theme or self.settings.theme, bundled_font=bundled_font, scale=scale
        )
        self.worker = Worker(
            path,
            target.world,
            self.clock,
            resources.calendar,
            sync_every_s=self.settings.sync_minutes * 60.0,
            seed=target.seed,
            transport=target.transport,
        )
        self.thread_ = WorkerThread(self.worker, self)
        self.desk = Desk(path, self.thread_, self.clock, self._go_on)
        self.icons = Icons(self.theme)
        self.demo = DemoTime(target.wire, self.desk.sync, self) if target.wire else None
        self.services = Services(
            self.source, self.clock, resources.calendar, self.theme, self.icons, self.settings,
            self.desk, target.label, self.demo,
        )  # fmt: skip
        self.window = MainWindow(self.services)
        self.theme.dress()
        self._connect()

    def _clock_for(self, target: Target) -> CloudClock:
        """A simulated cloud has its own day; until it answers, the last one known stands still."""
        if not target.label.demo:
            return CloudClock.real()
        last = catalogue.latest_time(self.source.db) if self.source.db is not None else None
        return CloudClock(last)

    def _connect(self) -> None:
        self.window.painted.connect(self._after_first_paint)
        self._unseen.timeout.connect(self.begin)
        worker = self.worker
        worker.opened.connect(self._on_opened)
        worker.changed.connect(self._on_changed)
        worker.sync_progressed.connect(self._on_sync_progressed)
        worker.sync_ended.connect(self._on_sync_ended)
        worker.failed.connect(self._on_failed)
        worker.prompted.connect(self.window.show_prompt)
        worker.connected.connect(self._on_connected)
        if self.demo is not None:
            self.demo.story_chosen.connect(self._begin_again)
            self.demo.changed.connect(self.window.header.show_clock)

    def start(self) -> None:
        """Show the window; once it has painted, or is not seen at all, do the rest."""
        self._unseen.start(UNSEEN_MS)
        self.window.show()

    @Slot()
    def _after_first_paint(self) -> None:
        if self._unseen.isActive():
            self._unseen.stop()
            self.begin()

    @Slot()
    def begin(self) -> None:
        """Load the icons and start the worker."""
        self.beginning.emit()
        self.thread_.start()
        self.window.load_icons()

        if self._is_first:
            self.window.open_welcome()

    @Slot(str)
    def _begin_again(self, story: str) -> None:
        self._go_on(Next(story=story))

    def _go_on(self, what: Next) -> None:
        """End this window for what comes next."""
        self.next = what
        self.window.close()

    @Slot()
    def _on_connected(self) -> None:
        if self._connection is not None:
            self.desk.save_connection(self._connection)
            self._connection = None

    def forget(self) -> None:
        """Once it is closed, and another program follows: end Qt's objects here and now, and not where the
        garbage collector happens to run, which may be another thread."""
        for part in (self.window, self.theme, self):
            part.deleteLater()

    def close(self) -> bool:
        """False if the worker did not end in time: then only ending the process helps."""
        self._unseen.stop()
        self.window.close()
        ended = self.thread_.stop()
        self.desk.close()
        self.source.close()
        return ended

    @Slot(object)
    def _on_opened(self, opened: Opened) -> None:
        self.source.open()
        if opened.set_aside is not None:
            self.window.show_set_aside(opened.set_aside)

    @Slot(object)
    def _on_changed(self, changes: Changes) -> None:
        self.source.announce(changes)

    @Slot(object)
    def _on_sync_progressed(self, progress: SyncProgress) -> None:
        pause = (
            f", going on in {progress.waiting_s:.0f} s as Azure asks" if progress.waiting_s else ""
        )
        self.window.show_syncing(
            f"{progress.reading}, {progress.done:,} of {progress.total:,}{pause}"
        )

    @Slot()
    def _on_sync_ended(self) -> None:
        self.window.show_syncing("")

    @Slot(object)
    def _on_failed(self, problem: Problem) -> None:
        log.warning("%s", problem.text)
        self.window.show_problem(problem)
