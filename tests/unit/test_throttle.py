"""Limits that all callers keep together: by headers, by Retry-After, by the bucket."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.rest import HttpRequest

from hotpatch_gui.azure.throttle import ARM_READS, ARM_WRITES, MAX_PAUSE_S, Rate, Throttle
from hotpatch_gui.domain.problems import ProblemError, ProblemKind


class Ticks:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def ask(throttle: Throttle, method: str = "GET") -> float:
    """Seconds that a request is held back; 0.0 where it goes."""
    request: Any = SimpleNamespace(http_request=HttpRequest(method, "https://azure.invalid/"))
    try:
        throttle.on_request(request)
    except ProblemError as error:
        problem = error.problem
        assert (problem.kind, problem.reached) == (ProblemKind.THROTTLED, False)
        return problem.retry_after_s or 0.0
    return 0.0


def answer(throttle: Throttle, status: int = 200, **headers: str) -> None:
    response = SimpleNamespace(
        status_code=status, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    throttle.on_response(SimpleNamespace(), SimpleNamespace(http_response=response))


def test_after_a_429_nobody_asks_before_its_time() -> None:
    ticks = Ticks()
    throttle = Throttle(monotonic=ticks)
    assert ask(throttle) == 0
    answer(throttle, 429, Retry_After="17")
    assert ask(throttle) == 17
    ticks.now += 16
    assert ask(throttle, "POST") == pytest.approx(1)
    ticks.now += 1
    assert ask(throttle) == 0


def test_a_storm_that_names_no_time_is_answered_with_growing_pauses() -> None:
    ticks = Ticks()
    throttle = Throttle(monotonic=ticks)
    pauses = []
    for _ in range(6):
        answer(throttle, 429)
        pauses.append(ask(throttle))
        ticks.now += pauses[-1]
    assert pauses == [5, 10, 20, 40, MAX_PAUSE_S, MAX_PAUSE_S]
    answer(throttle)
    answer(throttle, 429)
    assert ask(throttle) == 5, "it begins again once one was answered"


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("remaining", "after", "wait"),
    [
        ("0", "00:00:04", 4),
        ("1", "00:00:04", 0),
        ("0", "00:01:02", 62),
        ("0", "soon", 0),
        ("none", "00:00:04", 0),
    ],
)
def test_the_quota_of_resource_graph_is_kept_beforehand(
    remaining: str, after: str, wait: float
) -> None:
    throttle = Throttle(monotonic=Ticks())
    answer(throttle, x_ms_user_quota_remaining=remaining, x_ms_user_quota_resets_after=after)
    assert ask(throttle, "POST") == wait


def test_the_bucket_of_arm_lets_a_burst_go_and_then_as_many_as_it_fills() -> None:
    ticks = Ticks()
    throttle = Throttle(ARM_READS, ARM_WRITES, ticks)
    assert sum(ask(throttle) == 0 for _ in range(400)) == ARM_READS.size
    assert sum(ask(throttle, "POST") == 0 for _ in range(400)) == ARM_WRITES.size
    assert throttle.wait_s == pytest.approx(1 / ARM_WRITES.per_s)
    sent = 0
    for _ in range(1000):
        ticks.now += 0.01
        sent += ask(throttle) == 0
    assert sent == pytest.approx(10 * ARM_READS.per_s, abs=1), "in ten seconds"


def test_a_clock_that_stands_still_holds_back_for_good_and_never_asks_in_between() -> None:
    throttle = Throttle(Rate(1, 1.0), monotonic=Ticks())
    assert [ask(throttle) for _ in range(3)] == [0, 1, 1]
