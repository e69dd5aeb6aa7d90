"""The status sentence: a glyph, the state, what runs and what is next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from hotpatch_gui.domain.situation import Level
from hotpatch_gui.models.display_text import LEVEL_GLYPHS, SITUATION_GLYPHS
from hotpatch_gui.models.row_model import plain_tip
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translator

from .labels import GlyphLabel, label
from .links import LinkButton

if TYPE_CHECKING:
    from hotpatch_gui.domain.status_text import StatusText

_SURFACES = {
    Level.OK: "ok",
    Level.INFO: "info",
    Level.UNKNOWN: "info",
    Level.WARNING: "warning",
    Level.ERROR: "error",
}

tr = translator("Banner")


class Banner(QFrame):
    """A colored strip with a headline, details and a button for the next step."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._surface = ""
        self._is_brief = False
        self._glyph = GlyphLabel(theme, 20)
        self.headline = label(theme, px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT, wrap=True)
        self.headline.setObjectName("bannerHeadline")
        self.detail = label(theme, wrap=True)
        self.detail.setObjectName("bannerDetail")
        for text in (self.headline, self.detail):
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = QPushButton()
        self.button.setObjectName("bannerButton")
        self.button.hide()
        self.link = LinkButton(tr("Microsoft's page about this update"))
        self.link.setObjectName("bannerLink")
        texts = QVBoxLayout()
        texts.setSpacing(px(4))
        texts.addWidget(self.headline)
        texts.addWidget(self.detail)
        texts.addWidget(self.link, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(insets(16, 12, 16, 12))
        row.setSpacing(px(12))
        row.addWidget(self._glyph, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)

    def show_status_text(self, status_text: StatusText) -> None:
        self.show_text(
            status_text.level,
            status_text.headline,
            f"{status_text.running}\n{status_text.next_step}".strip(),
            SITUATION_GLYPHS.get(status_text.situation),
            page=status_text.page,
        )

    def set_brief(self, is_brief: bool) -> None:
        """Show only the headline, and the detail as a tooltip, because the rest of the page explains it."""
        self._is_brief = is_brief
        self._show_detail()

    def _show_detail(self) -> None:
        detail = self.detail.text()
        self.detail.setVisible(bool(detail) and not self._is_brief)
        self.setToolTip(plain_tip(detail) if self._is_brief else "")

    def show_text(
        self,
        level: Level,
        headline: str,
        detail: str,
        glyph: Glyph | None = None,
        *,
        page: str = "",
    ) -> None:
        self._glyph.set_glyph(glyph or LEVEL_GLYPHS[level])
        self.headline.setText(headline)
        self.detail.setText(detail)
        self._show_detail()
        self.link.set_page(page)
        self.setAccessibleName(f"{headline} {detail}")
        if self._surface != _SURFACES[level]:
            self._surface = _SURFACES[level]
            self.setProperty("level", self._surface)
            self.style().unpolish(self)
            self.style().polish(self)
