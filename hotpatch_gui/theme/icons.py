"""Command icons from QtAwesome, loaded after the first paint because the fonts take 0.1 s."""

from __future__ import annotations

import os
from collections.abc import Callable

from PySide6.QtGui import QIcon

from .theme import Theme

NAMES = {
    "overview": "mdi6.view-dashboard-outline",
    "machines": "mdi6.server",
    "updates": "mdi6.package-down",
    "history": "mdi6.history",
    "calendar": "mdi6.calendar-month-outline",
    "rollout": "mdi6.sitemap-outline",
    "schedules": "mdi6.calendar-clock-outline",
    "planner": "mdi6.chart-timeline-variant",
    "coverage": "mdi6.shield-check-outline",
    "activity": "mdi6.progress-clock",
    "clock": "mdi6.clock-fast",
    "settings": "mdi6.cog-outline",
    "refresh": "mdi6.refresh",
    "assess": "mdi6.clipboard-search-outline",
    "install": "mdi6.download-box-outline",
    "export": "mdi6.file-export-outline",
    "configure": "mdi6.tune-variant",
    "restart": "mdi6.restart",
    "start": "mdi6.play-outline",
    "search": "mdi6.magnify",
    "help": "mdi6.information-outline",
    "book": "mdi6.book-open-outline",
    "bell": "mdi6.bell-outline",
    "more": "mdi6.dots-vertical",
    "columns": "mdi6.view-column-outline",
    "cancel": "mdi6.close-circle-outline",
}


class Icons:
    """Provides icons in the theme's colors once ``load`` was called."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._waiting: list[tuple[str, Callable[[QIcon], object]]] = []
        self._loaded = False
        theme.changed.connect(self._tint)

    def give(self, name: str, receiver: Callable[[QIcon], object]) -> None:
        """Call ``receiver`` with the icon as soon as it is loaded, and after each change of the theme.

        Receivers live as long as the window.
        """
        self._waiting.append((name, receiver))
        if self._loaded:
            receiver(self._icon(name))

    def load(self) -> None:
        self._loaded = True
        self._tint()

    def _tint(self) -> None:
        if self._loaded:
            for name, receiver in self._waiting:
                receiver(self._icon(name))

    def _icon(self, name: str) -> QIcon:
        return picture(name, self._theme.tokens.secondary, self._theme.tokens.disabled)


def picture(name: str, color: str, disabled: str) -> QIcon:
    """An icon in these colors."""
    os.environ.setdefault("QT_API", "pyside6")
    import qtawesome  # noqa: PLC0415 - after the first paint

    icon: QIcon = qtawesome.icon(NAMES[name], color=color, color_disabled=disabled)
    return icon
