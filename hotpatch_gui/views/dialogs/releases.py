"""Release data: its horizon, its sources and updating it."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QPushButton, QWidget

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.horizon import horizon_notes
from hotpatch_gui.domain.situation import Level
from hotpatch_gui.models.export_writers import atomic_write
from hotpatch_gui.models.release_sources import export_rows, last_read, summary
from hotpatch_gui.system import resources
from hotpatch_gui.theme.lengths import px
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.banner import Banner
from hotpatch_gui.views.widgets.labels import label

from .surface import SurfaceDialog

tr = translator("ReleasesDialog")

EXPLANATION = tr.mark(
    "This program needs to know which hotpatches and baselines Microsoft has released. "
    "It contains the releases that were published when it was built, learns from the "
    "updates of your machines, and can read Microsoft's public Security Update API. "
    "Nothing about your machines is sent there."
)


class ReleasesDialog(SurfaceDialog):
    """Shows horizon and sources, and reads Microsoft's list or a file on request."""

    def __init__(self, services: Services, parent: QWidget) -> None:
        super().__init__(services.theme, "releasesDialog", tr("Release data"), parent)
        self._s = services
        theme = services.theme
        self.horizon = Banner(theme)
        self.summary = label(theme, wrap=True)
        self.summary.setObjectName("releaseSummary")
        self.daily = QCheckBox(tr("Read Microsoft's list once a day"))
        self.daily.setObjectName("releasesDaily")
        self.daily.setChecked(services.preferences.reads_releases)
        self.outcome = label(theme, wrap=True)
        self.outcome.setObjectName("releasesResult")
        self.update_ = self._button("releasesUpdate", tr("Update now"))
        self.load = self._button("releasesImport", tr("Import…"))
        self.save = self._button("releasesExport", tr("Export…"))
        row = QHBoxLayout()
        row.setSpacing(px(8))
        for button in (self.update_, self.load, self.save):
            row.addWidget(button)
        row.addStretch(1)
        self.column.addWidget(label(theme, tr(EXPLANATION), role="secondary", wrap=True))
        self.column.addWidget(self.horizon)
        self.column.addWidget(self.summary)
        self.column.addWidget(self.daily)
        self.column.addWidget(
            label(
                theme,
                tr("Address: {address}", address=services.preferences.release_feed),
                role="secondary",
                wrap=True,
            )
        )
        self.column.addLayout(row)
        self.column.addWidget(self.outcome)
        self.column.addStretch(1)
        self.finish((640, 460), self.closer())
        self.update_.clicked.connect(self._update)
        self.load.clicked.connect(self._import)
        self.save.clicked.connect(self._export)
        self.daily.toggled.connect(self._choose_daily)
        services.source.changed.connect(self._on_changed)
        services.source.releases_read.connect(self._on_read)
        self.reload()

    def _button(self, name: str, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(name)
        button.setAutoDefault(False)
        return button

    def reload(self) -> None:
        """Show the current horizon."""
        calendar, now = self._s.calendar(), self._s.clock()
        notes = horizon_notes(calendar, now)
        if notes:
            self.horizon.show_text(
                Level.UNKNOWN, tr("Some planned releases aren't known yet"), "\n".join(notes)
            )
        else:
            self.horizon.show_text(Level.OK, tr("All planned releases so far are known"), "")
        last = last_read(self._s.source)
        lines = summary(calendar, resources.calendar(), now, last)
        self.summary.setText("\n".join(line for line in lines if line not in notes))

    def _update(self) -> None:
        self._show_progress(tr("Reading Microsoft's list. A month's document is 10 to 40 MB."))
        self._s.actions.update_releases(self._s.preferences.release_feed)

    def _import(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, tr("Import release data"), "", tr("JSON files (*.json);;All files (*)")
        )
        if name:
            self.read_file(Path(name))

    def read_file(self, path: Path) -> None:
        """Read a saved MSRC document or an exported list."""
        self._show_progress(tr("Reading {name}.", name=path.name))
        self._s.actions.import_releases(path)

    def _export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, tr("Export release data"), "releases.json", tr("JSON files (*.json)")
        )
        if not name:
            return
        rows = export_rows(self._s.calendar(), self._s.clock())
        try:
            with atomic_write(Path(name)) as part:
                part.write_text(json.dumps(rows, indent=1), encoding="utf-8")
        except OSError as error:
            self.outcome.setText(
                tr("{name} couldn't be written: {strerror}.", name=name, strerror=error.strerror)
            )
        else:
            self.outcome.setText(tr("Written to {name}.", name=name))

    def _show_progress(self, text: str) -> None:
        self.outcome.setText(text)
        for button in (self.update_, self.load):
            button.setEnabled(False)

    def _on_read(self, text: str) -> None:
        self.outcome.setText(text)
        for button in (self.update_, self.load):
            button.setEnabled(True)
        self.reload()

    def _choose_daily(self, is_on: bool) -> None:
        self._s.preferences.reads_releases = is_on
        self._s.actions.read_releases_daily(self._s.preferences.release_feed if is_on else None)

    def _on_changed(self, changes: ChangedTables) -> None:
        if changes.affects(frozenset({"releases"})):
            self.reload()
