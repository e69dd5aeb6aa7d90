"""Updates of release data: read on a thread, stored on the engine's loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from hotpatch_gui.domain.changes import Changes
from hotpatch_gui.domain.clock import Clock, system_clock
from hotpatch_gui.domain.problems import ProblemError
from hotpatch_gui.domain.releases import Calendar
from hotpatch_gui.store import health, machines, releases
from hotpatch_gui.store.release_book import ReleaseBook

from .events import Changed, Observer, ReleasesRead
from .file import DataFile
from .in_thread import in_thread
from .jobs import Jobs
from .release_knowledge import FILE, MSRC, Update, download, known_to, read_file, take_up

log = logging.getLogger(__name__)
EVERY = timedelta(days=1)
CHECK_EVERY_S, LONGEST_S = 900.0, 21_600.0
BATCH = 100


class ReleaseUpdates:
    """Creates jobs for updates."""

    def __init__(
        self,
        file: DataFile,
        shipped: Callable[[], Calendar],
        book: ReleaseBook,
        clock: Clock,
        *,
        jobs: Jobs,
        observe: Observer,
    ) -> None:
        self._file, self._shipped, self._book, self._clock = file, shipped, book, clock
        self._jobs, self._observe = jobs, observe
        self._has_failed = False

    async def from_microsoft(self, address: str) -> None:
        """Read Microsoft's Security Update API."""
        db, stopping = self._file.db, threading.Event()
        read = {i: d.revised for i, d in releases.read_documents(db).items()}
        known = known_to(db, self._shipped())
        try:
            await self._run(MSRC, lambda: download(address, known, read, stopping.is_set))
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
            place = address()
            last = releases.last_read(self._file.db)
            self._has_failed = False
            if place is not None and (last is None or system_clock() - last >= EVERY):
                await self._try(place)
            pause = min(pause * 2, LONGEST_S) if self._has_failed else CHECK_EVERY_S
            await self._jobs.rest(pause)

    async def _try(self, place: str) -> None:
        """Run one update; a failure of the file or a bug doesn't end later ones."""
        try:
            await self.from_microsoft(place)
        except Exception:
            self._has_failed = True
            log.exception("the release data could not be taken up")

    async def _run(self, origin: str, work: Callable[[], Update]) -> None:
        said = "It failed; the log in the data folder has the details."
        try:
            update = await in_thread(work, "release-data")
            await self._take_up(origin, update)
            said = update.text
        except ProblemError as error:
            self._has_failed = True
            said = error.problem.text
            log.info("release data: %s", said)
        except asyncio.CancelledError:
            said = ""
            raise
        finally:
            self._observe(ReleasesRead(said))

    async def _take_up(self, origin: str, update: Update) -> None:
        for reason in update.refused:
            log.info("release data, refused: %s", reason)
        async with self._file.transaction() as db:
            calendar = take_up(db, origin, update, self._shipped(), system_clock())
        self._book.forget()
        self._observe(Changed(Changes.to("releases")))
        if not update.added:
            return
        everyone = machines.present(self._file.db)
        for start in range(0, len(everyone), BATCH):
            async with self._file.transaction() as db:
                batch = everyone[start : start + BATCH]
                health.refresh_health(db, batch, calendar, self._clock())
            await asyncio.sleep(0)
        self._observe(Changed(Changes.to("machines")))
