"""Limits that all callers keep together: by headers, by Retry-After, by the bucket."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.rest import HttpRequest

from hotpatch_gui.azure.errors import retry_after_s
from hotpatch_gui.azure.throttle import (
    ARM_READS,
    ARM_WRITES,
    MAX_PAUSE_S,
    QUOTA,
    Limit,
    Rate,
    Throttle,
)
from hotpatch_gui.domain.problems import ProblemError, ProblemKind


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "90"}, 90.0),
        ({"Retry-After": "-5"}, 0.0),
        ({"Retry-After": "999999999"}, 600.0),
        (
            {
                "Retry-After": "Fri, 20 Aug 2027 10:02:00 GMT",
                "Date": "Fri, 20 Aug 2027 10:00:00 GMT",
            },
            120.0,
        ),
        ({"Retry-After": "Fri, 20 Aug 2100 10:02:00 GMT"}, 600.0),
        ({"Retry-After": "Fri, 20 Aug 2021 10:02:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({}, None),
    ],
)
def test_a_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds


class Ticks:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def request(throttle: Throttle, method: str = "GET") -> float:
    """Seconds that a request waits; 0.0 if it is sent immediately."""
    request: Any = SimpleNamespace(http_request=HttpRequest(method, "https://azure.invalid/"))
    try:
        throttle.on_request(request)
    except ProblemError as error:
        problem = error.problem
        assert (problem.kind, problem.may_have_been_sent) == (ProblemKind.THROTTLED, False)
        return problem.retry_after_s or 0.0
    return 0.0


def response(throttle: Throttle, status: int = 200, **headers: str) -> None:
    response = SimpleNamespace(
        status_code=status, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    throttle.on_response(SimpleNamespace(), SimpleNamespace(http_response=response))


def quota(throttle: Throttle, remaining: int, after: str) -> None:
    response(throttle, x_ms_user_quota_remaining=str(remaining), x_ms_user_quota_resets_after=after)


def goes(limit: Limit) -> bool:
    """Whether a waiting caller may send now; if so, the call is counted."""
    if limit.wait_s > 0:
        return False
    limit.spend()
    limit.done()
    return True


def test_after_a_429_no_request_is_sent_before_retry_after() -> None:
    ticks = Ticks()
    throttle = Throttle(monotonic=ticks)
    assert request(throttle) == 0
    response(throttle, 429, Retry_After="17")
    assert request(throttle) == 17
    assert throttle.reads.wait_s == 17
    ticks.now += 16
    assert request(throttle, "POST") == pytest.approx(1)
    ticks.now += 1
    assert request(throttle) == 0


def test_repeated_429s_without_a_time_cause_growing_pauses() -> None:
    ticks = Ticks()
    throttle = Throttle(monotonic=ticks)
    pauses = []
    for _ in range(6):
        response(throttle, 429)
        response(throttle, 429)  # another that was under way with it: no reason to wait longer
        pauses.append(request(throttle))
        ticks.now += pauses[-1]
    assert pauses == [5, 10, 20, 40, MAX_PAUSE_S, MAX_PAUSE_S]
    response(throttle)
    response(throttle, 429)
    assert request(throttle) == 5, "it begins again once one was answered"


def test_a_429_without_a_time_causes_a_pause() -> None:
    throttle = Throttle(monotonic=Ticks())
    response(throttle, 429, Retry_After="0")
    assert request(throttle) == 5


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("remaining", "after", "wait"),
    [
        ("0", "00:00:04", 4),
        ("1", "00:00:04", 0),
        ("0", "00:00:42", 42),
        ("0", "99:99:99", MAX_PAUSE_S),
        ("0", "soon", 0),
        ("none", "00:00:04", 0),
    ],
)
def test_requests_stay_within_the_quota_of_resource_graph(
    remaining: str, after: str, wait: float
) -> None:
    throttle = Throttle(monotonic=Ticks())
    response(throttle, x_ms_user_quota_remaining=remaining, x_ms_user_quota_resets_after=after)
    assert throttle.writes.wait_s == wait


def test_concurrent_queries_stay_within_the_quota() -> None:
    """A response counts the requests that Azure had received by then; others may have been on their way."""
    ticks = Ticks()
    throttle = Throttle(monotonic=ticks)
    limit = throttle.reads
    for _ in range(4):
        limit.spend()
    quota(throttle, 9, "00:00:05")  # to the first of four
    for _ in range(4):
        limit.done()
    assert sum(goes(limit) for _ in range(20)) == 9 - 3
    assert limit.wait_s == 5


def test_a_new_quota_window_is_used_at_an_even_pace() -> None:
    """Azure reports whole seconds until more are available: bursts would wait a fraction of a second each time."""
    ticks = Ticks()
    throttle = Throttle(monotonic=ticks)
    limit = throttle.reads
    assert sum(goes(limit) for _ in range(20)) == QUOTA, "a burst, before any response"
    quota(throttle, 0, "00:00:05")
    ticks.now += 5
    sent = 0
    for _ in range(1000):
        ticks.now += 0.01
        sent += goes(limit)
    assert 2 * (QUOTA - 1) <= sent <= 2 * QUOTA, "in ten seconds"


def test_the_token_bucket_allows_a_burst_and_then_its_fill_rate() -> None:
    ticks = Ticks()
    throttle = Throttle(ARM_READS, ARM_WRITES, ticks)
    assert sum(goes(throttle.reads) for _ in range(400)) == ARM_READS.size
    assert sum(goes(throttle.writes) for _ in range(400)) == ARM_WRITES.size
    assert throttle.writes.wait_s == pytest.approx(1 / ARM_WRITES.per_s)
    sent = 0
    for _ in range(1000):
        ticks.now += 0.01
        sent += goes(throttle.reads)
    assert sent == pytest.approx(10 * ARM_READS.per_s, abs=1), "in ten seconds"


def test_further_requests_of_a_call_count_against_later_ones() -> None:
    """Such as an operation's result or a second page, which can't be known beforehand."""
    ticks = Ticks()
    throttle = Throttle(Rate(2, 1.0), Rate(2, 1.0), ticks)
    throttle.reads.spend()
    throttle.reads.call(lambda: [request(throttle) for _ in range(3)])
    assert throttle.reads.wait_s == pytest.approx(2)
    assert throttle.writes.wait_s == 0


def test_pauses_named_by_azure_do_not_lengthen_other_pauses() -> None:
    ticks = Ticks()
    throttle = Throttle(monotonic=ticks)
    response(throttle, 429, Retry_After="3")
    ticks.now += request(throttle)
    response(throttle, 429)
    assert request(throttle) == 5
