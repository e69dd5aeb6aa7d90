"""The Status tab: essentials, figures, the release strip, and the prerequisites of hotpatching."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hotpatch_gui.domain.clock import age_text
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.prerequisites import prerequisites_of
from hotpatch_gui.domain.releases import (
    release_day,
)
from hotpatch_gui.models import display_text, essentials
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.models.selection import (
    AvoidedRestarts,
    SelectionSummary,
    StatusGroup,
    read_avoided,
)
from hotpatch_gui.models.strip import release_strip_description, strip_data
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.chart_host import ChartHost
from hotpatch_gui.views.widgets.essentials import Essentials
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.points import Point, Points, prerequisite_point
from hotpatch_gui.views.widgets.scroll_area import ScrollArea
from hotpatch_gui.views.widgets.tiles import TILE_PX, Tile
from hotpatch_gui.views.widgets.wrap_layout import EvenLayout

if TYPE_CHECKING:
    from hotpatch_gui.views.widgets.charts import Chart

tr = translator("StatusTab")

YEAR = timedelta(days=365)


class StatusTab(ScrollArea):
    """One machine in detail, or the sums of several."""

    def __init__(self, services: Services) -> None:
        super().__init__(tr("Status"))
        self._s = services
        theme = services.theme
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.essentials = Essentials(theme, essentials.NAMES, shares=(3, 4))
        self.tiles = {
            key: Tile(theme, caption, f"tile-{key}")
            for key, caption in (
                ("critical", tr("Critical (class)")),
                ("security", tr("Security (class)")),
                ("other", tr("Other updates")),
                ("last", tr("Last installation")),
                ("avoided", tr("Restarts avoided")),
            )
        }
        for key in ("critical", "security", "other"):
            self.tiles[key].setToolTip(tr("By Azure's classification, not by severity"))
        self._ids: tuple[int, ...] = ()
        self._avoided = QueryChannel(
            services.source, self._show_avoided, self._show_no_avoided, self
        )
        self.strip = ChartHost(theme, "releaseStrip", 168, _make_strip)
        self._strip_title = label(
            theme, tr("Releases and installations"), px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT
        )
        self.points = Points(theme)
        self._points_title = label(theme, px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT)
        tiles = EvenLayout(list(self.tiles.values()), 12, round(TILE_PX * theme.scale))
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(insets(16, 16, 16, 8))
        column.setSpacing(px(12))
        column.addWidget(self.essentials)
        column.addLayout(tiles)
        for title, widget in (
            (self._strip_title, self.strip),
            (self._points_title, self.points),
        ):
            part = QVBoxLayout()
            part.setSpacing(px(8))
            part.addWidget(title)
            part.addWidget(widget)
            column.addLayout(part)
        column.addStretch(1)
        self.setWidget(body)
        self.set_inset(column)

    def show_prerequisites(self) -> None:
        """Scroll to the prerequisites."""
        self.ensureWidgetVisible(self.points, 0, 0)
        self.ensureWidgetVisible(self._points_title)

    def show_selection(self, selection: SelectionSummary) -> None:
        one, machine = selection.one, selection.machine
        for widget in (self.essentials, self.strip, self._strip_title):
            widget.setVisible(one is not None)
        self._show_tiles(selection)
        if one is None or machine is None:
            self._points_title.setText(tr("Status breakdown"))
            self.points.show_points([_status_point(g) for g in selection.status_groups])
            return
        self.essentials.show_values(essentials.values(one, self._s.calendar(), self._s.clock()))
        self._points_title.setText(tr("Can this machine be hotpatched?"))
        self.points.show_points([prerequisite_point(f) for f in prerequisites_of(machine)])
        self._show_strip(one.id, machine)

    def _show_tiles(self, selection: SelectionSummary) -> None:
        now = self._s.clock()
        if not selection.assessed:
            note = tr("not assessed")
        elif selection.one is not None:
            note = tr("assessed {one}", one=display_text.assessed_age(selection.one, now))
        else:
            note = tr(
                "{assessed:,} of {count:,} assessed",
                assessed=selection.assessed,
                count=len(selection.ids),
            )
        figures = {
            "critical": selection.critical,
            "security": selection.security,
            "other": selection.other,
        }
        for key, figure in figures.items():
            self.tiles[key].show_value(f"{figure:,}" if selection.counted else "–", note)
        last = selection.last_run
        self.tiles["last"].show_value(
            f"{last.day} {last:%b}" if last else "–",
            ", ".join(filter(None, (age_text(last, now), _last_result(selection))))
            if last
            else tr("none recorded"),
        )
        ids, since = selection.ids, now - YEAR
        others, self._ids = ids != self._ids, ids
        if others:
            self.tiles["avoided"].show_value("…")
        avoided = partial(read_avoided, machine_ids=ids, since=since, now=now)
        self._avoided.query(avoided, synchronous=len(ids) == 1, is_refresh=not others)

    def _show_no_avoided(self, _: str) -> None:
        self.tiles["avoided"].show_value("–", tr("can't be calculated"))

    def _show_avoided(self, avoided: AvoidedRestarts) -> None:
        year_ago = (self._s.clock() - YEAR).date()
        value = f"{avoided.restarts:,}" if avoided.known is not None else display_text.NOTHING
        self.tiles["avoided"].show_value(value, avoided.note(year_ago))

    def _show_strip(self, machine_id: int, machine: Machine) -> None:
        data = strip_data(
            self._s.source, machine_id, machine, self._s.calendar(), release_day(self._s.clock())
        )
        self.strip.show_data(data, release_strip_description(data))


def _last_result(selection: SelectionSummary) -> str:
    """The result of a single machine's last run: the updates that it installed, or that it failed."""
    has_failed = selection.one is not None and selection.one.last_run_error is not None
    return tr("failed") if has_failed else selection.last_installed


def _make_strip(theme: Theme) -> Chart:
    from hotpatch_gui.views.widgets.charts import ReleaseStrip  # noqa: PLC0415 - after the first paint

    return ReleaseStrip(theme)


def _status_point(status: StatusGroup) -> Point:
    more = status.count - len(status.names)
    named = ", ".join(status.names) + (tr(" and %n more", more) if more else "")
    title = f"{status.situation}: {status.count:,}"
    return Point(status.glyph, display_text.level_text(status.level), title, named)
