"""The bell in the header: the outcomes of this session, newest first."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu, QToolButton

from hotpatch_gui.domain.clock import age_text
from hotpatch_gui.models.outcomes import Outcome
from hotpatch_gui.models.row_model import plain_tip
from hotpatch_gui.translation import translator

from .services import Services

tr = translator("Bell")

LISTED = 20
TITLE_CHARACTERS = 90


class Bell(QToolButton):
    """A button with the number of unread outcomes; its menu lists the newest, and choosing one runs its first action."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._s = services
        self.setObjectName("bell")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.list = QMenu(self)
        self.list.setObjectName("bellMenu")
        self.list.setToolTipsVisible(True)
        self.list.aboutToShow.connect(self._fill)
        self.setMenu(self.list)
        services.outcomes.changed.connect(self._show_count)
        self._show_count()

    def _show_count(self) -> None:
        count = self._s.outcomes.unread
        self.setText(f"{count:,}" if count else "")
        name = tr("%n new notification(s)", count) if count else tr("Notifications")
        self.setToolTip(name)
        self.setAccessibleName(name)

    def _fill(self) -> None:
        self.list.clear()
        outcomes = self._s.outcomes
        for outcome in list(outcomes.items)[: -LISTED - 1 : -1]:
            self._add(outcome)
        if not outcomes.items:
            self.list.addAction(tr("No notifications")).setEnabled(False)
        self.list.addSeparator()
        clear = self.list.addAction(tr("Clear"))
        clear.setEnabled(bool(outcomes.items))
        clear.triggered.connect(outcomes.clear)
        outcomes.mark_seen()

    def _add(self, outcome: Outcome) -> None:
        ratio = self.devicePixelRatioF()
        icon = self._s.theme.glyph_icon(outcome.glyph, ratio)
        title = outcome.title
        if len(title) > TITLE_CHARACTERS:
            title = f"{title[:TITLE_CHARACTERS]}…"
        age = age_text(outcome.at, self._s.clock())
        action = self.list.addAction(icon, f"{title}  ·  {age}".replace("&", "&&"))
        action.setToolTip(plain_tip(outcome.detail))
        if outcome.actions:
            action.triggered.connect(outcome.actions[0][1])
