"""The planner: a forecast of chosen machines, worked out on a thread of its own, and its rows and export."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, QThread, Signal

from hotpatch_gui.domain.evidence import running_release
from hotpatch_gui.domain.forecast import (
    Entry,
    Exposure,
    Forecast,
    Month,
    Question,
    Subject,
    forecast,
    steps,
)  # fmt: skip
from hotpatch_gui.domain.hotpatch import can_be_enrolled, is_enrolled
from hotpatch_gui.domain.patching import member_of, why_not
from hotpatch_gui.domain.releases import Calendar, day_name
from hotpatch_gui.domain.schedules import NO_SCHEDULES, MachineSchedules
from hotpatch_gui.store import machines, schedules
from hotpatch_gui.store.database import open_reader
from hotpatch_gui.store.rows import MachineRow

from . import words
from .figures import MonthBar, PlannerData
from .formats import Sheet
from .row_model import Column, field
from .source import DataSource

log = logging.getLogger(__name__)


class Asked(NamedTuple):
    """A question about machines. ``enrol_all``: as if hotpatch were on wherever the image allows it."""

    question: Question
    machine_ids: tuple[int, ...]
    enrol_all: bool


class Planner(QObject):
    """Lives on the UI thread; the forecast runs on a thread of its own, one at a time.

    Signals:
        progressed (int, int): release days done, and all of them.
        ended (object): the Forecast, or None where it was cancelled or nothing was to be foretold.
    """

    progressed = Signal(int, int)
    ended = Signal(object)

    def __init__(
        self, source: DataSource, calendar: Callable[[], Calendar], pairs: Sequence[Sequence[str]],
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._path, self._calendar, self._pairs = source.path, calendar, pairs
        self._thread: _Run | None = None
        self._ending: list[_Run] = []
        """Cancelled ones that have not noticed yet: Qt ends the process where one is let go of while it runs."""
        source.closing.connect(self.close)

    @property
    def is_running(self) -> bool:
        return self._thread is not None

    def ask(self, asked: Asked) -> None:
        """Begin; a forecast under way is cancelled first."""
        self.cancel()
        self._thread = _Run(self._path, self._calendar(), self._pairs, asked)
        self._thread.progressed.connect(self.progressed)
        self._thread.answered.connect(self._on_answered)
        self._thread.start(QThread.Priority.LowPriority)

    def cancel(self) -> None:
        """Give up on the one under way; it ends with the month that it is at."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stopping.set()
            self._ending = [t for t in self._ending if t.isRunning()] + [thread]
            self.ended.emit(None)

    def close(self) -> None:
        """Cancel, wait until every thread has ended, and let go of them here: the garbage collector might do
        so on another thread, which Qt does not stand."""
        self.cancel()
        for thread in self._ending:
            thread.wait()
        self._ending.clear()

    def _on_answered(self, answer: Forecast | None) -> None:
        thread = self._thread
        if thread is not None and self.sender() is thread:
            thread.wait()
            self._thread = None
            self.ended.emit(answer)


class _Run(QThread):
    progressed = Signal(int, int)
    answered = Signal(object)

    def __init__(
        self, path: Path, calendar: Calendar, pairs: Sequence[Sequence[str]], asked: Asked
    ) -> None:
        super().__init__()
        self.setObjectName("planner")
        self.stopping = threading.Event()
        self._path, self._calendar, self._pairs, self._asked = path, calendar, pairs, asked

    def run(self) -> None:
        try:
            answer = self._foretell()
        except Exception:
            log.exception("a forecast failed")
            answer = None
        if not self.stopping.is_set():
            self.answered.emit(answer)

    def _foretell(self) -> Forecast | None:
        db = open_reader(self._path)
        if db is None:
            return None
        try:
            subjects = read_subjects(db, self._calendar, self._asked)
        finally:
            db.close()
        question = self._asked.question
        days = len(steps(self._calendar, {s.product for s in subjects}, question))
        answer: Forecast | None = None
        for answer in forecast(question, subjects, self._calendar, self._pairs):
            if self.stopping.is_set():
                return None
            self.progressed.emit(len(answer.months), days)
        return answer


def read_subjects(db: sqlite3.Connection, calendar: Calendar, asked: Asked) -> list[Subject]:
    """The machines as the forecast sees them; one whose system is in no calendar is left out."""
    known = schedules.of_machines(db)
    rows = machines.read_rows(db, asked.machine_ids)
    found = (_subject(r, known.get(r.id, NO_SCHEDULES), calendar, asked) for r in rows)
    return [s for s in found if s is not None]


def _subject(
    row: MachineRow, followed: MachineSchedules, calendar: Calendar, asked: Asked
) -> Subject | None:
    machine = machines.machine_of(row)
    if machine.product is None:
        return None
    enrolled = is_enrolled(machine) or (asked.enrol_all and can_be_enrolled(machine))
    now = datetime.combine(asked.question.today, time(), UTC)
    on_train = enrolled and (
        machine.build is None
        or running_release(machine, calendar, row.out_of_band_kbs.split()) is not None
    )
    return Subject(
        member_of(str(row.id), machine), machine.product, enrolled=enrolled, on_train=on_train,
        automatic=why_not(machine, followed, now) is None,
    )  # fmt: skip


class MonthRow(NamedTuple):
    id: int
    day: date
    kinds: str
    restarts: int
    without: int
    spared: int
    exposure: float | None
    longest: float | None
    exposure_without: float | None


def month_rows(found: Forecast) -> list[MonthRow]:
    return [_month_row(n, m, found.question.today) for n, m in enumerate(found.months)]


def _month_row(number: int, m: Month, today: date) -> MonthRow:
    def known(exposure: Exposure, value: float) -> float | None:
        return value if exposure.machines else None

    return MonthRow(
        number, m.day, "; ".join(_entry(e, today) for e in m.entries), m.restarts, m.restarts_without,
        m.restarts_without - m.restarts, known(m.exposure, m.exposure.mean),
        known(m.exposure, m.exposure.longest), known(m.exposure_without, m.exposure_without.mean),
    )  # fmt: skip


def _entry(e: Entry, today: date) -> str:
    if e.kind is None:
        return f"Server {e.product.value[2:]}: cumulative update, as hotpatching has ended"
    kb = f" {e.release.kb}" if e.release and e.release.kb else ""
    plan = "" if e.release else " (planned; details not known)" if e.day <= today else " (assumed)"
    return f"Server {e.product.value[2:]}: {e.kind.label}{kb}{plan}"


def days(value: float | None) -> str:
    return words.NOTHING if value is None else f"{value:.1f} d"


MONTHS = (
    Column("day", "Release", 132, lambda r, _: day_name(r.day), raw=field("day"), sort="day"),
    Column("kinds", "What comes out", 300, lambda r, _: r.kinds, tip=lambda r, _: r.kinds, takes_slack=True),
    Column("restarts", "Restarts", 84, lambda r, _: words.number(r.restarts), right=True, raw=field("restarts"), sort="restarts"),
    Column("without", "Without hotpatch", 128, lambda r, _: words.number(r.without), right=True, raw=field("without"), sort="without"),
    Column("spared", "Spared", 76, lambda r, _: words.number(r.spared), right=True, raw=field("spared"), sort="spared"),
    Column("exposure", "Mean days exposed", 138, lambda r, _: days(r.exposure), right=True, raw=field("exposure"), sort="exposure"),
    Column("longest", "Longest, days", 104, lambda r, _: days(r.longest), right=True, raw=field("longest"), sort="longest"),
    Column("exposure_without", "Mean without", 112, lambda r, _: days(r.exposure_without), right=True,
           raw=field("exposure_without"), sort="exposure_without"),
)  # fmt: skip


def chart_data(found: Forecast) -> PlannerData:
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
    return PlannerData(found.question.window_hours, months)


def chart_words(found: Forecast) -> str:
    most = max(found.months, key=lambda m: m.restarts)
    unknown = (
        " “?”: what was released is not known here, so the plan is shown."
        if found.unknown_days
        else ""
    )
    return (
        f"Restarts by release and hours of windows: with hotpatch (filled) {found.restarts:,}, without (outline) "
        f"{found.restarts_without:,}; most with hotpatch on {day_name(most.day)}, {most.restarts:,}. "
        f"Days exposed, right: dots with hotpatch, triangles without.{unknown}"
    )


def mean_exposure(found: Forecast, *, without: bool = False) -> float | None:
    """Days from a release until it is in force, over all machines and months; None where none is known."""
    each = [m.exposure_without if without else m.exposure for m in found.months]
    machines_months = sum(e.machines for e in each)
    return sum(e.total for e in each) / machines_months if machines_months else None


def question_sheet(found: Forecast) -> Sheet:
    """What was asked and the sums of the answer."""
    q = found.question
    return Sheet("Question", ("Asked", "Value"), (
        ("Scenario", q.scenario.value), ("Unplanned baselines", q.unplanned),
        ("First day", q.first), ("Last day", q.last), ("Restarts may be taken", q.window.value),
        ("Machines", found.machines), ("Not patched automatically", found.by_hand),
        ("Restarts", found.restarts), ("Restarts without hotpatch", found.restarts_without),
        ("Hours of restart windows", found.hours),
        ("Hours of restart windows without hotpatch", found.hours_without),
    ))  # fmt: skip
