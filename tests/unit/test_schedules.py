from datetime import UTC, datetime

import pytest

from hotpatch_gui.domain.schedules import Schedule, next_run

PACIFIC = "Pacific Standard Time"
AUGUST = datetime(2026, 8, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("recurs", "run"),
    [
        ("Day", "2026-08-21T05:00"),
        ("3Days", "2026-08-23T05:00"),
        ("Week", "2026-08-23T05:00"),
        ("Week Saturday,Sunday", "2026-08-23T05:00"),
        ("2Weeks Friday", "2026-08-29T05:00"),
        ("1Week Saturday", "2026-08-23T05:00"),
        ("Month Third Sunday", "2026-09-21T05:00"),
        ("Month Second Tuesday Offset4", "2026-09-13T05:00"),
        ("Month Last Monday", "2026-09-01T05:00"),
        ("Month day23,day24", "2026-08-24T05:00"),
        ("Month day-1", "2026-09-01T05:00"),
        ("2Months", "2026-10-02T05:00"),
    ],
)
def test_the_next_run(recurs: str, run: str) -> None:
    found = next_run(Schedule("s", "2026-08-01 22:00", 180, PACIFIC, recurs), AUGUST)
    assert found is not None
    assert found.isoformat()[:16] == run


def test_the_hour_is_that_of_the_time_zone_in_summer_and_winter() -> None:
    schedule = Schedule("s", "2026-08-01 22:00", 180, PACIFIC, "Week Saturday")
    winter = next_run(schedule, datetime(2026, 12, 1, tzinfo=UTC))
    assert winter == datetime(2026, 12, 6, 6, tzinfo=UTC)


def test_it_does_not_run_before_its_start_nor_at_the_moment_asked_about() -> None:
    schedule = Schedule("s", "2026-12-05 22:00", 180, "UTC", "Week")
    first = datetime(2026, 12, 5, 22, tzinfo=UTC)
    assert next_run(schedule, AUGUST) == first
    assert next_run(schedule, first) == datetime(2026, 12, 12, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "recurs", ["", "Fortnight", "Week Someday", "Month Fifth Sunday", "Month day", "Day Monday"]
)
def test_what_is_not_understood_has_no_next_run(recurs: str) -> None:
    assert next_run(Schedule("s", "2026-08-01 22:00", 180, PACIFIC, recurs), AUGUST) is None


def test_a_start_that_is_no_time_has_no_next_run() -> None:
    assert next_run(Schedule("s", "soon", 180, None, "Day"), AUGUST) is None
