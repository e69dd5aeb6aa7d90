"""Doing as Azure asks when it throttles: wait as long as it says, then ask the same again."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from hotpatch_gui.domain.problems import ProblemError, ProblemKind

T = TypeVar("T")
MAX_THROTTLED = 5
DEFAULT_WAIT_S = 5.0


def patiently(
    call: Callable[[], T], waiting: Callable[[float], None] = lambda _: None
) -> Generator[float, None, T]:
    """Part of a job: ``call``, repeated after each 429; ``waiting`` hears of each pause in seconds.

    Raises:
        ProblemError: any other trouble, or throttled more than ``MAX_THROTTLED`` times in a row.
    """
    for _ in range(MAX_THROTTLED):
        try:
            return call()
        except ProblemError as error:
            if error.problem.kind is not ProblemKind.THROTTLED:
                raise
            pause = error.problem.retry_after_s or DEFAULT_WAIT_S
        waiting(pause)
        yield pause
    return call()
