"""The strip at the bottom: connection, age of the data, and operations in progress."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar

from hotpatch_gui import __version__
from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.clock import age_text
from hotpatch_gui.domain.sync_state import SyncState
from hotpatch_gui.models import connection_state, display_text
from hotpatch_gui.models.connection_state import Missing
from hotpatch_gui.models.work import CREATION, WorkText, all_work, last_end
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.tokens import CAPTION_PX
from hotpatch_gui.translation import translator

from .services import Services
from .widgets.labels import ElidedLabel, GlyphLabel, label

tr = translator("StatusBar")

END_SHOWN_MS = 15_000
_TABLES = frozenset({"sync_state", "operations", "deployments"})


class StatusBar(QFrame):
    """The status bar.

    Signals:
        clicked (): operations were clicked; show Activity.
    """

    clicked = Signal()

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.setObjectName("statusBar")
        self._s = services
        theme = services.theme
        self._syncing = ""
        self._state = SyncState()
        self._glyph = GlyphLabel(theme, 12)
        self.connection = ElidedLabel(theme, px=CAPTION_PX, role="secondary")
        self.connection.setObjectName("connection")
        self.work = ElidedLabel(theme, px=CAPTION_PX)
        self.work.setObjectName("work")
        self.progress = QProgressBar()
        self.progress.setObjectName("workProgress")
        self.progress.setAccessibleName(tr("Progress of operations"))
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(round(140 * theme.scale))
        row = QHBoxLayout(self)
        row.setContentsMargins(insets(16, 5, 16, 5))
        row.setSpacing(px(8))
        row.addWidget(self._glyph)
        row.addWidget(self.connection, 1)
        row.addWidget(self.work, 1)
        row.addWidget(self.progress)
        row.addWidget(label(theme, f"v{__version__}", px=CAPTION_PX, role="secondary"))
        services.source.changed.connect(self._on_changed)
        services.source.opened.connect(self.reload)
        self._most, self._has_operations = 0, False
        self._missing = Missing()
        self._is_connected = True
        self._end_timer = QTimer(self)
        self._end_timer.setSingleShot(True)
        self._end_timer.setInterval(END_SHOWN_MS)
        self._end_timer.timeout.connect(self.work.hide)
        services.source.minute_passed.connect(self.reload)
        services.source.open_failed.connect(self.reload)
        self.reload()

    def show_syncing(self, what: str) -> None:
        """Show what is being read; empty when the sync ended."""
        self._syncing = what
        if self._s.source.db is not None:
            self._show_connection()

    def reload(self) -> None:
        source = self._s.source
        if source.db is None:
            self._glyph.set_glyph(Glyph.ERROR if source.open_error else Glyph.RUNNING)
            opening, refused = tr("Opening the data file…"), tr("The data file couldn't be opened")
            self.connection.set_full_text(refused if source.open_error else opening)
            self._show_work(WorkText())
            return
        self._state = connection_state.combined_sync_state(source)
        self._is_connected = connection_state.is_connected(source)
        self._missing = connection_state.missing(source)
        self._show_connection()
        self._show_work(all_work(source))

    def _show_connection(self) -> None:
        last, now = self._state, self._s.clock()
        if not self._is_connected:
            self._glyph.set_glyph(Glyph.INFO)
            self.connection.set_full_text(tr("No connection to Azure yet"))
            return
        since = (
            f"{display_text.zoned_text(last.finished)} ({age_text(last.finished, now)})"
            if last.finished
            else ""
        )
        when = tr("last synced {since}", since=since) if since else tr("never synced")
        if last.problem:
            self._glyph.set_glyph(display_text.LEVEL_GLYPHS[connection_state.problem_level(last)])
            known = (
                tr("Showing the last known data, {when}.", when=when)
                if since
                else tr("Never synced.")
            )
            self.connection.set_full_text(f"{last.problem} {known}")
        elif self._syncing or last.finished is None:
            self._glyph.set_glyph(Glyph.RUNNING)
            self.connection.set_full_text(
                tr(
                    "Syncing: {syncing} · {when}",
                    syncing=self._syncing or tr("starting"),
                    when=when,
                )
            )
        else:
            self._glyph.set_glyph(Glyph.WARNING if self._missing.names else Glyph.OK)
            who = (
                tr("Signed in as {account}", account=last.account)
                if last.account
                else tr("Connected")
            )
            missing = self._missing
            parts = [
                who,
                tr("synced {since}", since=since),
                tr("%n row(s) couldn't be read", last.unreadable) if last.unreadable else "",
                tr("couldn't be read: {names}", names=missing.names) if missing.names else "",
            ]
            text = " · ".join(part for part in parts if part)
            self.connection.set_full_text(text, more=missing.sentences)

    def _show_work(self, work: WorkText) -> None:
        """Show one operation's progress, or how many of several have finished."""
        count = work.total
        self.progress.setVisible(bool(work.doing))
        if not work.doing:
            if self._most and self._has_operations:
                self._show_end()
            self._most, self._has_operations = 0, False
            self.work.setVisible(self._end_timer.isActive())
            return
        self._most = max(self._most, count)
        self._has_operations |= bool(set(work.by_kind) - {CREATION})
        self._end_timer.stop()
        self.work.show()
        text = work.text
        if self._most > 1:
            ended = tr("{ended:,} of {most:,} finished", ended=self._most - count, most=self._most)
            text = f"{text} · {ended}"
        self.work.set_full_text(f"{text}: {work.note}" if count == 1 and work.note else text)
        done, total = (
            (work.done, work.steps) if self._most == 1 else (self._most - count, self._most)
        )
        self.progress.setValue(max(0, min(100, 100 * done // max(1, total))))

    def _show_end(self) -> None:
        """Show the last operation's result for a while."""
        text = last_end(self._s.source)
        if text:
            self.work.set_full_text(text)
            self._end_timer.start()

    def _on_changed(self, changes: ChangedTables) -> None:
        if changes.affects(_TABLES):
            self.reload()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self.work.isVisible():
            self.clicked.emit()
