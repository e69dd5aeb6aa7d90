"""A place whose content is built when it is painted or requested."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

W = TypeVar("W", bound=QWidget)


class LazyWidget(QWidget, Generic[W]):
    """Builds its content lazily.

    Signals:
        built (): the content exists.
    """

    built = Signal()

    def __init__(self, make: Callable[[], W]) -> None:
        super().__init__()
        self._make = make
        self._content: W | None = None
        self._is_making = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    @property
    def is_built(self) -> bool:
        return self._content is not None

    @property
    def content(self) -> W:
        """The content, built now if necessary."""
        if self._content is None:
            assert not self._is_making, "its making needs its own content"
            self._is_making = True
            self._content = self._make()
            self._column.addWidget(self._content)
            self.built.emit()
        return self._content

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._content is None:
            QTimer.singleShot(0, self, self._build)

    def _build(self) -> None:
        """Build the content if it is still visible."""
        if self.isVisible():
            _ = self.content
