"""Azure's limits, kept by all callers of a connection together: a request that is too early is not sent."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import SansIOHTTPPolicy

from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind

from .errors import seconds

log = logging.getLogger(__name__)
FIRST_PAUSE_S, MAX_PAUSE_S = 5.0, 60.0
"""After a 429 that names no time: doubled with each that follows."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: so many requests at once, and so many more each second."""

    size: int
    per_s: float


ARM_READS, ARM_WRITES = Rate(250, 25.0), Rate(200, 10.0)
"""Of a subscription and an account (request-limits-and-throttling); here of all a connection's subscriptions."""


class _Bucket:
    def __init__(self, rate: Rate, now: float) -> None:
        self._rate, self._level, self._at = rate, float(rate.size), now

    def wait_s(self, now: float) -> float:
        """Until a request may go; 0.0 where one may."""
        filled = self._level + (now - self._at) * self._rate.per_s
        self._level, self._at = min(filled, float(self._rate.size)), now
        return max(0.0, (1.0 - self._level) / self._rate.per_s)

    def take(self) -> None:
        self._level -= 1.0


class Throttle(SansIOHTTPPolicy[Any, Any]):
    """Learns from every answer when the next request may go, and lets none go before: it raises ProblemError
    (THROTTLED, not reached) with the time that is left. One for each service of a connection.

    Args:
        reads, writes: limits that no answer tells beforehand; None for none.
    """

    def __init__(
        self, reads: Rate | None = None, writes: Rate | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._monotonic = monotonic
        self._open_at = 0.0
        self._pause_s = FIRST_PAUSE_S
        now = monotonic()
        self._reads = _Bucket(reads, now) if reads else None
        self._writes = _Bucket(writes, now) if writes else None

    @property
    def wait_s(self) -> float:
        """Seconds until a request that changes something may go."""
        return self._wait_s(self._writes)

    def _wait_s(self, bucket: _Bucket | None) -> float:
        now = self._monotonic()
        return max(0.0, self._open_at - now, bucket.wait_s(now) if bucket else 0.0)

    def on_request(self, request: PipelineRequest[Any]) -> None:
        bucket = self._reads if request.http_request.method == "GET" else self._writes
        wait = self._wait_s(bucket)
        if wait > 0:
            _hold_back(wait)
        if bucket is not None:
            bucket.take()

    def on_response(
        self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]
    ) -> None:
        headers, now = response.http_response.headers, self._monotonic()
        if response.http_response.status_code == 429:
            asked = seconds(headers.get("Retry-After"))
            pause = self._pause_s if asked is None else asked
            self._pause_s = min(self._pause_s * 2, MAX_PAUSE_S)
            self._open_at = max(self._open_at, now + pause)
        else:
            self._pause_s = FIRST_PAUSE_S
            self._open_at = max(self._open_at, now + _quota_pause_s(headers))


def _quota_pause_s(headers: Mapping[str, str]) -> float:
    """Resource Graph says how many queries are left, and when there are all again."""
    try:
        remaining = int(headers.get("x-ms-user-quota-remaining", "1"))
        hours, minutes, rest = headers.get("x-ms-user-quota-resets-after", "0:0:0").split(":")
        resets_s = int(hours) * 3600 + int(minutes) * 60 + float(rest)
    except ValueError:
        log.warning("unreadable quota headers from Resource Graph")
        return 0.0
    return resets_s if remaining <= 0 else 0.0


def _hold_back(wait_s: float) -> NoReturn:
    raise ProblemError(
        Problem(
            ProblemKind.THROTTLED,
            "Azure's limit of requests is reached.",
            "The program waits as long as Azure asks and goes on by itself.",
            retry_after_s=wait_s,
            reached=False,
        )
    )
