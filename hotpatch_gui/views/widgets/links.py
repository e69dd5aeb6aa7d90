"""Buttons that open a web page."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QPushButton

from hotpatch_gui.models.row_model import plain_tip


class LinkButton(QPushButton):
    """Opens its page in the browser; hidden without one."""

    def __init__(self, text: str = "", page: str = "") -> None:
        super().__init__(text)
        self.setProperty("link", True)
        self.setAutoDefault(False)
        self.clicked.connect(self._open)
        self._page = ""
        self.set_page(page)

    @property
    def page(self) -> str:
        return self._page

    def set_page(self, page: str) -> None:
        self._page = page
        self.setToolTip(plain_tip(page))
        self.setHidden(not page)

    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl(self._page))
