"""The Overview page in the window: every figure opens exactly the machines behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from zipfile import ZipFile

import pytest
from PySide6.QtCore import QDate, Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from hotpatch_gui.captures.scenes.steps import advance_and_sync
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.compliance_group import ComplianceGroup
from hotpatch_gui.domain.exposure import Exposure
from hotpatch_gui.domain.machine_filter import Condition, Dimension, MachineFilter
from hotpatch_gui.domain.rollout_progress import RolloutStatus
from hotpatch_gui.domain.updates import RestartBehavior
from hotpatch_gui.models import export_writers
from hotpatch_gui.models.exports import ExportContext, ReportChoice, Writing
from hotpatch_gui.models.overview import OverviewData, OverviewQuery, headline, read_overview
from hotpatch_gui.models.overview_report import PAST, overview_report, past_rows
from hotpatch_gui.store import situations
from hotpatch_gui.store.database import open_writer, transaction
from hotpatch_gui.system import resources
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.views.pages.overview import OverviewPage
from hotpatch_gui.views.pages.rollout import RolloutPage
from hotpatch_gui.views.rail import PAGES
from hotpatch_gui.views.widgets.export import origin

pytestmark = pytest.mark.expects_log


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        yield made


def overview(stage: Stage) -> OverviewPage:
    stage.window.show_page("overview")
    stage.settle()
    page = stage.window.page("overview")
    assert isinstance(page, OverviewPage)
    return page


def shown(stage: Stage) -> str:
    return PAGES[stage.window.pages.currentIndex()]


def listed(stage: Stage) -> int:
    """How many machines the list shows."""
    stage.settle()
    assert shown(stage) == "machines"
    return stage.window.machines.model.rowCount()


def chips(stage: Stage) -> list[str]:
    """The filters that the list shows."""
    return [chip.text() for chip in stage.window.machines.filters.chips if chip.isVisible()]


def test_each_tile_opens_the_machines_that_it_counts(stage: Stage, qtbot: QtBot) -> None:
    stage.start()
    page = overview(stage)
    assert page.tiles["failed"].note.full_text == "2 failures"
    assert page.tiles["coverage"].figure.text() == "9 of 13"
    for key, tile in page.tiles.items():
        overview(stage)
        machines = {"failed": 2, "coverage": 13 - 9}.get(key) or int(tile.figure.text())
        qtbot.keyClick(tile, Qt.Key.Key_Return)
        assert listed(stage) == machines > 0, key


def test_a_figure_opens_its_machines_and_clears_the_selection(stage: Stage) -> None:
    stage.start()
    stage.choose("vm-web-01", "vm-web-02", "vm-sql-01")
    page = overview(stage)
    page.banner.button.click()
    stage.settle()
    machines = stage.window.machines
    assert len(machines.list.selected_ids) <= 1
    assert machines.blade.machine_ids == tuple(machines.list.selected_ids)


def test_a_machine_that_waits_for_a_restart_is_not_due_for_the_same_baseline(stage: Stage) -> None:
    stage.start()
    with closing(open_writer(stage.app.source.path)) as db, transaction(db):
        db.execute("UPDATE machines SET baseline_missing=restart_pending")
    page = overview(stage)
    page.show_all()
    stage.settle()
    titles = [item.title for item in page.restarts._items]
    (waiting,) = [t for t in titles if t.startswith("Waiting for a restart")]
    assert waiting == f"Waiting for a restart: {page.tiles['restart'].figure.text()} machine"
    assert not [t for t in titles if t.startswith("Due now")]


def test_every_machine_is_in_one_of_the_next_restarts(stage: Stage) -> None:
    stage.start()
    page = overview(stage)
    listed: list[str] = []
    for item in list(page.restarts._items):
        by_status = item.machines is not None and any(
            choice.dimension is Dimension.HOTPATCH for choice in item.machines.choices
        )
        if by_status and item.machines.condition is None:
            stage.window.machines.show_only(item.machines)
            stage.settle()
            model = stage.window.machines.model
            listed += [model.row(n).name for n in range(model.rowCount())]
    db = stage.app.source.db
    assert db is not None
    everyone = [row[0] for row in db.execute("SELECT name FROM machines ORDER BY name")]
    assert sorted(listed) == everyone


def test_the_next_24_hours_are_the_rollout_s_machines_that_start_in_them(stage: Stage) -> None:
    stage.start()
    advance_and_sync(stage, days=18, hours=10)
    page = overview(stage)
    items = list(page.restarts._items)
    number = next(n for n, item in enumerate(items) if item.page == "rollout")
    page.restarts.action_requested.emit(items[number])
    stage.settle()
    order = stage.window.page("rollout")
    assert isinstance(order, RolloutPage)
    now = stage.app.clock()
    start = [r for r in order._rows if r.window and r.window < now + timedelta(days=1)]
    day = [r for r in start if r.status is not RolloutStatus.NOT_RUNNING]
    assert len(start) > len(day)
    shown = list(order.model.all_rows)
    assert shown == day
    assert 0 < len(day) < len(order._rows)
    assert order.counted.text() == f"{len(day)} machine{'s' if len(day) > 1 else ''}"
    order.showing.setCurrentText("In progress, or expected in the next 24 hours; may restart")
    assert list(order.model.all_rows) == [r for r in day if r.restart is not RestartBehavior.NEVER]
    with closing(open_writer(stage.app.source.path)) as db, transaction(db):
        db.execute("UPDATE machines SET restart_setting='Never'")
    order.reload()
    stage.settle()
    assert list(order.model.all_rows) == []
    assert order.panel.empty.headline.text() == "No start is expected"
    order.showing.setCurrentIndex(0)
    assert len(order.model.all_rows) == len(order._rows)


def test_a_machine_that_misses_only_definitions_counts_as_up_to_date(stage: Stage) -> None:
    stage.start()
    advance_and_sync(stage, days=2)
    db = stage.app.source.db
    assert db is not None
    rows = db.execute(
        "SELECT situation, updates, definitions FROM machines WHERE name='vm-web-01'"
    ).fetchone()
    assert tuple(rows) == ("Up to date", 1, 1)
    page = overview(stage)
    assert "Up to date 0" not in [b.text() for b in page.ring.buttons.values()]


def test_ring_attention_and_groups_open_their_machines(stage: Stage) -> None:
    stage.start()
    page = overview(stage)
    for button in page.ring.buttons.values():
        overview(stage)
        number = int(button.text().rsplit(" ", 1)[-1])
        button.click()
        assert listed(stage) == number
    overview(stage)
    for actions, least in ((page.next_steps, 8), (page.restarts, 3)):
        overview(stage)
        buttons = [b for b in actions.findChildren(QPushButton) if b.isVisible()]
        assert len(buttons) >= least
        for button, item in zip(buttons, list(actions._items), strict=True):
            if item.page:
                continue
            overview(stage)
            button.click()
            number = listed(stage)
            text = f"{item.title} {item.detail}"
            assert re.search(rf"(: |^| ){number}( machines?|$)", text) or f": {number} " in text
    overview(stage)
    page.dimension.setCurrentIndex(list(Dimension).index(Dimension.REGION))
    stage.settle()
    for row in page.groups.all_rows:
        for column in ("machines", "not_known"):
            overview(stage)
            number = page.groups.number_of(row.id)
            place = [c.key for c in page.groups.columns].index(column)
            page.panel.table.setCurrentIndex(page.groups.index(number, place))
            page.panel.table.opened.emit(row.id)
            assert listed(stage) == getattr(row, column)
            assert chips(stage) == [f"Region: {row.name} ✕"]


def test_the_filter_is_shown_can_be_removed_and_a_search_ends(stage: Stage, qtbot: QtBot) -> None:
    stage.start()
    stage.window.header.search.setText("vm-web")
    page = overview(stage)
    qtbot.keyClick(page.tiles["exposed"], Qt.Key.Key_Space)
    assert stage.window.header.search.text() == ""
    machines, number = stage.window.machines, listed(stage)
    assert machines.count_label.text() == f"{number} of 16"
    assert chips(stage) == ["Monthly update missing ✕"]
    machines.filters.chips[0].click()
    assert chips(stage) == []
    assert listed(stage) == 16 > number


def test_grouping_by_tag_uses_the_values_of_the_selected_name(stage: Stage) -> None:
    stage.start()
    page = overview(stage)
    page.dimension.setCurrentIndex(list(Dimension).index(Dimension.TAG))
    stage.settle()
    stage.settle()
    names = [page.tag.itemText(n) for n in range(page.tag.count())]
    assert page.tag.isVisible()
    assert names
    assert names == sorted(names)
    assert sum(r.machines for r in page.groups.all_rows) == 16
    assert {r.name for r in page.groups.all_rows} - {""}


def test_the_window_opens_on_overview_unless_the_user_chose_another_page(stage: Stage) -> None:
    stage.window.show_start_page()
    assert shown(stage) == "machines"
    stage.start()
    assert shown(stage) == "overview"
    stage.window.show_page("updates")
    stage.request.sync(full=True)
    stage.settle()
    assert shown(stage) == "updates"


def test_the_page_survives_a_restart(qapp: QApplication, tmp_path: Path) -> None:
    for before, after in (
        ("machines", "activity"),
        ("activity", "overview"),
        ("overview", "machines"),
    ):
        with Stage("light", folder=tmp_path) as stage:
            stage.window.show_start_page()
            assert shown(stage) == before
            stage.start()
            stage.window.show_page(after)
    with Stage("light", folder=tmp_path) as stage:
        stage.app.preferences.page = "of a newer version"
        stage.window.show_start_page()
        assert shown(stage) == "overview", "several machines are known"


def test_a_page_opened_during_the_start_stays_open(stage: Stage) -> None:
    stage.window.show_start_page()
    stage.window.show_page("updates")
    stage.start()
    assert shown(stage) == "updates"


def test_a_past_day_and_its_export_show_what_was_known_then(stage: Stage, tmp_path: Path) -> None:
    stage.start()
    page = overview(stage)
    before = page.ring.buttons["not_known"].text()
    stage.clock.advance(days=20)
    stage.request.sync(full=True)
    stage.settle()
    page.show_all()
    stage.settle()
    # assessments are too old after 20 days
    stage.until(lambda: page.ring.buttons["not_known"].text() != before)
    now = page.ring.buttons["not_known"].text()
    page.day.setDate(QDate(2026, 8, 25))
    stage.settle()
    assert page.past == date(2026, 8, 25)
    assert page.ring.buttons["not_known"].text() == before
    assert not page.ring.buttons["not_known"].isEnabled()
    assert page.tiles["exposed"].isVisible()
    assert page.tiles["exposed"].note.text() == "median 14 d, max. 77 d"
    assert not page.tiles["failed"].isVisible()
    assert page.tiles["restart"].figure.text() == "1"
    assert not page.next_steps.isVisible()
    assert page.banner.headline.text() == "Showing 25 Aug 2026"
    assert "the oldest data is from 20 Aug 2026" in page.banner.detail.text()
    path = tmp_path / "past.zip"
    make = overview_report(page._shown, origin(page._s))
    writing = Writing(stage.app.source.path, make, partial(export_writers.write, path))
    writing.run()
    assert writing.problem == ""
    with ZipFile(path) as archive:
        names = archive.namelist()
        lines = archive.read("4-machines.csv").decode("utf-8-sig").splitlines()
        figures = archive.read("1-summary.csv").decode("utf-8-sig")
    assert names == [
        "about.txt",
        "1-summary.csv",
        "2-by-subscription.csv",
        "3-compliance-over-time.csv",
        "4-machines.csv",
        "5-failed-installations.csv",
        "6-restarts.csv",
        "7-definitions.csv",
    ]
    missing = sum(",Yes,2026-" in line for line in lines)
    assert missing == int(page.tiles["exposed"].figure.text()) > 0
    assert f"Monthly update missing,{missing}," in figures
    assert sum("20 Aug 2026" in x or "2026-08-20" in x for x in lines) >= 16
    assert lines[0] == ",".join(c.head for c in PAST)
    page.banner.button.click()
    stage.settle()
    assert page.past is None
    assert page.ring.buttons["not_known"].text() == now


def test_changes_are_those_since_the_window_was_closed(qapp: QApplication, tmp_path: Path) -> None:
    with Stage("light", folder=tmp_path) as stage:
        stage.start()
        assert "no earlier session" in overview(stage).since.text()
    with Stage("light", folder=tmp_path) as stage:
        stage.clock.advance(hours=2)
        stage.start()
        page = overview(stage)
        assert page.since.text() == "No changes since your last session (2 h ago)."
        assess = stage.app.source.db
        assert assess is not None
        (machine_id,) = assess.execute("SELECT id FROM machines WHERE name='vm-web-01'").fetchone()
        stage.request.assess([machine_id])
        stage.until(
            lambda: assess.execute(
                "SELECT count(*) FROM operations WHERE state='running'"
            ).fetchone()[0]
        )
        stage.clock.advance(minutes=5)
        stage.until(
            lambda: assess.execute("SELECT count(*) FROM operations WHERE ended_at>''").fetchone()[
                0
            ]
        )
        stage.settle()
        stage.settle()
        texts = [title.text() for _, title, _ in page.changes._rows]
        assert texts == ["1 operation of this program ended"]


def test_a_clock_before_the_first_stored_day_reads_once(stage: Stage) -> None:
    stage.start()
    with closing(open_writer(stage.app.source.path)) as db, transaction(db):
        db.execute("UPDATE daily_counts SET day='2027-01-01'")
    received: list[object] = []
    page = overview(stage)
    query = page._channel.query
    page._channel.query = lambda *a, **k: received.append(a) or query(*a, **k)
    page.show_all()
    stage.settle()
    stage.settle()
    assert len(received) == 1


def test_the_selected_tag_stays_when_another_name_appears(stage: Stage) -> None:
    stage.start()
    page = overview(stage)
    page.dimension.setCurrentIndex(list(Dimension).index(Dimension.TAG))
    stage.settle()
    stage.settle()
    page.tag.setCurrentIndex(page.tag.count() - 1)
    stage.settle()
    chosen = page.tag.currentText()
    with closing(open_writer(stage.app.source.path)) as db, transaction(db):
        db.execute("""UPDATE machines SET tag_pairs='[["AA & <b>", "R&D"]]' WHERE id=1""")
    page.show_all()
    stage.settle()
    assert page.tag.itemText(0) == "AA & <b>"
    assert page.tag.currentText() == chosen
    page.tag.setCurrentIndex(0)
    stage.settle()
    (row,) = [r for r in page.groups.all_rows if r.name == "R&D"]
    wanted: list[MachineFilter] = []
    page.machines_requested.connect(wanted.append)
    page.panel.table.opened.emit(row.id)
    assert wanted[0].choices[0].keys == ("R&D",)
    assert chips(stage) == ["AA && <b>: R&&D ✕"]


def test_rows_belong_to_the_displayed_result_until_the_next_one(stage: Stage) -> None:
    stage.start()
    page = overview(stage)
    row = page.groups.all_rows[0]
    page.dimension.setCurrentIndex(list(Dimension).index(Dimension.REGION))
    page.panel.table.opened.emit(row.id)
    assert listed(stage) == row.machines
    assert chips(stage) == [f"Subscription: {row.name} ✕"]


def test_a_failed_query_leaves_no_figure(stage: Stage) -> None:
    stage.start()
    page = overview(stage)
    page._show_failure("The file can't be read.")
    assert {t.figure.text() for t in page.tiles.values()} == {"–"}
    assert not any(b.isEnabled() for b in page.ring.buttons.values())
    assert page.next_steps.calm.text() == "The file can't be read."
    assert page.groups.all_rows == ()
    stage.settle()
    page.show_all()
    stage.settle()
    assert page.tiles["not-known"].figure.text() == "3"


def test_unknown_values_are_never_green(stage: Stage) -> None:
    stage.start()
    page = overview(stage)
    for situation, glyph in (("", Glyph.UNKNOWN), ("Up to date", Glyph.OK)):
        with closing(open_writer(stage.app.source.path)) as db, transaction(db):
            db.execute("UPDATE machines SET situation=?, restart_pending=0", (situation,))
        page.show_all()
        stage.settle()
        assert page.next_steps._calm_glyph._glyph is glyph


def test_the_export_of_today_has_the_figures_and_each_machine(stage: Stage, tmp_path: Path) -> None:
    stage.start()
    page = overview(stage)
    path = tmp_path / "evidence.json"
    make = page._report(ReportChoice(with_audit=True, is_short=False))
    writing = Writing(stage.app.source.path, make, partial(export_writers.write, path))
    writing.run()
    assert writing.problem == ""
    made = json.loads(path.read_text(encoding="utf-8"))
    values = {row["Key number"]: row["Value"] for row in made["summary"]}
    assert values["Monthly update missing"] == page.tiles["exposed"].figure.text()
    assert values["Machines"] == "16" == str(len(made["machines"]))
    missing = [m for m in made["machines"] if m["Monthly update missing"] == "Yes"]
    assert str(len(missing)) == page.tiles["exposed"].figure.text()
    assert all(m["Missing since"] for m in missing)
    assert {r["Machine"] for r in made["failed installations"]} == {"vm-print-01", "vm-erp-01"}
    assert made["open operations"] == []
    assert made["restarts"]
    excepted = {row["Machine"]: row["Why"] for row in made["exceptions"]}
    assert excepted["vm-legacy-01"] == "Hotpatch isn't available on this image."
    well = {row["Machine"] for row in made["machines"] if row["Status"] == "Up to date"}
    assert not well & set(excepted)
    assert sum(row["Updates available"] for row in made["by subscription"]) == int(
        values["Updates available"]
    )
    current = {m["Required build"] for m in made["machines"] if m["Status"] == "Up to date"}
    assert current == {"26100.33222 or 26100.33296"}, "the hotpatch, or the cumulative update"
    terms = [row["Term"] for row in made["definitions"]]
    assert terms == [*(g.label for g in ComplianceGroup), "Exceptions", "Required build"]
    assert {m["Machine"] for m in missing} <= set(excepted)
    attention = {s.value for s in ComplianceGroup.ATTENTION.situations}
    urgent = {m["Machine"] for m in made["machines"] if m["Status"] in attention}
    assert urgent
    assert urgent <= set(excepted)
    assert all(len(row["Meaning"]) > 50 for row in made["definitions"])
    assert made["compliance over time"]
    assert "audit" in made
    assert any(note.startswith("Windows Server 2025: releases are known") for note in made["notes"])
    assert made["notes"][0] == "Scope: 16 machines, of all connections."
    make = page._report(ReportChoice(with_audit=False, is_short=True))
    writing = Writing(stage.app.source.path, make, partial(export_writers.write, path))
    writing.run()
    assert writing.problem == ""
    short = json.loads(path.read_text(encoding="utf-8"))
    assert short["summary"] == made["summary"]
    assert short["exceptions"] == made["exceptions"]
    assert not {"machines", "audit", "restarts"} & set(short)


@pytest.mark.expects_log
def test_a_past_day_shows_no_numbers_of_machines_that_were_never_assessed(stage: Stage) -> None:
    stage.start()
    db = stage.app.source.db
    assert db is not None
    with closing(open_writer(stage.app.source.path)) as writer, transaction(writer):
        writer.execute("UPDATE machine_states SET assessed_at=NULL, updates=0, restart_pending=0")
    day = stage.app.clock().date()
    rows = list(past_rows(db, day, resources.calendar()))
    assert any(row.situation == "Hotpatch off" for row in rows)
    assert {(row.updates, row.restart) for row in rows} == {(None, None)}


def test_a_past_day_uses_the_operating_system_of_that_day(stage: Stage) -> None:
    """An upgrade in place to Windows Server 2025 invents no exposure in the past."""
    stage.start()
    db = stage.app.source.db
    assert db is not None
    now, calendar = stage.app.clock(), resources.calendar()
    day = now.date()
    query = OverviewQuery(now, calendar, Dimension.REGION, "", now, day)
    before = read_overview(db, query).exposure, list(past_rows(db, day, calendar))
    with closing(open_writer(stage.app.source.path)) as writer, transaction(writer):
        writer.execute("UPDATE machines SET product='WS2025' WHERE product='WS2022'")
    assert (read_overview(db, query).exposure, list(past_rows(db, day, calendar))) == before


def read_by_region(stage: Stage) -> OverviewData:
    stage.start()
    db = stage.app.source.db
    assert db is not None
    now = stage.clock.now()
    query = OverviewQuery(now, resources.calendar(), Dimension.REGION, "", now, None)
    return read_overview(db, query)


@pytest.mark.parametrize(
    ("worst", "says"), [(0, "since today."), (1, "for up to 1 day."), (9, "for up to 9 days.")]
)
def test_the_headline_names_days_in_words(stage: Stage, worst: int, says: str) -> None:
    read = read_by_region(stage)
    exposure = read.exposure._replace(machines=2, worst=worst)
    assert headline(read._replace(exposure=exposure)).headline.endswith(f"machines, {says}")


def test_the_headline_is_shown_once_and_opens_its_machines(stage: Stage) -> None:
    read = read_by_region(stage)
    calm = dict.fromkeys(ComplianceGroup, 0) | {ComplianceGroup.UP_TO_DATE: 16}
    unknown = read._replace(compliance=calm, exposure=Exposure(0, None, 0, 1))
    said = headline(unknown)
    assert said.headline == "It isn't known whether 1 machine is missing a monthly update."
    assert said.headline not in said.detail
    assert said.machines == MachineFilter(condition=Condition.RELEASE_UNKNOWN)


def test_changes_name_machines_that_restarted_or_became_unhealthy(
    qapp: QApplication, tmp_path: Path
) -> None:
    with Stage("light", folder=tmp_path, scenario="bad-update") as stage:
        stage.start()
        overview(stage)
        simulator, clock = stage.simulator, stage.clock
    clock.advance(days=5)
    with Stage("light", folder=tmp_path, scenario="bad-update", simulator=simulator) as stage:
        stage.start()
        page = overview(stage)
        stage.settle()
        texts = [title.text() for _, title, _ in page.changes._rows]
        assert "1 machine became unhealthy" in texts
        assert any(text.endswith("restarted a machine") for text in texts), texts


def test_a_report_long_after_the_last_sync_counts_what_its_table_lists(stage: Stage) -> None:
    """The counts come from derived columns, which the last sync wrote."""
    stage.start()
    db, calendar = stage.app.source.db, resources.calendar()
    assert db is not None
    later = stage.clock.now() + timedelta(days=40)
    days = db.execute("SELECT count(*) FROM machine_states").fetchone()[0]
    with situations.derived_copy(db, calendar, later) as copy:
        context = ExportContext(later, calendar, "")
        query = OverviewQuery(later, calendar, Dimension.SUBSCRIPTION, "", later, None)
        made = overview_report(query, context, with_audit=False)(copy)
        sheets = {sheet.title: (list(sheet.heads), list(sheet.rows)) for sheet in made.sheets}
        assert copy.execute("SELECT count(*) FROM machine_states").fetchone()[0] == days
    heads, rows = sheets["Machines"]
    statuses = [row[heads.index("Status")] for row in rows]
    assert "Assessment too old" in statuses
    values = {row[0]: row[1] for row in sheets["Summary"][1]}
    for group in ComplianceGroup:
        listed = sum(status in {s.value for s in group.situations} for status in statuses)
        assert values[group.label] == str(listed), group
    assert db.execute(
        "SELECT count(*) FROM machines WHERE situation='Assessment too old'"
    ).fetchone()[0] < statuses.count("Assessment too old")
