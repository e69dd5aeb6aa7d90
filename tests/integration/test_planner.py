"""The planner in the window: it simulates in another process, shows figures, can be canceled and exported."""

from __future__ import annotations

import json
import multiprocessing
import sys
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.forecast import Forecast, ReleaseAssumption, RestartWindow
from hotpatch_gui.models.forecasting import ForecastRequest
from hotpatch_gui.store.database import open_writer, transaction
from hotpatch_gui.views.pages.planner import PlannerPage


def planner(stage: Stage, *names: str) -> PlannerPage:
    stage.start()
    if names:
        stage.choose(*names)
    stage.window.show_page("planner")
    stage.settle()
    page = stage.window.page("planner")
    assert isinstance(page, PlannerPage)
    if names:
        page.machines.setCurrentIndex(1)
    return page


def simulate(stage: Stage, page: PlannerPage) -> None:
    page.run.click()
    assert page.progress.isVisible()
    assert not page.run.isEnabled()
    stage.until(lambda: not page.planner.is_running)
    stage.settle()


def figure(page: PlannerPage, key: str) -> tuple[str, str]:
    return page.tiles[key].figure.text(), page.tiles[key].note.full_text


@pytest.mark.parametrize(
    ("scenario", "unplanned", "restarts", "avoided"),
    [(ReleaseAssumption.AS_PLANNED, 2, "4", "8"), (ReleaseAssumption.UNPLANNED, 2, "6", "6")],
)
def test_the_sample_year_is_shown(
    stage: Stage, scenario: ReleaseAssumption, unplanned: int, restarts: str, avoided: str
) -> None:
    page = planner(stage, "vm-web-01")
    page.period.setCurrentText("2027")
    page.scenario.setCurrentText(scenario.value)
    page.unplanned.setValue(unplanned)
    page.minutes.setValue(90)
    simulate(stage, page)
    assert figure(page, "restarts") == (restarts, "12 without hotpatch")
    assert figure(page, "avoided")[0] == avoided
    assert figure(page, "hours") == (f"{int(restarts) * 1.5:.0f}", "18 without hotpatch")
    assert page.model.count() == 12
    assert not page.progress.isVisible()


def test_a_machine_off_the_train_restarts_until_the_next_baseline(stage: Stage) -> None:
    page = planner(stage, "vm-sql-01")
    page.scenario.setCurrentText(ReleaseAssumption.AS_PLANNED.value)
    simulate(stage, page)
    rows = [page.model.row(n) for n in range(page.model.count())]
    assert [r.restarts for r in rows if r is not None][:4] == [1, 1, 0, 0]


def test_restart_windows_add_exposure_without_hotpatch(stage: Stage) -> None:
    page = planner(stage, "vm-web-01", "vm-web-02")
    page.period.setCurrentText("2025")
    page.window_.setCurrentText(RestartWindow.MONTHLY.value)
    simulate(stage, page)
    shown, without = figure(page, "exposed")
    assert float(shown.removesuffix(" d")) < float(without.split()[0])
    assert "Not counted: out of band, KB5061258, KB5070893." in page.sentence.text()


def test_canceling_keeps_the_last_result(stage: Stage) -> None:
    guests = stage.simulator.cloud.guests
    template = replace(guests["vm-web-01"], runs=[], assessment=None)
    guests.update({f"many-{n}": replace(template, name=f"many-{n}") for n in range(3000)})
    page = planner(stage)
    ends: list[Forecast | None] = []
    page.planner.ended.connect(ends.append)
    page.run.click()
    stage.until(lambda: page.progress.value() > 0)
    page.cancel.click()
    assert ends == [None]
    assert page.run.isEnabled()
    assert not page.export.isEnabled()
    simulate(stage, page)
    assert ends[-1] is not None
    assert ends[-1].machines == 3016
    page.run.click()
    stage.app.source.closing.emit()  # as the program's end does
    assert not page.planner.is_running
    assert not multiprocessing.active_children(), "ended at once"


@pytest.mark.expects_log
def test_a_killed_forecast_process_is_reported_in_place_of_the_result(stage: Stage) -> None:
    page = planner(stage)
    page.run.click()
    (process,) = multiprocessing.active_children()
    process.kill()
    stage.until(lambda: not page.planner.is_running)
    stage.settle()
    assert page.nothing.isVisible()
    reported = " ".join(label.text() for label in page.nothing.findChildren(QLabel))
    assert "The forecast failed" in reported
    assert "its process ended without a response" in reported
    simulate(stage, page)
    assert figure(page, "restarts")[0] != "–"


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script replaces the process")
def test_a_late_forecast_process_does_not_block_the_window(
    stage: Stage, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A fleet's question is more than a pipe holds."""
    page = planner(stage)
    deaf = tmp_path / "deaf"
    deaf.write_text("#!/bin/sh\nexec sleep 2\n", "utf-8")
    deaf.chmod(0o700)
    request.addfinalizer(partial(multiprocessing.set_executable, sys.executable))
    multiprocessing.set_executable(str(deaf))
    page.planner.start(ForecastRequest(page.options, tuple(range(100_000)), enroll_all=False))
    (process,) = multiprocessing.active_children()
    assert process.is_alive()
    assert page.planner.is_running
    page.planner.cancel()


@pytest.mark.expects_log
def test_a_failed_forecast_names_the_reason(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    page = planner(stage)
    with closing(open_writer(stage.app.source.path)) as db, transaction(db):
        db.execute("DROP TABLE machine_schedules")
    page.run.click()
    stage.until(lambda: not page.planner.is_running)
    stage.settle()
    reported = " ".join(label.text() for label in page.nothing.findChildren(QLabel))
    assert "no such table" in reported


def test_the_forecast_is_exported_with_its_parameters(stage: Stage, tmp_path: Path) -> None:
    page = planner(stage, "vm-web-01")
    page.period.setCurrentText("2025")
    simulate(stage, page)
    path = tmp_path / "forecast.json"
    page.export.exporter.write(path, page.export.make())
    stage.until(lambda: path.exists() and bool(stage.window.toasts.shown))
    found = json.loads(path.read_text(encoding="utf-8"))
    requested = {row["Option"]: row["Value"] for row in found["options"]}
    assert (
        requested["Restarts"],
        requested["Restarts without hotpatch"],
        requested["First day"],
    ) == (
        4,
        12,
        "2025-01-01",
    )
    first = found["forecast"][0]
    assert (first["Date"], first["Releases"], first["Restarts"]) == (
        "2025-01-14",
        "Planned baseline: Server 2025 KB5050009",
        1,
    )
    assert len(found["forecast"]) == 12
