"""Changes of schedules and new machines in Activity: listed, found, canceled and opened from their notification."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.schedule_changes import schedule_id
from hotpatch_gui.simulator.guest import SUBSCRIPTION
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store.resource_changes import change_of, of_change, of_deployment
from hotpatch_gui.views.pages.activity import ActivityPage
from hotpatch_gui.views.tabs.resource_changes import ResourceChangesTab

ID = schedule_id(SUBSCRIPTION, "rg-files", "files-saturdays")


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        made.start()
        yield made


def tab(stage: Stage) -> ResourceChangesTab:
    stage.window.show_page("activity")
    page = stage.window.page("activity")
    assert isinstance(page, ActivityPage)
    page.tabs.setCurrentWidget(page.changes)
    stage.settle()
    return page.changes


def texts(shown: ResourceChangesTab) -> list[tuple[str, ...]]:
    """State, change and name of each row."""
    model = shown.model
    return [
        tuple(str(model.index(n, column).data()) for column in range(3))
        for n in range(model.rowCount())
    ]


def test_a_change_of_a_schedule_is_listed_and_its_notification_opens_it(stage: Stage) -> None:
    shown = tab(stage)
    assert shown.panel.empty.headline.text() == "No changes yet"
    stage.app.actions.exclude_update(1, [(ID, "files-saturdays")], "KB5120708")
    stage.until(lambda: len(stage.app.outcomes.items) == 1)
    stage.settle()
    assert texts(shown) == [("Succeeded", "Exclude update", "files-saturdays (KB5120708)")]
    stage.window.show_page("overview")
    ((button, show),) = stage.app.outcomes.items[0].actions
    assert button == "Show changes"
    show()
    stage.settle()
    assert shown.isVisible()
    assert shown.panel.table.selected_ids == [of_change(1)]
    assert ID in shown.detail.text()
    shown.filter.search.setText("nothing like it")
    stage.settle()
    assert shown.panel.empty.headline.text() == "No change matches"
    shown.filter.search.setText("exclude")
    stage.settle()
    assert len(texts(shown)) == 1, "found by its name in the window"


@pytest.mark.expects_log
def test_a_queued_change_is_canceled_here(stage: Stage) -> None:
    shown = tab(stage)

    def throttled(method: str, path: str) -> Response | None:
        is_it = method == "PUT" and "maintenanceconfigurations" in path.casefold()
        return Response(429, {}, {"Retry-After": "600"}) if is_it else None

    stage.simulator.faults.append(throttled)
    stage.app.actions.exclude_update(1, [(ID, "files-saturdays")], "KB5120708")
    stage.until(lambda: [t[0] for t in texts(shown)] == ["Queued"])
    page = stage.window.page("activity")
    assert isinstance(page, ActivityPage)
    assert not page.cancel.isEnabled()
    shown.panel.table.selectRow(0)
    assert page.cancel.text() == "Cancel 1 queued change"
    page.cancel.click()
    stage.until(lambda: [t[0] for t in texts(shown)] == ["Canceled"])
    assert not page.cancel.isEnabled()


def test_row_ids_of_both_kinds_differ() -> None:
    assert {of_change(n) for n in range(9)}.isdisjoint(of_deployment(n) for n in range(9))
    assert change_of(of_change(7)) == 7
    assert change_of(of_deployment(7)) is None
