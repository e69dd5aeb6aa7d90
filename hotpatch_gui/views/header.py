"""The strip at the top: title, subscriptions, demo, search and settings."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
)

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.models import connection_state, display_text
from hotpatch_gui.system.resources import resource
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translator

from .services import Services
from .widgets.labels import ElidedLabel, label

tr = translator("Header")

LOGO_PX = 24
TICK_MS = 1000

SEARCH_PX, NARROW_SEARCH_PX, WIDE_PX = 280, 204, 1200
"""The search field's width in a window that is at least WIDE_PX wide, and in others."""


class Header(QFrame):
    """The header.

    Signals:
        search_changed (str): the search text.
        search_left (): Enter or Down was pressed; go to the first match.
        settings_requested (): the gear was clicked.
        help_requested (): the book was clicked.
    """

    search_changed = Signal(str)
    search_left = Signal()
    settings_requested = Signal()
    help_requested = Signal()

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.setObjectName("header")
        self._s = services
        theme = services.theme
        self.logo = QLabel()
        self.logo.setFixedSize(QSize(LOGO_PX, LOGO_PX) * theme.scale)
        self.subscription = ElidedLabel(theme, role="secondary")
        self.subscription.setObjectName("subscription")
        self.demo = QPushButton()
        self.demo.setObjectName("demo")
        self.demo.setVisible(bool(services.cloud.demo))
        self.demo.setEnabled(services.demo is not None)
        self.demo.setToolTip(tr("Change the demo's date"))
        self.search = QLineEdit()
        self.search.setObjectName("search")
        self.search.setAccessibleName(tr("Search machines"))
        self.search.setPlaceholderText(tr("Search machines (Ctrl+K)"))
        self._fit_search()
        self.search.textChanged.connect(self.search_changed)
        for keys, slot in (
            ("Esc", self.search.clear),
            ("Down", self.search_left.emit),
            ("Return", self.search_left.emit),
            ("Enter", self.search_left.emit),
        ):
            shortcut = QShortcut(QKeySequence(keys), self.search)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(slot)
        self.gear = self._button("settings", tr("Settings"))
        self.gear.clicked.connect(self.settings_requested)
        self.help = self._button("book", tr("Help (F1)"))
        self.help.clicked.connect(self.help_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(insets(16, 8, 12, 8))
        row.setSpacing(px(12))
        row.addWidget(self.logo)
        row.addWidget(label(theme, tr("Hotpatch"), px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT))
        row.addWidget(self.subscription, 1)
        row.addWidget(self.demo)
        row.addWidget(self.search)
        row.addWidget(self.gear)
        row.addWidget(self.help)
        self._row = row
        services.source.changed.connect(self._on_changed)
        services.source.opened.connect(self.show_subscription)
        self._ticker = QTimer(self)
        self._ticker.setInterval(TICK_MS)
        self._ticker.timeout.connect(self.show_clock)
        if services.cloud.demo:
            self._ticker.start()
        self.show_subscription()
        self.show_clock()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_search()

    def _fit_search(self) -> None:
        """In a narrow window, the subscriptions keep their room."""
        scale = self._s.theme.scale
        is_wide = self.width() >= WIDE_PX * scale
        self.search.setFixedWidth(round((SEARCH_PX if is_wide else NARROW_SEARCH_PX) * scale))

    def add_bell(self) -> None:
        """Add the bell, which isn't in the first paint."""
        from .bell import Bell  # noqa: PLC0415 - after the first paint

        self.bell = Bell(self._s)
        self.bell.setIconSize(QSize(16, 16) * self._s.theme.scale)
        self.bell.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.bell.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._s.icons.give("bell", self.bell.setIcon)
        self._row.insertWidget(self._row.indexOf(self.gear), self.bell)

    def load_pictures(self) -> None:
        """Load pictures after the first paint, because the SVG reader is slow."""
        self.search.setClearButtonEnabled(True)
        size = QSize(LOGO_PX, LOGO_PX) * self._s.theme.scale
        logo = QIcon(str(resource("icons/hotpatch.svg")))
        self.logo.setPixmap(logo.pixmap(size, self.devicePixelRatioF()))
        if self._s.demo is not None:
            menu = QMenu(self.demo)
            menu.setObjectName("demoMenu")
            menu.aboutToShow.connect(self._fill_demo_menu)
            self.demo.setMenu(menu)

    def show_subscription(self) -> None:
        self.subscription.set_full_text(
            connection_state.connection_names(self._s.source) or self._s.cloud.name
        )

    def show_clock(self) -> None:
        """Show the demo's date and speed."""
        if not self._s.cloud.demo:
            return
        clock = self._s.clock
        if isinstance(clock, CloudClock) and not clock.is_known:
            self.demo.setText(self._s.cloud.demo)
            return
        rate = clock.rate if isinstance(clock, CloudClock) else 1.0
        fast = tr(", at {rate:,.0f} × speed", rate=rate) if rate > 1 else ""
        self.demo.setText(f"{self._s.cloud.demo} · {display_text.moment_text(clock())}{fast}")

    def _fill_demo_menu(self) -> None:
        """Show the current actions for the demo's time."""
        menu, demo = self.demo.menu(), self._s.demo
        if menu is None or demo is None:
            return
        menu.clear()
        release = demo.next_release
        day = f" ({day_name(release)})" if release else ""
        step = menu.addAction(
            tr("Step to the next release{day}", day=day)
            if release
            else tr("No later release is known")
        )
        step.setEnabled(release is not None)
        step.triggered.connect(demo.step)
        play = menu.addAction(
            tr("Stop here") if demo.is_playing else tr("Fast-forward one month (20 seconds)")
        )
        play.setEnabled(demo.is_ready)
        play.triggered.connect(demo.stop if demo.is_playing else demo.play)
        menu.addSeparator()
        for key, title in demo.scenarios:
            menu.addAction(tr("Restart the demo: {title}", title=title)).triggered.connect(
                partial(demo.begin, key)
            )

    def _on_changed(self, changes: ChangedTables) -> None:
        self.show_clock()
        if changes.affects(frozenset({"subscriptions", "connections"})):
            self.show_subscription()

    def _button(self, icon: str, text: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(f"header-{icon}")
        button.setToolTip(text)
        button.setAccessibleName(text)
        button.setFixedSize(QSize(32, 32) * self._s.theme.scale)
        button.setIconSize(QSize(16, 16) * self._s.theme.scale)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._s.icons.give(icon, button.setIcon)
        return button
