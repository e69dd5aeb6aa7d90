"""The planner: a forecast of machines as rows, chart and export."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import date
from multiprocessing import get_context
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.domain.forecast import Delay, Entry, Forecast, Month
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.translation import translator

from . import display_text
from .chart_data import MonthBar, PlannerData
from .forecasting import ForecastProgress, ForecastRequest, ForecastResult, Ready, Task, work
from .report import Sheet
from .row_model import Column, field
from .source import DataSource

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

tr = translator("PlannerModel")

log = logging.getLogger(__name__)
POLL_MS = 50


class Planner(QObject):
    """Runs one forecast at a time in its own process. Lives on the UI thread.

    Signals:
        progressed (int, int): finished release days and their total.
        ended (object): the Forecast; None if it was canceled, failed or had nothing to count.
        failed (str): why it failed; before ``ended``.
    """

    progressed = Signal(int, int)
    ended = Signal(object)
    failed = Signal(str)

    def __init__(
        self,
        source: DataSource,
        calendar: Callable[[], Calendar],
        pairs: Sequence[Sequence[str]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._path, self._calendar, self._pairs = source.path, calendar, pairs
        self._process: BaseProcess | None = None
        self._line: Connection | None = None
        self._task: Task | None = None
        self._poll_timer = QTimer(self)
        self._poll_timer.setInterval(POLL_MS)
        self._poll_timer.timeout.connect(self._poll)
        source.closing.connect(self.cancel)

    @property
    def is_running(self) -> bool:
        """Whether a forecast is running."""
        return self._process is not None

    def start(self, request: ForecastRequest) -> None:
        """Start a forecast, and cancel a running one."""
        self.cancel()
        context = get_context("spawn")
        self._line, child_end = context.Pipe()
        self._task = Task(self._calendar(), self._pairs, request)
        process = context.Process(
            target=work, args=(self._path, child_end), name="forecast", daemon=True
        )
        try:
            process.start()
        except OSError as error:
            process.close()
            self._fail(tr("a process couldn't be started: {error}", error=error))
            return
        finally:
            child_end.close()
        self._process = process
        self._poll_timer.start()

    def cancel(self) -> None:
        """Cancel the running forecast."""
        if self._process is not None:
            self._end(None)

    def _poll(self) -> None:
        """Receive messages. The Task is sent when the process listens, because that of a large fleet doesn't fit into a pipe."""
        try:
            while self._line is not None and self._line.poll():
                message = self._line.recv()
                if isinstance(message, Ready):
                    self._line.send(self._task)
                else:
                    self._handle(message)
        except (EOFError, OSError):  # Windows reports the end of a pipe differently
            self._fail(tr("its process ended without a response"))

    def _handle(self, message: ForecastProgress | ForecastResult) -> None:
        if isinstance(message, ForecastProgress):
            self.progressed.emit(*message)
            return
        if message.failure:
            self._fail(message.failure)
        else:
            self._end(message.forecast)

    def _fail(self, why: str) -> None:
        log.error("a forecast failed: %s", why)
        self.failed.emit(
            tr("{why}. Nothing is lost; the log in the data folder has the details.", why=why)
        )
        self._end(None)

    def _end(self, answer: Forecast | None) -> None:
        self._poll_timer.stop()
        process, line = self._process, self._line
        self._process = self._line = self._task = None
        if process is not None:
            process.kill()  # canceled, or finished: its own cleanup takes a while
            process.join()
            process.close()
        if line is not None:
            line.close()
        self.ended.emit(answer)


class MonthRow(NamedTuple):
    """One release day."""

    id: int
    day: date
    kinds: str
    restarts: int
    without: int
    avoided: int
    exposure: float | None
    longest: float | None
    exposure_without: float | None


def month_rows(found: Forecast) -> list[MonthRow]:
    """One row per release day."""
    return [_month_row(n, m, found.options.today) for n, m in enumerate(found.months)]


def _month_row(number: int, m: Month, today: date) -> MonthRow:
    def known(exposure: Delay, value: float) -> float | None:
        return value if exposure.machines else None

    return MonthRow(
        number,
        m.day,
        _entries_text(m.entries, today),
        m.restarts,
        m.restarts_without,
        m.restarts_without - m.restarts,
        known(m.exposure, m.exposure.mean),
        known(m.exposure, m.exposure.longest),
        known(m.exposure_without, m.exposure_without.mean),
    )


def _entries_text(entries: Sequence[Entry], today: date) -> str:
    """The releases of a day by kind, such as ``Unplanned baseline: Server 2022; Hotpatch: Server 2025 (assumed)``."""
    servers: dict[tuple[str, str], list[str]] = {}
    for e in entries:
        kb = f" {e.release.kb}" if e.release and e.release.kb else ""
        servers.setdefault((_kind_text(e), _plan_text(e, today)), []).append(
            f"{e.product.value[2:]}{kb}"
        )
    parts = [
        tr("{kind}: Server {servers}{plan}", kind=kind, servers=", ".join(names), plan=plan)
        for (kind, plan), names in servers.items()
    ]
    return "; ".join(parts)


def _kind_text(e: Entry) -> str:
    return (
        tr("Cumulative update (hotpatching has ended)") if e.kind is None else e.kind.display_name
    )


def _plan_text(e: Entry, today: date) -> str:
    if e.kind is None or e.release:
        return ""
    return tr(" (planned; details not known)") if e.day <= today else tr(" (assumed)")


def days(value: float | None) -> str:
    """Days as text; a dash for none."""
    return display_text.NOTHING if value is None else f"{value:.1f} d"


MONTHS = (
    Column("day", tr.mark("Date"), 132, lambda r, _: day_name(r.day), raw=field("day"), sort="day"),
    Column(
        "kinds",
        tr.mark("Releases"),
        300,
        lambda r, _: r.kinds,
        tip=lambda r, _: r.kinds,
    ),
    Column(
        "restarts",
        tr.mark("Restarts"),
        84,
        lambda r, _: display_text.number(r.restarts),
        right=True,
        raw=field("restarts"),
        sort="restarts",
    ),
    Column(
        "without",
        tr.mark("Without hotpatch"),
        128,
        lambda r, _: display_text.number(r.without),
        right=True,
        raw=field("without"),
        sort="without",
    ),
    Column(
        "avoided",
        tr.mark("Avoided"),
        76,
        lambda r, _: display_text.number(r.avoided),
        right=True,
        raw=field("avoided"),
        export_title=tr.mark("Restarts avoided"),
        sort="avoided",
    ),
    Column(
        "exposure",
        tr.mark("Average exposure"),
        138,
        lambda r, _: days(r.exposure),
        right=True,
        raw=field("exposure"),
        export_title=tr.mark("Average exposure, days"),
        sort="exposure",
    ),
    Column(
        "longest",
        tr.mark("Longest"),
        90,
        lambda r, _: days(r.longest),
        right=True,
        raw=field("longest"),
        export_title=tr.mark("Longest exposure, days"),
        sort="longest",
    ),
    Column(
        "exposure_without",
        tr.mark("Average without hotpatch"),
        126,
        lambda r, _: days(r.exposure_without),
        right=True,
        raw=field("exposure_without"),
        export_title=tr.mark("Average exposure without hotpatch, days"),
        sort="exposure_without",
    ),
)


def chart_data(found: Forecast) -> PlannerData:
    """The chart's data."""
    unknown = set(found.unknown_days)
    months = tuple(
        MonthBar(
            m.day,
            m.restarts,
            m.restarts_without,
            m.exposure.mean,
            m.exposure_without.mean,
            m.day in unknown,
        )
        for m in found.months
    )
    return PlannerData(months)


def restarts_description(found: Forecast) -> str:
    """The chart of restarts as text."""
    most = max(found.months, key=lambda m: m.restarts)
    unknown = (
        tr(" “?”: the release isn't known, so the plan is shown.") if found.unknown_days else ""
    )
    return tr(
        "Restarts by release: with hotpatch {restarts:,}, without {restarts_without:,}; most with "
        "hotpatch on {day}, {restarts2:,}.{unknown}",
        restarts=found.restarts,
        restarts_without=found.restarts_without,
        day=day_name(most.day),
        restarts2=most.restarts,
        unknown=unknown,
    )


def exposure_description(found: Forecast) -> str:
    """The chart of exposure as text."""
    if mean_exposure(found) is None:
        return tr("The exposure isn't known.")
    most = max(found.months, key=lambda m: m.exposure.mean)
    return tr(
        "Exposure by release: with hotpatch on average {average}, without {without}; highest average with hotpatch after "
        "{day}, {longest}.",
        average=days(mean_exposure(found)),
        without=days(mean_exposure(found, without=True)),
        day=day_name(most.day),
        longest=days(most.exposure.mean),
    )


def mean_exposure(found: Forecast, *, without: bool = False) -> float | None:
    """Average days of exposure over all machines and months; None if unknown."""
    each = [m.exposure_without if without else m.exposure for m in found.months]
    machines_months = sum(e.machines for e in each)
    return sum(e.total for e in each) / machines_months if machines_months else None


def options_sheet(found: Forecast) -> Sheet:
    """The options of a forecast and its sums, for exports, in English."""
    options = found.options
    return Sheet(
        "Options",
        ("Option", "Value"),
        (
            ("Scenario", options.scenario.label),
            ("Unplanned baselines", options.unplanned),
            ("First day", options.first),
            ("Last day", options.last),
            ("Restarts allowed", options.window.label),
            ("Machines", found.machines),
            ("Not patched automatically", found.by_hand),
            ("Restarts", found.restarts),
            ("Restarts without hotpatch", found.restarts_without),
            ("Hours of restart windows", found.hours),
            ("Hours of restart windows without hotpatch", found.hours_without),
        ),
    )
