from collections.abc import Iterator

import pytest

from hotpatch_gui.worker.scheduler import Scheduler


class Ticks:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def job(log: list[str], name: str, *delays: float) -> Iterator[float]:
    for delay in delays:
        log.append(name)
        yield delay


def test_jobs_take_turns_and_sleep() -> None:
    ticks, log = Ticks(), []
    scheduler = Scheduler(ticks)
    scheduler.add("a", job(log, "a", 5.0, 5.0))  # type: ignore[arg-type]
    scheduler.add("b", job(log, "b", 1.0, 1.0))  # type: ignore[arg-type]
    assert scheduler.run_due() == 0.0
    assert scheduler.run_due() == 1.0
    ticks.seconds = 1.0
    scheduler.run_due()
    assert log == ["a", "b", "b"]
    ticks.seconds = 10.0
    while scheduler.run_due() is not None:
        ticks.seconds += 5
    assert log == ["a", "b", "b", "a"]


def test_a_name_runs_once_at_a_time() -> None:
    log: list[str] = []
    scheduler = Scheduler(Ticks())
    assert scheduler.add("a", job(log, "first", 1.0))  # type: ignore[arg-type]
    assert not scheduler.add("a", job(log, "second", 1.0))  # type: ignore[arg-type]
    scheduler.run_due()
    assert log == ["first"]
    scheduler.close()


def test_a_job_that_fails_ends_and_the_others_go_on() -> None:
    log: list[str] = []

    def bad() -> Iterator[float]:
        raise RuntimeError("boom")
        yield 0.0

    scheduler = Scheduler(Ticks())
    scheduler.add("bad", bad())  # type: ignore[arg-type]
    scheduler.add("good", job(log, "good", 1.0))  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        scheduler.run_due()
    scheduler.run_due()
    assert log == ["good"]
    assert "bad" not in scheduler
    scheduler.close()
