"""Azure's limits, shared by all callers of a connection; one Throttle per service.

Callers wait ``Limit.wait_s`` before ``Limit.spend``, so that waiting occupies no thread. The Throttle, a pipeline policy,
learns from each response when the next request may be sent.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn, TypeVar

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import SansIOHTTPPolicy
from requests import codes

from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.translation import translator

from .errors import retry_after_s

tr = translator("Throttle")

log = logging.getLogger(__name__)
T = TypeVar("T")
FIRST_PAUSE_S, MAX_PAUSE_S = 5.0, 60.0
"""After a 429 without a time; doubled with each further one."""
QUOTA, WINDOW_S = 15, 5.0
"""Resource Graph's queries per window of seconds, until a response shows a larger quota.

Source: learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests.
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: a burst of requests, and a number per second."""

    size: int
    per_s: float


ARM_READS, ARM_WRITES = Rate(250, 25.0), Rate(200, 10.0)
"""Azure's limits per subscription and account, applied to a connection.

Source: learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling.
"""


PACED_S, PACE_MARGIN = 60.0, 0.5
"""How long queries continue at an even pace after the quota is used up, and by how many queries each window is reduced."""


class Limit:
    """A limit of requests of one kind. Thread-safe.

    Args:
        throttle: knows the pauses that Azure requested.
        rate: the bucket, for requests whose responses contain no quota; None otherwise.
    """

    def __init__(self, throttle: Throttle, rate: Rate | None) -> None:
        self._throttle, self._rate = throttle, rate
        self._left = float(rate.size if rate else QUOTA)
        self._at = throttle.now()
        """When the bucket was last filled; with a quota, when its window ends."""
        self._in_flight = 0
        self._quota = QUOTA
        self._paced_until = self._next_at = 0.0
        self._thread = threading.local()

    @property
    def wait_s(self) -> float:
        """Seconds until a request may be sent; 0.0 if now."""
        with self._throttle.lock:
            now = self._throttle.now()
            return max(0.0, self._throttle.resumes_at - now, self._empty_s(now))

    @property
    def paused_s(self) -> float:
        """Seconds until the end of a pause that Azure requested; 0.0 without one."""
        with self._throttle.lock:
            return max(0.0, self._throttle.resumes_at - self._throttle.now())

    def _empty_s(self, now: float) -> float:
        if self._rate is None:
            pace = self._next_at - now if now < self._paced_until else 0.0
            return max(0.0, pace, self._at - now if self._left < 1 else 0.0)
        self._left = min(self._left + (now - self._at) * self._rate.per_s, float(self._rate.size))
        self._at = now
        return (1.0 - self._left) / self._rate.per_s

    def spend(self) -> None:
        """Count a call that is about to be sent. ``call`` makes it, and ``done`` ends it."""
        with self._throttle.lock:
            self._count()
            self._in_flight += 1

    def done(self) -> None:
        """End a call counted by ``spend``."""
        with self._throttle.lock:
            self._in_flight -= 1

    def call(self, work: Callable[[], T]) -> T:
        """Make the counted call, on any thread. Its further requests, such as a second page, count as they are sent."""
        self._thread.is_counted = True
        try:
            return work()
        finally:
            self._thread.is_counted = False

    def count_request(self) -> None:
        """Count a request on this thread."""
        if getattr(self._thread, "is_counted", False):
            self._thread.is_counted = False
            return
        with self._throttle.lock:
            self._count()

    def _count(self) -> None:
        now = self._throttle.now()
        if self._rate is None:
            self._next_at = max(self._next_at, now) + WINDOW_S / (self._quota - PACE_MARGIN)
            if self._at <= now:  # a new window started, and no response reported it yet
                self._left, self._at = float(self._quota), now + WINDOW_S
        self._left -= 1

    def update_quota(self, remaining: int, resets_s: float) -> None:
        """Adopt Resource Graph's remaining queries and seconds until the reset.

        Other calls in flight may not be included yet. When none remain, queries continue at an even pace, because the reset is
        only given in whole seconds.
        """
        with self._throttle.lock:
            now = self._throttle.now()
            self._quota = max(self._quota, remaining + 1)
            is_paced = now < self._paced_until
            self._left = float(remaining - (0 if is_paced else max(0, self._in_flight - 1)))
            self._at = now + resets_s
            if self._left < 1:
                self._paced_until = now + PACED_S


class Throttle(SansIOHTTPPolicy[Any, Any]):
    """Sends no request during a pause that Azure requested: raises ProblemError (THROTTLED, not sent) with the remaining seconds.

    Args:
        reads: the rate of read requests; None for Resource Graph, whose responses report a quota.
        writes: the rate of write requests; None to share ``reads``.
    """

    def __init__(
        self,
        reads: Rate | None = None,
        writes: Rate | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.now = monotonic
        self.lock = threading.RLock()
        self.resumes_at = 0.0
        """When requests are allowed again, by ``now``."""
        self._pause_s = FIRST_PAUSE_S
        self.reads = Limit(self, reads)
        self.writes = Limit(self, writes) if writes is not None else self.reads

    def _limit_of(self, request: PipelineRequest[Any]) -> Limit:
        return self.reads if request.http_request.method in _READS else self.writes

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Check for a pause.

        Raises:
            ProblemError: there is one.
        """
        wait = self.resumes_at - self.now()
        if wait > 0:
            _raise_throttled(wait)
        self._limit_of(request).count_request()

    def on_response(
        self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]
    ) -> None:
        """Adopt pauses and the quota."""
        headers = response.http_response.headers
        asked_s, status = retry_after_s(headers), response.http_response.status_code
        if status == codes.too_many_requests or (status >= codes.server_error and asked_s):
            self._pause(asked_s)
            return
        with self.lock:
            self._pause_s = FIRST_PAUSE_S
        quota = _quota(headers)
        if quota is not None:
            self.reads.update_quota(*quota)

    def _pause(self, asked_s: float | None) -> None:
        """Pause as long as Azure asks. Requests rejected together count once."""
        with self.lock:
            now = self.now()
            is_first = now >= self.resumes_at
            if asked_s:
                self.resumes_at = max(self.resumes_at, now + asked_s)
            elif is_first:
                self.resumes_at = now + self._pause_s
                self._pause_s = min(self._pause_s * 2, MAX_PAUSE_S)


class Throttles(NamedTuple):
    """A connection's throttles, which outlive its gateway, so that pauses survive a sign-out."""

    arm: Throttle
    graph: Throttle

    @classmethod
    def begin(cls) -> Throttles:
        """New throttles without pauses."""
        return cls(Throttle(ARM_READS, ARM_WRITES), Throttle())


_READS = frozenset({"GET", "HEAD"})


def _quota(headers: Mapping[str, str]) -> tuple[int, float] | None:
    """Remaining queries and seconds until the reset; None if not reported."""
    if "x-ms-user-quota-remaining" not in headers:
        return None
    try:
        remaining = int(headers["x-ms-user-quota-remaining"])
        hours, minutes, rest = headers.get("x-ms-user-quota-resets-after", "0:0:0").split(":")
        resets_s = int(hours) * 3600 + int(minutes) * 60 + float(rest)
        return remaining, min(resets_s, MAX_PAUSE_S)
    except ValueError:
        log.warning("unreadable quota headers from Resource Graph")
        return None


def _raise_throttled(wait_s: float) -> NoReturn:
    raise ProblemError(
        Problem(
            ProblemKind.THROTTLED,
            tr("Azure asked the program to wait before sending more requests."),
            tr("The program waits and continues automatically."),
            retry_after_s=wait_s,
            may_have_been_sent=False,
        )
    )
