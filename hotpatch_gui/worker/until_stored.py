"""Stores Azure's responses, which must not be lost."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TypeVar

from hotpatch_gui.domain.problems import ProblemError

from .jobs import Jobs
from .operations.pauses import FIRST_BACK_OFF_S

log = logging.getLogger(__name__)
T = TypeVar("T")


async def until_stored(jobs: Jobs, write: Callable[[], Awaitable[T]], what: str) -> T:
    """Retry a write until the file accepts it; ``what`` names the request in the log."""
    while True:
        try:
            return await write()
        except (sqlite3.Error, ProblemError) as error:
            log.warning("%s: the response is not stored yet: %s", what, error)
            await jobs.rest(FIRST_BACK_OFF_S)
