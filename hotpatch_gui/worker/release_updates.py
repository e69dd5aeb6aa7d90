"""Updates of release data: read on a thread, stored on the engine's loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.clock import Clock, system_clock
from hotpatch_gui.domain.problems import ProblemError
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.store import machines, releases, situations
from hotpatch_gui.store.release_book import CalendarCache
from hotpatch_gui.translation import translator

from .events import Changed, Observer, ReleasesRead
from .file import DataFile
from .in_thread import in_thread
from .jobs import Jobs
from .release_knowledge import (
    FILE,
    MSRC,
    ReleaseDataUpdate,
    download,
    known_to,
    read_file,
    save_update,
)

tr = translator("ReleaseUpdates")

log = logging.getLogger(__name__)
EVERY = timedelta(days=1)
CHECK_EVERY_S, LONGEST_S = 900.0, 21_600.0
BATCH = 100


class ReleaseUpdates:
    """Reads release data from Microsoft or a file, and stores it. Lives on the engine's loop; ``CommandHandler`` runs its methods as
    jobs."""

    def __init__(
        self,
        file: DataFile,
        shipped: Callable[[], Calendar],
        book: CalendarCache,
        clock: Clock,
        *,
        jobs: Jobs,
        observe: Observer,
    ) -> None:
        self._file, self._shipped, self._book, self._clock = file, shipped, book, clock
        self._jobs, self._observe = jobs, observe

    async def from_microsoft(self, address: str) -> bool:
        """Read Microsoft's Security Update API; False if that failed."""
        db, stopping = self._file.db, threading.Event()
        read = {i: d.revised for i, d in releases.read_documents(db).items()}
        known = known_to(db, self._shipped())
        try:
            return await self._run(MSRC, lambda: download(address, known, read, stopping.is_set))
        finally:
            stopping.set()

    async def from_file(self, path: Path) -> None:
        """Read a saved document or list."""
        known = known_to(self._file.db, self._shipped())
        await self._run(FILE, lambda: read_file(path, known))

    async def daily(self, address: Callable[[], str | None]) -> None:
        """Read Microsoft's data once a day while there is an ``address``, sooner after a failure."""
        pause = CHECK_EVERY_S
        while True:
            feed_url = address()
            last = releases.last_read(self._file.db)
            is_due = last is None or system_clock() - last >= EVERY
            has_failed = feed_url is not None and is_due and not await self._try(feed_url)
            pause = min(pause * 2, LONGEST_S) if has_failed else CHECK_EVERY_S
            await self._jobs.rest(pause)

    async def _try(self, feed_url: str) -> bool:
        """Run one update; a failure of the file or a bug doesn't end later ones."""
        try:
            return await self.from_microsoft(feed_url)
        except Exception:
            log.exception("the release data could not be taken up")
            return False

    async def _run(self, origin: str, work: Callable[[], ReleaseDataUpdate]) -> bool:
        text = tr("It failed; the log in the data folder has the details.")
        try:
            update = await in_thread(work, "release-data")
            await self._store_update(origin, update)
            text = update.text
        except ProblemError as error:
            text = error.problem.text
            log.info("release data: %s", text)
            return False
        except asyncio.CancelledError:
            text = ""
            raise
        else:
            return True
        finally:
            self._observe(ReleasesRead(text))

    async def _store_update(self, origin: str, update: ReleaseDataUpdate) -> None:
        for reason in update.rejected:
            log.info("release data, rejected: %s", reason)
        async with self._file.transaction() as db:
            calendar = save_update(db, origin, update, self._shipped(), system_clock())
        self._book.forget()
        self._observe(Changed(ChangedTables.of("releases")))
        if not update.added:
            return
        everyone = machines.present(self._file.db)
        for start in range(0, len(everyone), BATCH):
            async with self._file.transaction() as db:
                batch = everyone[start : start + BATCH]
                situations.derive_and_record(db, batch, calendar, self._clock())
            await asyncio.sleep(0)
        self._observe(Changed(ChangedTables.of("machines")))
