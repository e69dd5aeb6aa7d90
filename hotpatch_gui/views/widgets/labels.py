"""Labels and glyphs. Text from outside is always plain text."""

from __future__ import annotations

import re

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from hotpatch_gui.models.row_model import plain_tip
from hotpatch_gui.theme import glyphs
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import NORMAL_WEIGHT, TEXT_PX

_LONG = re.compile(r"\S{24,}")
_PLACES = re.compile(r"(?<=[._/])(?=\w)|(?<=[a-z])(?=[A-Z])")


def label(
    theme: Theme,
    text: str = "",
    *,
    px: int = TEXT_PX,
    weight: int = NORMAL_WEIGHT,
    role: str = "",
    wrap: bool = False,
) -> QLabel:
    """A plain-text label; ``role`` is ``secondary`` or ``error``."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setFont(theme.font(px, weight))
    made.setWordWrap(wrap)
    if role:
        made.setProperty("role", role)
    return made


def breakable(text: str) -> str:
    """The text with places to break long words, such as names of settings."""
    return _LONG.sub(lambda word: _PLACES.sub("\u200b", word[0]), text)


class ElidedLabel(QLabel):
    """One line, elided if necessary; the tooltip has the whole text."""

    elides = Qt.TextElideMode.ElideRight

    def __init__(
        self, theme: Theme, px: int = TEXT_PX, weight: int = NORMAL_WEIGHT, role: str = ""
    ) -> None:
        super().__init__()
        self._full_text = self._more = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(theme.font(px, weight))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(40)
        if role:
            self.setProperty("role", role)

    def set_full_text(self, text: str, more: str = "") -> None:
        """Set the text; ``more`` is only in the tooltip."""
        self._full_text, self._more = text, more
        self.setAccessibleName(text)
        self._elide()

    @property
    def full_text(self) -> str:
        return self._full_text

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(self.fontMetrics().horizontalAdvance(self._full_text) + 4, hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self._full_text, self.elides, self.width())
        self.setText(shown)
        full_text = self._full_text if shown != self._full_text or self._more else ""
        self.setToolTip(
            plain_tip("\n".join(filter(None, (full_text, self._more)))) if full_text else ""
        )


class GlyphLabel(QWidget):
    """A state glyph as high as a line of text."""

    def __init__(self, theme: Theme, size_px: int = 16, glyph: Glyph | None = None) -> None:
        super().__init__()
        self._theme, self._glyph = theme, glyph
        self.setFixedSize(QSize(size_px, size_px) * theme.scale)
        theme.changed.connect(self.update)

    def set_glyph(self, glyph: Glyph | None) -> None:
        self._glyph = glyph
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._glyph is not None:
            painter = QPainter(self)
            glyphs.paint(painter, self._glyph, QRectF(self.rect()), self._theme.tokens)
            painter.end()


def line() -> QFrame:
    """A divider."""
    made = QFrame()
    made.setObjectName("line")
    made.setFixedHeight(1)
    return made
