"""Empty states: why there is nothing to show, and what to do."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout

from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX

from .labels import GlyphLabel, label

TEXT_WIDTH_PX, MARGIN_PX = 420, 16


class EmptyState(QFrame):
    """A glyph, a headline, an explanation and at most two buttons, centered."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("surface")
        self._glyph = GlyphLabel(theme, 32)
        self.headline = label(theme, px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT)
        self.headline.setObjectName("emptyHeadline")
        self.explanation = label(theme, role="secondary", wrap=True)
        self.explanation.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._text_width = round(TEXT_WIDTH_PX * theme.scale)
        self.explanation.setFixedWidth(self._text_width)
        self.button = QPushButton()
        self.button.setObjectName("emptyButton")
        self.other = QPushButton()
        self.other.setObjectName("emptyOther")
        for button in (self.button, self.other):
            button.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(insets(MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX))
        column.setSpacing(px(12))
        column.addStretch(2)
        for widget in (self._glyph, self.headline, self.explanation, self.button, self.other):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)

    def minimumSizeHint(self) -> QSize:
        """A narrow place is enough, because the explanation is wrapped."""
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.explanation.setFixedWidth(
            min(self._text_width, max(1, self.width() - 2 * px(MARGIN_PX)))
        )
        self._fit()

    def _fit(self) -> None:
        """Set the height of a wrapped label, which a centering layout ignores."""
        height = self.explanation.heightForWidth(self.explanation.width())
        self.explanation.setMinimumHeight(max(0, height))  # -1 where there is no text

    def show_text(
        self, glyph: Glyph, headline: str, explanation: str, button: str = "", other: str = ""
    ) -> None:
        self._glyph.set_glyph(glyph)
        self.headline.setText(headline)
        self.explanation.setText(explanation)
        self._fit()
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.other.setText(other)
        self.other.setVisible(bool(other))
        self.setAccessibleName(f"{headline} {explanation}")
