"""Exports can be read by the programs they are meant for, and stay text there."""

from __future__ import annotations

import csv
import json
import re
import time
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpatch_gui.domain.foreign_text import without_controls
from hotpatch_gui.models import export_writers, pdf_pages
from hotpatch_gui.models.export_writers import ExportError
from hotpatch_gui.models.pdf_pages import Piece, VerticalSpan
from hotpatch_gui.models.report import Report, Sheet
from hotpatch_gui.models.report_html import html_of

AT = datetime(2026, 11, 24, 9, 30, 5, tzinfo=UTC)
HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "<b>bold</b>",
    "שרת 🖥",
    'a "quoted", one',
    "two\nlines",
    "\x1b[2Jcleared",
    "name\u202egnp.exe",
    "👩\u200d💻",
)
NS = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def report(*rows: tuple[object, ...]) -> Report:
    texts = tuple((text, n, AT) for n, text in enumerate(HOSTILE))
    sheets = (
        Sheet("Machines", ("Name", "Number", "Read (UTC)"), rows or texts),
        Sheet("History", ("Name",), ()),
    )
    return Report("A <report>", AT, ("Contoso: data of 2026-11-24T09:00:00Z (30 min ago)",), sheets)


def charted() -> Report:
    """A report with figures and charts, of days and of groups whose names are hostile."""
    colors = {1: "#00ff00", 2: "#ff0000"}
    figures = (("All is well.", "", "Of <b>16</b> machines."), ("Machines", "16", "in all"))
    groups = [(text, 3, n) for n, text in enumerate(HOSTILE)]
    days = [(date(2026, 11, n), n, 10 - n) for n in (1, 2, 5, 9)]
    sheets = (
        Sheet("Summary", ("Figure", "Value", "Note"), figures, is_figures=True),
        Sheet("Groups", ("Group", "Good", "Bad"), groups, stacked=colors),
        Sheet("Trend", ("Day", "Good", "Bad"), days, stacked=colors),
        Sheet("Machines", ("Name", "Number", "Read (UTC)"), [("vm", 1, AT)]),
    )
    return Report("Evidence", AT, ("Scope: all",), sheets)


def sheet_xml(path: Path, number: int) -> ET.Element:
    with zipfile.ZipFile(path) as book:
        return ET.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))


def test_csv_is_utf8_with_bom_and_guards_each_cell(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    export_writers.write(path, report())
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["Name", "Number", "Read (UTC)"]
    assert {row[2] for row in rows} == {"2026-11-24T09:30:05Z"}
    assert [row[0] for row in rows] == [
        "'=cmd|' /C calc'!A0",
        "'+1+1",
        "'-2",
        "'@SUM(A1)",
        "'=1",
        "<b>bold</b>",
        "שרת 🖥",
        'a "quoted", one',
        "two lines",
        "\ufffd[2Jcleared",
        "name\ufffdgnp.exe",
        "👩\u200d💻",
    ]


def test_numbers_below_zero_are_numbers_and_not_guarded(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    export_writers.write(path, report(("a", -3, None)))
    assert path.read_text(encoding="utf-8-sig").splitlines()[1] == "a,-3,"


def test_xlsx_has_a_sheet_each_frozen_with_a_filter(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    export_writers.write(path, report())
    with zipfile.ZipFile(path) as book:
        names = [
            s.get("name")
            for s in ET.fromstring(book.read("xl/workbook.xml")).iterfind(".//s:sheet", NS)
        ]
        styles = ET.fromstring(book.read("xl/styles.xml"))
    assert names == ["About", "Machines", "History"]
    page = sheet_xml(path, 2)
    assert page.find(".//s:pane", NS).get("state") == "frozen"
    assert page.find("s:autoFilter", NS).get("ref") == f"A1:C{len(HOSTILE) + 1}"
    assert not list(page.iterfind(".//s:f", NS)), "no formula"
    texts = ["".join(c.itertext()) for c in page.iterfind(".//s:c[@t='inlineStr']", NS)]
    shown = [without_controls(text) for text in HOSTILE]
    assert texts[3:] == shown, "as they are: the format says that they are text"
    quoted = [
        n
        for n, x in enumerate(styles.iterfind("s:cellXfs/s:xf", NS))
        if x.get("quotePrefix") == "1"
    ]
    firsts = list(page.iterfind(".//s:c[@t='inlineStr']", NS))[3:]
    assert [int(c.get("s", 0)) in quoted for c in firsts] == [True] * 5 + [False] * 7
    whens = [c.find("s:v", NS).text for c in list(page.iterfind(".//s:c", NS))[5::3]]
    days = (AT - datetime(1899, 12, 30, tzinfo=UTC)).total_seconds() / 86400  # Excel's own count
    assert [round(float(w) - days, 6) for w in whens] == [0] * len(HOSTILE)


def test_json_contains_each_sheet_and_the_age_of_the_data(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    export_writers.write(path, report(("a", 1.5, date(2026, 1, 2)), ("b", True, None)))
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "title": "A <report>",
        "made": "2026-11-24T09:30:05Z",
        "notes": ["Contoso: data of 2026-11-24T09:00:00Z (30 min ago)"],
        "machines": [
            {"Name": "a", "Number": 1.5, "Read (UTC)": "2026-01-02"},
            {"Name": "b", "Number": True, "Read (UTC)": None},
        ],
        "history": [],
    }


def test_html_is_escaped_and_states_the_time_of_the_data(tmp_path: Path) -> None:
    path = tmp_path / "x.html"
    export_writers.write(path, report())
    text = path.read_text(encoding="utf-8")
    assert "<b>" not in text
    assert "&lt;b&gt;bold" in text
    assert "<title>A &lt;report&gt;</title>" in text
    assert "Contoso: data of 2026-11-24T09:00:00Z" in text
    assert "No entries." in text


def test_a_long_pdf_names_the_rows_it_omits(qapp, tmp_path: Path) -> None:
    path = tmp_path / "x.pdf"
    export_writers.write(path, report())
    assert path.read_bytes().startswith(b"%PDF")
    many = report(*((f"m{n}", n, AT) for n in range(pdf_pages.PDF_ROWS + 5)))
    text = "".join(html_of(many, pdf_pages.PDF_ROWS))
    assert "The first 2,000 of 2,005 rows" in text
    assert text.count('<tr><td class="whole">m') == pdf_pages.PDF_ROWS


@pytest.mark.parametrize("ending", list(export_writers.FORMATS))
def test_equal_data_of_the_same_time_produces_equal_bytes(
    qapp, tmp_path: Path, ending: str
) -> None:
    one, other = tmp_path / f"one{ending}", tmp_path / f"other{ending}"
    export_writers.write(one, charted())
    time.sleep(1.1)  # files with the time of writing would differ
    export_writers.write(other, charted())
    assert one.read_bytes() == other.read_bytes()


def test_a_page_begins_with_figures_and_charts_whose_names_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "x.html"
    export_writers.write(path, charted())
    text = path.read_text(encoding="utf-8")
    assert "<b>16</b>" not in text
    assert text.index("All is well.") < text.index("<svg") < text.index("<h2")
    svgs = [
        ET.fromstring(f"<svg{part.split('</svg>')[0]}</svg>") for part in text.split("<svg")[1:]
    ]
    assert [svg.get("aria-label") for svg in svgs] == ["Groups", "Trend"]
    names = [t.text for t in svgs[0].iter("{http://www.w3.org/2000/svg}text")]
    assert {"Good", "Bad", "<b>bold</b>"} <= set(names)
    columns = [
        r
        for r in svgs[1].iter("{http://www.w3.org/2000/svg}rect")
        if r.get("fill") in ("#00ff00", "#ff0000")
    ]
    assert len(columns) == 2 + 2 * 4, "a key, and two parts for each of four days"
    lefts = sorted({float(r.get("x", "0")) for r in columns[2:]})
    assert lefts[1] - lefts[0] < (lefts[2] - lefts[1]) / 2, "days without data are gaps"


def test_a_workbook_has_the_charts_of_its_tables(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    export_writers.write(path, charted())
    with zipfile.ZipFile(path) as book:
        charts = sorted(name for name in book.namelist() if name.startswith("xl/charts/chart"))
        trend = book.read(charts[1]).decode()
        days = sheet_xml(path, 4)
    assert len(charts) == 2
    assert "Trend!$A$2:$A$5" in trend
    assert "Trend!$C$2:$C$5" in trend
    values = [c.find("s:v", NS).text for c in days.iter(f"{{{NS['s']}}}c") if c.get("r") == "A2"]
    assert values == ["46327"], "1 Nov 2026 as a day that Excel counts with"


@given(
    heights=st.lists(st.tuples(st.floats(1, 90), st.booleans(), st.booleans()), max_size=60),
)
def test_no_row_is_split_between_pages(heights: list[tuple[float, bool, bool]]) -> None:
    head, height, top = VerticalSpan(0, 10), 100.0, 10.0
    pieces = []
    for size, is_row, starts in heights:
        pieces.append(Piece(VerticalSpan(top, top + size), head if is_row else None, starts))
        top += size
    pages = list(pdf_pages.paginate(pieces, height))
    for page in pages:
        used = page.span.height + (page.head.height if page.head else 0)
        assert used <= height + pdf_pages.ROUNDING
    for piece in pieces:
        holding = [
            p for p in pages if p.span.top <= piece.span.top and piece.span.bottom <= p.span.bottom
        ]
        assert len(holding) == 1, "whole, and once"
        if piece.head and holding[0].span.top == piece.span.top != pieces[0].span.top:
            assert holding[0].head == head, "a table that continues repeats its head"
        if piece.starts_page and piece is not pieces[0]:
            assert holding[0].span.top == piece.span.top


def test_a_row_higher_than_a_page_is_shown_whole() -> None:
    pages = list(
        pdf_pages.paginate([Piece(VerticalSpan(0, 20)), Piece(VerticalSpan(20, 270))], 100)
    )
    assert [p.span for p in pages] == [
        VerticalSpan(0, 20),
        VerticalSpan(20, pytest.approx(120, abs=0.1)),
        VerticalSpan(pytest.approx(120, abs=0.1), pytest.approx(220, abs=0.1)),
        VerticalSpan(pytest.approx(220, abs=0.1), 270),
    ]


def test_a_zip_has_a_guarded_csv_file_per_table_and_the_notes(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    export_writers.write(path, report())
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["about.txt", "1-machines.csv", "2-history.csv"]
        assert "30 min ago" in archive.read("about.txt").decode()
        rows = list(csv.reader(archive.read("1-machines.csv").decode("utf-8-sig").splitlines()))
    assert rows[0] == ["Name", "Number", "Read (UTC)"]
    assert rows[1][0] == "'=cmd|' /C calc'!A0"
    assert len(rows) == 1 + len(HOSTILE)


def test_the_text_of_a_pdf_can_be_searched(qapp, tmp_path: Path) -> None:
    """The bundled font draws "-" and ":" between digits with forms without a character of their own."""
    path = tmp_path / "x.pdf"
    export_writers.write(path, report(("2026-08-25", 1, AT), ("10:30", 2, AT)))
    maps = re.findall(rb"begincmap.*?endcmap", path.read_bytes(), re.DOTALL)
    mapped = {int(code, 16) for m in maps for code in re.findall(rb"<([0-9A-Fa-f]{4})>", m)}
    assert ord("-") in mapped
    assert not [code for code in mapped if 0xE000 <= code <= 0xF8FF]


def test_each_page_of_a_pdf_has_its_number(qapp, tmp_path: Path) -> None:
    path = tmp_path / "x.pdf"
    export_writers.write(path, report(*((f"vm-{n:04}", n, AT) for n in range(300))))
    pages = path.read_bytes().count(b"/Type /Page\n")
    assert pages > 3
    assert f"/Count {pages}".encode() in path.read_bytes()
    assert b"D:20261124093005Z" in path.read_bytes()


@pytest.mark.parametrize("ending", list(export_writers.FORMATS))
def test_a_failed_export_keeps_the_old_file(qapp, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"x{ending}"
    path.write_text("old")

    def breaking():
        yield "a", 1, AT
        raise OSError(28, "No space left on device")

    broken = Report("R", AT, (), [Sheet("Machines", ("Name", "Number", "Read (UTC)"), breaking())])
    with pytest.raises(ExportError, match="couldn't be written: No space left on device"):
        export_writers.write(path, broken)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_an_unusable_path_or_extension_is_reported(tmp_path: Path) -> None:
    with pytest.raises(
        ExportError,
        match=r"The extension of x\.doc isn't supported\. Use one of: \.csv, \.zip, \.xlsx",
    ):
        export_writers.write(tmp_path / "x.doc", report())
    for ending in export_writers.FORMATS:
        with pytest.raises(ExportError, match="couldn't be written"):
            export_writers.write(tmp_path / "nowhere" / f"x{ending}", report())


def test_more_rows_than_excel_allows_are_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_writers, "XLSX_ROWS", 3)
    with pytest.raises(ExportError, match="at most 3 rows; filter, or choose CSV"):
        export_writers.write(tmp_path / "x.xlsx", report())
    assert not list(tmp_path.iterdir())
