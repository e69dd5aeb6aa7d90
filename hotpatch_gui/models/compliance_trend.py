"""The trend of compliance on the Overview page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from hotpatch_gui.domain.compliance_group import ComplianceGroup, compliance
from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.store.daily_states import SituationCount
from hotpatch_gui.translation import translator

from .chart_data import ComplianceDay, TrendData
from .overview import TREND_DAYS, OverviewData

tr = translator("ComplianceTrend")

MIN_DAYS = 30
"""At least, the days that the trend shows."""


def trend_data(read: OverviewData) -> TrendData:
    """Compliance by day, from the first day with data; days without a sync are missing."""
    today = read.query.now.date()
    days = compliance_days(read.trend)
    oldest = min((d.day for d in days), default=today)
    first = min(max(oldest, today - timedelta(days=TREND_DAYS - 1)), today - timedelta(MIN_DAYS))
    return TrendData(first, today, days, read.query.day)


def compliance_days(counts: Iterable[SituationCount]) -> list[ComplianceDay]:
    """Compliance by day; days without a sync are missing."""
    by_day: dict[date, list[tuple[str, int]]] = {}
    for day, situation, machines in counts:
        by_day.setdefault(day, []).append((situation, machines))
    return [ComplianceDay(day, tuple(compliance(c).values())) for day, c in by_day.items()]


def day_text(day: ComplianceDay) -> str:
    """A day's compliance, one group per line."""
    counts = (f"{g.label}: {n:,}" for g, n in zip(ComplianceGroup, day.machines, strict=True) if n)
    return "\n".join((day_name(day.day), *counts))


def trend_text(data: TrendData) -> str:
    """Compliance on the first and last day with data, in a sentence."""
    if not data.days:
        return tr("Compliance is recorded starting with the first complete sync.")
    first, last = data.days[0], data.days[-1]
    if first is last:
        return tr(
            "The first day with data is {day}. Days without a sync are gaps.",
            day=day_name(first.day),
        )
    return tr(
        "%n day(s) with data. Up to date: {before:,} of {all_before:,} on {first}, "
        "{after:,} of {all_after:,} on {last}. Days without a sync are gaps.",
        len(data.days),
        before=first.machines[0],
        all_before=sum(first.machines),
        first=day_name(first.day),
        after=last.machines[0],
        all_after=sum(last.machines),
        last=day_name(last.day),
    )
