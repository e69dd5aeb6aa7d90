"""The windows of all schedules in a month, between the releases."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from hotpatch_gui.models import schedule_calendar
from hotpatch_gui.models.display_text import local, zone_text
from hotpatch_gui.models.listed import ListedModel
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.models.schedule_calendar import CalendarRow
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import px
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.export import ExportButton, table_report
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.table import Table, TablePanel

from .surface import SurfaceDialog

tr = translator("ScheduleCalendarDialog")

MONTHS = 13
SIZE_PX = (1120, 600)


class ScheduleCalendarDialog(SurfaceDialog):
    """A list by time; a window that overlaps another one on the same machines is marked."""

    def __init__(self, services: Services, parent: QWidget) -> None:
        super().__init__(services.theme, "scheduleCalendar", tr("Windows of all schedules"), parent)
        self._s = services
        theme = services.theme
        self.month = QComboBox()
        self.month.setObjectName("scheduleCalendarMonth")
        self.month.setAccessibleName(tr("Month"))
        first = local(services.clock()).date().replace(day=1)
        for _ in range(MONTHS):
            self.month.addItem(f"{first:%B %Y}", first)
            first = (first + timedelta(days=31)).replace(day=1)
        self.model = ListedModel(services.source, schedule_calendar.COLUMNS, services.clock, self)
        self.panel = TablePanel(
            theme,
            Table(
                theme, services.preferences, self.model, "scheduleCalendarTable", self.windowTitle()
            ),
        )
        self.counted = label(theme, role="secondary")
        top = QHBoxLayout()
        top.setSpacing(px(12))
        top.addWidget(self.month)
        top.addWidget(self.counted, 1)
        top.addWidget(
            ExportButton(
                services,
                self.windowTitle(),
                lambda: table_report(self.panel.table, self.windowTitle(), services),
            )
        )
        self.column.addLayout(top)
        self.column.addWidget(self.panel, 1)
        self.finish(SIZE_PX, self.closer())
        self._channel = QueryChannel(services.source, self._show, self.panel.show_failure, self)
        self.month.currentIndexChanged.connect(self._query)
        self._query()

    def _query(self) -> None:
        work = partial(
            schedule_calendar.read_month,
            calendar=self._s.calendar(),
            clock=self._s.clock,
            first=self.month.currentData(),
        )
        self._channel.query(work)

    def _scroll_to_now(self) -> None:
        now = self._s.clock()
        later = (n for n, row in enumerate(self.model.all_rows) if row.when >= now)
        self.panel.table.scrollTo(
            self.model.index(next(later, 0), 0), Table.ScrollHint.PositionAtTop
        )

    def _show(self, rows: list[CalendarRow]) -> None:
        self.model.set_rows(rows)
        self.panel.show_table(bool(rows))
        self.panel.empty.show_text(Glyph.INFO, tr("No windows and no releases in this month"), "")
        QTimer.singleShot(0, self, self._scroll_to_now)  # after the table has its size
        count = sum(r.machines is not None for r in rows)
        zone = zone_text(self._s.clock())
        self.counted.setText(tr("%n window(s); times in {zone}", count, zone=zone))
