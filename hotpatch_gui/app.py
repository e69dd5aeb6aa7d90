"""The composition root: builds everything, hands it down; the only place that picks a cloud."""

from __future__ import annotations

import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEventLoop, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from . import resources
from .demo_time import DemoTime
from .desk import Desk, Next
from .domain.connections import TrialOutcome
from .domain.problems import Problem
from .models.source import DataSource
from .settings import Settings
from .store import catalogue
from .store.changes import Changes
from .store.database import FILE_NAME
from .store.release_book import ReleaseBook
from .targets import Target
from .theme.icons import Icons
from .theme.theme import Theme
from .views.main_window import MainWindow
from .views.services import Services
from .worker.thread import Opened, Worker, WorkerThread

if TYPE_CHECKING:
    from .connection_trial import ConnectionTrial
    from .domain.connections import Connection
    from .instance import Doorbell
    from .worker.release_updates import Outcome
    from .worker.sync import SyncProgress

log = logging.getLogger(__name__)
UNSEEN_MS = 2000
"""After this long a window that was never painted (minimised, covered) counts as painted."""
TRIALS_END_S = 3.0
"""How long the end of the program waits for a trial connection that was given up."""
SWITCH_S = 0.0005
"""How long another thread may keep the window waiting for the interpreter; Python's own 5 ms add up to
visible stalls, as a frame asks for it a thousand times."""


def make_application() -> QApplication:
    """The one QApplication. Its style is named beforehand: to name it later takes 8 ms more."""
    os.environ["QT_STYLE_OVERRIDE"] = "fusion"
    sys.setswitchinterval(SWITCH_S)
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Hotpatch Dashboard")
    application.setDesktopFileName("hotpatch-gui")
    return application


def say(text: str) -> None:
    """A message before there is a window."""
    from PySide6.QtWidgets import QMessageBox  # noqa: PLC0415 - rarely wanted, and slow to load

    box = QMessageBox(QMessageBox.Icon.Information, "Hotpatch Dashboard", text)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.exec()


def ask(text: str, yes: str) -> bool:
    """A question before there is a window; the safe answer is the default."""
    from PySide6.QtWidgets import QMessageBox  # noqa: PLC0415 - rarely wanted, and slow to load

    box = QMessageBox(QMessageBox.Icon.Warning, "Hotpatch Dashboard", text)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel)
    box.exec()
    return box.clickedButton() is not cancel


class App(QObject):
    """The program: window, worker and what ties them. ``close`` ends both in order.

    Signals:
        beginning (): the first frame is on the screen; the worker starts next.
    """

    beginning = Signal()

    def __init__(
        self, application: QApplication, folder: Path, target: Target, *,
        theme: str | None = None, bundled_font: bool = False, scale: float = 1.0,
        azure_folder: Path | None = None, is_first: bool = False,
    ) -> None:  # fmt: skip
        """``azure_folder`` is where a demo puts a connection that is tried; ``is_first`` asks first what to look
        at."""
        super().__init__()
        self.next: Next | None = None
        self._azure_folder, self._is_first = azure_folder, is_first
        self._trial: ConnectionTrial | None = None
        self._doorbell: Doorbell | None = None
        self._unseen = QTimer(self)
        self._unseen.setSingleShot(True)
        path = folder / FILE_NAME
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.settings = Settings(folder)
        self.source = DataSource(path, self)
        self.releases = ReleaseBook(resources.calendar, lambda: self.source.db)
        self.clock = target.clock(self.source.db)
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
        if self.settings.reads_releases:
            self.worker.release_feed = self.settings.release_feed
        self.thread_ = WorkerThread(self.worker, self)
        self.desk = Desk(path, self.thread_, self.clock, self._go_on, self._try_out)
        self.icons = Icons(self.theme)
        self.demo = DemoTime(target.wire, self.desk.sync, self) if target.wire else None
        self.services = Services(
            self.source, self.clock, self.releases, self.theme, self.icons, self.settings,
            self.desk, target.label, self.demo,
        )  # fmt: skip
        self.window = MainWindow(self.services)
        self.theme.dress()
        self._connect()

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
        worker.prompted.connect(self.source.connecting)
        worker.synced.connect(self._on_synced)
        worker.releases_read.connect(self._on_releases_read)
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
        self._listen()
        if self._is_first:
            self.window.open_welcome()

    def _listen(self) -> None:
        """For a second start on the same data."""
        from .instance import Doorbell  # noqa: PLC0415 - after the first paint

        self._doorbell = Doorbell(self.source.path.parent, self)
        self._doorbell.rung.connect(self.window.come_to_front)

    @Slot(str)
    def _begin_again(self, story: str) -> None:
        self._go_on(Next(story=story))

    def _go_on(self, what: Next) -> None:
        """End this window for what comes next."""
        self.next = what
        self.window.close()

    @Slot(int)
    def _on_synced(self, connection_id: int) -> None:
        db = self.source.db
        states = catalogue.sync_states(db) if db is not None else []
        state = next((s for s in states if s.connection_id == connection_id), None)
        if state is not None:
            outcome = TrialOutcome(connection_id, state.problem, state.next_step)
            self.source.connection_tried.emit(outcome)

    def _try_out(self, connection: Connection | None) -> None:
        """Try a connection to Azure while the demo stays; None gives up the one that is tried."""
        from .connection_trial import ConnectionTrial  # noqa: PLC0415 - rarely wanted

        if self._trial is not None:
            self._trial.give_up()
            self._trial = None
        if connection is None or self._azure_folder is None:
            return
        self._trial = ConnectionTrial(self._azure_folder, connection)
        self._trial.progressed.connect(self.source.connecting)
        self._trial.ended.connect(self._on_tried)
        self._trial.start()

    @Slot(object)
    def _on_tried(self, outcome: TrialOutcome) -> None:
        if self._trial is not None and not outcome.problem:
            problem = self._trial.adopt()
            if problem is not None:
                outcome = TrialOutcome(0, problem.sentence, problem.next_step)
        self._try_out(None)
        self.source.connection_tried.emit(outcome)
        if not outcome.problem:
            self._go_on(Next(is_azure=True))

    def forget(self) -> None:
        """Once it is closed, and another program follows: end Qt's objects here and now, and not where the
        garbage collector happens to run, which may be another thread."""
        for part in (self.window, self.theme, self):
            part.deleteLater()

    def close(self) -> bool:
        """False if the worker did not end in time: then only ending the process helps."""
        self._unseen.stop()
        if self._doorbell is not None:
            self._doorbell.close()
        self.window.close()
        ended = self.thread_.stop()
        self._try_out(None)
        ended &= self.next is not None or self._trials_end()
        self.desk.close()
        self.source.close()
        return ended

    @staticmethod
    def _trials_end() -> bool:
        from .connection_trial import is_running_out  # noqa: PLC0415 - rarely wanted

        end = time.monotonic() + TRIALS_END_S
        while is_running_out() and time.monotonic() < end:
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        return not is_running_out()

    @Slot(object)
    def _on_opened(self, opened: Opened) -> None:
        self.source.open()
        self.releases.forget()
        if opened.set_aside is not None:
            self.window.show_set_aside(opened.set_aside)

    @Slot(object)
    def _on_changed(self, changes: Changes) -> None:
        if "releases" in changes.tables:
            self.releases.forget()
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
    def _on_releases_read(self, outcome: Outcome) -> None:
        self.source.releases_read.emit(outcome.text)

    @Slot(object)
    def _on_failed(self, problem: Problem) -> None:
        known = problem.connection_id != 0
        log.log(logging.INFO if known else logging.WARNING, "%s", problem.text)
        self.window.show_problem(problem)
