"""Toasts at the corner of the window: what ended, with its next step."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from hotpatch_gui.models.outcomes import Outcome, Outcomes
from hotpatch_gui.models.row_model import plain_tip
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT
from hotpatch_gui.translation import translator

from .labels import GlyphLabel, label

tr = translator("Toasts")

MAX_TOASTS = 3
"""Toasts at a time; the oldest one gives way."""
MAX_CHARACTERS = 360
SHOWN_MS = 8000
"""How long a success is shown. A failure stays until it is dismissed."""
WIDTH_PX, MARGIN_PX = 360, 16
BELOW_PX = 44
"""Between the lowest toast and the window's edge, above the status bar."""


_LONG_WORD = re.compile(r"\S{24}")


class Toast(QFrame):
    """One outcome."""

    def __init__(self, theme: Theme, outcome: Outcome) -> None:
        super().__init__()
        self.setObjectName("toast")
        self.outcome = outcome
        self.setFixedWidth(round(WIDTH_PX * theme.scale))
        self.title = label(theme, shortened(outcome.title), weight=SEMIBOLD_WEIGHT, wrap=True)
        self.detail = label(theme, shortened(outcome.detail), role="secondary", wrap=True)
        self.detail.setToolTip(plain_tip(outcome.detail))
        self.detail.setVisible(bool(outcome.detail))
        self.close_button = QToolButton()
        self.close_button.setObjectName("toastClose")
        self.close_button.setText("✕")
        self.close_button.setFixedHeight(self.title.fontMetrics().height())
        self.close_button.setAccessibleName(tr("Dismiss"))
        self.close_button.setToolTip(tr("Dismiss"))
        self.setAccessibleName(f"{outcome.title} {outcome.detail}".strip())
        texts = QVBoxLayout()
        texts.setSpacing(px(4))
        texts.addWidget(self.title)
        texts.addWidget(self.detail)
        self.buttons: list[QPushButton] = []
        row = QHBoxLayout()
        row.setSpacing(px(8))
        for text, act in outcome.actions:
            button = QPushButton(text)
            button.setProperty("chip", True)
            button.clicked.connect(act)
            row.addWidget(button)
            self.buttons.append(button)
        row.addStretch(1)
        texts.addLayout(row)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(insets(16, 12, 8, 12))
        outer.setSpacing(px(12))
        outer.addWidget(GlyphLabel(theme, glyph=outcome.glyph), 0, Qt.AlignmentFlag.AlignTop)
        outer.addLayout(texts, 1)
        outer.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)


def shortened(text: str) -> str:
    """A text that fits into a toast; the tooltip has all of it."""
    whole = text[:MAX_CHARACTERS].rsplit(" ", 1)[0]
    cut = text if len(text) <= MAX_CHARACTERS else f"{whole}…"
    return _LONG_WORD.sub(lambda m: f"{m[0]}\u200b", cut)  # where a long word may be broken


class Toasts(QObject):
    """Shows the outcomes over ``window``'s ``area``, bottom right."""

    def __init__(self, theme: Theme, outcomes: Outcomes, area: QWidget) -> None:
        super().__init__(area)
        self._theme, self._area = theme, area
        self.shown: list[Toast] = []
        outcomes.added.connect(self.show_outcome)
        area.installEventFilter(self)

    def show_outcome(self, outcome: Outcome) -> None:
        """Show a toast for it."""
        toast = Toast(self._theme, outcome)
        toast.setParent(self._area)
        toast.close_button.clicked.connect(lambda: self.dismiss(toast))
        for button in toast.buttons:
            button.clicked.connect(lambda: self.dismiss(toast))
        if outcome.is_good:
            timer = QTimer(toast)
            timer.setSingleShot(True)
            timer.timeout.connect(lambda: self.dismiss(toast))
            timer.start(SHOWN_MS)
        self.shown.append(toast)
        while len(self.shown) > MAX_TOASTS:
            self.dismiss(self.shown[0])
        toast.show()
        self._arrange()

    def dismiss(self, toast: Toast) -> None:
        """Remove a toast; the bell still lists its outcome."""
        if toast in self.shown:
            self.shown.remove(toast)
            toast.hide()
            toast.deleteLater()
            self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:
            self._arrange()
        return super().eventFilter(watched, event)

    def _arrange(self) -> None:
        """Stack the toasts from the corner up, the newest lowest."""
        bottom = self._area.height() - round(BELOW_PX * self._theme.scale)
        for toast in reversed(self.shown):
            height = toast.heightForWidth(toast.width())
            toast.resize(toast.width(), height if height > 0 else toast.sizeHint().height())
            bottom -= toast.height()
            toast.move(self._area.width() - toast.width() - MARGIN_PX, bottom)
            toast.raise_()
            bottom -= MARGIN_PX // 2
