"""The pages of a report on paper: rows aren't split, and each page has its table's head and its number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QMarginsF, QRectF, QSizeF, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QFont,
    QImage,
    QPagedPaintDevice,
    QPageLayout,
    QPageSize,
    QPainter,
    QTextBlock,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextOption,
    QTextTable,
)
from PySide6.QtSvg import QSvgRenderer

from hotpatch_gui.domain.dates import moment_name
from hotpatch_gui.translation import translator

from .report import Report
from .report_html import TEXT_POINTS, html_of, style

tr = translator("PdfPages")

MARGINS = QMarginsF(15, 12, 15, 12)
"""Of each page, in millimeters."""
FOOTER_SHARE = 0.05
"""Of the page's height."""
POINTS = (TEXT_POINTS, 7.5, 7.0, 6.5, 6.0, 5.5)
"""Sizes of the text: the first with which every table fits on the page."""
FOOTER_POINTS = 7
ROUNDING = 0.01
"""Device pixels by which a page may overflow, because heights are sums of floats."""
PDF_ROWS = 2000
"""Rows of a section on paper; other formats have all."""
CHART_SCALE = 3
"""Pixels of a chart's picture for each of its units."""
HEAD_BYTES = 8192
"""At the start of a PDF; holds its dates."""
_DATE = re.compile(rb"D:\d{14}Z")
_XMP_DATE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")


class VerticalSpan(NamedTuple):
    """A vertical part of the document."""

    top: float
    bottom: float

    @property
    def height(self) -> float:
        """Its height, in the device's pixels."""
        return self.bottom - self.top


class Piece(NamedTuple):
    """A part that isn't split between pages; ``head`` is the head of its table."""

    span: VerticalSpan
    head: VerticalSpan | None = None
    starts_page: bool = False


class PagePart(NamedTuple):
    """The content of a page: a part of the document, below the head of the table that continues."""

    span: VerticalSpan
    head: VerticalSpan | None


def date_pages(path: Path, made: datetime) -> None:
    """Replace the dates of writing with ``made``, so that equal data makes equal bytes."""
    with path.open("r+b") as file:
        head = file.read(HEAD_BYTES)
        head = _DATE.sub(f"D:{made:%Y%m%d%H%M%S}Z".encode(), head)
        head = _XMP_DATE.sub(f"{made:%Y-%m-%dT%H:%M:%S}+00:00".encode(), head)
        file.seek(0)
        file.write(head)


def set_up_pages(device: QPagedPaintDevice) -> None:
    """Set the paper: A4, landscape."""
    device.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    device.setPageOrientation(QPageLayout.Orientation.Landscape)
    device.setPageMargins(MARGINS)


def footer_of(report: Report) -> str:
    """The line below each page."""
    made = tr("Created {made} UTC", made=moment_name(report.made.astimezone(UTC)))
    return f"{report.title} · {made}"


def print_report(report: Report, device: QPagedPaintDevice) -> int:
    """Print the report on the device's pages.

    Returns:
        The number of pages.
    """
    resolution = device.logicalDpiX()
    area = device.pageLayout().paintRectPixels(resolution)
    width, height = area.width(), round(area.height() * (1 - FOOTER_SHARE))
    html = _Html(report)
    for points in POINTS:
        document = html.document(points)
        document.documentLayout().setPaintDevice(device)
        document.setDocumentMargin(0)
        document.setPageSize(QSizeF(width, -1))  # one page without an end
        if document.idealWidth() <= width:
            break
    pages = list(paginate(list(_pieces(document)), height))
    painter = QPainter(device)
    below = QRectF(0, height, width, area.height() - height)
    for number, page in enumerate(pages, 1):
        if number > 1:
            device.newPage()
        _draw(document, page, painter, width)
        painter.setFont(page_font(FOOTER_POINTS))
        painter.setPen(QColor("#605e5c"))
        bottom = Qt.AlignmentFlag.AlignBottom
        painter.drawText(below, int(bottom | Qt.AlignmentFlag.AlignLeft), footer_of(report))
        text = tr("Page {number} of {pages}", number=number, pages=len(pages))
        painter.drawText(below, int(bottom | Qt.AlignmentFlag.AlignRight), text)
    painter.end()
    return len(pages)


def page_font(points: float) -> QFont:
    """The font, without alternate forms: a form of "-" between digits has no character that could be searched."""
    font = QFont()
    font.setPointSizeF(points)
    font.setFeature(QFont.Tag("calt"), 0)
    return font


class _Html:
    """The report's page, read once; charts are pictures."""

    def __init__(self, report: Report) -> None:
        self._charts: list[QImage] = []
        page = "".join(html_of(report, PDF_ROWS, self._embed))
        self._body = page[page.index("<body>") :]

    def document(self, points: float) -> QTextDocument:
        """The page with a size of its text."""
        document = QTextDocument()
        document.setDefaultFont(page_font(points))  # headings are relative to it
        document.setDefaultStyleSheet(style(points, margin_px=0))
        whole_words = QTextOption()
        whole_words.setWrapMode(QTextOption.WrapMode.WordWrap)
        document.setDefaultTextOption(whole_words)
        for number, image in enumerate(self._charts):
            kind = QTextDocument.ResourceType.ImageResource
            document.addResource(kind, QUrl(f"chart-{number}"), image)
        document.setHtml(self._body)
        return document

    def _embed(self, svg: str) -> str:
        size = QSvgRenderer(svg.encode()).defaultSize()
        image = QImage(size * CHART_SCALE, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        QSvgRenderer(svg.encode()).render(painter)
        painter.end()
        name = f"chart-{len(self._charts)}"
        self._charts.append(image)
        return f'<p><img src="{name}" width="{size.width()}" height="{size.height()}"></p>'


def _pieces(document: QTextDocument) -> Iterator[Piece]:
    """The document's paragraphs and rows, from top to bottom. A heading stays with what follows."""
    layout = document.documentLayout()
    block, starts_page = document.begin(), False
    heading: float | None = None
    while block.isValid():
        rect = layout.blockBoundingRect(block)
        breaks = block.blockFormat().pageBreakPolicy()
        starts_page |= bool(breaks & QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore)
        table: QTextTable | None = QTextCursor(block).currentTable()
        if table is None and block.length() == 1:  # Qt's empty block after a table overlaps it
            block = block.next()
            continue
        if table is None and block.blockFormat().headingLevel() > 1:
            heading = rect.top()
            block = block.next()
            continue
        if table is None:
            yield Piece(VerticalSpan(_first(heading, rect.top()), rect.bottom()), None, starts_page)
            block = block.next()
        else:
            rows = _rows(document, table)
            together = rows[:2]  # a head is never the last row of a page
            yield Piece(
                VerticalSpan(_first(heading, rows[0].top), together[-1].bottom), None, starts_page
            )
            yield from (Piece(row, rows[0]) for row in rows[2:])
            block = document.findBlock(table.lastPosition() + 1)
        heading, starts_page = None, False


def _first(heading: float | None, top: float) -> float:
    """Where a part begins that may have a heading."""
    return top if heading is None else heading


def _rows(document: QTextDocument, table: QTextTable) -> list[VerticalSpan]:
    """Where the rows are, each with its lower line."""
    layout = document.documentLayout()

    def edge(block: QTextBlock, *, is_top: bool) -> float:
        rect = layout.blockBoundingRect(block)
        return rect.top() if is_top else rect.bottom()

    tops, bottoms = [], []
    for row in range(table.rows()):
        cells = [table.cellAt(row, column) for column in range(table.columns())]
        tops.append(min(edge(c.firstCursorPosition().block(), is_top=True) for c in cells))
        bottoms.append(max(edge(c.lastCursorPosition().block(), is_top=False) for c in cells))
    padding = (tops[1] - bottoms[0]) / 2 if len(tops) > 1 else 0.0
    line = padding / 3
    return [
        VerticalSpan(top - padding + line, bottom + padding + line)
        for top, bottom in zip(tops, bottoms, strict=True)
    ]


def paginate(pieces: Sequence[Piece], height: float) -> Iterator[PagePart]:
    """Fill pages with pieces. Only a piece that is higher than a page is split."""
    start, end, head, room = 0.0, 0.0, None, height + ROUNDING
    for piece in pieces:
        if end > start and (piece.starts_page or piece.span.bottom - start > room):
            yield PagePart(VerticalSpan(start, end), head)
            start, head = piece.span.top, piece.head
            room = height + ROUNDING - (head.height if head else 0.0)
        while piece.span.bottom - start > room:
            yield PagePart(VerticalSpan(start, start + room), head)
            start += room
        end = piece.span.bottom
    if end > start:
        yield PagePart(VerticalSpan(start, end), head)


def _draw(document: QTextDocument, page: PagePart, painter: QPainter, width: int) -> None:
    offset = 0.0
    for span in (page.head, page.span):
        if span is not None:
            painter.save()
            painter.translate(0, offset - span.top)
            document.drawContents(painter, QRectF(0, span.top, width, span.height))
            painter.restore()
            offset += span.height
