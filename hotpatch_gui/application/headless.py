"""The engine without a window: a command line requests operations and waits for events."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.problems import Problem, ProblemKind
from hotpatch_gui.store import deployments, operations, schedule_changes
from hotpatch_gui.store.database import FILE_NAME, gone_problem, open_reader
from hotpatch_gui.system import resources
from hotpatch_gui.translation import translator
from hotpatch_gui.worker.engine import Engine
from hotpatch_gui.worker.events import (
    ChangesQueued,
    Connected,
    DeploymentChecked,
    DeploymentStored,
    Event,
    Failed,
    Opened,
    Prompted,
    Queued,
    Synced,
)
from hotpatch_gui.worker.operation_scheduler import SendPolicy

from .user_actions import EngineUserActions

if TYPE_CHECKING:
    from hotpatch_gui.domain.connections import Connection
    from hotpatch_gui.domain.deployments import Deployment

    from .targets import CloudTarget

tr = translator("Headless")

CHECK_S = 0.2
"""How often a waiting command line looks for a signal."""
FIRST_POLLS_S = 30.0
"""How long it waits for the first poll of earlier operations."""
LAST_WAIT_S = 4.0
"""How long after an interruption it waits, at most, until queued operations are canceled in the file."""
SENT_WAIT_S = 1.0
"""How long after the interruption it waits, once they are canceled, for responses to those that were sent."""
_NOT_FATAL = (ProblemKind.CONFLICT, ProblemKind.NOT_FOUND)
"""Problems of some machines, which don't stop a command; nor do those of one connection."""
SEND_MINUTES = 15.0
"""How long it waits until a deployment is sent, if it doesn't wait for its end."""
UNTIL_NEXT_S = 86_400.0
"""The interval of periodic syncs: so long that a command syncs only once."""


class AbandonedError(Exception):
    """The command stops waiting: it was interrupted, its time is up, or a problem stopped it."""


class Session:
    """A context manager that runs the engine.

    Args:
        only: the connections to use; None for all.
        sends: which queued operations are sent.
        write_message: receives messages for the user.

    Raises:
        AbandonedError: from waiting methods and from ``db``.
    """

    def __init__(
        self,
        folder: Path,
        target: CloudTarget,
        write_message: Callable[[str], None],
        *,
        only: frozenset[int] | None = None,
        sends: SendPolicy = SendPolicy.NOTHING,
    ) -> None:
        self._path, self._write_message = folder / FILE_NAME, write_message
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        db = open_reader(self._path)
        self.clock = target.clock(db)
        if db is not None:
            db.close()
        self._engine = Engine(
            self._path,
            target.data_origin,
            self.clock,
            resources.calendar,
            self._on_event,
            sync_every_s=UNTIL_NEXT_S,
            seed=target.seed,
            transport=target.transport,
            only=only,
            sends=sends,
        )
        self.send = self._engine.send
        self.actions = EngineUserActions(
            self.send, self._path, lambda: self.db, self._fail, clock=self.clock
        )
        self._db: sqlite3.Connection | None = None
        self._happened = threading.Condition()
        self._connected: frozenset[int] | None = None
        self._synced: set[int] = set()
        self.queued: list[int] = []
        """Row IDs of what the last request stored: operations, changes of schedules, or a deployment."""
        self._is_queued = True
        self._checked: list[DeploymentChecked] = []
        self._is_interrupted = False
        self.problem: Problem | None = None
        self.set_aside: Path | None = None
        """Where a damaged file was moved."""

    def __enter__(self) -> Self:
        self._handlers = {
            s: signal.signal(s, self._interrupt) for s in (signal.SIGINT, signal.SIGTERM)
        }
        self._engine.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.stop()
        if self._db is not None:
            self._db.close()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    @property
    def db(self) -> sqlite3.Connection:
        """A connection to read the data that the engine wrote.

        Raises:
            AbandonedError: the file can't be opened.
        """
        if self._db is None:
            self._db = open_reader(self._path)
        if self._db is None:
            raise AbandonedError(gone_problem(self._path).text)
        return self._db

    def wait_for_sync(self) -> None:
        """Wait until each connection was read or reported its problem."""
        self._until(lambda: self._connected is not None)
        self._until(lambda: self._synced >= (self._connected or frozenset()))

    def is_connected(self, connection_id: int) -> bool:
        """Whether the connection is set up; call it after ``wait_for_sync``."""
        return connection_id in (self._connected or ())

    def wait_for_first_polls(self) -> None:
        """Wait until earlier operations were polled once, up to FIRST_POLLS_S."""
        end = time.monotonic() + FIRST_POLLS_S
        self._until(lambda: self._engine.is_idle or time.monotonic() > end)

    def connect_to(self, connection: Connection, *, changes_allowed: bool) -> None:
        """Store the connection, sign in and sync; for a session without other connections (``only`` is empty)."""
        self._until(lambda: self._connected is not None)
        self.actions.save_connection(connection)
        if connection.id:  # otherwise, all of it is stored with the new connection
            self.actions.choose_subscriptions(connection.id, connection.subscription_ids)
            self.actions.allow_changes(connection.id, changes_allowed=changes_allowed)
        self._until(lambda: bool(self._synced))

    def queue(self, send: Callable[[], None]) -> list[int]:
        """Send a request and wait until its operations or changes of schedules are stored.

        Returns:
            Their row IDs.
        """
        self.queued.clear()
        self._is_queued = False
        send()
        self._until(lambda: self._is_queued)
        return list(self.queued)

    def check_deployment(
        self, connection_id: int, deployment: Deployment, password: str
    ) -> DeploymentChecked:
        """The changes that a deployment would make, or the reason why Azure would reject it."""
        self._checked.clear()
        self.actions.check_deployment(connection_id, deployment, password)
        self._until(lambda: bool(self._checked))
        return self._checked[0]

    def deploy(self, connection_id: int, deployment: Deployment, password: str) -> int | None:
        """Send a deployment and wait until it is stored; its row ID, or None if nothing was sent."""
        found = self.queue(lambda: self.actions.deploy(connection_id, deployment, password))
        return found[0] if found else None

    def wait_for_deployment(self, row_id: int, minutes: float) -> None:
        """Wait until the deployment has ended, and if it succeeded, until its machines were read; with 0, until Azure accepted it."""
        self._synced.clear()
        going = {OperationState.QUEUED, OperationState.SENT}
        if minutes:
            going.add(OperationState.RUNNING)
        seconds = (minutes or SEND_MINUTES) * 60.0
        self._until(lambda: deployments.read(self.db, row_id).state not in going, seconds)
        row = deployments.read(self.db, row_id)
        if row.state is OperationState.SUCCEEDED:
            self._until(lambda: row.connection_id in self._synced, seconds)

    def wait_for(self, operation_ids: Sequence[int], minutes: float, *, ends: bool) -> None:
        """Wait until each has finished, or without ``ends``, until Azure accepted or rejected it."""
        going = {OperationState.QUEUED, OperationState.SENT}
        if ends:
            going |= {OperationState.RUNNING, OperationState.UNKNOWN}

        def is_over() -> bool:
            return not operations.any_in(self.db, operation_ids, going)

        self._until(is_over, minutes * 60.0)

    def wait_for_changes(self, change_ids: Sequence[int], minutes: float) -> None:
        """Wait until each change of a schedule has ended, or its result isn't known."""
        self._until(lambda: not schedule_changes.any_waiting(self.db, change_ids), minutes * 60.0)

    def cancel_queued(self) -> list[int]:
        """Cancel the last request's operations that weren't sent, and wait briefly for responses to those that were.

        Some may still be on their way to the disk, and one being sent may return to the queue.

        Returns:
            The IDs of all its operations.
        """
        return self._cancel(operations.states, self.actions.cancel)

    def cancel_changes(self) -> list[int]:
        """As ``cancel_queued``, for the last request's changes of schedules."""
        return self._cancel(schedule_changes.states, self.actions.cancel_changes)

    def _cancel(
        self,
        read: Callable[[sqlite3.Connection, Sequence[int]], Mapping[int, OperationState]],
        cancel: Callable[[Sequence[int]], None],
    ) -> list[int]:
        self._engine.stop_queuing()
        began, again = time.monotonic(), 0.0
        while True:
            now, is_queued = time.monotonic(), self._is_queued  # before the rows are read
            states = read(self.db, self.queued)
            queued = [i for i, state in states.items() if state is OperationState.QUEUED]
            is_over = is_queued and not queued
            is_answered = is_over and OperationState.SENT not in states.values()
            if is_answered or now > began + (SENT_WAIT_S if is_over else LAST_WAIT_S):
                break
            if now > again:
                again = now + CHECK_S
                cancel(queued)
            self._wait()
        return list(self.queued)

    def _until(self, condition: Callable[[], bool], seconds: float | None = None) -> None:
        end = None if seconds is None else time.monotonic() + seconds
        while not condition():
            if self._is_interrupted or self.problem is not None:
                raise AbandonedError(self.problem.text if self.problem else tr("Interrupted."))
            if end is not None and time.monotonic() > end:
                raise AbandonedError(tr("It takes longer than this command waits."))
            self._wait()

    def _wait(self) -> None:
        with self._happened:
            self._happened.wait(CHECK_S)

    def _fail(self, problem: Problem) -> None:
        self._on_event(Failed(problem))

    def _interrupt(self, *_: object) -> None:
        self._is_interrupted = True

    def _on_event(self, event: Event) -> None:
        """Handle an event, on any thread."""
        with self._happened:
            self._handle(event)
            self._happened.notify_all()

    def _handle(self, event: Event) -> None:
        match event:
            case Opened(_, Path() as kept):
                self.set_aside = kept
                self._write_message(
                    tr(
                        "The data file was damaged. A new file was created; the earlier history "
                        "and audit log are in {kept}.",
                        kept=kept,
                    )
                )
            case Connected(ids):
                self._connected = frozenset(ids)
            case Synced(connection_id):
                self._synced.add(connection_id)
            case Queued(ids, is_last):
                self.queued += ids
                self._is_queued |= is_last
            case ChangesQueued(ids) | DeploymentStored(ids):
                self.queued += ids
                self._is_queued = True
            case DeploymentChecked():
                self._checked.append(event)
            case Failed(problem) if problem.kind in _NOT_FATAL or problem.connection_id:
                self._write_message(problem.text)
            case Failed(problem):
                self.problem = problem
            case Prompted(text) if text:
                self._write_message(text)
