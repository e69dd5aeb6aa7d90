"""Cooperative jobs on one thread: each yields how long it wants to sleep, none blocks the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator

log = logging.getLogger(__name__)
Job = Generator[float, None, None]
"""Does one short step per turn and yields seconds until its next; network calls are steps."""


class Scheduler:
    """Runs jobs by name when they are due; a name runs once at a time. No thread, no timer of its own."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._jobs: dict[str, tuple[float, Job]] = {}

    def add(self, name: str, job: Job) -> bool:
        """False, and the job is dropped, if one of this name is there already."""
        if name in self._jobs:
            job.close()
            return False
        self._jobs[name] = (self._monotonic(), job)
        return True

    def __contains__(self, name: str) -> bool:
        return name in self._jobs

    def wake(self, name: str) -> None:
        """Make a sleeping job due now."""
        if name in self._jobs:
            self._jobs[name] = (self._monotonic(), self._jobs[name][1])

    def end(self, prefix: str) -> None:
        """Give up the jobs whose names begin so, each where it stands."""
        for name in [n for n in self._jobs if n.startswith(prefix)]:
            self._jobs.pop(name)[1].close()

    def run_due(self) -> float | None:
        """One step of the job that is due longest; seconds until the next is due, None if none is left.

        What a job raises ends that job and is raised here.
        """
        now = self._monotonic()
        due = [(at, name) for name, (at, _) in self._jobs.items() if at <= now]
        if due:
            _, name = min(due)
            job = self._jobs[name][1]
            try:
                delay = next(job)
                self._jobs[name] = (self._monotonic() + delay, job)
            except StopIteration:
                del self._jobs[name]
            except BaseException:
                del self._jobs[name]
                raise
        if not self._jobs:
            return None
        return max(0.0, min(at for at, _ in self._jobs.values()) - self._monotonic())

    def close(self) -> None:
        for _, job in self._jobs.values():
            job.close()
        self._jobs.clear()
