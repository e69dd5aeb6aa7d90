"""The current theme: tokens, fonts and style."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QFont, QIcon
from PySide6.QtWidgets import QApplication

from hotpatch_gui.system.resources import resource

from . import glyphs, style
from .fonts import choose_family, font
from .glyphs import Glyph
from .tokens import ICON_PX, NORMAL_WEIGHT, TEXT_PX, THEMES, Tokens

SYSTEM = "system"
CHOICES = (SYSTEM, *THEMES)


class Theme(QObject):
    """Applies tokens to the application. Lives on the UI thread.

    Signals:
        changed (): tokens changed; widgets repaint and icons change color.
    """

    changed = Signal()

    def __init__(
        self,
        application: QApplication,
        choice: str,
        *,
        bundled_font: bool = False,
        scale: float = 1.0,
    ) -> None:
        super().__init__(application)
        self._application = application
        self._is_dressed = False
        self.family = choose_family(bundled=bundled_font)
        self.scale = scale
        self.choice = ""
        self.tokens: Tokens = THEMES["light"]
        application.setFont(self.font())
        hints = application.styleHints()
        hints.colorSchemeChanged.connect(self._on_system_changed)
        hints.accessibility().contrastPreferenceChanged.connect(self._on_system_changed)
        self.choose(choice)

    def choose(self, choice: str) -> None:
        """Choose one of CHOICES; anything else counts as ``system``."""
        self.choice = choice if choice in CHOICES else SYSTEM
        self._apply()

    def apply_stylesheet(self) -> None:
        """Apply the style sheet when the window is built.

        With a sheet in place, Qt restyles a widget whenever it enters a layout, which takes 20 ms until the first paint.
        """
        self._is_dressed = True
        self._application.setStyleSheet(
            style.style_sheet(self.tokens, resource("icons").as_posix(), self.scale)
        )

    def font(self, px: int = TEXT_PX, weight: int = NORMAL_WEIGHT) -> QFont:
        return font(self.family, px, weight, self.scale)

    def glyph_icon(self, glyph: Glyph, ratio: float) -> QIcon:
        """A state glyph as an icon of lists and menus, for a screen with this pixel ratio."""
        return glyphs.icon(glyph, round(ICON_PX * self.scale), self.tokens, ratio)

    def _on_system_changed(self) -> None:
        if self.choice == SYSTEM:
            self._apply()

    def _system_theme(self) -> str:
        """The theme by the system's color scheme and contrast."""
        hints = self._application.styleHints()
        scheme = "dark" if hints.colorScheme() is Qt.ColorScheme.Dark else "light"
        contrast = hints.accessibility().contrastPreference()
        return f"contrast-{scheme}" if contrast is Qt.ContrastPreference.HighContrast else scheme

    def _apply(self) -> None:
        self.tokens = THEMES[self._system_theme() if self.choice == SYSTEM else self.choice]
        self._application.setPalette(style.palette(self.tokens))
        if self._is_dressed:
            self.apply_stylesheet()
        self.changed.emit()
