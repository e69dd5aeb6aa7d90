"""The pages of a PDF: a document with the title and the page number on each page."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPdfWriter, QTextDocument

from hotpatch_gui.translation import translator

tr = translator("PdfPages")

MARGINS = QMarginsF(15, 12, 15, 12)
"""Of each page, in millimeters."""
FOOTER_SHARE = 0.05
"""Of the page's height."""
FOOTER_POINTS = 7


HEAD_BYTES = 8192
"""At the start of a PDF; holds its dates."""
_DATE = re.compile(rb"D:\d{14}Z")
_XMP_DATE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")


def date_pages(path: Path, made: datetime) -> None:
    """Replace the dates of writing with ``made``, so that equal data makes equal bytes."""
    with path.open("r+b") as file:
        head = file.read(HEAD_BYTES)
        head = _DATE.sub(f"D:{made:%Y%m%d%H%M%S}Z".encode(), head)
        head = _XMP_DATE.sub(f"{made:%Y-%m-%dT%H:%M:%S}+00:00".encode(), head)
        file.seek(0)
        file.write(head)


def print_pages(document: QTextDocument, writer: QPdfWriter, footer: str) -> None:
    """Print the document; ``footer`` and the page number are below each page."""
    area = writer.pageLayout().paintRectPixels(writer.resolution())
    width, height = area.width(), round(area.height() * (1 - FOOTER_SHARE))
    document.documentLayout().setPaintDevice(writer)
    document.setDocumentMargin(0)
    document.setPageSize(QSizeF(width, height))
    painter = QPainter(writer)
    font = QFont(document.defaultFont())
    font.setPointSizeF(FOOTER_POINTS)
    pages = document.pageCount()
    for number in range(pages):
        if number:
            writer.newPage()
        painter.save()
        painter.translate(0, -number * height)
        document.drawContents(painter, QRectF(0, number * height, width, height))
        painter.restore()
        painter.setFont(font)
        painter.setPen(QColor("#605e5c"))
        below = QRectF(0, height, width, area.height() - height)
        bottom = Qt.AlignmentFlag.AlignBottom
        painter.drawText(below, int(bottom | Qt.AlignmentFlag.AlignLeft), footer)
        page = tr("Page {number} of {pages}", number=number + 1, pages=pages)
        painter.drawText(below, int(bottom | Qt.AlignmentFlag.AlignRight), page)
    painter.end()
