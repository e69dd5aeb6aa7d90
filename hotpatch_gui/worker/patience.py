"""Doing as Azure asks when it throttles: wait as long as it says, then ask the same again."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from hotpatch_gui.domain.problems import ProblemError, ProblemKind

T = TypeVar("T")
MAX_THROTTLED = 5
DEFAULT_WAIT_S = 5.0


def patiently(
    call: Callable[[], T],
    waiting: Callable[[float], None] = lambda _: None,
    *,
    most: float = MAX_THROTTLED,
) -> Generator[float, None, T]:
    """Part of a job: ``call``, repeated after each pause that Azure wants; ``waiting`` hears of each, in seconds.

    Raises:
        ProblemError: any other trouble, or refused more than ``most`` times. A call that was only held
            back was not refused.
    """
    refused = 0
    while True:
        try:
            return call()
        except ProblemError as error:
            problem = error.problem
            refused += problem.reached
            if problem.kind is not ProblemKind.THROTTLED or refused > most:
                raise
            pause = problem.retry_after_s or DEFAULT_WAIT_S
        waiting(pause)
        yield pause
