"""Azure's limits, kept by all callers of a connection together. One Throttle for each service of a connection.

A caller waits for ``Limit.wait_s`` before ``Limit.take``, so that waiting holds no thread; the
Throttle, a policy of the SDK's pipeline, learns from each answer when the next request may go.
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

from .errors import seconds

log = logging.getLogger(__name__)
T = TypeVar("T")
FIRST_PAUSE_S, MAX_PAUSE_S = 5.0, 60.0
"""After a 429 that names no time: doubled with each that follows."""
QUOTA, WINDOW_S = 15, 5.0
"""Resource Graph's queries in one of its windows of seconds, until an answer says otherwise (guidance-for-throttled-requests)."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: so many requests at once, and so many more each second."""

    size: int
    per_s: float


ARM_READS, ARM_WRITES = Rate(250, 25.0), Rate(200, 10.0)
"""Of a subscription and an account (request-limits-and-throttling); here of all a connection's subscriptions."""


PACED_S, PACE_MARGIN = 60.0, 0.5
"""For how long after the quota was spent queries go at an even pace, and by how many a window that is slower."""


class Limit:
    """How many requests of one kind may go. Safe from any thread.

    Args:
        throttle: tells of the pauses that Azure asks for.
        rate: the bucket, for requests whose answers tell no quota; None where they do.
    """

    def __init__(self, throttle: Throttle, rate: Rate | None) -> None:
        self._throttle, self._rate = throttle, rate
        self._left = float(rate.size if rate else QUOTA)
        self._at = throttle.now()
        self._under_way = 0
        self._quota = QUOTA
        self._paced_until = self._next_at = 0.0
        self._thread = threading.local()

    @property
    def wait_s(self) -> float:
        """Seconds until a request may go; 0.0 where one may."""
        with self._throttle.lock:
            now = self._throttle.now()
            return max(0.0, self._throttle.open_at - now, self._empty_s(now))

    def _empty_s(self, now: float) -> float:
        if self._rate is None:
            pace = self._next_at - now if now < self._paced_until else 0.0
            return max(0.0, pace, self._at - now if self._left < 1 else 0.0)
        self._left = min(self._left + (now - self._at) * self._rate.per_s, float(self._rate.size))
        self._at = now
        return (1.0 - self._left) / self._rate.per_s

    def take(self) -> None:
        """Count a call whose first request is about to be sent; ``call`` makes it, and ``done`` is its end."""
        with self._throttle.lock:
            self._count()
            self._under_way += 1

    def done(self) -> None:
        with self._throttle.lock:
            self._under_way -= 1

    def call(self, work: Callable[[], T]) -> T:
        """Do what ``take`` has counted, on whatever thread. Further requests of it, such as a second page, are
        counted as they go."""
        self._thread.is_counted = True
        try:
            return work()
        finally:
            self._thread.is_counted = False

    def sent(self) -> None:
        """A request goes out on this thread."""
        if getattr(self._thread, "is_counted", False):
            self._thread.is_counted = False
            return
        with self._throttle.lock:
            self._count()

    def _count(self) -> None:
        now = self._throttle.now()
        if self._rate is None:
            self._next_at = max(self._next_at, now) + WINDOW_S / (self._quota - PACE_MARGIN)
            if self._at <= now:  # a window begins, and no answer tells of it yet
                self._left, self._at = float(self._quota), now + WINDOW_S
        self._left -= 1

    def heard(self, remaining: int, resets_s: float) -> None:
        """Resource Graph says how many queries are left and when there are all again. The other calls under way
        may not be counted in it yet. Once none is left, queries go at an even pace for a while, as that wastes none
        of the quota: it would be said in whole seconds when there are some again."""
        with self._throttle.lock:
            now = self._throttle.now()
            self._quota = max(self._quota, remaining + 1)
            is_paced = now < self._paced_until
            self._left = float(remaining - (0 if is_paced else max(0, self._under_way - 1)))
            self._at = now + resets_s
            if self._left < 1:
                self._paced_until = now + PACED_S


class Throttle(SansIOHTTPPolicy[Any, Any]):
    """Lets no request go before a pause that Azure asked for has passed: it raises ProblemError (THROTTLED, not
    reached) with the time that is left.

    Args:
        reads, writes: limits that no answer tells beforehand; None where Resource Graph's quota does.
    """

    def __init__(
        self,
        reads: Rate | None = None,
        writes: Rate | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.now = monotonic
        self.lock = threading.RLock()
        self.open_at = 0.0
        """Until then, by ``now``, Azure wants no request."""
        self._pause_s = FIRST_PAUSE_S
        self.reads = Limit(self, reads)
        self.writes = Limit(self, writes) if writes is not None else self.reads

    def _limit_of(self, request: PipelineRequest[Any]) -> Limit:
        return self.reads if request.http_request.method in _READS else self.writes

    def on_request(self, request: PipelineRequest[Any]) -> None:
        wait = self.open_at - self.now()
        if wait > 0:
            _hold_back(wait)
        self._limit_of(request).sent()

    def on_response(
        self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]
    ) -> None:
        headers = response.http_response.headers
        asked_s, status = seconds(headers.get("Retry-After")), response.http_response.status_code
        if status == codes.too_many_requests or (status >= codes.server_error and asked_s):
            self._pause(asked_s)
            return
        with self.lock:
            self._pause_s = FIRST_PAUSE_S
        quota = _quota(headers)
        if quota is not None:
            self.reads.heard(*quota)

    def _pause(self, asked_s: float | None) -> None:
        """As long as Azure asks. Requests that were under way together are refused together: that counts once."""
        with self.lock:
            now = self.now()
            is_first = now >= self.open_at
            if asked_s is not None:
                self.open_at = max(self.open_at, now + asked_s)
            elif is_first:
                self.open_at = now + self._pause_s
            if is_first:
                self._pause_s = min(self._pause_s * 2, MAX_PAUSE_S)


class Throttles(NamedTuple):
    """Those of one connection, which outlive its gateway: who signs out and in again is held to the same pauses."""

    arm: Throttle
    graph: Throttle

    @classmethod
    def begin(cls) -> Throttles:
        return cls(Throttle(ARM_READS, ARM_WRITES), Throttle())


_READS = frozenset({"GET", "HEAD"})


def _quota(headers: Mapping[str, str]) -> tuple[int, float] | None:
    """Queries left and seconds until there are all again, as Resource Graph says; None where it does not."""
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


def _hold_back(wait_s: float) -> NoReturn:
    raise ProblemError(
        Problem(
            ProblemKind.THROTTLED,
            "Azure's request limit is reached.",
            "The program waits and continues automatically.",
            retry_after_s=wait_s,
            may_have_been_sent=False,
        )
    )
