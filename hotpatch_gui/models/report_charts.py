"""The charts of a report, as SVG: stacked bars of a sheet's columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from html import escape
from math import ceil
from typing import Any, NamedTuple

from hotpatch_gui.domain.dates import day_name

from .report import Sheet

WIDTH, LEGEND, LABEL = 1000, 28, 22
"""Of a chart, its legend, and the labels of days, in SVG units."""
DAYS_HEIGHT, BAR, NAMES = 120, 22, 230
"""The height of columns of days, of a bar with its distance, and the width of the bars' names."""
SCALE = 48
"""The width of the scale beside columns of days."""
MAX_BARS = 8
"""Groups that a chart shows; its table has all."""
NAME_CHARACTERS = 34
DAY_LABEL = 110
"""The least distance between the labels of days, in SVG units."""
_TEXT = 'font-size="13" fill="#201f1e"'


class Bar(NamedTuple):
    """A bar's name and the lengths of its parts."""

    name: Any
    parts: Sequence[int]


def chart_svg(sheet: Sheet, rows: Sequence[Sequence[Any]]) -> str:
    """Columns along a time axis if the first column holds days, else bars with names; empty without rows, or for a single day."""
    bars = [Bar(row[0], [row[n] for n in sheet.stacked]) for row in rows]
    if not bars or (isinstance(bars[0].name, date) and len(bars) == 1):
        return ""
    names = [sheet.heads[n] for n in sheet.stacked]
    colors = list(sheet.stacked.values())
    is_by_day = isinstance(bars[0].name, date)
    height = LEGEND + (DAYS_HEIGHT + LABEL if is_by_day else BAR * min(len(bars), MAX_BARS))
    draw: Callable[..., Iterator[str]] = _columns if is_by_day else _bars
    body = "".join((*_legend(names, colors), *draw(bars, colors)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-label="{escape(sheet.title)}">{body}</svg>'
    )


def _legend(names: Sequence[str], colors: Sequence[str]) -> Iterator[str]:
    for number, (name, color) in enumerate(zip(names, colors, strict=True)):
        left = number * 170
        yield _rectangle(left, 4, 12, 12, color) + _svg_text(left + 18, 15, name)


def _columns(bars: Sequence[Bar], colors: Sequence[str]) -> Iterator[str]:
    """A column for each day above a scale of machines; days without data are gaps."""
    first, last = bars[0].name, bars[-1].name
    days = (last - first).days + 1
    step = (WIDTH - SCALE) / max(days, 30)
    top = max(sum(bar.parts) for bar in bars)
    for value in sorted({0, top // 2, top}):
        height = LEGEND + DAYS_HEIGHT - (DAYS_HEIGHT * value / top if top else 0.0)
        yield _rectangle(SCALE, height, WIDTH - SCALE, 0.5, "#c8c6c4")
        yield _svg_text(0, height + 4, f"{value:,}")
    for bar in bars:
        left, bottom = SCALE + (bar.name - first).days * step, float(LEGEND + DAYS_HEIGHT)
        for part, color in zip(bar.parts, colors, strict=True):
            height = DAYS_HEIGHT * part / top if top else 0.0
            bottom -= height
            yield _rectangle(left, bottom, step * 0.8, height, color)
    for number in range(0, days, max(1, ceil(DAY_LABEL / step))):
        day = first + timedelta(days=number)
        if SCALE + number * step < WIDTH - DAY_LABEL:
            yield _svg_text(SCALE + number * step, LEGEND + DAYS_HEIGHT + 16, day_name(day))


def _bars(bars: Sequence[Bar], colors: Sequence[str]) -> Iterator[str]:
    """A bar for each of the first groups, with its total."""
    most = max(sum(bar.parts) for bar in bars)
    room = WIDTH - NAMES - 60
    for number, bar in enumerate(bars[:MAX_BARS]):
        top, left = LEGEND + number * BAR, float(NAMES)
        name = str(bar.name)
        cut = name if len(name) <= NAME_CHARACTERS else f"{name[: NAME_CHARACTERS - 1]}…"
        yield _svg_text(0, top + 13, cut)
        for part, color in zip(bar.parts, colors, strict=True):
            length = room * part / most if most else 0.0
            yield _rectangle(left, top + 2, length, BAR - 8, color)
            left += length
        yield _svg_text(left + 6, top + 13, f"{sum(bar.parts):,}")


def _rectangle(left: float, top: float, width: float, height: float, color: str) -> str:
    return f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{color}"/>'


def _svg_text(left: float, baseline: float, text: str) -> str:
    return f'<text x="{left:.1f}" y="{baseline:.1f}" {_TEXT}>{escape(text)}</text>'
