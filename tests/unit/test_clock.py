from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from hotpatch_gui.azure.policies import ClockSync
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.simulator.clock import RunningClock

START = datetime(2026, 8, 20, 9, tzinfo=UTC)


class Ticks:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_the_clock_starts_with_the_first_response_and_runs_at_its_rate() -> None:
    ticks = Ticks()
    clock = CloudClock(START, ticks)
    ticks.seconds += 50
    assert clock() == START
    clock.observe(START + timedelta(hours=1), 60.0)
    ticks.seconds += 2
    assert clock() == START + timedelta(hours=1, minutes=2)


def test_a_late_response_does_not_turn_the_clock_back() -> None:
    ticks = Ticks()
    clock = CloudClock(START, ticks)
    clock.observe(START, 60.0)
    ticks.seconds += 1
    clock.observe(START + timedelta(seconds=30), 60.0)
    assert clock() == START + timedelta(seconds=60)
    clock.observe(START - timedelta(days=1), 1.0)
    assert clock() == START - timedelta(days=1), "a jump of the cloud's own clock is followed"


def test_simulated_time_is_fast_only_while_work_runs() -> None:
    ticks = Ticks()
    clock = RunningClock(START, 60.0, ticks)
    ticks.seconds += 10
    assert clock.now() == START + timedelta(seconds=10)
    assert clock.rate() == 1.0
    clock.run_fast_until(clock.now() + timedelta(minutes=2))
    assert clock.rate() == 60.0
    ticks.seconds += 2
    assert clock.now() == START + timedelta(seconds=10, minutes=2)
    ticks.seconds += 5
    assert clock.now() == START + timedelta(seconds=15, minutes=2)


def test_an_absurd_date_of_a_response_does_not_change_the_clock() -> None:
    """After the last year, every later time would overflow."""
    clock = CloudClock(START, Ticks())
    for date in ("Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 1850 00:00:00 GMT", "nonsense"):
        response = SimpleNamespace(http_response=SimpleNamespace(headers={"Date": date}))
        ClockSync(clock).on_response(SimpleNamespace(), response)
        assert clock() == START
