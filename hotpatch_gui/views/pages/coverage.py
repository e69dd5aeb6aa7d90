"""The Coverage page: which machines get hotpatches, and what leads there for the others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSplitter, QVBoxLayout, QWidget

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.upgrade_paths import PathKind
from hotpatch_gui.models import coverage, new_machine_form
from hotpatch_gui.models.coverage import CoverageData, CoverageRow
from hotpatch_gui.models.listed import ListedModel
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.models.resource_groups import read_resource_groups
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.dialogs.once import open_once
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.export import ExportButton, table_report
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.points import Point, Points, prerequisite_point
from hotpatch_gui.views.widgets.scroll_area import ScrollArea
from hotpatch_gui.views.widgets.table import Table, TablePanel

from .table_page import PageFrame

tr = translator("CoveragePage")

DETAILS_PX = 420
REST_MS = 2000
"""Between queries during a sync, which writes machines every few milliseconds."""
SETTABLE = (PathKind.TURN_ON, PathKind.ENROLL)
"""Ways that the settings dialog can carry out."""


class CoveragePage(PageFrame):
    """Paths to hotpatch; below, the machines of the selected path and one of them in detail.

    Signals:
        machine_opened (int): a machine's row ID.
    """

    machine_opened = Signal(int)

    def __init__(self, services: Services) -> None:
        super().__init__(
            services.theme,
            tr("Coverage"),
            tr("Which machines get hotpatches, and how the others can get them."),
        )
        self._s = services
        self._rows: Sequence[CoverageRow] = ()
        self._is_stale = True
        """Whether machines or releases changed since the last query."""
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(REST_MS)
        self._soon.timeout.connect(self._ask_again)
        self.paths = ListedModel(services.source, coverage.PATHS, services.clock, self)
        self.machines = ListedModel(services.source, coverage.MACHINES, services.clock, self)
        self.paths_panel = self._panel(self.paths, "coveragePathsTable", tr("Paths to hotpatch"))
        self.machines_panel = self._panel(
            self.machines, "coverageMachinesTable", tr("Machines of the selected path")
        )
        self.name = label(services.theme, px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT, wrap=True)
        self.name.setObjectName("coverageName")
        self.points = Points(services.theme, stacked=True)
        self.points.setObjectName("coveragePoints")
        self.turn_on = QPushButton()
        self.turn_on.setObjectName("coverageTurnOn")
        self.turn_on.clicked.connect(self._open_settings)
        self.article = QPushButton(tr("Microsoft's article"))
        self.article.setObjectName("coverageArticle")
        self.article.clicked.connect(self._open_article)
        self.new = QPushButton(tr("New hotpatch machine…"))
        self.new.setObjectName("newMachine")
        self.new.clicked.connect(self._open_new)
        self.tools.addWidget(self.turn_on)
        self.tools.addWidget(self.new)
        self.tools.addWidget(
            ExportButton(
                services,
                tr("Coverage"),
                lambda: table_report(self.machines_panel.table, tr("Coverage"), services),
            )
        )
        self._lay_out()
        self._channel = QueryChannel(services.source, self._show_result, self._show_failure, self)
        for panel, show in (
            (self.paths_panel, self._show_path),
            (self.machines_panel, self._show_selected),
        ):
            panel.table.selectionModel().selectionChanged.connect(show)
        self.machines_panel.table.opened.connect(self.machine_opened)
        services.source.changed.connect(self._on_changed)
        self._show_selected()

    def _panel(self, model: ListedModel, name: str, spoken: str) -> TablePanel:
        theme = self._s.theme
        return TablePanel(theme, Table(theme, self._s.preferences, model, name, spoken))

    def _lay_out(self) -> None:
        body = QWidget()
        body.setObjectName("surface")
        column = QVBoxLayout(body)
        column.setContentsMargins(insets(16, 12, 16, 16))
        column.setSpacing(px(12))
        column.addWidget(self.name)
        column.addWidget(self.points)
        row = QHBoxLayout()
        row.addWidget(self.article)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        self.details = ScrollArea(tr("Details"), body)
        self.details.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        across = self._splitter(Qt.Orientation.Horizontal, self.machines_panel, self.details)
        across.setStretchFactor(0, 3)
        across.setStretchFactor(1, 2)
        self.details.setMinimumWidth(round(DETAILS_PX * self._s.theme.scale))
        down = self._splitter(Qt.Orientation.Vertical, self.paths_panel, across)
        down.setStretchFactor(0, 2)
        down.setStretchFactor(1, 3)
        self.fill(down)

    def _splitter(self, orientation: Qt.Orientation, *parts: QWidget) -> QSplitter:
        made = QSplitter(orientation)
        for part in parts:
            made.addWidget(part)
        made.setChildrenCollapsible(False)
        made.setHandleWidth(1)
        return made

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._query(is_refresh=False)

    def _on_changed(self, changes: ChangedTables) -> None:
        if changes.affects(frozenset({"machines", "releases"})):
            self._is_stale = True
            if self.isVisible() and not self._soon.isActive():
                self._soon.start()

    def _ask_again(self) -> None:
        if self.isVisible():
            self._query(is_refresh=True)

    def _query(self, *, is_refresh: bool) -> None:
        self._is_stale = False
        work = partial(coverage.read_coverage, calendar=self._s.calendar(), clock=self._s.clock)
        if not is_refresh and not self._rows:
            self.paths_panel.empty.show_text(Glyph.RUNNING, tr("Reading…"), "")
            self.paths_panel.show_table(False)
        self._channel.query(work, is_refresh=is_refresh)

    def _show_failure(self, why: str) -> None:
        self._rows = ()
        self.paths.set_rows([])
        self.machines.set_rows([])
        self.paths_panel.show_failure(why)
        self.machines_panel.show_failure(why)

    def _show_result(self, read: CoverageData) -> None:
        self._rows = read.machines
        self.explanation.setText(coverage.headline(read))
        self.paths.set_rows(read.paths)
        self.paths_panel.show_table(bool(read.paths))
        self.paths_panel.empty.show_text(
            Glyph.INFO,
            tr("No machines"),
            tr("Machines and their path to hotpatch appear here after the first sync."),
        )
        self._show_path()

    @property
    def _paths(self) -> set[PathKind]:
        """The selected paths; without a selection, all but that of machines with hotpatch."""
        selected = set(self.paths_panel.table.selected_ids)
        if selected:
            return {kind for n, kind in enumerate(PathKind) if n in selected}
        return set(PathKind) - {PathKind.ON}

    def _show_path(self) -> None:
        paths = self._paths
        shown = [r for r in self._rows if r.path.kind in paths]
        self.machines.set_rows(shown)
        self.machines_panel.show_table(bool(shown))
        if self._rows:
            self.machines_panel.empty.show_text(
                Glyph.OK,
                tr("Hotpatch is on everywhere"),
                tr("Select a path above to see its machines."),
            )
        self._show_selected()

    @property
    def _selected(self) -> list[CoverageRow]:
        selected = set(self.machines_panel.table.selected_ids)
        return [r for r in self.machines.all_rows if r.id in selected]

    @property
    def _settable(self) -> list[CoverageRow]:
        """The machines to turn hotpatch on for: of those selected, or of all shown without a selection."""
        return [r for r in self._selected or self.machines.all_rows if r.path.kind in SETTABLE]

    def _show_selected(self) -> None:
        selected, settable = self._selected, self._settable
        enrolls = any(row.path.kind is PathKind.ENROLL for row in settable)
        self.turn_on.setText(
            tr("Turn on or enroll %n machine(s)…", len(settable))
            if enrolls
            else tr("Turn hotpatch on for %n machine(s)…", len(settable))
        )
        self.turn_on.setVisible(bool(settable))
        one = selected[0] if len(selected) == 1 else None
        replaces = one is not None and one.path.kind is PathKind.REPLACE
        self.new.setText(tr("Plan a replacement…") if replaces else tr("New hotpatch machine…"))
        self.details.setVisible(bool(self.machines.all_rows) and len(selected) < 2)
        select = tr("Select a machine to see what it needs.")
        self.name.setText(f"{one.name}: {one.path_text}" if one is not None else select)
        self.points.show_points(_points(one) if one is not None else [])
        self.article.setVisible(one is not None and bool(one.path.article))

    def _open_settings(self) -> None:
        from hotpatch_gui.views.dialogs.update_settings import (  # noqa: PLC0415 - only when it opens
            UpdateSettingsDialog,
        )

        ids = [r.id for r in self._settable]

        def make() -> UpdateSettingsDialog:
            dialog = UpdateSettingsDialog(self._s, ids, self)
            dialog.choose_hotpatch()
            return dialog

        open_once(self, make)

    def _open_new(self) -> None:
        """Describe a new machine; with one selected that has to be replaced, its replacement."""
        from hotpatch_gui.views.dialogs.new_machine import NewMachineDialog  # noqa: PLC0415 - only when it opens

        selected = self._selected
        draft = new_machine_form.replacement(selected[0]) if len(selected) == 1 else None
        groups = self._s.source.read_list(read_resource_groups)
        open_once(self, lambda: NewMachineDialog(self._s, self.window(), groups, draft))

    def _open_article(self) -> None:
        selected = self._selected
        if len(selected) == 1:
            QDesktopServices.openUrl(QUrl(selected[0].path.article))


def _points(row: CoverageRow) -> list[Point]:
    """The blocker, the target, what is known about it, and what a person has to check."""
    path = row.path
    facts = (
        (tr("Blocker"), path.obstacle),
        (tr("Target"), path.target),
        (tr("Cost"), path.cost),
    )
    points = [Point(Glyph.NONE, "", title, text) for title, text in facts if text]
    points += map(prerequisite_point, path.checks)
    for number, sentence in enumerate(path.checklist):
        title = tr("Check first") if number == 0 else ""
        points.append(Point(Glyph.NONE, tr("To be checked by you"), title, sentence))
    return points
