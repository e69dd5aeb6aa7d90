import itertools
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, ReleaseKind, second_tuesday
from hotpatch_gui.system import resources

K = ReleaseKind
WS22, WS25 = Product.WS2022, Product.WS2025
DAYS = st.dates(date(2021, 12, 1), date(2027, 6, 30))
PRODUCTS = st.sampled_from(Product)


@pytest.mark.parametrize(
    ("year", "planned", "unplanned", "hotpatches"),
    [(2022, 4, 3, 5), (2023, 4, 0, 8), (2024, 4, 1, 7), (2025, 4, 0, 8), (2026, 3, 2, 4)],
)
def test_the_calendar_of_windows_server_2022_is_complete(
    calendar: Calendar, year: int, planned: int, unplanned: int, hotpatches: int
) -> None:
    kinds = Counter(
        r.kind for r in calendar.monthly(WS22, date(2026, 9, 30)) if r.released.year == year
    )
    assert (kinds[K.PLANNED_BASELINE], kinds[K.UNPLANNED_BASELINE], kinds[K.HOTPATCH]) == (
        planned,
        unplanned,
        hotpatches,
    )


@pytest.mark.parametrize(
    ("year", "planned", "unplanned", "hotpatches"), [(2025, 4, 0, 8), (2026, 3, 2, 4)]
)
def test_the_calendar_of_windows_server_2025_is_complete(
    calendar: Calendar, year: int, planned: int, unplanned: int, hotpatches: int
) -> None:
    kinds = Counter(
        r.kind for r in calendar.monthly(WS25, date(2026, 9, 30)) if r.released.year == year
    )
    assert (kinds[K.PLANNED_BASELINE], kinds[K.UNPLANNED_BASELINE], kinds[K.HOTPATCH]) == (
        planned,
        unplanned,
        hotpatches,
    )


def test_all_116_rows_are_included_and_unknown_values_stay_unknown(calendar: Calendar) -> None:
    assert len(calendar.releases) == 116
    rows = {(r["product"], r["kb"]): r for r in resources.read_json("releases.json")}
    for release in calendar.releases:
        row = rows[release.product, release.kb]
        assert (release.build, release.restarts) == (row["build"], row["restarts"])
    assert calendar.by_kb(WS25, "KB5070893").restarts is None
    october = calendar.month(WS25, "2026-10")
    assert october is not None
    assert (october.kb, october.build) == (None, "26100.33650"), "no number is invented"


def test_the_published_plan_of_autumn_2026_is_the_rule_of_the_calendar(calendar: Calendar) -> None:
    plan = resources.read_json("releases-planned.json")
    for row in plan:
        expected = calendar.expected(Product(row["product"]), date(2026, 9, 30), 3)
        found = next(e for e in expected if e.day.isoformat() == row["expected_second_tuesday"])
        assert found.kind.value == row["kind"]


def test_every_monthly_release_falls_on_the_second_tuesday(calendar: Calendar) -> None:
    monthly = [r for p in Product for r in calendar.monthly(p, date(2026, 12, 31))]
    assert len(monthly) == 82
    assert all(r.released == second_tuesday(r.released.year, r.released.month) for r in monthly)


def test_august_2026_is_based_on_the_july_baseline(calendar: Calendar) -> None:
    day = date(2026, 8, 20)
    assert calendar.baseline_in_force(WS25, day).kb == "KB5099536"
    assert calendar.hotpatch_in_force(WS25, day).kb == "KB5120228"
    upcoming = next(iter(calendar.expected(WS25, day, 2)), None)
    assert upcoming is not None
    assert (upcoming.day, upcoming.kind) == (date(2026, 9, 8), K.HOTPATCH)
    restart = calendar.next_restart(WS25, day)
    assert restart is not None
    assert (restart.day, restart.kind) == (date(2026, 10, 13), K.PLANNED_BASELINE)


def test_later_releases_are_planned_on_a_past_day(
    calendar: Calendar,
) -> None:
    before = next(iter(calendar.expected(WS25, date(2026, 9, 7), 2)), None)
    assert before is not None
    assert before.kind is K.HOTPATCH
    after = calendar.newest(WS25, date(2026, 9, 8))
    assert after is not None
    assert after.kind is K.UNPLANNED_BASELINE


def test_right_after_a_baseline_no_hotpatch_is_in_force(calendar: Calendar) -> None:
    assert calendar.hotpatch_in_force(WS25, date(2026, 7, 14)) is None
    assert calendar.hotpatch_in_force(WS25, date(2026, 4, 19)).kb == "KB5091470"


def test_the_build_of_an_ordinary_update_of_a_hotpatch_month_names_the_month(
    calendar: Calendar,
) -> None:
    month = calendar.hotpatch_month_of_lcu(WS25, "26100.33296")
    assert month is not None
    assert month.kb == "KB5120228"
    assert calendar.hotpatch_month_of_lcu(WS25, "26100.33158") is None, (
        "a baseline is its own update"
    )


def test_nothing_is_known_before_the_first_release(calendar: Calendar) -> None:
    assert calendar.baseline_in_force(WS25, date(2024, 10, 1)) is None
    assert calendar.newest(WS22, date(2021, 1, 1)) is None


def test_hotpatches_end_with_the_announced_day(calendar: Calendar) -> None:
    assert calendar.expected(WS22, date(2027, 10, 20), 12) == []


@given(PRODUCTS, DAYS)
def test_future_releases_are_not_in_force(product: Product, day: date) -> None:
    calendar = resources.calendar()
    for release in (calendar.newest(product, day), calendar.baseline_in_force(product, day)):
        assert release is None or (release.released <= day and release.on_train)
    newest, baseline = calendar.newest(product, day), calendar.baseline_in_force(product, day)
    if newest is not None and baseline is not None:
        assert calendar.baseline_of(newest) is baseline


@given(PRODUCTS, DAYS, st.integers(1, 24))
def test_planned_releases_fall_on_each_second_tuesday(
    product: Product, day: date, months: int
) -> None:
    plan = resources.calendar().expected(product, day, months)
    assert all(e.day > day and e.day == second_tuesday(e.day.year, e.day.month) for e in plan)
    assert all(e.restarts == (e.day.month in (1, 4, 7, 10)) for e in plan)
    gaps = [b.day - a.day for a, b in itertools.pairwise(plan)]
    assert all(timedelta(27) < gap < timedelta(36) for gap in gaps)
