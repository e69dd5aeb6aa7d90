"""The keyboard's focus is visible on every control of every page and dialog."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QWidget

from hotpatch_gui.captures.scenes import play, set_up

SCENES = (
    "overview",
    "status-healthy",
    "schedule",
    "machines-grid",
    "updates",
    "history-all",
    "actions",
    "audit-log",
    "calendar",
    "rollout-running",
    "planner",
    "connection",
    "connections-side-by-side",
    "settings",
    "help-topics",
    "release-data",
    "install-machines",
    "install-updates",
    "install-properties",
    "install-review",
    "update-settings",
    "filter-values",
    "report",
    "deploy-machine",
    "stop-update",
    "schedule",
    "schedule-form",
    "history-failure",
    "permissions",
    "status-off-train",
)


def stops(shown: QWidget) -> list[QWidget]:
    """The visible widgets that the Tab key reaches."""
    return [
        widget
        for widget in shown.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.focusProxy() is None
        and widget.isVisible()
        and widget.isEnabled()
        and not widget.visibleRegion().isEmpty()
    ]


def spoken(widget: QWidget) -> str:
    """The widget's name for a screen reader; empty without one, or if it is that of the object."""
    interface = QAccessible.queryAccessibleInterface(widget)
    assert interface is not None
    assert interface.role() is not QAccessible.Role.NoRole
    name = interface.text(QAccessible.Text.Name).strip()
    return "" if name == widget.objectName() else name


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", SCENES)
def test_focus_is_visible(qapp: QApplication, name: str, theme: str) -> None:
    with set_up(name, theme) as stage:
        shown = play(name, stage)
        window = shown.window()
        found = stops(shown)
        assert found
        assert [f"{type(w).__name__} {w.objectName()}" for w in found if not spoken(w)] == []
        hidden = []
        for widget in found:
            if window.focusWidget() is not None:
                window.focusWidget().clearFocus()
            without = window.grab().toImage()
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            if widget.hasFocus() and window.grab().toImage() == without:
                hidden.append(f"{type(widget).__name__} {widget.objectName()}")
        assert hidden == []
