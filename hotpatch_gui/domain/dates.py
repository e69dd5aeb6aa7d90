"""Dates and times as text. In the first paint."""

from __future__ import annotations

from datetime import date, datetime


def month_name(day: date) -> str:
    """Month and year, such as ``July 2026``."""
    return f"{day:%B %Y}"


def day_name(day: date) -> str:
    """The date, such as ``13 Oct 2026``."""
    return f"{day.day} {day:%b %Y}"


def moment_name(moment: datetime) -> str:
    """The date and time in the time's own zone, such as ``13 Oct 2026, 09:14``."""
    return f"{day_name(moment)}, {moment:%H:%M}"
