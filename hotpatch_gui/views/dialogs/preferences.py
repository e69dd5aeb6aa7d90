"""Settings of the program."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QWidget,
)

from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.domain.records import ASSESSMENTS_KEPT
from hotpatch_gui.domain.releases import Product
from hotpatch_gui.models.connection_state import sync_states
from hotpatch_gui.models.history import RANGES
from hotpatch_gui.system.preferences import LARGEST_SIZE, SMALLEST_SIZE
from hotpatch_gui.theme.lengths import px
from hotpatch_gui.theme.theme import CHOICES
from hotpatch_gui.translation import translated, translator
from hotpatch_gui.views.rail import ENTRIES
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.form import Form
from hotpatch_gui.views.widgets.labels import ElidedLabel, label
from hotpatch_gui.views.widgets.number_box import MINUTES, NumberBox

from .surface import SurfaceDialog

tr = translator("PreferencesDialog")

SIZES = (SMALLEST_SIZE, 90, 100, 110, 125, 150, 175, LARGEST_SIZE)
"""Of text and controls, in percent."""


class PreferencesDialog(SurfaceDialog):
    """Theme, size, start page, sync interval, history range, notifications, data folder, connections and release data."""

    def __init__(self, services: Services, parent: QWidget) -> None:
        super().__init__(services.theme, "preferencesDialog", tr("Settings"), parent)
        self._s, self._window = services, parent
        theme, settings = services.theme, services.preferences
        self.theme = QComboBox()
        self.theme.setObjectName("prefTheme")
        for choice, text in zip(
            CHOICES,
            (
                tr("Use system setting"),
                tr("Light"),
                tr("Dark"),
                tr("High contrast, light"),
                tr("High contrast, dark"),
            ),
            strict=True,
        ):
            self.theme.addItem(text, choice)
        self.theme.setCurrentIndex(self.theme.findData(theme.choice))
        self.size_ = QComboBox()
        self.size_.setObjectName("prefSize")
        for percent in SIZES:
            self.size_.addItem(tr("{percent}%", percent=percent), percent)
        self.size_.setCurrentIndex(max(0, self.size_.findData(settings.size_percent)))
        self.page = QComboBox()
        self.page.setObjectName("prefPage")
        self.page.addItem(tr("Page of the last session"), "")
        for key, title in ENTRIES:
            self.page.addItem(translated(title), key)
        self.page.setCurrentIndex(max(0, self.page.findData(settings.start_page)))
        self.minutes = NumberBox(theme, 1, 1440, settings.sync_minutes, suffix=MINUTES)
        self.minutes.setObjectName("prefSync")
        self.days = QComboBox()
        self.days.setObjectName("prefHistory")
        for text, days in RANGES:
            self.days.addItem(translated(text), days)
        self.days.setCurrentIndex(max(0, self.days.findData(settings.history_days)))
        self.folder = ElidedLabel(services.theme)
        self.folder.elides = Qt.TextElideMode.ElideMiddle
        self.folder.setObjectName("prefFolder")
        self.folder.set_full_text(str(services.source.path.parent))
        for widget, name in (
            (self.theme, tr("Theme")),
            (self.size_, tr("Size of text and controls")),
            (self.page, tr("Start page")),
            (self.minutes, tr("Sync every")),
            (self.days, tr("Default history range")),
            (self.folder, tr("Data folder")),
        ):
            widget.setAccessibleName(name)
        self.successes = QCheckBox(tr("Succeeded"))
        self.successes.setObjectName("prefNotifySuccess")
        self.successes.setChecked(settings.notifies_success)
        self.failures = QCheckBox(tr("Failed or unknown"))
        self.failures.setObjectName("prefNotifyFailure")
        self.failures.setChecked(settings.notifies_failure)
        self._lay_out()
        self.successes.toggled.connect(self._choose_notifications)
        self.failures.toggled.connect(self._choose_notifications)
        self.theme.currentIndexChanged.connect(self._choose_theme)
        self.size_.currentIndexChanged.connect(self._choose_size)
        self.page.currentIndexChanged.connect(self._choose_page)
        self.minutes.valueChanged.connect(self._choose_minutes)
        self.days.currentIndexChanged.connect(self._choose_days)

    def _lay_out(self) -> None:
        theme = self._s.theme
        form = Form(12)
        form.add(tr("Theme"), self.theme)
        hint = label(theme, tr("Applies the next time the program starts."), role="secondary")
        form.add(tr("Size of text and controls"), self.size_, hint)
        form.add(tr("Start page"), self.page)
        form.add(tr("Sync with Azure every"), self.minutes)
        form.add(tr("Default history range"), self.days)
        form.add(
            "",
            label(
                theme,
                tr(
                    "Installations are kept forever, assessments for {days} days.",
                    days=ASSESSMENTS_KEPT.days,
                ),
                role="secondary",
                wrap=True,
            ),
        )
        notify = QHBoxLayout()
        notify.setSpacing(px(24))
        notify.addWidget(self.successes)
        notify.addWidget(self.failures)
        notify.addStretch(1)
        form.add(tr("System notifications"), notify)
        folder_row = QHBoxLayout()
        folder_row.setSpacing(px(8))
        folder_row.addWidget(self.folder, 1)
        opener = QPushButton(tr("Open folder"))
        opener.setAutoDefault(False)
        folder = QUrl.fromLocalFile(str(self._s.source.path.parent))
        opener.clicked.connect(lambda: QDesktopServices.openUrl(folder))
        folder_row.addWidget(opener)
        form.add(tr("Data folder"), folder_row)
        self.connections = QPushButton(tr("Connections…"))
        self.connections.setObjectName("prefConnections")
        self.connections.setAutoDefault(False)
        self.connections.clicked.connect(self._open_connections)
        row = QHBoxLayout()
        row.addWidget(label(theme, self._connection_text()), 1)
        row.addWidget(self.connections)
        form.add(tr("Azure"), row)
        self.releases = QPushButton(tr("Release data…"))
        self.releases.setObjectName("prefReleases")
        self.releases.setAutoDefault(False)
        self.releases.clicked.connect(self._open_releases)
        known = QHBoxLayout()
        known.addWidget(label(theme, self._release_text(), wrap=True), 1)
        known.addWidget(self.releases)
        form.add(tr("Releases"), known)
        self.column.addLayout(form)
        self.column.addStretch(1)
        self.finish((600, 480), self.closer())

    def _connection_text(self) -> str:
        if self._s.cloud.demo:
            return self._s.cloud.demo
        count = len(sync_states(self._s.source))
        return tr("%n connection(s)", count)

    def _release_text(self) -> str:
        calendar = self._s.calendar()
        until = min(calendar.complete_until(p) for p in Product)
        return tr("Complete until {until}", until=day_name(until))

    def _open_releases(self) -> None:
        from .releases import ReleasesDialog  # noqa: PLC0415 - not each time settings open

        self.accept()
        ReleasesDialog(self._s, self._window).open()

    def _open_connections(self) -> None:
        from .connections import ConnectionsDialog  # noqa: PLC0415 - not each time settings open

        self.accept()
        ConnectionsDialog(self._s, self._window).open()

    def _choose_theme(self) -> None:
        choice = self.theme.currentData()
        self._s.preferences.theme = choice
        self._s.theme.choose(choice)

    def _choose_size(self) -> None:
        self._s.preferences.size_percent = int(self.size_.currentData())

    def _choose_page(self) -> None:
        self._s.preferences.start_page = str(self.page.currentData())

    def _choose_minutes(self, minutes: int) -> None:
        self._s.preferences.sync_minutes = minutes
        self._s.actions.sync_every(minutes)

    def _choose_notifications(self) -> None:
        self._s.preferences.notifies_success = self.successes.isChecked()
        self._s.preferences.notifies_failure = self.failures.isChecked()

    def _choose_days(self) -> None:
        self._s.preferences.history_days = int(self.days.currentData())
