"""Gaps in the update history: days that Azure had deleted before the next sync."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hotpatch_gui.domain.known_days import KEPT_BY_AZURE, Gap, KnownSpan, gaps, known_span, merged

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
DAYS = st.sets(st.dates(FIRST, LAST), max_size=12)


@given(DAYS)
def test_a_day_is_in_a_gap_if_no_sync_read_it_and_a_later_one_could_not(synced: set[date]) -> None:
    found = gaps(synced, FIRST, LAST)
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    for day in days:
        known = any(day <= s <= day + KEPT_BY_AZURE for s in synced)
        is_due = any(s >= day for s in synced)
        assert any(g.first <= day <= g.last for g in found) == (not known and is_due), day
    assert found == merged(found), "gaps don't touch"


def test_gaps_of_connections_are_joined() -> None:
    one, two = Gap(date(2026, 1, 1), date(2026, 1, 9)), Gap(date(2026, 1, 10), date(2026, 1, 20))
    later = Gap(date(2026, 3, 1), date(2026, 3, 2))
    assert merged([later, two, one]) == [Gap(one.first, two.last), later]
    assert merged([]) == []


def test_the_known_span_begins_after_the_leading_gap_and_names_later_gaps() -> None:
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    synced = [date(2026, 6, 1), date(2026, 6, 20)]
    assert known_span([synced], first, last) == KnownSpan(date(2026, 5, 2), False)
    assert known_span([[*synced, date(2026, 9, 1)]], first, last) == KnownSpan(
        date(2026, 5, 2), True
    )
    assert known_span([[date(2026, 1, 15)]], first, last) == KnownSpan(first, False)


def test_without_a_sync_of_each_connection_no_span_is_known() -> None:
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    assert known_span([], first, last) is None
    assert known_span([[date(2026, 1, 15)], []], first, last) is None
