"""The rail on the left: pages by icon and name."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout

from hotpatch_gui.theme.lengths import insets
from hotpatch_gui.theme.tokens import CAPTION_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.widgets.focus_ring import FocusRing

from .services import Services

tr = translator("Rail")

WIDTH_PX = 76
ENTRIES = (
    ("overview", tr.mark("Overview")),
    ("machines", tr.mark("Machines")),
    ("updates", tr.mark("Updates")),
    ("history", tr.mark("History")),
    ("calendar", tr.mark("Calendar")),
    ("rollout", tr.mark("Rollout")),
    ("schedules", tr.mark("Schedules")),
    ("planner", tr.mark("Planner")),
    ("coverage", tr.mark("Coverage")),
    ("activity", tr.mark("Activity")),
)

PAGES = tuple(key for key, _ in ENTRIES)


def shortcut(page: str) -> str:
    """The keys that show a page: Ctrl+1 to Ctrl+9, then Ctrl+0."""
    return f"Ctrl+{(PAGES.index(page) + 1) % 10}"


class Rail(QFrame):
    """The rail.

    Signals:
        page_selected (str): the key of a page.
    """

    page_selected = Signal(str)

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.setObjectName("rail")
        self.setFixedWidth(round(WIDTH_PX * services.theme.scale))
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(insets(0, 8, 0, 8))
        column.setSpacing(0)
        for number, (key, name) in enumerate(ENTRIES):
            text = tr(name)
            button = QToolButton()
            button.setObjectName(f"rail-{key}")
            button.setText(text)
            button.setAccessibleName(text)
            button.setToolTip(tr("{text} ({keys})", text=text, keys=shortcut(key)))
            button.setFont(services.theme.font(CAPTION_PX))
            button.setCheckable(True)
            button.setAutoExclusive(True)  # one choice of several for a screen reader
            button.setIconSize(QSize(22, 22) * services.theme.scale)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setFixedSize(
                round((WIDTH_PX - 1) * services.theme.scale), round(54 * services.theme.scale)
            )
            services.icons.give(key, button.setIcon)
            FocusRing(button)
            self._group.addButton(button, number)
            button.clicked.connect(partial(self.page_selected.emit, key))
            column.addWidget(button)
        column.addStretch(1)
        self.choose(PAGES[0])

    def choose(self, page: str) -> None:
        self._group.button(PAGES.index(page)).setChecked(True)
