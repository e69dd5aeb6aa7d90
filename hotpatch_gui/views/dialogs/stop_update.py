"""The dialog that stops an update: schedules exclude its KB, and queued installations are canceled."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.models.checked import CheckedModel, CheckedRow
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.models.stop_update import StillInstalling, by_connection, read_still_installing
from hotpatch_gui.theme.lengths import px
from hotpatch_gui.theme.tokens import ROW_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.points import Point, Points
from hotpatch_gui.views.widgets.scroll_area import scrolling

from .install.parts import fit_names, list_of
from .once import open_once
from .surface import SurfaceDialog

tr = translator("StopUpdateDialog")

SIZE_PX = (860, 560)
_TABLES = frozenset(
    {"operations", "installations", "schedules", "schedule_changes", "machines", "connections"}
)
MAX_ROWS, SPARE_PX = 6, 18
"""Rows without a scroll bar; room for a horizontal one."""


class StopUpdateDialog(SurfaceDialog):
    """Shows what would still install the update. All that can be stopped is selected at first."""

    def __init__(self, services: Services, parent: QWidget, kb: str) -> None:
        super().__init__(services.theme, "stopUpdateDialog", tr("Stop {kb}", kb=kb), parent)
        self._s, self._kb, self._found = services, kb, StillInstalling()
        theme = services.theme
        self.summary = label(theme, tr("Reading…"), wrap=True)
        self.summary.setObjectName("stopSummary")
        heads = (tr("Schedule"), tr("Resource group"), tr("Machines"), tr("Change"))
        self.model = CheckedModel(heads, round(ROW_PX * theme.scale), self, ticks=True)
        self.view = list_of(
            theme, self.model, "stopSchedules", tr("Schedules to change"), (200, 160, 80, 276)
        )
        self.cancels = QCheckBox()
        self.cancels.setObjectName("stopQueued")
        self.points = Points(theme)
        self.settings = QPushButton()
        self.settings.setObjectName("stopSettings")
        self.settings.clicked.connect(self._open_settings)
        change = QHBoxLayout()
        change.addWidget(self.settings)
        change.addStretch(1)
        parts = QVBoxLayout()
        parts.setSpacing(px(12))
        parts.addWidget(self.points)
        parts.addLayout(change)
        parts.addWidget(self.view)
        parts.addWidget(self.cancels)
        self.column.addWidget(self.summary)
        self.column.addWidget(scrolling(tr("What installs the update"), parts), 1)
        self.stop = QPushButton()
        self.stop.setObjectName("stopUpdate")
        self.stop.setProperty("primary", True)
        self.stop.clicked.connect(self._stop)
        self.finish(SIZE_PX, self.stop, self.closer(tr("Cancel")))
        self.model.ticked.connect(self._show_button)
        self.cancels.toggled.connect(self._show_button)
        self._show(StillInstalling())
        self._channel = QueryChannel(services.source, self._show_found, self.summary.setText, self)
        self._read = partial(read_still_installing, kb=kb, clock=services.clock)
        services.source.changed.connect(self._on_changed)
        self._channel.query(self._read)

    def _on_changed(self, changes: ChangedTables) -> None:
        if changes.affects(_TABLES):
            self._channel.query(self._read)

    def _show_found(self, found: StillInstalling) -> None:
        """Refresh the lists; items that the user cleared stay cleared."""
        left = {
            self._found.schedules[row.id].row.resource_id
            for row in self.model.rows
            if row.can_check and row.id not in self.model.ids
        }
        keeps = bool(self._found.queued) and not self.cancels.isChecked()
        self._show(found)
        ticked = [n for n, s in enumerate(found.schedules) if s.row.resource_id not in left]
        self.model.show_ticked(self.model.rows, ticked)
        self.cancels.setChecked(bool(found.queued) and not keeps)
        self._show_button()
        self.summary.setText(self._sentence)
        fit_names(self.view)

    def _show(self, found: StillInstalling) -> None:
        self._found = found
        adds = tr("Adds {kb} to its excluded KBs", kb=self._kb)
        self.model.set_rows(
            [
                CheckedRow(
                    number,
                    (
                        one.row.schedule.name,
                        one.row.group,
                        f"{one.row.machines:,}",
                        one.disabled_reason or adds,
                    ),
                    not one.disabled_reason,
                )
                for number, one in enumerate(found.schedules)
            ]
        )
        rows = min(len(found.schedules), MAX_ROWS) + 1
        self.view.setFixedHeight(round(rows * ROW_PX * self._theme.scale) + SPARE_PX)
        self.view.setVisible(bool(found.schedules))
        self.cancels.setVisible(bool(found.queued))
        self.cancels.setText(
            tr(
                "Cancel %n queued installation(s) that may install it, with their other updates",
                len(found.queued),
            )
        )
        self.cancels.setChecked(bool(found.queued))
        self.points.show_points([Point(*point) for point in found.points])
        self.settings.setVisible(bool(found.automatic))
        self.settings.setText(tr("Update settings of %n machine(s)…", len(found.automatic)))
        self._show_button()

    @property
    def _sentence(self) -> str:
        """Whether anything may still install it, and what already excludes it."""
        excluding = (
            tr(" %n schedule(s) exclude it already.", self._found.excluding)
            if self._found.excluding
            else ""
        )
        if not self._found.schedules and not self._found.queued:
            none = (
                tr("No schedule or queued installation installs it.")
                if self._found.is_known
                else tr("No known schedule or queued installation installs it.")
            )
            return none + excluding
        return (
            tr(
                "The selected schedules exclude {kb} from now on, until you change them.",
                kb=self._kb,
            )
            + excluding
        )

    def _open_settings(self) -> None:
        """Change the settings of the machines on which Azure installs it automatically."""
        from .update_settings import UpdateSettingsDialog  # noqa: PLC0415 - only when it opens

        ids = self._found.automatic
        open_once(self, lambda: UpdateSettingsDialog(self._s, ids, self))

    @property
    def _queued(self) -> tuple[int, ...]:
        return self._found.queued if self.cancels.isChecked() else ()

    def _show_button(self) -> None:
        schedules, queued = self.model.count, len(self._queued)
        exclude = tr("Exclude it in %n schedule(s)", schedules)
        cancel = tr("Cancel %n installation(s)", queued)
        both = tr("{exclude} and cancel %n installation(s)", queued, exclude=exclude)
        if not schedules and not queued:
            exclude = tr("Stop")
        self.stop.setText(both if schedules and queued else cancel if queued else exclude)
        self.stop.setEnabled(bool(schedules or queued))

    def _stop(self) -> None:
        self.stop.setEnabled(False)
        actions = self._s.actions
        actions.cancel(self._queued)
        selected = [self._found.schedules[number] for number in self.model.ids]
        for connection_id, schedules in by_connection(selected).items():
            actions.exclude_update(connection_id, schedules, self._kb)
        self.accept()
