"""The charts, and the only use of pyqtgraph, which has no types."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any, ClassVar, Protocol

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from hotpatch_gui.domain.known_days import Gap
from hotpatch_gui.models.chart_data import (
    CalendarData,
    CalendarMark,
    ClassCount,
    MonthBar,
    PlannerData,
    StripData,
    TrendData,
    UpdatesPerDay,
)
from hotpatch_gui.models.compliance_trend import day_text
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import CAPTION_PX
from hotpatch_gui.translation import translated, translator

from .chart_key import KeyEntry
from .hatch import fill_hatched
from .ring import colors

tr = translator("Charts")

pg.setConfigOptions(antialias=True)


class Chart(Protocol):
    """A chart that draws its data."""

    widget: QWidget

    @property
    def key(self) -> Sequence[KeyEntry]:
        """The meaning of its marks; empty if a text beside the chart gives it."""
        ...

    def draw(self, data: Any, theme: Theme) -> None: ...


class _StillPlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """A plot that leaves the mouse wheel to its page."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class _UnknownDays(pg.LinearRegionItem):  # type: ignore[misc]  # pyqtgraph has no types
    """Hatched days, of which nothing is known."""

    def __init__(self, days: tuple[float, float], color: str, scale: float) -> None:
        super().__init__(days, movable=False, pen=pg.mkPen(None))
        self._color, self._scale = QColor(color), scale

    def paint(self, painter: QPainter, *_: object) -> None:
        room: QRectF = painter.transform().mapRect(self.boundingRect())
        painter.save()
        painter.resetTransform()
        fill_hatched(painter, room, self._color, scale=self._scale)
        painter.restore()


AXIS_PX, TITLED_AXIS_PX = 22, 40
"""The height of the axis below a chart, without and with a title."""
FAILED_SHARE = 0.5
"""The width of failed updates' bars as a share of the others', because color isn't enough to distinguish them."""
MIN_UPDATES = 3
"""The axis shows at least this many updates, so that one update isn't a bar across the window."""


class _Plot:
    """A plot that doesn't move with the mouse and follows the theme."""

    @property
    def key(self) -> Sequence[KeyEntry]:
        return ()

    def __init__(self, theme: Theme) -> None:
        self.plot = _StillPlot(enableMenu=False)
        self.widget: QWidget = self.plot
        self.plot.setMouseEnabled(False, False)
        self.plot.hideButtons()
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        item = self.plot.getPlotItem()
        item.setContentsMargins(insets(0, 4, 8, 0))
        # WORKAROUND: pyqtgraph needs this menu, which is never shown, and gives it no owner
        menu = item.ctrlMenu
        menu.setParent(self.plot, menu.windowFlags())

    def apply_theme(self, theme: Theme) -> None:
        t = theme.tokens
        self.plot.clear()
        self.plot.setBackground(t.surface)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(self.pen(t.divider))
            axis.setTextPen(self.pen(t.secondary))
            axis.setTickFont(theme.font(CAPTION_PX))
            axis.setStyle(tickLength=0)
        self.plot.getAxis("bottom").setHeight(round(AXIS_PX * theme.scale))

    def pen(self, color: str, px: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
        """A pen of this width; pyqtgraph's own are in device pixels."""
        made: QPen = pg.mkPen(color, width=px * self.plot.devicePixelRatioF(), style=style)
        return made

    def title_axis(self, side: str, text: str, theme: Theme) -> None:
        axis = self.plot.getAxis(side)
        axis.setLabel(text, color=theme.tokens.secondary)
        axis.label.setFont(theme.font(CAPTION_PX))
        if side == "bottom":
            axis.setHeight(round(TITLED_AXIS_PX * theme.scale))


class ClassificationChart(_Plot):
    """Updates by classification as horizontal bars; those that restart or may restart at their ends."""

    @property
    def key(self) -> Sequence[KeyEntry]:
        return (
            KeyEntry("bar", "success", tr("No restart")),
            KeyEntry("bar", "warning", tr("Restarts or may restart")),
        )

    def draw(self, data: Sequence[ClassCount], theme: Theme) -> None:
        self.apply_theme(theme)
        t = theme.tokens
        rows = list(reversed(data))
        places = list(range(len(rows)))
        quiet = [r.updates - r.restarting for r in rows]
        self._bars(places, [0] * len(rows), quiet, t.success)
        self._bars(places, quiet, [r.restarting for r in rows], t.warning)
        self.plot.getAxis("left").setTicks(
            [list(zip(places, [r.label for r in rows], strict=True))]
        )
        most = max(MIN_UPDATES, max((r.updates for r in rows), default=0))
        for y, row in zip(places, rows, strict=True):
            text = pg.TextItem(str(row.updates), color=t.text, anchor=(0, 0.5))
            text.setFont(theme.font(CAPTION_PX))
            text.setPos(row.updates + most * 0.01, y)
            self.plot.addItem(text)
        self.plot.getAxis("bottom").setTicks([_round_ticks(most)])
        self.plot.getAxis("left").setWidth(round(92 * theme.scale))
        self.title_axis("bottom", tr("Available updates"), theme)
        self.plot.setXRange(0, most * 1.08, padding=0)
        self.plot.setYRange(-0.6, len(rows) - 0.4, padding=0)

    def _bars(
        self, places: Sequence[int], start: Sequence[int], width: Sequence[int], color: str
    ) -> None:
        bars = pg.BarGraphItem(
            x0=list(start),
            y=list(places),
            width=list(width),
            height=0.55,
            brush=QColor(color),
            pen=pg.mkPen(None),
        )
        self.plot.addItem(bars)


class HistoryChart(_Plot):
    """Installed and failed updates by day, stacked; days that aren't known are shaded."""

    @property
    def key(self) -> Sequence[KeyEntry]:
        return (
            KeyEntry("bar", "success", tr("Installed")),
            KeyEntry("bar", "error", tr("Failed")),
            KeyEntry("hatch", "secondary", tr("Not known")),
        )

    def draw(
        self, data: tuple[date, date, Sequence[UpdatesPerDay], Sequence[Gap]], theme: Theme
    ) -> None:
        self.apply_theme(theme)
        t = theme.tokens
        first, last, counts, gaps = data
        for gap in gaps:
            shaded = (gap.first - first).days - 0.5, (gap.last - first).days + 0.5
            self.plot.addItem(_UnknownDays(shaded, t.secondary, theme.scale))
        days = (last - first).days + 1
        at = [(c.day - first).days for c in counts]
        installed, failed = [c.installed for c in counts], [c.failed for c in counts]
        wide = 0.7 if days <= 62 else 1.0
        for bottom, height, color, share in (
            ([0] * len(at), installed, t.success, 1.0),
            (installed, failed, t.error, FAILED_SHARE),
        ):
            self.plot.addItem(
                pg.BarGraphItem(
                    x=at,
                    y0=list(bottom),
                    height=list(height),
                    width=wide * share,
                    brush=QColor(color),
                    pen=pg.mkPen(None),
                )
            )
        step = max(1, days // 6)
        shown = [
            (n, f"{(d := first + timedelta(days=n)).day} {d:%b}") for n in range(0, days, step)
        ]
        self.plot.getAxis("bottom").setTicks([shown])
        most = max((a + b for a, b in zip(installed, failed, strict=True)), default=1) or 1
        ticks = _round_ticks(most)
        self.plot.getAxis("left").setTicks([ticks])
        self.title_axis("left", tr("Updates"), theme)
        self.plot.setXRange(-0.6, days - 0.4, padding=0)
        self.plot.setYRange(0, ticks[-1][0] * 1.06, padding=0)


def _released() -> tuple[KeyEntry, ...]:
    return (
        KeyEntry("s", "planned_baseline", tr("Planned baseline")),
        KeyEntry("d", "unplanned_baseline", tr("Unplanned baseline")),
        KeyEntry("o", "hotpatch", tr("Hotpatch")),
        KeyEntry("o", "secondary", tr("Ahead (plan)"), is_outline=True),
        KeyEntry("dots", "secondary", tr("Release not known"), is_outline=True),
    )


def _installed() -> tuple[KeyEntry, ...]:
    return (
        KeyEntry("t", "success", tr("Installed")),
        KeyEntry("x", "error", tr("Failed")),
    )


class ReleaseStrip(_Plot):
    """Baselines and hotpatches of two years, with this machine's installations above.

    Releases are filled and plans are outlines; kinds differ in shape and color.
    """

    SYMBOLS: ClassVar = {"planned_baseline": "s", "unplanned_baseline": "d", "hotpatch": "o"}
    UPPER, SYMBOL, COLOR = tr.mark("Installed"), "t", "success"
    """The upper lane, and its marks."""

    @property
    def key(self) -> Sequence[KeyEntry]:
        return (*_released(), *_installed())

    def draw(self, data: StripData, theme: Theme) -> None:
        self.apply_theme(theme)
        t = theme.tokens
        colors = {
            "planned_baseline": t.planned_baseline,
            "unplanned_baseline": t.unplanned_baseline,
            "hotpatch": t.hotpatch,
        }
        self.plot.addItem(pg.InfiniteLine(0, angle=0, pen=self.pen(t.divider, 2)))
        self.plot.addItem(
            pg.InfiniteLine(
                _day(data.today),
                angle=90,
                pen=self.pen(t.secondary, 1, Qt.PenStyle.DashLine),
            )
        )
        marks = pg.ScatterPlotItem(hoverable=True, tip=_tip, hoverSize=px(15))
        marks.addPoints(
            [
                {
                    "pos": (_day(m.day), 0),
                    "size": px(11 if m.kind == "hotpatch" else 13),
                    "symbol": self.SYMBOLS[m.kind],
                    "data": m.tooltip,
                    "pen": self.pen(
                        colors[m.kind], 1.8, _stroke(is_overdue=m.is_plan and m.day <= data.today)
                    ),
                    "brush": QColor(t.surface if m.is_plan else colors[m.kind]),
                }
                for m in data.marks
            ]
        )
        installs = pg.ScatterPlotItem(hoverable=True, tip=_tip, hoverSize=px(14))
        installs.addPoints(
            [
                {
                    "pos": (_stamp(i.when), 1),
                    "size": px(12),
                    "symbol": "x" if i.failed else self.SYMBOL,
                    "data": i.tooltip,
                    "pen": pg.mkPen(None),
                    "brush": QColor(t.error if i.failed else getattr(t, self.COLOR)),
                }
                for i in data.installs
            ]
        )
        self.plot.addItem(marks)
        self.plot.addItem(installs)
        self.plot.getAxis("left").setTicks([[(0, tr("Releases")), (1, tr(self.UPPER))]])
        self.plot.getAxis("bottom").setTicks([self.ticks(data)])
        self.plot.setXRange(_day(data.first), _day(data.last), padding=0.015)
        self.plot.setYRange(-0.6, 1.6, padding=0)

    def ticks(self, data: StripData) -> list[tuple[float, str]]:
        """The days named below."""
        return _months(data.first, data.last)


class WindowStrip(ReleaseStrip):
    """A schedule's windows above the releases."""

    UPPER, SYMBOL, COLOR = tr.mark("Windows"), "s", "secondary"

    @property
    def key(self) -> Sequence[KeyEntry]:
        return (*_released(), KeyEntry("s", self.COLOR, tr("Window")))

    def ticks(self, data: StripData) -> list[tuple[float, str]]:
        days = (data.last - data.first).days
        every = [data.first + timedelta(days=n) for n in range(0, days + 1, 7)]
        return [(_day(d), f"{d.day} {d:%b}") for d in every]


class CalendarChart(_Plot):
    """Releases of each product in a lane, with installations below.

    Releases are filled and plans are outlines; a ring marks a release that differs from the plan.
    """

    SYMBOLS = ReleaseStrip.SYMBOLS | {"out_of_band": "+"}
    LANES: ClassVar = {"WS2025": 2.0, "WS2022": 1.0}
    BESIDE = 0.34
    """The offset of out-of-band updates below their lane."""
    CLOSE, BELOW = timedelta(days=16), 0.22
    """Out-of-band updates closer than this would hide each other; the next one is this much lower."""

    @property
    def key(self) -> Sequence[KeyEntry]:
        out_of_band = KeyEntry("+", "secondary", tr("Out-of-band"))
        changed = KeyEntry("ring", "warning", tr("Differs from the plan"))
        return (*_released(), out_of_band, changed, *_installed())

    def draw(self, data: CalendarData, theme: Theme) -> None:
        self.apply_theme(theme)
        t = theme.tokens
        for lane in (0.0, *self.LANES.values()):
            self.plot.addItem(pg.InfiniteLine(lane, angle=0, pen=self.pen(t.divider, 2)))
        if data.first <= data.today <= data.last:
            line = pg.InfiniteLine(
                _day(data.today),
                angle=90,
                pen=self.pen(t.secondary, 1, Qt.PenStyle.DashLine),
            )
            self.plot.addItem(line)
        rings = pg.ScatterPlotItem(
            size=px(22), pen=self.pen(t.warning, 1.6), brush=pg.mkBrush(None)
        )
        rings.addPoints(
            [{"pos": (_day(m.day), self.LANES[m.product])} for m in data.marks if m.has_changed]
        )
        marks = pg.ScatterPlotItem(hoverable=True, tip=_tip, hoverSize=px(16))
        marks.addPoints(
            [
                self._point(m, at, theme, is_overdue=m.is_plan and m.day <= data.today)
                for m, at in zip(data.marks, self._places(data.marks), strict=True)
            ]
        )
        installs = pg.ScatterPlotItem(hoverable=True, tip=_tip, hoverSize=px(15))
        installs.addPoints(
            [
                {
                    "pos": (_day(i.day), 0),
                    "size": px(12),
                    "symbol": "x" if i.failed else "t",
                    "data": i.tooltip,
                    "pen": pg.mkPen(None),
                    "brush": QColor(t.error if i.failed else t.success),
                }
                for i in data.installs
            ]
        )
        for item in (rings, marks, installs):
            self.plot.addItem(item)
        lanes = [(y, tr("Server {name}", name=name[2:])) for name, y in self.LANES.items()]
        self.plot.getAxis("left").setTicks([[(0, tr("Installed")), *lanes]])
        self.plot.getAxis("bottom").setTicks([_months(data.first, data.last)])
        self.plot.setXRange(_day(data.first), _day(data.last), padding=0.015)
        self.plot.setYRange(-0.5, 2.5, padding=0)

    def _places(self, marks: Sequence[CalendarMark]) -> list[tuple[float, float]]:
        """Where the marks are; out-of-band ones that are close together lie below each other."""
        last: dict[str, tuple[date, int]] = {}
        found: dict[int, float] = {}
        for number, mark in sorted(enumerate(marks), key=lambda pair: pair[1].day):
            if mark.kind == "out_of_band":
                day, level = last.get(mark.product, (date.min, -1))
                level = (level + 1) % 3 if mark.day - day < self.CLOSE else 0
                last[mark.product] = mark.day, level
                found[number] = self.BESIDE + self.BELOW * level
        return [
            (_day(m.day), self.LANES[m.product] - found.get(n, 0.0)) for n, m in enumerate(marks)
        ]

    def _point(
        self, mark: CalendarMark, at: tuple[float, float], theme: Theme, *, is_overdue: bool
    ) -> dict[str, Any]:
        t = theme.tokens
        color = {
            "planned_baseline": t.planned_baseline,
            "unplanned_baseline": t.unplanned_baseline,
            "hotpatch": t.hotpatch,
            "out_of_band": t.secondary,
        }[mark.kind]
        size = {"hotpatch": 11, "out_of_band": 13}.get(mark.kind, 13)
        return {
            "pos": at,
            "size": px(size),
            "symbol": self.SYMBOLS[mark.kind],
            "data": mark.tooltip,
            "pen": self.pen(t.surface, 1.0)
            if mark.kind == "out_of_band"
            else self.pen(color, 1.8, _stroke(is_overdue=is_overdue)),
            "brush": QColor(t.surface if mark.is_plan else color),
        }


class _MonthsPlot(_Plot):
    """A plot of the planner's release days, with and without hotpatch."""

    TITLE = ""

    def bars(
        self, at: Sequence[float], heights: Sequence[float], width: float, **style: Any
    ) -> None:
        self.plot.addItem(pg.BarGraphItem(x=list(at), height=list(heights), width=width, **style))

    def set_axes(self, data: Sequence[MonthBar], most: float, theme: Theme) -> None:
        step = max(1, ceil(len(data) / MAX_MONTHS))
        shown = [
            (n, f"{b.day:%b %Y}{' ?' if b.is_unknown else ''}")
            for n, b in enumerate(data)
            if n % step == 0
        ]
        ticks = _round_ticks(ceil(most) or 1)
        self.plot.getAxis("bottom").setTicks([shown])
        self.plot.getAxis("left").setTicks([ticks])
        self.plot.setXRange(-0.6, len(data) - 0.4, padding=0)
        self.plot.setYRange(0, ticks[-1][0] * 1.06, padding=0)
        self.title_axis("left", translated(self.TITLE), theme)


class RestartsChart(_MonthsPlot):
    """Restarts of each release day: filled with hotpatch, outlined without."""

    TITLE = tr.mark("Restarts")

    @property
    def key(self) -> Sequence[KeyEntry]:
        return (
            KeyEntry("bar", "accent_text", tr("Restarts with hotpatch")),
            KeyEntry("bar", "border", tr("Without hotpatch"), is_outline=True),
        )

    def draw(self, shown: PlannerData, theme: Theme) -> None:
        self.apply_theme(theme)
        data, t = shown.months, theme.tokens
        at = range(len(data))
        without = [b.without for b in data]
        outline = self.pen(t.border, 1.2)
        self.bars(at, without, MONTH_WIDTH, brush=QColor(t.surface), pen=outline)
        filled = QColor(t.accent_text)
        self.bars(at, [b.restarts for b in data], MONTH_WIDTH, brush=filled, pen=pg.mkPen(None))
        self.set_axes(data, max(without, default=1), theme)


class ExposureChart(_MonthsPlot):
    """Average days of exposure to each release: filled with hotpatch, outlined without."""

    TITLE = tr.mark("Days")

    @property
    def key(self) -> Sequence[KeyEntry]:
        return (
            KeyEntry("bar", "accent_text", tr("Average days of exposure with hotpatch")),
            KeyEntry("bar", "border", tr("Without hotpatch"), is_outline=True),
        )

    def draw(self, shown: PlannerData, theme: Theme) -> None:
        self.apply_theme(theme)
        data, t = shown.months, theme.tokens
        half = MONTH_WIDTH / 2
        exposed, without = [b.exposure for b in data], [b.exposure_without for b in data]
        left = [n - half / 2 for n in range(len(data))]
        right = [n + half / 2 for n in range(len(data))]
        self.bars(left, exposed, half, brush=QColor(t.accent_text), pen=pg.mkPen(None))
        outline = self.pen(t.border, 1.2)
        self.bars(right, without, half, brush=QColor(t.surface), pen=outline)
        self.set_axes(data, max((*exposed, *without), default=1), theme)


MONTH_WIDTH = 0.62
"""The width of a release day's bar, as a share of the day's room."""
MAX_MONTHS = 6
"""Labels of release days that fit below a chart of the planner."""
TICK_ROOM = 0.035
"""Room for the label of the trend's last day, as a share of the axis."""
LONG_TREND_DAYS = 45
"""Longer trends have a tick for every half month, others for every week."""


class TrendChart(_Plot):
    """Machines by compliance group on each day, stacked; a day without data is a gap."""

    def draw(self, data: TrendData, theme: Theme) -> None:
        self.apply_theme(theme)
        at = [(d.day - data.first).days for d in data.days]
        below = [0] * len(at)
        for number, color in enumerate(colors(theme.tokens).values()):
            heights = [d.machines[number] for d in data.days]
            self.plot.addItem(
                pg.BarGraphItem(
                    x=at,
                    y0=list(below),
                    height=heights,
                    width=0.8,
                    brush=QColor(color),
                    pen=pg.mkPen(None),
                )
            )
            below = [a + b for a, b in zip(below, heights, strict=True)]
        days = (data.last - data.first).days + 1
        step = 15 if days > LONG_TREND_DAYS else 7
        shown = [
            (n, f"{(d := data.first + timedelta(days=n)).day} {d:%b}")
            for n in range(days - 1, -1, -step)
        ]
        self.plot.getAxis("bottom").setTicks([shown])
        most = max(below, default=1) or 1
        ticks = _round_ticks(most)
        top = max(most, ticks[-1][0])
        self.plot.getAxis("left").setTicks([ticks])
        self.title_axis("left", tr("Machines"), theme)
        self._mark_day(data, top, theme)
        self._add_tips(data, below)
        self.plot.setXRange(-0.6, days - 1 + days * TICK_ROOM, padding=0)
        self.plot.setYRange(0, top * 1.08, padding=0)

    def _mark_day(self, data: TrendData, top: float, theme: Theme) -> None:
        """Frame the chosen past day."""
        if data.marked is None or data.marked < data.first:
            return
        day = (data.marked - data.first).days
        band = pg.LinearRegionItem(
            (day - 0.5, day + 0.5),
            movable=False,
            brush=QColor(theme.tokens.selection),
            pen=pg.mkPen(None),
        )
        band.setZValue(-1)
        self.plot.addItem(band)

    def _add_tips(self, data: TrendData, totals: Sequence[int]) -> None:
        """Show a day's counts while the pointer is over the middle of its bar."""
        dots = pg.ScatterPlotItem(
            hoverable=True, tip=_tip, size=px(18), pen=pg.mkPen(None), brush=pg.mkBrush(None)
        )
        dots.addPoints(
            [
                {"pos": ((d.day - data.first).days, total / 2), "data": day_text(d)}
                for d, total in zip(data.days, totals, strict=True)
            ]
        )
        self.plot.addItem(dots)


def _stroke(*, is_overdue: bool) -> Qt.PenStyle:
    """The outline of a planned release; dotted if its day has passed."""
    return Qt.PenStyle.DotLine if is_overdue else Qt.PenStyle.SolidLine


def _tip(x: float, y: float, data: str) -> str:  # noqa: ARG001 - pyqtgraph names them
    return data


def _stamp(moment: datetime) -> float:
    return moment.astimezone(UTC).timestamp()


def _day(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _months(first: date, last: date) -> list[tuple[float, str]]:
    ticks = []
    year, month = first.year, first.month
    while date(year, month, 1) <= last:
        start = date(year, month, 1)
        if month in (1, 4, 7, 10) and start >= first:
            ticks.append((_day(start), f"{start:%b %Y}"))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return ticks


def _round_ticks(most: int) -> list[tuple[float, str]]:
    """Up to seven ticks at 1, 2 or 5 times a power of ten, the last one not below ``most``."""
    least = max(1.0, most / 5)
    power = 10 ** (len(str(int(least))) - 1)
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= least)
    return [(n, f"{n:,}") for n in range(0, most + step, step)]
