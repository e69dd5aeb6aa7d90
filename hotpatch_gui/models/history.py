"""Counts above the table of installation runs, and one run in detail."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from hotpatch_gui.domain.clock import Span
from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.domain.known_days import KEPT_BY_AZURE, Gap, gaps, merged
from hotpatch_gui.domain.records import RunStatus
from hotpatch_gui.domain.update_error_list import UpdateError
from hotpatch_gui.domain.update_errors import error_in, explained
from hotpatch_gui.store import daily_states, installations, lists
from hotpatch_gui.store.history_rows import InstallationRunRow, RunErrorRow, RunUpdateRow
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from . import discrepancies, display_text, update_text
from .chart_data import UpdatesPerDay
from .source import DataSource

tr = translator("HistoryModel")

FAILED = (RunStatus.FAILED.value,)
SUCCEEDED = (RunStatus.SUCCEEDED.value, RunStatus.COMPLETED_WITH_WARNINGS.value)
LONGEST_DAYS = 400
"""A longer range starts with its first run."""


YESTERDAY, ALL_DAYS = 0, 36500
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""Before it, nothing is stored."""
RANGES = (
    (tr.mark("Last 24 hours"), 1),
    (tr.mark("Yesterday (UTC)"), YESTERDAY),
    (tr.mark("Last 7 days"), 7),
    (tr.mark("Last 15 days"), 15),
    (tr.mark("Last 30 days"), 30),
    (tr.mark("Last 90 days"), 90),
    (tr.mark("Last 12 months"), 365),
    (tr.mark("All history"), ALL_DAYS),
)


def span_of(days: int, now: datetime) -> Span:
    """The last ``days`` days, or YESTERDAY. One day is 24 hours; others are days of UTC."""
    if days == 1:
        return Span(now - timedelta(days=1))
    today = datetime.combine(now.date(), time(), UTC)
    if days == YESTERDAY:
        return Span(today - timedelta(days=1), today)
    return Span(max(FIRST, today - timedelta(days=days - 1)))


class HistoryCounts(NamedTuple):
    """Runs by result, and updates by day; ``gaps`` are days that no sync could read."""

    tally: dict[str, int]
    first: date
    last: date
    days: list[UpdatesPerDay]
    gaps: list[Gap]
    is_filtered: bool = False

    @property
    def chart_description(self) -> str:
        """The chart as text."""
        installed, failed = sum(c.installed for c in self.days), sum(c.failed for c in self.days)
        counted = (
            self._of_some(installed, failed)
            if self.is_filtered
            else tr(
                "Counts updates, not runs: {installed:,} installed and {failed:,} failed, on {days}.",
                installed=installed,
                failed=failed,
                days=tr("%n day(s)", len(self.days)),
            )
        )
        return f"{counted} {self._gap_text}".strip()

    def _of_some(self, installed: int, failed: int) -> str:
        """Runs that a filter found may have installed other updates as well."""
        return tr(
            "All updates of the runs that the filter finds: {installed:,} installed and {failed:,} failed, "
            "on {days}.",
            installed=installed,
            failed=failed,
            days=tr("%n day(s)", len(self.days)),
        )

    @property
    def _gap_text(self) -> str:
        """The days that aren't known; empty if there are none."""
        if not self.gaps:
            return ""
        spans = "; ".join(
            tr("{first} to {last}", first=day_name(g.first), last=day_name(g.last))
            for g in self.gaps
        )
        return tr("Not known, because no sync read these days in time: {spans}.", spans=spans)


def read_history_counts(
    db: sqlite3.Connection,
    machine_ids: Sequence[int] | None,
    span: Span,
    today: date,
    text: str = "",
) -> HistoryCounts:
    """Read the counts of the runs that the filter ``text`` finds; ``span`` is from ``span_of``."""
    where = lists.history_where(machine_ids, span, (), text)
    total, failed, succeeded = lists.tally(db, where)
    tally = {"total": total, "failed": failed, "succeeded": succeeded}
    counts = lists.by_day(db, where)
    days = [UpdatesPerDay(date.fromisoformat(d), i, f) for d, i, f in counts]
    first = (span.since or datetime.combine(today, time(), UTC)).date()
    if (today - first).days > LONGEST_DAYS:
        first = min((c.day for c in days), default=today)
    unknown = merged(
        gap
        for synced in daily_states.sync_days(db).values()
        for gap in gaps(synced, max(first, synced[0] - KEPT_BY_AZURE), today)
    )
    return HistoryCounts(tally, first, today, days, unknown, bool(text.strip()))


class ResultLine(NamedTuple):
    """The result of one update in the order of the columns."""

    cells: tuple[str, ...]
    glyph: Glyph | None


class RunText(NamedTuple):
    """One run as text."""

    title: str
    errors: str
    results: list[ResultLine]
    pages: tuple[str, ...]
    """Microsoft's pages about the errors."""


def run_text(source: DataSource, run_row_id: int, run: InstallationRunRow) -> RunText:
    """A run in detail: errors, discrepancies and every update."""
    errors = source.read_list(lambda db: installations.errors(db, run_row_id))
    results = source.read_list(lambda db: installations.results(db, run_row_id))
    error_texts = [_error_text(e) for e in errors]
    return RunText(
        f"{run.machine_name}, {display_text.time_text(run.started_at)}: {update_text.run_status_text(run)}",
        "\n".join(error_texts + discrepancies.sentences(run)),
        [_line(row) for row in results],
        tuple(dict.fromkeys(e.source for e in map(_known, errors) if e is not None)),
    )


def _line(row: RunUpdateRow) -> ResultLine:
    restart = update_text.restart_of(row).label if row.restart else display_text.NOTHING
    kind = update_text.classification_text(row.classification)
    cells = (
        row.name,
        row.kb or display_text.NOTHING,
        kind,
        update_text.update_state_text(row.state),
        restart,
    )
    return ResultLine(cells, update_text.UPDATE_STATE_GLYPHS.get(row.state))


def _error_text(error: RunErrorRow) -> str:
    """The message, with Azure's code unless the message contains it, and what it means if the code is known."""
    text = _azures_text(error)
    return f"{text}\n{explained(text)}" if _known(error) else text


def _azures_text(error: RunErrorRow) -> str:
    message, code = error.message, error.code
    return message if not code or code in message else f"{message} ({code})".strip()


def _known(error: RunErrorRow) -> UpdateError | None:
    return error_in(_azures_text(error))
