"""The calendar as rows: facts, plans, and what came out otherwise than planned."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, ReleaseKind
from hotpatch_gui.models.calendar import (
    NOT_KNOWN,
    PLANNED,
    RELEASED,
    RELEASES,
    ReleaseRow,
    calendar_data,
    calendar_description,
    release_rows,
)
from hotpatch_gui.models.display_text import NOTHING
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.store.history_rows import ReleaseDay
from hotpatch_gui.system import resources

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def test_june_and_september_2026_differed_from_the_plan(calendar: Calendar) -> None:
    rows = release_rows(calendar, *YEAR, date(2026, 9, 30))
    changed = [(r.product, r.day.month, r.planned, r.kind) for r in rows if r.has_changed]
    hotpatch, baseline = ReleaseKind.HOTPATCH, ReleaseKind.UNPLANNED_BASELINE
    assert sorted(changed) == [(p, month, hotpatch, baseline) for p in Product for month in (6, 9)]
    assert all("was planned as a hotpatch" in r.tip for r in rows if r.has_changed)


def test_a_future_month_is_a_plan_with_its_source(calendar: Calendar) -> None:
    rows = release_rows(calendar, *YEAR, date(2026, 8, 20))
    september = [r for r in rows if r.day.month == 9]
    assert {(r.state, r.kind, r.kb) for r in september} == {(PLANNED, ReleaseKind.HOTPATCH, None)}
    assert {text_of("restarts", r) for r in september} == {"No restart planned"}
    october = next(r for r in rows if r.day.month == 10)
    assert text_of("restarts", october) == "Restart planned"
    assert "page of 2026-05-12" in october.source


def text_of(key: str, row: ReleaseRow) -> str:
    column = next(c for c in RELEASES if c.key == key)
    return column.text(row, EPOCH)


def test_a_month_after_the_last_known_release_is_not_known_here(calendar: Calendar) -> None:
    rows = release_rows(calendar, *YEAR, date(2026, 11, 24))
    states = {(r.day.month, r.state) for r in rows if r.day.month > 9}
    assert states == {(10, RELEASED), (11, NOT_KNOWN), (12, PLANNED)}
    unknown = next(r for r in rows if r.state == NOT_KNOWN)
    assert "the release isn't known" in unknown.tip
    assert text_of("plan", unknown) == NOTHING, "a plan that nothing confirms came true is not kept"
    assert text_of("restarts", unknown) == "Not known"
    assert text_of("kind", unknown) == "Hotpatch (plan)"
    october = next(r for r in rows if r.day.month == 10)
    assert text_of("plan", october) == "Not confirmed", "its build is published, its KB is not"
    assert text_of("plan", next(r for r in rows if r.kb == "KB5120228")) == "As planned"


def test_a_row_links_to_the_page_of_its_kb(calendar: Calendar) -> None:
    rows = release_rows(calendar, *YEAR, date(2026, 8, 20))
    august = next(r for r in rows if r.kb == "KB5120228")
    assert august.link == "https://support.microsoft.com/help/5120228"
    assert next(r for r in rows if r.kb is None).link is None


@given(st.dates(date(2022, 1, 1), date(2027, 6, 1)))
def test_nothing_is_shown_before_its_day(today: date) -> None:
    rows = release_rows(
        resources.calendar(), today - timedelta(days=365), today + timedelta(days=365), today
    )
    assert all(r.day <= today for r in rows if r.state != PLANNED)
    assert all(r.kb is None and r.build is None for r in rows if r.state != RELEASED)
    months = [
        (r.product, r.day.year, r.day.month) for r in rows if r.kind is not ReleaseKind.OUT_OF_BAND
    ]
    assert len(months) == len(set(months)), "each month once"


def test_installations_are_counted_by_machines_and_not_by_days() -> None:
    day = date(2026, 8, 12)
    installs = [
        ReleaseDay("2026-08-12", "KB5120228", 0, 480),
        ReleaseDay("2026-08-12", "KB5120228", 1, 20),
        ReleaseDay("2026-08-13", "KB5120229", 0, 3),
    ]
    data = calendar_data([], installs, day, day, day)
    assert calendar_description(data, [], "500 machines").endswith(
        "500 machines: 483 monthly releases installed, 20 failed."
    )
