"""The years that were and the years that may come, counted."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from hotpatch_gui.domain.forecast import (
    Forecast,
    ForecastMachine,
    ForecastOptions,
    ReleaseAssumption,
    RestartWindow,
    forecast,
)
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, ReleaseKind
from hotpatch_gui.domain.rollout import RolloutMachine
from hotpatch_gui.models.planner import chart_data, restarts_description
from hotpatch_gui.system import resources

WS22, WS25 = Product.WS2022, Product.WS2025
PAIRS = resources.read_json("region-pairs.json")["pairs"]


def subject(product: Product = WS22, key: str = "vm", **changed: bool) -> ForecastMachine:
    member = RolloutMachine(key, "westus2", "1", time_zone="Pacific Standard Time")
    return ForecastMachine(member, product, enrolled=True, on_train=True, automatic=True)._replace(
        **changed
    )


def request(options: ForecastOptions, *subjects: ForecastMachine) -> Forecast:
    *_, last = forecast(options, subjects, resources.calendar(), PAIRS)
    return last


def year(number: int, **changed: object) -> ForecastOptions:
    return ForecastOptions(date(number, 1, 1), date(number, 12, 31), **changed)


@pytest.mark.parametrize(
    ("product", "of", "restarts"),
    [(WS22, 2022, 7), (WS22, 2023, 4), (WS22, 2024, 5), (WS22, 2025, 4), (WS25, 2025, 4)],
)
def test_past_years_are_compared_with_twelve_restarts_without_hotpatch(
    product: Product, of: int, restarts: int
) -> None:
    found = request(year(of), subject(product))
    assert (found.restarts, found.restarts_without) == (restarts, 12)
    assert all(e.release is not None for m in found.months for e in m.entries)


@pytest.mark.parametrize(("unplanned", "restarts"), [(0, 4), (2, 6), (8, 12), (50, 12)])
def test_the_sample_year_with_unplanned_baselines(unplanned: int, restarts: int) -> None:
    scenario = ReleaseAssumption.UNPLANNED if unplanned else ReleaseAssumption.AS_PLANNED
    found = request(year(2027, scenario=scenario, unplanned=unplanned), subject(WS25))
    assert (found.restarts, found.restarts_without) == (restarts, 12)
    kinds = Counter(e.kind for m in found.months for e in m.entries)
    assert kinds[ReleaseKind.PLANNED_BASELINE] == 4
    assert kinds[ReleaseKind.HOTPATCH] == 8 - (restarts - 4)


def test_a_machine_off_the_train_restarts_every_month_until_the_next_baseline() -> None:
    options = ForecastOptions(date(2025, 11, 1), date(2026, 3, 31))
    off = request(options, subject(WS25, on_train=False))
    assert [m.restarts for m in off.months] == [1, 1, 1, 0, 0]
    assert [m.restarts for m in request(options, subject(WS25)).months] == [0, 0, 1, 0, 0]
    assert [m.restarts for m in request(options, subject(WS25, enrolled=False)).months] == [1] * 5


def test_a_month_that_is_still_to_come_is_a_plan(calendar: Calendar) -> None:
    found = request(ForecastOptions(date(2026, 8, 1), date(2026, 11, 30)), subject(WS25))
    assert [(e.kind, e.release is None) for m in found.months for e in m.entries] == [
        (ReleaseKind.HOTPATCH, False),
        (ReleaseKind.UNPLANNED_BASELINE, False),
        (ReleaseKind.PLANNED_BASELINE, False),
        (ReleaseKind.HOTPATCH, True),
    ]
    assert found.unknown_days == [date(2026, 11, 10)], "the plan replaces what isn't known"
    assert [m.day for m in chart_data(found).months if m.is_unknown] == [date(2026, 11, 10)]
    assert "the release isn't known" in restarts_description(found)


def test_future_releases_come_from_the_plan() -> None:
    full = ForecastOptions(date(2026, 8, 1), date(2026, 9, 30))
    assert [m.restarts for m in request(full, subject(WS25)).months] == [0, 1]
    in_august = replace(full, today=date(2026, 8, 20))
    found = request(in_august, subject(WS25))
    assert [m.restarts for m in found.months] == [0, 0]
    assert found.months[1].entries[0].release is None


def test_hotpatches_are_in_force_at_once_and_restarts_wait_for_their_window() -> None:
    found = request(year(2025, window=RestartWindow.MONTHLY, window_hours=2.0), subject(WS25))
    january, february = found.months[:2]
    assert january.exposure == january.exposure_without
    assert january.exposure.longest > 4, "the baseline waits for the third Sunday"
    assert february.exposure.longest < 1 < february.exposure_without.longest
    assert (found.hours, found.hours_without) == (8.0, 24.0)


def test_machines_that_azure_does_not_patch_have_restarts_and_no_known_exposure() -> None:
    found = request(year(2025), subject(key="a"), subject(key="b", automatic=False))
    assert (found.machines, found.by_hand, found.restarts) == (2, 1, 8)
    assert all(m.exposure.machines == 1 for m in found.months)


def test_out_of_band_releases_are_listed_and_not_counted() -> None:
    found = request(year(2025), subject(WS25))
    assert {r.kb for r in found.out_of_band} == {"KB5061258", "KB5070893"}


def test_a_product_has_no_months_before_its_first_release() -> None:
    found = request(year(2024), subject(WS25))
    assert [m.day.month for m in found.months] == [11, 12]
    assert list(forecast(year(2019), [subject()], resources.calendar(), PAIRS)) == []


def test_once_hotpatching_has_ended_every_month_restarts() -> None:
    found = request(ForecastOptions(date(2027, 9, 1), date(2027, 12, 31)), subject(WS22))
    assert [m.restarts for m in found.months] == [0, 1, 1, 1]
    assert [e.kind for m in found.months for e in m.entries][2:] == [None, None]
