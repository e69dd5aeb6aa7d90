"""The first start: connect to Azure, or explore the demo."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.screen_room import resize_within_screen

from .connect import ConnectDialog
from .surface import SurfaceDialog

tr = translator("WelcomeDialog")

INTRODUCTION = tr.mark(
    "See what your Windows servers in Azure run, and when and why they restart next."
)
AZURE = tr.mark(
    "Reads Azure virtual machines and Arc-enabled servers with your own account. Nothing "
    "is changed in Azure unless you allow it, and what is read stays on this computer."
)
DEMO = tr.mark(
    "A simulated Azure inside this program, with real releases; every command works. The "
    "window is marked as a demo, and you can connect at any time under Settings › "
    "Connections."
)


class WelcomeDialog(SurfaceDialog):
    """Offers both; closing it stays with the demo."""

    def __init__(self, services: Services, parent: QWidget) -> None:
        super().__init__(
            services.theme, "welcomeDialog", tr("Welcome to Hotpatch Dashboard"), parent
        )
        self._s, self._window = services, parent
        theme = services.theme
        self.column.addWidget(label(theme, tr(INTRODUCTION), wrap=True))
        ways = QHBoxLayout()
        ways.setSpacing(px(16))
        self.azure = self._way(
            ways, tr("Connect to Azure"), tr(AZURE), tr("Connect…"), self._connect
        )
        self.azure.setProperty("primary", True)
        self.explore = self._way(ways, tr("Explore the demo"), tr(DEMO), tr("Explore"), self.accept)
        self.azure.setObjectName("welcomeConnect")
        self.explore.setObjectName("welcomeDemo")
        self.column.addLayout(ways, 1)
        width, height = 640, 330
        resize_within_screen(self, width * theme.scale, height * theme.scale)

    def _way(
        self, row: QHBoxLayout, title: str, text: str, button: str, slot: Callable[[], object]
    ) -> QPushButton:
        card = QFrame()
        card.setObjectName("tile")
        column = QVBoxLayout(card)
        column.setContentsMargins(insets(20, 16, 20, 16))
        column.setSpacing(px(8))
        column.addWidget(label(self._theme, title, px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT))
        column.addWidget(label(self._theme, text, role="secondary", wrap=True), 1)
        made = QPushButton(button)
        made.clicked.connect(slot)
        column.addWidget(made)
        row.addWidget(card, 1)
        return made

    def _connect(self) -> None:
        self.accept()
        ConnectDialog(self._s, self._window).open()
