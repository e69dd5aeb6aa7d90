"""The tray icon: system notifications of outcomes while the window isn't in focus."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from hotpatch_gui.models.outcomes import Outcome, Outcomes
from hotpatch_gui.system.preferences import Preferences
from hotpatch_gui.system.resources import resource
from hotpatch_gui.translation import translator
from hotpatch_gui.views.main_window import MainWindow

tr = translator("Tray")


class Tray(QObject):
    """Shows outcomes as system notifications, by kind as the settings allow."""

    def __init__(self, window: MainWindow, outcomes: Outcomes, settings: Preferences) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings
        self.icon = QSystemTrayIcon(QIcon(str(resource("icons/hotpatch.svg"))), self)
        self.icon.setToolTip(window.windowTitle())
        self._menu = QMenu(window)
        self._menu.addAction(tr("Open Hotpatch Dashboard"), window.come_to_front)
        self._menu.addAction(tr("Quit"), window.close)
        self.icon.setContextMenu(self._menu)
        self.icon.activated.connect(self._on_activated)
        self.icon.messageClicked.connect(window.come_to_front)
        outcomes.added.connect(self.notify)
        self.icon.show()

    def should_notify(self, outcome: Outcome) -> bool:
        """Whether it is shown: not while the window is in focus, and not if its kind is turned off."""
        if self._window.isActiveWindow():
            return False
        settings = self._settings
        return settings.notifies_success if outcome.is_good else settings.notifies_failure

    @Slot(object)
    def notify(self, outcome: Outcome) -> None:
        """Show a system notification for the outcome."""
        if self.should_notify(outcome):
            kinds = QSystemTrayIcon.MessageIcon
            kind = kinds.Information if outcome.is_good else kinds.Warning
            self.icon.showMessage(outcome.title, outcome.detail, kind)

    @Slot(QSystemTrayIcon.ActivationReason)
    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is QSystemTrayIcon.ActivationReason.Trigger:
            self._window.come_to_front()
