"""A search field and a time range above a table."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from hotpatch_gui.domain.clock import Span
from hotpatch_gui.models.history import RANGES, span_of
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.translation import translated
from hotpatch_gui.views.services import Services

SEARCH_PX = 320


class FilterFields(QWidget):
    """Signals:
    edited (): the text or the range changed, or the range moved on with the time.
    """

    edited = Signal()

    def __init__(self, services: Services, name: str, hint: str) -> None:
        """``name``: begins the fields' object names; ``hint`` says what is searched."""
        super().__init__()
        self._s = services
        self.search = QLineEdit()
        self.search.setObjectName(f"{name}Search")
        self.search.setAccessibleName(hint)
        self.search.setPlaceholderText(hint)
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(round(SEARCH_PX * services.theme.scale))
        self.range = QComboBox()
        self.range.setObjectName(f"{name}Range")
        self.range.setAccessibleName(hint)
        for text, days in RANGES:
            self.range.addItem(translated(text), days)
        self.range.setCurrentIndex(self.range.count() - 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(insets(16, 8, 16, 8))
        row.setSpacing(px(12))
        row.addWidget(self.range)
        row.addWidget(self.search, 1)
        row.addStretch(1)
        self.search.textChanged.connect(self.edited)
        self.range.currentIndexChanged.connect(self.edited)
        services.source.minute_passed.connect(self.edited)

    def clear(self) -> None:
        """Show every row."""
        self.search.clear()
        self.range.setCurrentIndex(self.range.count() - 1)

    @property
    def text(self) -> str:
        """The words to search for."""
        return self.search.text()

    @property
    def span(self) -> Span:
        """The time range."""
        return span_of(int(self.range.currentData()), self._s.clock())

    @property
    def is_filtering(self) -> bool:
        """Whether anything may be left out."""
        return bool(self.text.strip()) or self.range.currentIndex() < self.range.count() - 1
