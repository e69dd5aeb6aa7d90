"""A schedule's windows and recurrence in words, and what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpatch_gui.domain.releases import Product
from hotpatch_gui.domain.schedule_concerns import concerns, overlaps, upcoming_windows
from hotpatch_gui.domain.schedule_windows import Window, recurrence_text, windows
from hotpatch_gui.domain.schedules import Schedule
from hotpatch_gui.domain.situation import Level
from hotpatch_gui.system.resources import calendar

NOW = datetime(2026, 8, 20, 9, tzinfo=UTC)
SATURDAYS = Schedule("Saturdays", "2026-01-03 22:00", 180, "UTC", "Week Saturday")


@pytest.mark.parametrize(
    ("recurs", "text"),
    [
        ("Day", "Daily, 22:00"),
        ("3Days", "Every 3 days, 22:00"),
        ("Week", "Weekly on Saturday, 22:00"),
        ("Week Saturday,Sunday", "Weekly on Saturday and Sunday, 22:00"),
        ("2Weeks Friday", "Every 2 weeks on Friday, 22:00"),
        ("Month", "Monthly on day 3, 22:00"),
        ("Month Third Sunday", "Monthly on the third Sunday, 22:00"),
        ("Month Second Tuesday Offset4", "Monthly, 4 days after the second Tuesday, 22:00"),
        ("Month Last Monday Offset-1", "Monthly, 1 day before the last Monday, 22:00"),
        ("Month day23,day24", "Monthly on day 23 and day 24, 22:00"),
        ("1Month day 1, day 25", "Monthly on day 1 and day 25, 22:00"),
        ("Month day-1", "Monthly on the last day, 22:00"),
        ("Month day-3", "Monthly on 2 days before the last, 22:00"),
        ("2Months day 1", "Every 2 months on day 1, 22:00"),
        ("6Hour", "Every 6 hours"),
        ("Hour", "Every hour"),
        ("Year", "Year"),
        ("<b>=cmd()", "<b>=cmd()"),
        ("", "Not known"),
    ],
)
def test_recurrences_are_described(recurs: str, text: str) -> None:
    assert recurrence_text(SATURDAYS._replace(recurs=recurs)) == text


def test_windows_recur_until_the_end_with_the_length_of_the_schedule() -> None:
    found = list(windows(SATURDAYS, NOW, NOW + timedelta(days=21)))
    assert [w.opens.isoformat()[:16] for w in found] == [
        "2026-08-22T22:00",
        "2026-08-29T22:00",
        "2026-09-05T22:00",
    ]
    assert {w.closes - w.opens for w in found} == {timedelta(hours=3)}
    assert list(windows(SATURDAYS._replace(minutes=None), NOW, NOW + timedelta(days=21))) == []
    ending = SATURDAYS._replace(expires="2026-08-29 21:00")
    assert len(list(windows(ending, NOW, NOW + timedelta(days=21)))) == 1


def found(schedule: Schedule) -> list[tuple[Level, str]]:
    return [tuple(c) for c in concerns(schedule, calendar(), list(Product), NOW)]


def test_a_weekly_window_of_three_hours_raises_no_concern() -> None:
    assert found(SATURDAYS) == []
    assert found(SATURDAYS._replace(classifications=("Critical", "security"))) == []


@pytest.mark.parametrize(
    ("changed", "level", "part"),
    [
        ({"minutes": 89}, Level.WARNING, "lasts 89 min; Azure allows 1 h 30 min"),
        ({"minutes": 236}, Level.WARNING, "lasts 236 min"),
        ({"minutes": None}, Level.UNKNOWN, "length of its window isn't reported"),
        ({"recurs": "Year"}, Level.UNKNOWN, "recurrence isn't supported"),
        ({"time_zone": "Mars"}, Level.UNKNOWN, "time zone “Mars” isn't known"),
        ({"classifications": ("Critical",)}, Level.WARNING, "doesn't install security updates"),
        ({"exclude_restarting": True}, Level.WARNING, "never installs a baseline"),
        ({"restart": "Never"}, Level.WARNING, "never restarts"),
        (
            {"recurs": "Month Second Tuesday", "starts": "2026-01-13 10:00"},
            Level.WARNING,
            "planned for 8 Sep 2026 waits 34 days for the next window, on 13 Oct 2026",
        ),
    ],
)
def test_problems_of_a_schedule_are_named(
    changed: dict[str, object], level: Level, part: str
) -> None:
    ((kind, text),) = found(SATURDAYS._replace(**changed))
    assert kind is level
    assert part in text


@pytest.mark.parametrize("minutes", [90, 235])
def test_values_at_azures_limits_are_allowed(minutes: int) -> None:
    assert found(SATURDAYS._replace(minutes=minutes)) == []


def test_an_ended_schedule_raises_no_concern() -> None:
    assert found(SATURDAYS._replace(minutes=10, expires="2026-08-01 00:00")) == []


def test_overlapping_windows_are_found_and_adjacent_ones_are_not() -> None:
    other = SATURDAYS._replace(recurs="2Weeks Saturday", starts="2026-08-29 23:30")
    assert overlaps(upcoming_windows(SATURDAYS, NOW), upcoming_windows(other, NOW)) == Window(
        datetime(2026, 8, 29, 23, 30, tzinfo=UTC), datetime(2026, 8, 30, 1, tzinfo=UTC)
    )
    after = SATURDAYS._replace(starts="2026-01-04 01:00", recurs="Week Sunday")
    assert overlaps(upcoming_windows(SATURDAYS, NOW), upcoming_windows(after, NOW)) is None
    assert (
        overlaps(
            upcoming_windows(SATURDAYS, NOW),
            upcoming_windows(SATURDAYS._replace(recurs="Year"), NOW),
        )
        is None
    )


RECURS = st.sampled_from(
    ["Day", "2Days", "Week Saturday", "2Weeks Monday,Friday", "Month day5", "7Hours"]
)
SCHEDULES = st.builds(
    lambda recurs, hour, minutes: Schedule("s", f"2026-08-01 {hour:02}:30", minutes, "UTC", recurs),
    RECURS,
    st.integers(0, 23),
    st.integers(30, 240),
)


@given(SCHEDULES, SCHEDULES)
def test_overlaps_are_those_of_every_pair_of_windows(one: Schedule, other: Schedule) -> None:
    until = NOW + timedelta(days=92)
    every = [
        Window(max(a.opens, b.opens), min(a.closes, b.closes))
        for a in windows(one, NOW, until)
        for b in windows(other, NOW, until)
        if max(a.opens, b.opens) < min(a.closes, b.closes)
    ]
    assert (
        overlaps(upcoming_windows(one, NOW), upcoming_windows(other, NOW))
        == min(every, default=None)
        == overlaps(upcoming_windows(other, NOW), upcoming_windows(one, NOW))
    )


def test_an_impossible_length_is_unknown_and_has_no_window() -> None:
    for minutes in (None, 0, -5, 10_080, 2**62):
        odd = SATURDAYS._replace(minutes=minutes)
        assert odd.length is None
        assert list(windows(odd, NOW, NOW + timedelta(days=21))) == []
