"""The Schedule tab: who patches the machine and when, and planned releases."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.domain.hotpatch import is_on
from hotpatch_gui.domain.machines import Machine, product_of
from hotpatch_gui.domain.phrases import listed
from hotpatch_gui.domain.releases import Product, ReleaseKind, release_day
from hotpatch_gui.domain.rollout import PERIOD
from hotpatch_gui.domain.rollout_progress import exclusion_reason
from hotpatch_gui.domain.schedules import MachineSchedules
from hotpatch_gui.domain.settings import Orchestration
from hotpatch_gui.domain.situation import Situation
from hotpatch_gui.models import schedule_text
from hotpatch_gui.models.selection import SelectionSummary
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.tokens import ROW_PX, SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translated, translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.essentials import Essentials
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.points import Point, Points
from hotpatch_gui.views.widgets.scroll_area import ScrollArea

tr = translator("ScheduleTab")

MONTHS = 8
_TITLES = (
    tr.mark("Date"),
    tr.mark("Expected"),
    tr.mark("Product"),
    tr.mark("Effect"),
    tr.mark("Certainty"),
)
_PRODUCT = 2


class ScheduleTab(ScrollArea):
    """One machine's patching as text, and its product's next months."""

    def __init__(self, services: Services) -> None:
        super().__init__(tr("Schedule"))
        self._s = services
        theme = services.theme
        self.essentials = Essentials(
            theme,
            (
                tr.mark("Orchestration"),
                tr.mark("When"),
                tr.mark("Restarts"),
                tr.mark("Time zone"),
            ),
        )
        self.explanation = label(theme, wrap=True, role="secondary")
        self.explanation.setObjectName("scheduleExplanation")
        self.own = Points(theme)
        self.own.setObjectName("ownSchedules")
        self.title = label(theme, px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT)
        self.table = QTableWidget(0, len(_TITLES))
        self.table.setObjectName("scheduleTable")
        self.table.setAccessibleName(tr("Expected releases"))
        self.table.setHorizontalHeaderLabels([tr(title) for title in _TITLES])
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(round(ROW_PX * theme.scale))
        self.table.horizontalHeader().setObjectName("flush")
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for number, width in enumerate((110, 160, 180, 240)):
            self.table.setColumnWidth(number, round(width * theme.scale))
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(insets(16, 16, 16, 16))
        column.setSpacing(px(16))
        for widget in (self.essentials, self.explanation, self.own, self.title):
            column.addWidget(widget)
        column.addWidget(self.table)
        column.addStretch(1)
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(body)

    def show_selection(self, selection: SelectionSummary) -> None:
        one = selection.machine
        self.essentials.setVisible(one is not None)
        self.explanation.setVisible(one is not None)
        self.own.setVisible(one is not None)
        if one is not None:
            self._show_orchestration(
                one,
                schedule_text.followed(self._s.source, selection.ids[0]),
                is_pending=selection.one is not None and bool(selection.one.restart_pending),
            )
        product = one.product if one else None
        products = [product] if product else []
        if one is None:
            found = dict.fromkeys(product_of(*platform) for platform in selection.platforms)
            products = [p for p in found if p is not None]
        self._show_calendar(
            products, one, selection.one.situation if selection.one is not None else ""
        )

    def _show_orchestration(
        self, machine: Machine, followed: MachineSchedules, *, is_pending: bool
    ) -> None:
        how, now = Orchestration.of(machine.settings), self._s.clock()
        when = {
            Orchestration.SAFE_DEPLOYMENT: tr("Off-peak hours, within 30 days of each release"),
            Orchestration.CUSTOMER_SCHEDULES: schedule_text.when(followed, now),
            Orchestration.WINDOWS_AUTOMATIC: tr("Decided by Windows Update on the machine"),
            Orchestration.MANUAL: tr("Only on request"),
        }
        restarts = schedule_text.restarts(machine.settings.restart_setting)
        text = when[how] if how else tr("Not known")
        if machine.follows_schedules and followed.current(now):
            text = schedule_text.when(followed, now)
        self.essentials.show_values(
            [
                translated(machine.settings.orchestration),
                text,
                tr("{text}; a restart is pending", text=restarts) if is_pending else restarts,
                machine.time_zone or tr("Not reported"),
            ]
        )
        extra = (
            tr(
                " Azure doesn't publish off-peak hours, and the day may differ from month to month. Rollout shows "
                "the expected start."
            )
            if how is Orchestration.SAFE_DEPLOYMENT
            else ""
        )
        meaning = how.meaning(is_arc=machine.arc is not None) if how else ""
        if followed.certain(now) and how is not Orchestration.CUSTOMER_SCHEDULES:
            meaning = exclusion_reason(machine, followed, now) or meaning
        self.explanation.setText(f"{meaning}{extra}".strip())
        self.own.show_points(
            [
                Point(*point)
                for point in schedule_text.points(
                    followed, now, is_followed=machine.follows_schedules
                )
            ]
        )

    def _show_calendar(
        self, products: Sequence[Product], machine: Machine | None, situation: str
    ) -> None:
        today, calendar = release_day(self._s.clock()), self._s.calendar()
        due = [e for p in products for e in calendar.unknown(p, today - PERIOD, today)]
        entries = due + [e for p in products for e in calendar.expected(p, today, MONTHS)]
        entries.sort(key=lambda e: (e.day, e.product))
        names = listed([p.label for p in products])
        self.title.setText(
            tr("Expected releases for {names}", names=names)
            if products
            else tr("No release calendar for this operating system")
        )
        self.table.setRowCount(len(entries))
        self.table.setColumnHidden(_PRODUCT, len(products) < 2)
        awaits = situation in (Situation.OFF_TRAIN, Situation.AWAITS_BASELINE)
        waiting = awaits or situation == Situation.UNSUPPORTED
        rows = len(entries) * self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight(rows + self.table.horizontalHeader().sizeHint().height() + 2)
        for number, entry in enumerate(entries):
            baseline = entry.kind is not ReleaseKind.HOTPATCH
            waiting = waiting and not (baseline and awaits)
            is_due = entry.day <= today
            if is_due:
                effect = tr("Not known")
            elif machine is not None and not is_on(machine):
                effect = tr("Restarts: hotpatch is off")
            elif waiting:
                effect = (
                    tr("Restarts: no hotpatches before the next baseline")
                    if awaits
                    else tr("Restarts")
                )
            else:
                effect = tr("Restarts") if baseline else tr("No restart on the hotpatch train")
            certainty = (
                tr("Due; the release isn't known yet")
                if is_due
                else tr("Planned, subject to change")
                if baseline
                else tr("Planned; may be replaced by a baseline")
            )
            texts = (
                day_name(entry.day),
                entry.kind.display_name,
                entry.product.label,
                effect,
                certainty,
            )
            for column, text in enumerate(texts):
                self.table.setItem(number, column, QTableWidgetItem(text))
