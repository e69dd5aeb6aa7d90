"""Install updates now, in four steps, with a review that says beforehand what will happen."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta

from PySide6.QtCore import QDate, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateEdit,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hotpatch_gui.domain.installs import (
    MAX_MINUTES,
    MIN_MINUTES,
    FleetReview,
    InstallRequest,
    Plan,
    RequestError,
    RestartSetting,
    plan,
)
from hotpatch_gui.domain.kb import read_kbs
from hotpatch_gui.domain.machines import Freshness, freshness
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.standing import Level
from hotpatch_gui.domain.updates import Classification, Update
from hotpatch_gui.models import outcomes, words
from hotpatch_gui.models.ability import why_not
from hotpatch_gui.models.rows import plain_tip
from hotpatch_gui.store import assessments
from hotpatch_gui.store.times import from_text
from hotpatch_gui.theme import glyphs
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.tokens import ROW_PX, SEMIBOLD_WEIGHT
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.banner import Banner
from hotpatch_gui.views.widgets.kb_box import KbBox
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.number_box import MINUTES, NumberBox
from hotpatch_gui.views.widgets.typed_number import TypedNumber

from .steps import StepsDialog

PRESELECTED = (Classification.CRITICAL, Classification.SECURITY)


class InstallDialog(StepsDialog):
    """Machines, Updates, Properties, Review + install."""

    def __init__(self, services: Services, rows: Sequence[sqlite3.Row], parent: QWidget) -> None:
        super().__init__(services.theme, "Install updates now", parent)
        self.setObjectName("installDialog")
        self._s = services
        self._rows = {r["id"]: r for r in rows}
        db = services.source.db
        self._offers: dict[int, list[Update]] = {
            i: assessments.offered(db, i) if db is not None else [] for i in self._rows
        }
        self._request: InstallRequest | None = None
        self.add_step("Machines", self._machines_step())
        self.add_step("Updates", self._updates_step())
        self.add_step("Properties", self._properties_step())
        self.add_step("Review + install", self._review_step())
        self.finish()

    # Machines

    def _machines_step(self) -> QWidget:
        self.machines = QTreeWidget()
        self.machines.setObjectName("installMachines")
        self.machines.setAccessibleName("Machines to install on")
        self.machines.setRootIsDecorated(False)
        self.machines.setHeaderLabels(
            ("Machine", "Hotpatch", "Updates on offer", "Assessed", "Remark")
        )
        for number, width in enumerate((200, 120, 136, 100, 200)):
            self.machines.setColumnWidth(number, round(width * self._theme.scale))
        for row in self._rows.values():
            self.machines.addTopLevelItem(self._machine_item(row))
        self.machines.itemChanged.connect(self.check)
        self.machines.itemChanged.connect(self._show_sum)
        self.sum = label(self._theme, role="secondary")
        self.sum.setObjectName("installSum")
        self._show_sum()
        return self._step(self.sum, self.machines)

    def _show_sum(self) -> None:
        """Selected in the list = ticked + left out + skipped."""
        self.sum.setText(self._sum_text())

    def _sum_text(self) -> str:
        total, ticked = len(self._rows), len(self.chosen_ids)
        skipped = sum(bool(why_not(r, OperationKind.INSTALL)) for r in self._rows.values())
        parts = [f"{ticked:,} to install on"]
        if total - ticked - skipped:
            parts.append(f"{total - ticked - skipped:,} not ticked")
        if skipped:
            parts.append(f"{skipped:,} skipped, with the reason beside each")
        return f"{total:,} selected: {', '.join(parts)}."

    def _machine_item(self, row: sqlite3.Row) -> QTreeWidgetItem:
        now = self._s.clock()
        item = QTreeWidgetItem(
            [row["display_name"], row["hotpatch_status"],
             str(row["updates"]) if words.is_counted(row) else words.NOTHING, words.assessed_age(row, now),
             self._remark(row, now)]
        )  # fmt: skip
        item.setData(0, Qt.ItemDataRole.UserRole, row["id"])
        item.setSizeHint(0, QSize(0, round(ROW_PX * self._theme.scale)))
        is_out = bool(why_not(row, OperationKind.INSTALL))
        item.setCheckState(0, Qt.CheckState.Unchecked if is_out else Qt.CheckState.Checked)
        item.setDisabled(is_out)
        item.setToolTip(4, plain_tip(item.text(4)))
        return item

    def _remark(self, row: sqlite3.Row, now: datetime) -> str:
        why = why_not(row, OperationKind.INSTALL)
        if why:
            return why
        fresh = freshness(from_text(row["assessed_at"]), now)
        if fresh is Freshness.NEVER:
            return "No assessment known"
        if fresh is Freshness.TOO_OLD:
            return "Assess first: the list is too old"
        return "Restart pending" if row["restart_pending"] else ""

    @property
    def chosen_ids(self) -> list[int]:
        items = (self.machines.topLevelItem(n) for n in range(self.machines.topLevelItemCount()))
        return [
            int(i.data(0, Qt.ItemDataRole.UserRole))
            for i in items
            if i is not None and i.checkState(0) is Qt.CheckState.Checked and not i.isDisabled()
        ]

    # Updates

    def _updates_step(self) -> QWidget:
        self.classes = {c: QCheckBox(c.label) for c in Classification}
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        for number, (classification, box) in enumerate(self.classes.items()):
            box.setObjectName(f"class-{classification.value}")
            box.setChecked(classification in PRESELECTED)
            box.toggled.connect(self._edited)
            grid.addWidget(box, number // 4, number % 4)
        hint = "KB numbers, separated by commas or spaces"
        self.include = KbBox(self._theme, "includeKbs", "KBs to include in addition", hint)
        self.exclude = KbBox(self._theme, "excludeKbs", "KBs to exclude", hint)
        for kbs in (self.include, self.exclude):
            kbs.textChanged.connect(self._edited)
        boxes = QHBoxLayout()
        boxes.setSpacing(16)
        for title, kbs in (
            ("Also include KBs", self.include),
            ("Exclude KBs (takes priority)", self.exclude),
        ):
            part = QVBoxLayout()
            part.setSpacing(4)
            part.addWidget(label(self._theme, title))
            part.addWidget(kbs)
            boxes.addLayout(part, 1)
        self.no_restarts = QCheckBox(
            "Leave out updates that restart, may restart, or do not say whether they do"
        )
        self.no_restarts.setObjectName("excludeRestarting")
        self.no_restarts.toggled.connect(self._edited)
        self.limit_date = QCheckBox("Only published on or before")
        self.limit_date.setObjectName("limitDate")
        self.date = QDateEdit(QDate(self._s.clock().date()))  # type: ignore[call-overload]
        self.date.setObjectName("publishedBy")
        self.date.setAccessibleName("Latest publish date")
        self.date.setDisplayFormat("d MMM yyyy")
        self.date.setCalendarPopup(True)
        self.date.setEnabled(False)
        self.limit_date.toggled.connect(self.date.setEnabled)
        self.limit_date.toggled.connect(self._edited)
        self.date.dateChanged.connect(self._edited)
        limits = QHBoxLayout()
        limits.setSpacing(12)
        limits.addWidget(self.no_restarts)
        limits.addStretch(1)
        limits.addWidget(self.limit_date)
        limits.addWidget(self.date)
        self.preview = QTreeWidget()
        self.preview.setObjectName("installPreview")
        self.preview.setAccessibleName("What is taken and what is left out")
        self.preview.setRootIsDecorated(False)
        self.preview.setHeaderLabels(
            ("Update", "KB", "Classification", "Restart", "Machines", "Selected")
        )
        for number, width in enumerate((298, 104, 108, 122, 84, 76)):
            self.preview.setColumnWidth(number, round(width * self._theme.scale))
        self.counted = label(self._theme, weight=SEMIBOLD_WEIGHT)
        self.counted.setObjectName("installCounted")
        return self._step(grid, boxes, limits, self.counted, self.preview)

    def _edited(self) -> None:
        self._show_preview()
        self.check()

    def _show_preview(self) -> None:
        try:
            review = self._review()
        except RequestError:
            self.preview.clear()
            self.counted.setText("Nothing is selected yet.")
            return
        self.preview.clear()
        taken = _by_update(u for p in review.plans.values() for u in p.taken)
        left = _by_update(
            u for p in review.plans.values() for u, _ in p.left if u.patch_id not in taken
        )
        reasons = {u.patch_id: reason for p in review.plans.values() for u, reason in p.left}
        for update, machines in taken.values():
            self.preview.addTopLevelItem(self._preview_item(update, machines, "Yes", ""))
        for update, machines in left.values():
            self.preview.addTopLevelItem(
                self._preview_item(update, machines, "No", reasons[update.patch_id].value)
            )
        unseen = f" Not on offer: {', '.join(review.unseen)}." if review.unseen else ""
        self.counted.setText(
            f"{len(taken) + len(left)} available: {len(taken)} selected, {len(left)} left out, as of the last "
            f"assessment.{unseen}"
        )

    def _preview_item(
        self, update: Update, machines: int, taken: str, reason: str
    ) -> QTreeWidgetItem:
        item = QTreeWidgetItem(
            [update.name, update.kb or words.NOTHING,
             update.classification.label if update.classification else update.classification_text,
             update.restart.label, str(machines), taken]
        )  # fmt: skip
        ratio = self.devicePixelRatioF()
        tokens = self._theme.tokens
        item.setIcon(
            3, QIcon(glyphs.pixmap(outcomes.RESTART_GLYPHS[update.restart], 16, tokens, ratio))
        )
        item.setToolTip(0, plain_tip(update.name))
        if reason:
            item.setText(5, "No")
            for column in range(6):
                item.setToolTip(column, plain_tip(reason))
                item.setForeground(column, self.palette().placeholderText())
        return item

    # Properties

    def _properties_step(self) -> QWidget:
        self.restart = QComboBox()
        self.restart.setObjectName("restartSetting")
        self.restart.setAccessibleName("Restart")
        for setting in RestartSetting:
            self.restart.addItem(setting.label, setting.value)
        self.restart.currentIndexChanged.connect(self._show_properties)
        self.minutes = NumberBox(self._theme, 1, 999, 120, suffix=MINUTES)
        self.minutes.setObjectName("maximumMinutes")
        self.minutes.setAccessibleName("Maximum duration in minutes")
        self.minutes.valueChanged.connect(self._show_properties)
        for widget in (self.restart, self.minutes):
            widget.setFixedWidth(round(240 * self._theme.scale))
        self.restart_words = label(self._theme, role="secondary", wrap=True)
        self.window_words = label(self._theme, role="secondary", wrap=True)
        form = QFormLayout()
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(8)
        form.addRow("Restart", self.restart)
        form.addRow("", self.restart_words)
        form.addRow("Maximum duration", self.minutes)
        form.addRow("", self.window_words)
        return self._step(form, None)

    @property
    def restart_setting(self) -> RestartSetting:
        return RestartSetting(self.restart.currentData())

    def _show_properties(self) -> None:
        self.restart_words.setText(
            {
                RestartSetting.IF_REQUIRED: "Azure restarts a machine only if an update asks for it.",
                RestartSetting.NEVER: "Azure restarts nothing. Settings inside a machine can restart it all the same, "
                "and updates that wait for a restart stay unfinished.",
                RestartSetting.ALWAYS: "Azure restarts every machine at the end, even if no update asks for it.",
            }[self.restart_setting]
        )
        self.window_words.setText(
            f"At most {MAX_MINUTES} minutes. No update starts with less than {MIN_MINUTES} minutes left, and 10 are "
            f"kept for the restart. {self._window_text()}"
        )
        self.check()

    def _window_text(self) -> str:
        now, minutes = self._s.clock(), self.minutes.value()
        last = now + timedelta(minutes=max(0, minutes - MIN_MINUTES))
        end = now + timedelta(minutes=minutes)
        return (
            f"Sent now, no update starts after {words.moment_text(last)}; one under way is finished, "
            f"until {words.moment_text(end)} or later."
        )

    # Review

    def _review_step(self) -> QWidget:
        self.sentence = Banner(self._theme)
        self.sentence.setObjectName("banner")
        self.facts = label(self._theme, wrap=True)
        self.facts.setObjectName("reviewFacts")
        self.review_list = QTreeWidget()
        self.review_list.setObjectName("reviewList")
        self.review_list.setAccessibleName("What happens on each machine")
        self.review_list.setRootIsDecorated(False)
        self.review_list.setHeaderLabels(("Machine", "Updates", "What happens"))
        for number, width in enumerate((150, 300, 320)):
            self.review_list.setColumnWidth(number, round(width * self._theme.scale))
        self.typed = TypedNumber(self._theme)
        self.typed.textChanged.connect(self.check)
        return self._step(self.sentence, self.facts, self.review_list, self.typed)

    def entering(self, number: int) -> None:
        if number == 1:
            self._show_preview()
        if number == 2:
            self._show_properties()
        if number == 3:
            self._show_review()

    def _show_review(self) -> None:
        self._request = self._make_request()
        review = self._review()
        restarts = review.may_restart
        self.sentence.show_text(
            Level.WARNING if restarts else Level.OK,
            review.sentence,
            "",
            glyph=Glyph.RESTART if restarts else Glyph.OK,
        )
        self.facts.setText("\n".join(self._facts(review)))
        self.review_list.clear()
        for machine_id, p in review.plans.items():
            name = self._rows[machine_id]["display_name"]
            nothing = "none of those on offer" if p.is_known else "not known"
            kbs = ", ".join(u.kb or u.name for u in p.taken) or nothing
            self.review_list.addTopLevelItem(QTreeWidgetItem([name, kbs, p.restart_sentence]))
        count = len(self.chosen_ids)
        self.typed.set_count(count)
        self.act.setText(f"Install on {count} machine{'' if count == 1 else 's'}")

    def _facts(self, review: FleetReview) -> list[str]:
        now = self._s.clock()
        ages = [from_text(self._rows[i]["assessed_at"]) for i in self.chosen_ids]
        known = [a for a in ages if a is not None]
        never = len(ages) - len(known)
        lines = [self._sum_text()] if len(self._rows) > len(ages) else []
        if known:
            oldest = words.span_text(max(timedelta(0), now - min(known)))
            lines.append(
                f"The assessment this is based on is {oldest} old; what Azure finds when it starts may differ."
            )
        if never:
            lines.append(
                f"{never} of them {'has' if never == 1 else 'have'} no known assessment, so "
                f"{'its' if never == 1 else 'their'} updates can't be previewed."
            )
        lines.append(
            "Azure does not stagger this by availability zones and sets: it starts as soon as you confirm."
            if len(self.chosen_ids) == 1
            else "Azure does not stagger this by availability zones and sets: all of them start at once."
        )
        lines.append(f"{self.restart_setting.label}. {self._window_text()}")
        lines.append("Azure offers no way to cancel an installation once it is sent.")
        if review.unseen:
            lines.append(
                f"No last assessment offers {', '.join(review.unseen)}; Azure installs it only where it applies."
            )
        return lines

    # The request

    def what_is_wrong(self) -> str:
        if not self.chosen_ids:
            return "Tick at least one machine that is running."
        number = self.pages.currentIndex()
        if number >= 1:
            texts = "\n".join(box.toPlainText() for box in (self.include, self.exclude))
            if wrong := read_kbs(texts).problem:
                return wrong
            try:
                self._make_request(default_minutes=number < 2)
            except RequestError as error:
                return str(error)
        return self.typed.problem if number == 3 else ""

    def _make_request(self, *, default_minutes: bool = False) -> InstallRequest:
        published_by = None
        if self.limit_date.isChecked():
            day = self.date.date().toPython()
            published_by = datetime.combine(day, time(23, 59, 59), tzinfo=UTC)  # type: ignore[arg-type]
        return InstallRequest(
            classifications=frozenset(c for c, box in self.classes.items() if box.isChecked()),
            include=self.include.kbs,
            exclude=self.exclude.kbs,
            exclude_restarting=self.no_restarts.isChecked(),
            published_by=published_by,
            restart=self.restart_setting,
            maximum_minutes=120 if default_minutes else self.minutes.value(),
        )

    def _review(self) -> FleetReview:
        request = self._make_request(default_minutes=True)
        plans: dict[int, Plan] = {
            i: plan(
                request,
                self._offers[i],
                restart_pending=bool(self._rows[i]["restart_pending"]),
                is_known=words.is_listed(self._rows[i]),
            )
            for i in self.chosen_ids
        }
        return FleetReview(request, plans)

    def do_it(self) -> None:
        if self._request is not None and not self.what_is_wrong():
            self.act.setEnabled(False)
            self._s.requests.install(self.chosen_ids, self._request)
            self.accept()

    def _step(self, *parts: object) -> QWidget:
        page = QWidget()
        page.setObjectName("surface")
        column = QVBoxLayout(page)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(12)
        for part in parts:
            if part is None:
                column.addStretch(1)
            elif isinstance(part, QWidget):
                column.addWidget(part, 1 if isinstance(part, QTreeWidget) else 0)
            else:
                column.addLayout(part)  # type: ignore[arg-type]
        return page


def _by_update(updates: Iterable[Update]) -> dict[str, tuple[Update, int]]:
    """patch id -> (update, on how many machines)."""
    found: dict[str, tuple[Update, int]] = {}
    for update in updates:
        _, count = found.get(update.patch_id, (update, 0))
        found[update.patch_id] = (update, count + 1)
    return found
