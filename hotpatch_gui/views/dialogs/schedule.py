"""The dialog that creates, changes or duplicates a schedule, with its next windows and problems."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QDateTime, QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateTimeEdit,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from hotpatch_gui.domain.installs import RestartSetting
from hotpatch_gui.domain.kb import read_kbs
from hotpatch_gui.domain.off_peak import windows_zone_names
from hotpatch_gui.domain.schedule_changes import schedule_id
from hotpatch_gui.domain.schedule_concerns import LONGEST_MIN, SHORTEST_MIN
from hotpatch_gui.domain.schedules import Schedule
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.models import schedule_form
from hotpatch_gui.models.resource_groups import ResourceGroup
from hotpatch_gui.models.schedule_form import PRESETS
from hotpatch_gui.models.schedules import ScheduleEntry
from hotpatch_gui.theme.lengths import px
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translated, translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.form import Form
from hotpatch_gui.views.widgets.kb_box import KbBox
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.number_box import MINUTES, NumberBox
from hotpatch_gui.views.widgets.points import Point, Points
from hotpatch_gui.views.widgets.scroll_area import scrolling

from .surface import SurfaceDialog

tr = translator("ScheduleDialog")

SIZE_PX = (960, 580)
CLASS_COLUMNS = 3
FORMAT = "%Y-%m-%d %H:%M"
PRESELECTED = (Classification.CRITICAL, Classification.SECURITY)


class ScheduleDialog(SurfaceDialog):
    """Edits a copy of ``draft``, or a new schedule.

    Args:
        groups: where a new one can be created.
        entry: the schedule to change; None to create one.
        draft: what the fields show first, if not the entry or the defaults.

    Signals:
        saved (str): the resource ID of the schedule whose creation or change was requested.
    """

    saved = Signal(str)

    def __init__(
        self,
        services: Services,
        parent: QWidget,
        *,
        groups: Sequence[ResourceGroup],
        entry: ScheduleEntry | None = None,
        draft: Schedule | None = None,
    ) -> None:
        title = tr("New schedule") if entry is None else tr("Edit {name}", name=entry.name)
        super().__init__(services.theme, "scheduleDialog", title, parent)
        self._s, self._entry, self._groups = services, entry, groups
        self._known = services.source.read(schedule_form.known_resource_ids, frozenset[str]())
        self._make_fields()
        self._lay_out()
        self.problem = label(services.theme, role="error", wrap=True)
        self.problem.setObjectName("scheduleProblem")
        self.column.addWidget(self.problem)
        self.save = QPushButton(tr("Create schedule") if entry is None else tr("Save"))
        self.save.setObjectName("scheduleSave")
        self.save.setProperty("primary", True)
        self.save.clicked.connect(self._save)
        self.finish(SIZE_PX, self.save, self.closer(tr("Cancel")), default=self.save)
        self._fill(draft or (entry.row.schedule if entry is not None else None))
        self._connect()
        self._show_group()

    def _make_fields(self) -> None:
        theme = self._s.theme
        self.name = QLineEdit()
        self.name.setObjectName("scheduleNameField")
        self.group = QComboBox()
        self.group.setObjectName("scheduleGroup")
        self.region = QComboBox()
        self.region.setObjectName("scheduleRegion")
        self.starts = QDateTimeEdit()
        self.starts.setObjectName("scheduleStarts")
        self.starts.setDisplayFormat("d MMM yyyy, HH:mm")
        self.starts.setCalendarPopup(True)
        self.zone = QComboBox()
        self.zone.setObjectName("scheduleZone")
        self.zone.setEditable(True)
        self.zone.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.zone.addItems(windows_zone_names())
        self.preset = QComboBox()
        self.preset.setObjectName("schedulePreset")
        for preset in PRESETS:
            self.preset.addItem(translated(preset.label))
        self.recurs = QLineEdit()
        self.recurs.setObjectName("scheduleRecurs")
        self.recurs.setAccessibleName(tr("Recurrence as Azure writes it"))
        self.meaning = label(theme, role="secondary", wrap=True)
        self.minutes = NumberBox(theme, SHORTEST_MIN, LONGEST_MIN, 180, suffix=MINUTES)
        self.minutes.setObjectName("scheduleMinutes")
        self.restart = QComboBox()
        self.restart.setObjectName("scheduleRestart")
        for setting in RestartSetting:
            self.restart.addItem(setting.label, setting.value)
        self.classes = {c: QCheckBox(c.label) for c in Classification}
        hint = tr("KB numbers, separated by commas or spaces")
        self.include = KbBox(theme, "scheduleInclude", tr("KB numbers to include"), hint)
        self.exclude = KbBox(theme, "scheduleExclude", tr("KB numbers to exclude"), hint)
        self.no_restarts = QCheckBox(tr("Only install updates that don't need a restart"))
        self.no_restarts.setObjectName("scheduleNoRestarts")
        self.preview = Points(theme)

    def _lay_out(self) -> None:
        form = Form()
        classes = QGridLayout()
        classes.setHorizontalSpacing(px(16))
        for number, (classification, box) in enumerate(self.classes.items()):
            box.setObjectName(f"schedule-{classification.value}")
            classes.addWidget(box, number // CLASS_COLUMNS, number % CLASS_COLUMNS)
        for choice in (self.group, self.region, self.zone, self.preset, self.restart):
            choice.setMinimumContentsLength(12)
            choice.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
        for title, field in (
            (tr("Name"), self.name),
            (tr("Resource group"), self.group),
            (tr("Region"), self.region),
            (tr("Starts"), self.starts),
            (tr("Time zone"), self.zone),
            (tr("Repeats"), self.preset),
            ("", self.recurs),
            ("", self.meaning),
            (tr("Length"), self.minutes),
            (tr("Restart"), self.restart),
        ):
            form.add(title, field)
        form.add(tr("Classifications"), classes)
        form.add(tr("Also include KBs"), self.include)
        form.add(tr("Exclude KBs"), self.exclude)
        form.add("", self.no_restarts)
        self._form = form
        preview = QVBoxLayout()
        preview.setSpacing(px(12))
        preview.addWidget(
            label(self._s.theme, tr("What it will do"), px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT)
        )
        preview.addWidget(self.preview)
        parts = QHBoxLayout()
        parts.setSpacing(px(16))
        parts.addWidget(scrolling(tr("Schedule"), form), 4)
        parts.addWidget(scrolling(tr("Preview"), preview), 3)
        self.column.addLayout(parts, 1)

    def _fill(self, schedule: Schedule | None) -> None:
        """Show a schedule, or the defaults. An existing one stays where it is."""
        if self._entry is not None:
            self.group.addItem(self._entry.group)
            self.region.addItem(schedule.location if schedule is not None else "")
            for widget in (self.name, self.group, self.region):
                widget.setEnabled(False)
        else:
            for group in self._groups:
                self.group.addItem(group.label, group)
            source = (schedule.azure_id if schedule is not None else "").casefold()
            like = (n for n, p in enumerate(self._groups) if p.contains(source))
            self.group.setCurrentIndex(next(like, 0))
        now = self._s.clock()
        shown = schedule or Schedule("", "", 180, "UTC", "Day", restart="IfRequired")
        self.name.setText(shown.name)
        self.zone.setCurrentText(shown.time_zone or "UTC")
        starts = shown.starts[:16] or schedule_form.first_start(now, "UTC").strftime(FORMAT)
        self.starts.setDateTime(QDateTime.fromString(starts, "yyyy-MM-dd HH:mm"))
        month = self.starts.date().month() if self._entry is not None else 0
        self.preset.setCurrentIndex(schedule_form.preset_of(shown.recurs, month))
        self._fit_month()
        self.recurs.setText(shown.recurs)
        self.minutes.setValue(shown.minutes or 180)
        restart = RestartSetting.parse(shown.restart or "") or RestartSetting.IF_REQUIRED
        self.restart.setCurrentIndex(self.restart.findData(restart.value))
        selected = {Classification.parse(c) for c in shown.classifications}
        for classification, box in self.classes.items():
            box.setChecked(
                classification in (selected if schedule is not None else set(PRESELECTED))
            )
        self.include.setPlainText(", ".join(shown.include))
        self.exclude.setPlainText(", ".join(shown.exclude))
        self.no_restarts.setChecked(bool(shown.exclude_restarting))
        self._location = shown.location

    def _connect(self) -> None:
        for edit in (self.name, self.recurs):
            edit.textChanged.connect(self._show)
        for box in (self.region, self.restart):
            box.currentIndexChanged.connect(self._show)
        self.zone.currentTextChanged.connect(self._show)
        self.group.currentIndexChanged.connect(self._show_group)
        self.region.textActivated.connect(self._keep_region)
        self.preset.currentIndexChanged.connect(self._choose_preset)
        self.starts.dateTimeChanged.connect(self._show)
        self.minutes.valueChanged.connect(self._show)
        for tick in (*self.classes.values(), self.no_restarts):
            tick.toggled.connect(self._show)
        for kbs in (self.include, self.exclude):
            kbs.textChanged.connect(self._show)

    def _choose_preset(self) -> None:
        preset = PRESETS[self.preset.currentIndex()]
        if preset.recurs:
            self.recurs.setText(preset.recurs)
        self._fit_month()
        self._show()

    def _fit_month(self) -> None:
        """Move the start to a month in which the preset may start."""
        preset = PRESETS[self.preset.currentIndex()]
        while preset.months and self.starts.date().month() not in preset.months:
            self.starts.setDate(
                self.starts.date().addMonths(1).addDays(1 - self.starts.date().day())
            )

    def _show_group(self) -> None:
        """Offer the regions of the group's connection."""
        group = self._group
        if group is not None:
            with QSignalBlocker(self.region):
                self.region.clear()
                self.region.addItems(list(group.locations))
                known = self.region.findText(self._location)
                self.region.setCurrentIndex(max(0, known))
        self._show()

    def _keep_region(self, region: str) -> None:
        """Another group keeps the region that the user chose."""
        self._location = region

    @property
    def _group(self) -> ResourceGroup | None:
        found = self.group.currentData()
        return ResourceGroup(*found) if found is not None else None

    @property
    def schedule(self) -> Schedule:
        """The schedule as entered."""
        before = self._entry.row.schedule if self._entry is not None else None
        return Schedule(
            self.name.text().strip(),
            self.starts.dateTime().toString("yyyy-MM-dd HH:mm"),
            self.minutes.value(),
            self.zone.currentText(),
            self.recurs.text().strip(),
            before.expires if before is not None else None,
            tuple(c.value for c, box in self.classes.items() if box.isChecked()),
            self.include.kbs,
            self.exclude.kbs,
            self.no_restarts.isChecked(),
            self.restart.currentData(),
            self.region.currentText(),
            before.azure_id if before is not None else "",
        )

    def _find_problem(self) -> str:
        schedule = self.schedule
        texts = "\n".join(b.toPlainText() for b in (self.include, self.exclude))
        before = self._entry.row.schedule.starts[:16] if self._entry is not None else ""
        if schedule.assumes_utc:
            return tr("Choose a time zone from the list.")
        group = self._group
        if self._entry is None and group is not None:
            made = schedule_id(group.subscription_id, group.name, schedule.name)
            if made.lower() in self._known:
                return tr("A schedule with this name already exists in this resource group.")
        if self._entry is None and group is None:
            return tr("No connection allows changes. Turn them on in Settings › Connections.")
        return read_kbs(texts).problem or schedule_form.problem(
            schedule, self._s.clock(), has_moved=schedule.starts != before
        )

    def _show(self) -> None:
        """Show the next windows, the concerns and the problem with the input."""
        schedule, position = self.schedule, self.preset.currentIndex()
        is_other = position == len(PRESETS) - 1
        self._form.setRowVisible(self.recurs, is_other)
        meaning = schedule_form.meaning(position)
        self.meaning.setText(meaning)
        self._form.setRowVisible(self.meaning, bool(meaning))
        wrong = self._find_problem()
        self.problem.setText(wrong)
        self.problem.setVisible(bool(wrong and self.name.text()))
        self.save.setEnabled(not wrong)
        self.save.setToolTip(wrong)
        points = schedule_form.preview(schedule, self._s.calendar(), self._s.clock())
        self.preview.show_points([Point(*p) for p in points])

    def _save(self) -> None:
        schedule, group = self.schedule, self._group
        if self._entry is not None:
            row = self._entry.row
            known = row.schedule.azure_id or row.resource_id
            self._s.actions.save_schedule(row.connection_id, known, schedule, is_new=False)
            self.saved.emit(known)
        elif group is not None:
            made = schedule_id(group.subscription_id, group.name, schedule.name)
            self._s.actions.save_schedule(group.connection_id, made, schedule, is_new=True)
            self.saved.emit(made)
        self.save.setEnabled(False)
        self.accept()
