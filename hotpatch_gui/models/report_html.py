"""A report as a printable page: a cover with key numbers and charts, then the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from html import escape
from itertools import chain, islice
from typing import Any

from hotpatch_gui.domain.dates import day_name, moment_name
from hotpatch_gui.domain.foreign_text import without_controls
from hotpatch_gui.translation import translator

from .report import Report, Sheet
from .report_charts import chart_svg

tr = translator("ReportHtml")

Embed = Callable[[str], str]
"""The HTML of a chart, from its SVG."""
TILES_IN_ROW = 5
TEXT_POINTS = 8.0
_STYLE = """
body { font-family: "Segoe UI", Inter, sans-serif; font-size: %gpt; color: #201f1e; margin: %dpx; }
h1 { font-size: 18pt; margin: 0 0 6px 0; } h2 { font-size: 11pt; margin: 14px 0 6px 0; }
h2.page { page-break-before: always; margin-top: 0; } h3 { font-size: 9pt; margin: 14px 0 4px 0; }
p { color: #605e5c; margin: 2px 0; } p.sentence { color: #201f1e; font-size: 11pt; margin: 14px 0 2px 0; }
table { border-collapse: collapse; width: 100%%; margin-bottom: 16px; } svg { max-width: 100%%; height: auto; }
th { text-align: left; border-bottom: 1px solid #8a8886; padding: 3px 6px; }
td.whole { white-space: nowrap; } td.number { text-align: right; }
td { border-bottom: 1px solid #edebe9; padding: 3px 6px; vertical-align: top; }
table.tiles { margin: 10px 0; } table.tiles td { border: 1px solid #edebe9; padding: 8px 10px; }
span.figure { font-size: 18pt; } span.note { color: #605e5c; }
@media print { thead { display: table-header-group; } tr { page-break-inside: avoid; } }
"""


def style(text_points: float = TEXT_POINTS, margin_px: int = 24) -> str:
    """The style sheet."""
    return _STYLE % (text_points, margin_px)


def html_of(
    report: Report,
    most: int | None = None,
    embed: Embed = lambda svg: svg,
) -> Iterator[str]:
    """Yield the page in pieces, with at most ``most`` rows per table, which then has no empty columns.

    Key numbers and charts come first, on their own page in print.
    """
    title = escape(report.title)
    yield f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield f"<style>{style()}</style></head><body><h1>{title}</h1>"
    created = tr("Created {made} UTC", made=moment_name(report.made.astimezone(UTC)))
    for line in (created, *report.notes):
        yield f"<p>{escape(line)}</p>"
    figures = [sheet for sheet in report.sheets if sheet.is_figures]
    for sheet in figures:
        yield from _figures(list(sheet.rows))
    for sheet in report.sheets:
        if sheet.stacked:
            svg = chart_svg(sheet, list(sheet.rows))
            yield f"<h3>{escape(sheet.title)}</h3>{embed(svg)}" if svg else ""
    tables = [sheet for sheet in report.sheets if not sheet.is_figures]
    for number, sheet in enumerate(tables):
        yield from _table(sheet, most, starts_page=bool(figures) and number == 0)
    yield "</body></html>\n"


def _figures(rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Sentences, which are rows without a figure, then tiles."""
    tiles = [row for row in rows if row[1]]
    for name, figure, note in rows:
        if not figure:
            yield f'<p class="sentence"><b>{escape(name)}</b></p><p>{escape(note)}</p>'
    for start in range(0, len(tiles), TILES_IN_ROW):
        yield '<table class="tiles"><tr>'
        part = tiles[start : start + TILES_IN_ROW]
        for name, figure, note in (*part, *[("", "", "")] * (TILES_IN_ROW - len(part))):
            yield (
                f'<td width="{100 // TILES_IN_ROW}%">{escape(name)}<br><span class="figure">'
                f'{escape(figure)}</span><br><span class="note">{escape(note)}</span></td>'
            )
        yield "</tr></table>"


def _table(sheet: Sheet, most: int | None, *, starts_page: bool) -> Iterator[str]:
    kind = ' class="page"' if starts_page else ""
    yield f"<h2{kind}>{escape(sheet.title)}</h2>"
    rows = iter(sheet.rows)
    first = list(islice(rows, most or 1))
    if not first:
        yield tr("<p>No entries.</p>")
        return
    places = [n for n in range(len(sheet.heads)) if n not in sheet.unprinted]
    if most is not None:
        places = [n for n in places if any(row[n] not in (None, "") for row in first)]
    yield "<table><thead><tr>"
    yield "".join(f"<th>{escape(sheet.heads[n])}</th>" for n in places)
    yield "</tr></thead><tbody>"
    for row in first if most is not None else chain(first, rows):
        yield f"<tr>{''.join(_printed(row[n], is_first=n == 0) for n in places)}</tr>"
    yield "</tbody></table>"
    left = sum(1 for _ in rows)
    if left:
        yield tr(
            "<p>The first {most:,} of {count:,} rows; the other formats have all of them.</p>",
            most=len(first),
            count=len(first) + left,
        )


def _printed(value: Any, *, is_first: bool) -> str:
    """A cell of the page; times to the minute."""
    if isinstance(value, datetime):
        text = moment_name(value)
    elif isinstance(value, date):
        text = day_name(value)
    else:
        text = "" if value is None else without_controls(str(value))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    kinds = ("whole" if isinstance(value, date) or is_first else "", "number" if is_number else "")
    style = " ".join(filter(None, kinds))
    return f'<td class="{style}">{escape(text)}</td>' if style else f"<td>{escape(text)}</td>"
