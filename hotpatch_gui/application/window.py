"""The composition root: creates everything for a given cloud and passes it on."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from hotpatch_gui.demo.time import SimulatedTime
from hotpatch_gui.domain.connections import TrialOutcome
from hotpatch_gui.domain.problems import ProblemKind
from hotpatch_gui.models.display_text import list_text
from hotpatch_gui.models.source import DataSource
from hotpatch_gui.store import sync_state
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.store.release_book import CalendarCache
from hotpatch_gui.system import resources, runtime_tuning
from hotpatch_gui.system.preferences import Preferences
from hotpatch_gui.theme.icons import Icons
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.translation import translator
from hotpatch_gui.views.main_window import MainWindow
from hotpatch_gui.views.services import Services

from .engine_events import EngineEvents
from .targets import CloudTarget

if TYPE_CHECKING:
    from hotpatch_gui.domain.connections import Connection
    from hotpatch_gui.models.outcomes import Outcomes
    from hotpatch_gui.worker.engine import Engine
    from hotpatch_gui.worker.events import (
        Changed,
        DeploymentChecked,
        DeploymentStored,
        Failed,
        Opened,
        Prompted,
        ReleasesRead,
        Synced,
        SyncEnded,
        SyncProgress,
    )

    from .connection_trial import ConnectionTrial
    from .quit_signals import QuitSignals
    from .single_instance import SingleInstanceServer
    from .user_actions import EngineUserActions, NextSession

tr = translator("Window")

log = logging.getLogger(__name__)
UNSEEN_MS = 2000
"""After this time, a window that was never painted (minimized, covered) counts as painted."""


def make_application() -> QApplication:
    """The QApplication. Its style is set by an environment variable, which saves 8 ms."""
    os.environ["QT_STYLE_OVERRIDE"] = "fusion"
    runtime_tuning.shorten_switch_interval()
    application = QApplication(sys.argv[:1])
    application.setApplicationName(tr("Hotpatch Dashboard"))
    application.setDesktopFileName("hotpatch-gui")
    return application


def show_message(text: str) -> None:
    """Show a message before there is a window."""
    from PySide6.QtWidgets import QMessageBox  # noqa: PLC0415 - rarely needed, and slow to load

    box = QMessageBox(QMessageBox.Icon.Information, tr("Hotpatch Dashboard"), text)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.exec()


def confirm(text: str, yes: str) -> bool:
    """Ask a question before there is a window; the safe answer is the default."""
    from PySide6.QtWidgets import QMessageBox  # noqa: PLC0415 - rarely needed, and slow to load

    box = QMessageBox(QMessageBox.Icon.Warning, tr("Hotpatch Dashboard"), text)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel)
    box.exec()
    return box.clickedButton() is not cancel


class _OnFirstUse:
    """An object that is created on first use."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._made: object | None = None

    def __getattr__(self, name: str) -> Any:
        if self._made is None:
            self._made = self._make()
        return getattr(self._made, name)


class App(QObject):
    """The program: window and engine. ``close`` ends both in order.

    Signals:
        first_painted (): the window was painted for the first time, or the window stayed hidden for UNSEEN_MS; the engine starts next.
    """

    first_painted = Signal()

    def __init__(
        self,
        application: QApplication,
        folder: Path,
        target: CloudTarget,
        *,
        theme: str | None = None,
        bundled_font: bool = False,
        scale: float | None = None,
        azure_folder: Path | None = None,
        is_first: bool = False,
    ) -> None:
        """Args:
        scale: the size of text and controls; None for that of the settings.
        azure_folder: where a connection that is tried from the demo is saved.
        is_first: whether the welcome dialog opens.
        """
        super().__init__()
        self.next: NextSession | None = None
        self._azure_folder, self._is_first = azure_folder, is_first
        self._trial: ConnectionTrial | None = None
        self._instance_server: SingleInstanceServer | None = None
        self._signals: QuitSignals | None = None
        self._unseen = QTimer(self)
        self._unseen.setSingleShot(True)
        path = folder / FILE_NAME
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.preferences = Preferences(folder)
        self.source = DataSource(path, self)
        self.releases = CalendarCache(resources.calendar, lambda: self.source.db)
        self.clock = target.clock(self.source.db)
        self.theme = Theme(
            application,
            theme or self.preferences.theme,
            bundled_font=bundled_font,
            scale=scale or self.preferences.size_percent / 100,
        )
        self.events = EngineEvents(self)
        self._target = target
        self.actions = cast("EngineUserActions", _OnFirstUse(self._make_actions))
        self.icons = Icons(self.theme)
        self.demo = SimulatedTime(target.simulator, self._sync, self) if target.simulator else None
        self.outcomes = cast("Outcomes", _OnFirstUse(self._make_outcomes))
        self.services = Services(
            self.source,
            self.clock,
            self.releases,
            self.theme,
            self.icons,
            self.preferences,
            self.actions,
            target.label,
            self.outcomes,
            self.demo,
        )
        self.window = MainWindow(self.services)
        self.theme.apply_stylesheet()
        self._connect()

    @cached_property
    def engine(self) -> Engine:
        """Created on first use, because its imports take longer than the first paint may."""
        from hotpatch_gui.worker.engine import Engine  # noqa: PLC0415 - after the first paint

        return Engine(
            self.source.path,
            self._target.data_origin,
            self.clock,
            resources.calendar,
            self.events.observe,
            sync_every_s=self.preferences.sync_minutes * 60.0,
            seed=self._target.seed,
            transport=self._target.transport,
            release_feed=self.preferences.release_feed if self.preferences.reads_releases else None,
        )

    def _sync(self) -> None:
        self.actions.sync()

    def _make_actions(self) -> EngineUserActions:
        from .user_actions import EngineUserActions  # noqa: PLC0415 - like the engine

        return EngineUserActions(
            self.engine.send,
            self.source.path,
            lambda: self.source.db,
            self.window.show_problem,
            clock=self.clock,
            continue_with=self._continue_with,
            start_trial=self._start_trial,
        )

    def _make_outcomes(self) -> Outcomes:
        from hotpatch_gui.models.outcomes import Outcomes  # noqa: PLC0415 - after the first paint

        return Outcomes(self.source, self.clock, self)

    def _connect(self) -> None:
        self.window.painted.connect(self._after_first_paint)
        self._unseen.timeout.connect(self.begin)
        events = self.events
        events.opened.connect(self._on_opened)
        events.changed.connect(self._on_changed)
        events.sync_progressed.connect(self._on_sync_progressed)
        events.sync_ended.connect(self._on_sync_ended)
        events.failed.connect(self._on_failed)
        events.prompted.connect(self._on_prompted)
        events.synced.connect(self._on_synced)
        events.releases_read.connect(self._on_releases_read)
        events.deployment_checked.connect(self._on_deployment_checked)
        events.deployment_stored.connect(self._on_deployment_stored)
        if self.demo is not None:
            self.demo.scenario_selected.connect(self._restart_demo)
            self.demo.changed.connect(self.window.header.show_clock)

    def start(self) -> None:
        """Show the window, and continue when it has painted or isn't visible."""
        self._unseen.start(UNSEEN_MS)
        self.window.show()

    @Slot()
    def _after_first_paint(self) -> None:
        if self._unseen.isActive():
            self._unseen.stop()
            self.begin()

    @Slot()
    def begin(self) -> None:
        """Load icons and start the engine."""
        self.first_painted.emit()
        self.engine.start()
        self.window.complete_after_first_paint()
        self._show_tray()
        self._listen()
        if self._is_first:
            self.window.open_welcome()

    def _show_tray(self) -> None:
        from PySide6.QtWidgets import QSystemTrayIcon  # noqa: PLC0415 - after the first paint

        if QSystemTrayIcon.isSystemTrayAvailable():
            from .tray import Tray  # noqa: PLC0415 - after the first paint

            Tray(self.window, self.outcomes, self.preferences)

    @Slot()
    def end_on_signals(self) -> None:
        """Close the window on SIGINT and SIGTERM."""
        from .quit_signals import QuitSignals  # noqa: PLC0415 - after the first paint

        self._signals = QuitSignals(self)
        self._signals.received.connect(self._on_signal)

    @Slot()
    def _on_signal(self) -> None:
        self.window.close()
        QApplication.quit()

    def _listen(self) -> None:
        """Listen for a second start on the same data."""
        from .single_instance import SingleInstanceServer  # noqa: PLC0415 - after the first paint

        self._instance_server = SingleInstanceServer(self.source.path.parent, self)
        self._instance_server.raise_requested.connect(self.window.come_to_front)

    @Slot(str)
    def _restart_demo(self, scenario: str) -> None:
        from .user_actions import NextSession  # noqa: PLC0415 - rarely needed

        self._continue_with(NextSession(scenario=scenario))

    def _continue_with(self, session: NextSession) -> None:
        """Close this window; the session follows."""
        self.next = session
        self.window.close()

    @Slot(object)
    def _on_synced(self, synced: Synced) -> None:
        states = self.source.read_list(sync_state.sync_states)
        state = next((s for s in states if s.connection_id == synced.connection_id), None)
        if state is not None:
            outcome = TrialOutcome(synced.connection_id, state.problem, state.next_step)
            self.source.connection_tried.emit(outcome)

    def _start_trial(self, connection: Connection | None) -> None:
        """Try a connection next to the demo; None stops the trial."""
        from .connection_trial import ConnectionTrial  # noqa: PLC0415 - rarely needed

        if self._trial is not None:
            self._trial.discard()
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
            problem = self._trial.save_connection()
            if problem is not None:
                outcome = TrialOutcome(0, problem.sentence, problem.next_step)
        self._start_trial(None)
        self.source.connection_tried.emit(outcome)
        if not outcome.problem:
            from .user_actions import NextSession  # noqa: PLC0415 - rarely needed

            self._continue_with(NextSession(is_azure=True))

    def forget(self) -> None:
        """Delete Qt's objects now, because the garbage collector may run on another thread."""
        for part in (self.window, self.theme, self):
            part.deleteLater()

    def close(self) -> bool:
        """Close everything; False if the engine didn't stop, so that the process must be ended."""
        self._unseen.stop()
        if self._instance_server is not None:
            self._instance_server.close()
        if self._signals is not None:
            self._signals.close()
        self.window.close()
        ended = self.engine.stop()
        self._start_trial(None)
        self.source.close()
        return ended

    @Slot(object)
    def _on_opened(self, opened: Opened) -> None:
        if opened.set_aside is not None:  # its row IDs mean other machines in the new file
            self.window.forget_machines()
        self.source.open(again=opened.set_aside is not None)
        self.releases.forget()
        if opened.set_aside is not None:
            self.window.show_set_aside(opened.set_aside)

    @Slot(object)
    def _on_changed(self, changed: Changed) -> None:
        if "releases" in changed.changes.tables:
            self.releases.forget()
        self.source.notify(changed.changes)

    @Slot(object)
    def _on_prompted(self, prompted: Prompted) -> None:
        self.window.show_prompt(prompted.text)
        self.source.connecting.emit(prompted.text)

    @Slot(object)
    def _on_sync_progressed(self, progress: SyncProgress) -> None:
        pause = (
            tr(", paused by Azure for {waiting_s:.0f} s", waiting_s=progress.waiting_s)
            if progress.waiting_s
            else ""
        )
        self.window.show_syncing(
            tr(
                "{reading}, {done:,} of {total:,}{pause}",
                reading=list_text(progress.reading),
                done=progress.done,
                total=progress.total,
                pause=pause,
            )
        )

    @Slot(object)
    def _on_sync_ended(self, _: SyncEnded) -> None:
        self.window.show_syncing("")

    @Slot(object)
    def _on_releases_read(self, read: ReleasesRead) -> None:
        self.source.releases_read.emit(read.text)

    @Slot(object)
    def _on_deployment_checked(self, checked: DeploymentChecked) -> None:
        self.source.deployment_checked.emit(checked.resource_id, checked.changes, checked.problem)

    @Slot(object)
    def _on_deployment_stored(self, stored: DeploymentStored) -> None:
        self.source.deployment_stored.emit(bool(stored.row_ids))

    @Slot(object)
    def _on_failed(self, failed: Failed) -> None:
        problem = failed.problem
        needs_sign_in = problem.connection_id != 0
        log.log(logging.INFO if needs_sign_in else logging.WARNING, "%s", problem.text)
        if problem.kind is ProblemKind.STORE:
            self.source.report_open_failure(problem.text)
        self.window.show_problem(problem)
