"""The choice of updates: by classification, KB, restart and date, with a preview."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QDate, QObject, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDateEdit,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

from hotpatch_gui.domain.kb import read_kbs
from hotpatch_gui.domain.titles import short_title
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.models import display_text, update_text
from hotpatch_gui.models.install_plan import Line, Planned
from hotpatch_gui.models.row_model import plain_tip
from hotpatch_gui.theme.lengths import px
from hotpatch_gui.theme.tokens import ICON_PX, SEMIBOLD_WEIGHT
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.focus_ring import FocusRing
from hotpatch_gui.views.widgets.kb_box import KbBox
from hotpatch_gui.views.widgets.labels import label

from .parts import step

tr = translator("UpdatesStep")

MAX_LINES = 1_000
"""How many updates the preview lists; more are counted."""
LINE = Qt.ItemDataRole.UserRole
"""A preview row's Line."""
PRESELECTED = (Classification.CRITICAL, Classification.SECURITY)


class UpdatesStep(QObject):
    """The second step.

    Signals:
        edited (): a value changed.
    """

    edited = Signal()

    def __init__(self, services: Services, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = services.theme
        self.classes = {c: QCheckBox(c.label) for c in Classification}
        hint = tr("KB numbers, separated by commas or spaces")
        self.include = KbBox(self._theme, "includeKbs", tr("KB numbers to include"), hint)
        self.exclude = KbBox(self._theme, "excludeKbs", tr("KB numbers to exclude"), hint)
        self.no_restarts = QCheckBox(tr("Only install updates that don't need a restart"))
        self.no_restarts.setObjectName("excludeRestarting")
        self.limit_date = QCheckBox(tr("Only published on or before"))
        self.limit_date.setObjectName("limitDate")
        self.date = QDateEdit(QDate(services.clock().date()))  # type: ignore[call-overload]  # missing in PySide6's stubs
        self.date.setObjectName("publishedBy")
        self.date.setAccessibleName(tr("Latest publish date"))
        self.date.setDisplayFormat("d MMM yyyy")
        self.date.setCalendarPopup(True)
        self.date.setEnabled(False)
        self.counted = label(self._theme, weight=SEMIBOLD_WEIGHT, wrap=True)
        self.counted.setObjectName("installCounted")
        self.preview = self._make_preview()
        self.only_this = QPushButton()
        self.only_this.setObjectName("installOnlyThis")
        self.only_this.setAutoDefault(False)
        self.only_this.setToolTip(tr("Select this update and no other"))
        counted = QHBoxLayout()
        counted.addWidget(self.counted, 1)
        counted.addWidget(self.only_this)
        self._show_only_this()
        self.page = step(self._classes(), self._kbs(), self._limits(), counted, self.preview)
        self._connect()

    def _classes(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(px(24))
        for number, (classification, box) in enumerate(self.classes.items()):
            box.setObjectName(f"class-{classification.value}")
            box.setChecked(classification in PRESELECTED)
            grid.addWidget(box, number // 4, number % 4)
        return grid

    def _kbs(self) -> QHBoxLayout:
        boxes = QHBoxLayout()
        boxes.setSpacing(px(16))
        for title, kbs in (
            (tr("Also include KBs"), self.include),
            (tr("Exclude KBs (takes priority)"), self.exclude),
        ):
            part = QVBoxLayout()
            part.setSpacing(px(4))
            part.addWidget(label(self._theme, title))
            part.addWidget(kbs)
            boxes.addLayout(part, 1)
        return boxes

    def _limits(self) -> QHBoxLayout:
        limits = QHBoxLayout()
        limits.setSpacing(px(12))
        limits.addWidget(self.no_restarts)
        limits.addStretch(1)
        limits.addWidget(self.limit_date)
        limits.addWidget(self.date)
        return limits

    def _make_preview(self) -> QTreeWidget:
        made = QTreeWidget()
        FocusRing(made)
        made.setObjectName("installPreview")
        made.setAccessibleName(tr("Selected and excluded updates"))
        made.setRootIsDecorated(False)
        made.setIconSize(QSize(ICON_PX, ICON_PX) * self._theme.scale)
        made.setHeaderLabels(
            (
                tr("Update"),
                "KB",
                tr("Classification"),
                tr("Restart"),
                tr("Machines"),
                tr("Selected"),
            )
        )
        for number, width in enumerate((298, 104, 108, 122, 84, 76)):
            made.setColumnWidth(number, round(width * self._theme.scale))
        return made

    def _connect(self) -> None:
        for box in (*self.classes.values(), self.no_restarts, self.limit_date):
            box.toggled.connect(self.edited)
        for kbs in (self.include, self.exclude):
            kbs.textChanged.connect(self.edited)
        self.limit_date.toggled.connect(self.date.setEnabled)
        self.date.dateChanged.connect(self.edited)
        self.preview.itemChanged.connect(self._on_ticked)
        self.preview.currentItemChanged.connect(self._show_only_this)
        self.only_this.clicked.connect(self._take_only_this)

    @property
    def problem(self) -> str:
        """The error in the KB numbers; empty if there is none."""
        return read_kbs("\n".join(b.toPlainText() for b in (self.include, self.exclude))).problem

    @property
    def published_until(self) -> datetime | None:
        if not self.limit_date.isChecked():
            return None
        day = self.date.date()
        return datetime(day.year(), day.month(), day.day(), 23, 59, 59, tzinfo=UTC)

    def select_only(self, kb: str) -> None:
        """Select this update and no classification."""
        for box in self.classes.values():
            box.setChecked(False)
        self.include.setPlainText(kb)

    def _on_ticked(self, item: QTreeWidgetItem, column: int) -> None:
        """Follow a tick once Qt is done with its row, which the new plan deletes."""
        line = item.data(0, LINE)
        if column == 0 and isinstance(line, Line):
            is_ticked = item.checkState(0) is Qt.CheckState.Checked
            QTimer.singleShot(0, self, lambda: self._write_tick(line, is_ticked=is_ticked))

    def _write_tick(self, line: Line, *, is_ticked: bool) -> None:
        """Write the update's KB into the lists, so that the request matches the tick."""
        kb = line.update.kb
        if kb is None or is_ticked == (not line.reason):
            return
        before = self.exclude.kbs, self.include.kbs
        self.exclude.remove_kb(kb)
        self.include.remove_kb(kb)
        is_of_class = line.update.classification in {
            c for c, box in self.classes.items() if box.isChecked()
        }
        if is_ticked and not is_of_class:
            self.include.add_kb(kb)
        elif not is_ticked and is_of_class:
            self.exclude.add_kb(kb)
        if before == (self.exclude.kbs, self.include.kbs):
            self.edited.emit()  # another condition decides: show the row as it is

    @property
    def _current_kb(self) -> str | None:
        """The KB of the marked update."""
        item = self.preview.currentItem()
        line = item.data(0, LINE) if item is not None else None
        return line.update.kb if isinstance(line, Line) else None

    def _show_only_this(self) -> None:
        kb = self._current_kb
        self.only_this.setEnabled(kb is not None)
        self.only_this.setText(tr("Only {kb}", kb=kb) if kb else tr("Only the selected row"))
        self.only_this.setToolTip(
            "" if kb else plain_tip(tr("Highlight an update in the list first."))
        )

    def _take_only_this(self) -> None:
        kb = self._current_kb
        if kb is not None:
            self.exclude.clear()
            self.select_only(kb)

    def show_nothing(self) -> None:
        self.preview.clear()
        self.counted.setText(tr("Nothing is selected yet."))

    def show_planned(self, planned: Planned) -> None:
        blocker = QSignalBlocker(self.preview)
        self.preview.clear()
        lines = (*planned.taken, *planned.left_out)
        current = self._current_kb
        for line in sorted(lines[:MAX_LINES], key=_place):  # a tick doesn't move its row
            item = self._item(line)
            self.preview.addTopLevelItem(item)
            if current is not None and line.update.kb == current:
                self.preview.setCurrentItem(item)
        self._show_only_this()
        if len(lines) > MAX_LINES:
            more = tr("and %n more", len(lines) - MAX_LINES)
            self.preview.addTopLevelItem(QTreeWidgetItem([more]))
        blocker.unblock()
        taken, left = len(planned.taken), len(planned.left_out)
        not_offered = planned.review.not_offered
        missing = (
            tr(
                " Not available for these machines: {not_offered}.",
                not_offered=", ".join(not_offered),
            )
            if not_offered
            else ""
        )
        self.counted.setText(
            tr(
                "{available:,} available: {selected:,} selected, {left:,} excluded, as of the last "
                "assessment.{missing}",
                available=taken + left,
                selected=taken,
                left=left,
                missing=missing,
            )
        )

    def _item(self, line: Line) -> QTreeWidgetItem:
        update = line.update
        kind = update.classification.label if update.classification else update.classification_text
        item = QTreeWidgetItem(
            [
                short_title(update.name, update.kb),
                update.kb or display_text.NOTHING,
                kind,
                update.restart.label,
                f"{line.machines:,}",
                tr("No") if line.reason else tr("Yes"),
            ]
        )
        item.setData(0, LINE, line)
        item.setToolTip(0, plain_tip(update.name))
        if update.kb is not None:
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            is_selected = not line.reason
            item.setCheckState(0, Qt.CheckState.Checked if is_selected else Qt.CheckState.Unchecked)
        glyph = update_text.RESTART_GLYPHS.get(update.restart)
        if glyph is not None:
            item.setIcon(3, self._theme.glyph_icon(glyph, self.page.devicePixelRatioF()))
        item.setToolTip(0, plain_tip(update.name))
        for column in range(6) if line.reason else ():
            item.setToolTip(column, plain_tip(line.reason))
            item.setForeground(column, self.page.palette().placeholderText())
        return item


def _place(line: Line) -> tuple[int, str, str]:
    """Where an update is listed: by classification, then by name, whether it is selected or not."""
    classes = list(Classification)
    known = line.update.classification
    return classes.index(known) if known else len(classes), line.update.name, line.update.kb or ""
