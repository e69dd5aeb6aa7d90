"""Updates of the release knowledge on the worker: read on a thread of their own, taken up on this one."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from hotpatch_gui.domain.clock import Clock, system_clock
from hotpatch_gui.domain.problems import Problem, ProblemError
from hotpatch_gui.domain.releases import Calendar
from hotpatch_gui.store import machines, releases
from hotpatch_gui.store.changes import Changes
from hotpatch_gui.store.database import transaction
from hotpatch_gui.store.release_book import ReleaseBook

from .release_knowledge import FILE, MSRC, Update, download, known_to, read_file, take_up
from .scheduler import Job

log = logging.getLogger(__name__)
LOOK_EVERY_S = 0.25
EVERY = timedelta(days=1)
CHECK_EVERY_S, LONGEST_S = 900.0, 21_600.0
BATCH = 200


class Outcome(NamedTuple):
    """How an update ended: what it brought, or why not."""

    update: Update | None
    problem: Problem | None

    @property
    def text(self) -> str:
        if self.problem is not None:
            return self.problem.text
        return self.update.text if self.update is not None else ""


class ReleaseUpdates:
    """Makes the jobs. ``ended`` hears of each outcome, ``changed`` of what was written."""

    def __init__(
        self, db: sqlite3.Connection, shipped: Callable[[], Calendar], book: ReleaseBook, clock: Clock,
        *, changed: Callable[[Changes], None], ended: Callable[[Outcome], None],
        stopping: threading.Event,
    ) -> None:  # fmt: skip
        self._db, self._shipped, self._book, self._clock = db, shipped, book, clock
        self._changed, self._ended, self._stopping = changed, ended, stopping
        self._has_failed = False

    def from_microsoft(self, address: str) -> Job:
        """Read Microsoft's Security Update API."""
        read = {i: d.revised for i, d in releases.read_documents(self._db).items()}
        known = known_to(self._db, self._shipped())
        work = lambda: download(address, known, read, self._stopping.is_set)  # noqa: E731
        yield from self._run(MSRC, work)

    def from_file(self, path: Path) -> Job:
        """Read a saved document or list."""
        known = known_to(self._db, self._shipped())
        yield from self._run(FILE, lambda: read_file(path, known))

    def daily(self, address: Callable[[], str | None]) -> Job:
        """Read Microsoft once a day while ``address`` gives one; after a failure sooner, with growing pauses."""
        pause = CHECK_EVERY_S
        while True:
            place = address()
            last = releases.last_read(self._db)
            self._has_failed = False
            if place is not None and (last is None or system_clock() - last >= EVERY):
                yield from self.from_microsoft(place)
            pause = min(pause * 2, LONGEST_S) if self._has_failed else CHECK_EVERY_S
            yield pause

    def _run(self, origin: str, work: Callable[[], Update]) -> Generator[float, None, None]:
        reader = _Reader(work)
        reader.start()
        while reader.is_alive():
            yield LOOK_EVERY_S
        if reader.bug is not None:
            raise reader.bug
        if reader.update is not None:
            yield from self._take_up(origin, reader.update)
        elif reader.problem is not None:
            self._has_failed = True
            log.info("release data: %s", reader.problem.text)
        self._ended(Outcome(reader.update, reader.problem))

    def _take_up(self, origin: str, update: Update) -> Job:
        for reason in update.refused:
            log.info("release data, refused: %s", reason)
        calendar = take_up(self._db, origin, update, self._shipped(), system_clock())
        self._book.forget()
        self._changed(Changes.to("releases"))
        if not update.added:
            return
        everyone = machines.present(self._db)
        for start in range(0, len(everyone), BATCH):
            batch = everyone[start : start + BATCH]
            with transaction(self._db):
                machines.refresh_standing(self._db, batch, calendar, self._clock())
            yield 0.0
        self._changed(Changes.to("machines"))


class _Reader(threading.Thread):
    """A daemon: a program that ends does not wait for a download."""

    def __init__(self, work: Callable[[], Update]) -> None:
        super().__init__(name="release-data", daemon=True)
        self._work = work
        self.update: Update | None = None
        self.problem: Problem | None = None
        self.bug: Exception | None = None

    def run(self) -> None:
        try:
            self.update = self._work()
        except ProblemError as error:
            self.problem = error.problem
        except Exception as error:  # noqa: BLE001 - raised again where the job looks
            self.bug = error
