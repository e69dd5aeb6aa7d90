"""The install dialog: its steps, and the plan that is calculated off the UI thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QWidget

from hotpatch_gui.domain.installs import InstallRequest, RequestError
from hotpatch_gui.domain.situation import Level
from hotpatch_gui.models import display_text
from hotpatch_gui.models.checked import CheckedModel
from hotpatch_gui.models.install_plan import (
    InstallCandidates,
    Planned,
    groups,
    read_candidates,
    read_plan,
)
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.tokens import ROW_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.dialogs.steps import StepsDialog
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.banner import Banner
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.typed_number import TypedNumber

from .parts import fit_names, list_of, step
from .properties_step import DEFAULT_MINUTES, PropertiesStep
from .updates_step import UpdatesStep

tr = translator("Dialog")

FEW = 100
"""Machines planned synchronously; more are planned on the query thread."""
MAX_GROUPS = 6
"""How many groups the review names; more are counted."""
PAUSE_MS = 150
"""After an edit, before many machines are planned again."""


class InstallDialog(StepsDialog):
    """Machines, Updates, Properties, Review + install."""

    def __init__(
        self, services: Services, machine_ids: Sequence[int], parent: QWidget, *, kb: str = ""
    ) -> None:
        """``kb``: the only update that is selected at first; without it, critical and security updates."""
        super().__init__(services.theme, tr("Install updates now"), parent)
        self.setObjectName("installDialog")
        self._s = services
        self._is_small = len(machine_ids) <= FEW
        self._count = len(machine_ids)
        self._row_px = round(ROW_PX * self._theme.scale)
        self._candidates: InstallCandidates | None = None
        self._planned: Planned | None = None
        self._wanted: tuple[InstallRequest, tuple[int, ...]] | None = None
        self._reader = QueryChannel(
            services.source, self._show_candidates, self._show_failure, self
        )
        self._planner = QueryChannel(services.source, self._show_plan, self._show_failure, self)
        self._failure = ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._plan)
        self._make_machines_step()
        self.updates = UpdatesStep(services, self)
        self.add_step(tr("Updates"), self.updates.page)
        self.properties = PropertiesStep(services, self)
        self.add_step(tr("Properties"), self.properties.page)
        self._make_review_step()
        self.finish()
        if kb:
            self.updates.select_only(kb)
            self.leave_idle.setChecked(True)
        self.updates.edited.connect(self._on_edited)
        self.properties.edited.connect(self._on_edited)
        self.updates.no_restarts.toggled.connect(
            lambda leaves: self.properties.set_excludes_restarts(leaves=leaves)
        )
        read = partial(read_candidates, machine_ids=machine_ids, now=services.clock())
        self._reader.query(read, synchronous=self._is_small)

    def _make_machines_step(self) -> None:
        heads = (
            tr("Machine"),
            tr("Hotpatch"),
            tr("Available updates"),
            tr("Assessed"),
            tr("Notes"),
        )
        self.machines = CheckedModel(heads, self._row_px, self, ticks=True)
        self.machines_view = list_of(
            self._theme,
            self.machines,
            "installMachines",
            tr("Machines to install on"),
            (132, 88, 136, 80, 360),
        )
        self.sum = label(self._theme, role="secondary")
        self.sum.setObjectName("installSum")
        self.sum.setText(tr("Reading %n machine(s)…", self._count))
        self.machines.ticked.connect(self._on_ticked)
        self.add_step(tr("Machines"), step(self.sum, self.machines_view))

    def _make_review_step(self) -> None:
        self.sentence = Banner(self._theme)
        self.sentence.setObjectName("banner")
        self.facts = label(self._theme, wrap=True)
        self.facts.setObjectName("reviewFacts")
        self.review_list = CheckedModel(
            (tr("Machine"), tr("Updates"), tr("What happens")), self._row_px, self
        )
        view = list_of(
            self._theme,
            self.review_list,
            "reviewList",
            tr("What happens on each machine"),
            (150, 300, 320),
        )
        self.leave_idle = QCheckBox()
        self.leave_idle.setObjectName("leaveIdle")
        self.leave_idle.hide()
        self.leave_idle.toggled.connect(self._on_edited)
        self.typed = TypedNumber(self._theme)
        self.typed.textChanged.connect(self.check)
        self.add_step(
            tr("Review + install"),
            step(self.sentence, self.facts, self.leave_idle, view, self.typed),
        )

    def _show_candidates(self, found: InstallCandidates) -> None:
        self._candidates = found
        self.machines.set_rows(found.rows)
        fit_names(self.machines_view)
        self.properties.set_groups(found.tag_names, self.machines.count)
        self._on_ticked()

    def _on_ticked(self) -> None:
        self.sum.setText(self._sum_text())
        self._on_edited()

    def _sum_text(self) -> str:
        """The machines as installed + left out + cleared + skipped."""
        skipped = self._candidates.skipped if self._candidates is not None else 0
        ticked = self.machines.count
        left = self._count - ticked - skipped
        idle = self._idle
        parts = [tr("install on %n", ticked - idle)]
        if idle:
            parts.append(tr("%n left out, because no selected update is missing there", idle))
        if left:
            parts.append(tr("%n cleared", left))
        if skipped:
            parts.append(tr("%n skipped", skipped))
        return tr("%n machine(s): {parts}.", self._count, parts=", ".join(parts))

    @property
    def _idle(self) -> int:
        """The ticked machines that are left out, because no selected update is missing there."""
        return self._planned.idle if self._planned is not None and self._leaves_idle else 0

    @property
    def _leaves_idle(self) -> bool:
        return self.leave_idle.isChecked()

    def _on_edited(self) -> None:
        self._planned = None
        if self._is_small:
            self._plan()
        else:
            self._pause.start()
        self.check()

    def _plan(self) -> None:
        """Calculate the plan, synchronously for few machines."""
        if self._candidates is None:
            return
        try:
            request = self._make_request()
        except RequestError:
            self._wanted = None
            self.updates.show_nothing()
            return
        selected = tuple(self.machines.ids)
        self._wanted = (request, selected)
        work = partial(
            read_plan,
            candidates=self._candidates,
            selected=selected,
            request=request,
            leaves_idle=self._leaves_idle,
        )
        self._planner.query(work, synchronous=self._is_small)

    def _show_plan(self, planned: Planned) -> None:
        self._planned, self._failure = planned, ""
        self.updates.show_planned(planned)
        if self.pages.currentIndex() == 3:
            self._show_review(planned)
        self.check()

    def _show_failure(self, why: str) -> None:
        self._failure = why
        self.check()

    def entering(self, number: int) -> None:
        if number == 3 and self._planned is not None:
            self._show_review(self._planned)

    def _show_review(self, planned: Planned) -> None:
        review = planned.review
        if self._warnings(planned):
            level, glyph = Level.ERROR, Glyph.WARNING
        elif review.may_restart:
            level, glyph = Level.WARNING, Glyph.RESTART
        elif review.is_foreseen:
            level, glyph = Level.OK, Glyph.OK
        else:
            level, glyph = Level.INFO, Glyph.UNKNOWN
        self.sentence.show_text(level, review.sentence, "", glyph=glyph)
        self.facts.setText("\n".join(self._facts(planned)))
        self.review_list.set_rows(planned.rows)
        count = len(planned.rows)
        self.leave_idle.setVisible(
            bool(planned.idle) and (count > planned.idle or self._leaves_idle)
        )
        self.leave_idle.setText(
            tr("Leave out %n machine(s) on which no selected update is missing", planned.idle)
        )
        self.typed.set_count(count)
        self.act.setText(tr("Install on %n machine(s)", count))

    def _facts(self, planned: Planned) -> list[str]:
        count, never = len(planned.rows), planned.never_assessed
        lines = [self._sum_text()] if self._count > count else []
        if self._candidates is not None:
            lines += [tr("Skipped: {reason}", reason=r) for r in self._candidates.skip_reasons]
        if planned.oldest is not None:
            age = display_text.span_text(max(timedelta(0), self._s.clock() - planned.oldest))
            lines.append(
                tr(
                    "The oldest of their assessments is {age} old; the installation may find other updates.",
                    count,
                    age=age,
                )
                if planned.review.request.classifications
                else tr(
                    "The oldest of their assessments is {age} old; updates that were installed or withdrawn since are skipped.",
                    count,
                    age=age,
                )
            )
        if never:
            lines.append(
                tr(
                    "%n of them have no known assessment, so their updates can't be previewed.",
                    never,
                )
            )
        lines += self._warnings(planned)
        lines += [
            self.properties.order_text(count),
            *self._groups_text(planned),
            f"{planned.review.request.sent_restart.label}. {self.properties.window_text()}",
            tr("Azure offers no way to cancel an installation once it is sent."),
        ]
        if planned.review.not_offered:
            lines.append(
                tr(
                    "None of the latest assessments lists {not_offered}; Azure installs it only where it "
                    "applies.",
                    not_offered=", ".join(planned.review.not_offered),
                )
            )
        return lines

    def _warnings(self, planned: Planned) -> list[str]:
        """The selected updates after which machines became unhealthy."""
        known = self._candidates.unhealthy if self._candidates is not None else {}
        kbs = {line.update.kb for line in planned.taken}
        return [
            tr(
                "%n machine(s) became unhealthy after {kb} was installed. Check them first, or exclude it.",
                count,
                kb=kb,
            )
            for kb, count in known.items()
            if kb in kbs
        ]

    def _groups_text(self, planned: Planned) -> list[str]:
        """The groups in order with their sizes."""
        by = self.properties.grouped_by
        if not by or self._candidates is None:
            return []
        ids = {row.id for row in planned.rows}
        selected = [m for m in self._candidates.machines if m.id in ids]
        sizes = sorted(Counter(groups(selected, by)).items())
        shown = "; ".join(f"{name} ({size:,})" for name, size in sizes[:MAX_GROUPS])
        more = tr("; and %n more", len(sizes) - MAX_GROUPS) if len(sizes) > MAX_GROUPS else ""
        if len(sizes) == 1:
            return [tr("All are in one group: {shown}.", shown=shown)]
        return [tr("%n groups, in this order: {shown}{more}.", len(sizes), shown=shown, more=more)]

    def find_problem(self) -> str:
        if self._candidates is None:
            return self._failure or tr("Reading the machines…")
        if not self.machines.count:
            return tr("Select at least one machine that is running.")
        number = self.pages.currentIndex()
        if number >= 1:
            if wrong := self.updates.problem:
                return wrong
            try:
                self._make_request(checked=number >= 2)
            except RequestError as error:
                return str(error)
        if number == 3 and self._planned is None:
            return self._failure or tr("Calculating what happens…")
        if number == 3 and self._planned is not None and not self._planned.rows:
            return tr("None of the machines is missing a selected update.")
        return self.typed.problem if number == 3 else ""

    def is_incomplete(self) -> bool:
        return bool(self.typed.problem) and not self.typed.text()

    def _make_request(self, *, checked: bool = False) -> InstallRequest:
        """The request as entered. The duration counts only if ``checked``.

        Raises:
            RequestError: it can't be sent.
        """
        updates = self.updates
        return InstallRequest(
            classifications=frozenset(c for c, box in updates.classes.items() if box.isChecked()),
            include=updates.include.kbs,
            exclude=updates.exclude.kbs,
            exclude_restarting=updates.no_restarts.isChecked(),
            published_until=updates.published_until,
            restart=self.properties.setting,
            maximum_minutes=self.properties.minutes.value() if checked else DEFAULT_MINUTES,
        )

    def do_it(self) -> None:
        if self._planned is None or self.find_problem() or self._candidates is None:
            return
        self.act.setEnabled(False)
        selected = [row.id for row in self._planned.rows]
        by, named = self.properties.grouped_by, []
        if by:
            ids = set(selected)
            mine = [m for m in self._candidates.machines if m.id in ids]
            pairs = sorted(zip(groups(mine, by), (m.id for m in mine), strict=True))
            named, selected = [name for name, _ in pairs], [i for _, i in pairs]
        request = self._make_request(checked=True)
        self._s.actions.install(selected, request, self.properties.waves, named)
        self.accept()
