"""Verification: a run as Azure reports it, compared with the next assessment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from hotpatch_gui.translation import translator

from .installs import MIN_MINUTES
from .phrases import listed
from .records import RunStatus

tr = translator("Verify")


class Discrepancy(StrEnum):
    """A discrepancy between a run's report and the next assessment. Values are stored."""

    NOTHING_INSTALLED = "nothing-installed"
    TIME_LEFT = "time-left"
    OFFERED_AGAIN = "offered-again"
    RESTART_PENDING = "restart-pending"

    @property
    def label(self) -> str:
        """The discrepancy's display name."""
        return tr(_LABELS[self])


_LABELS = {
    Discrepancy.NOTHING_INSTALLED: tr.mark("Nothing installed"),
    Discrepancy.TIME_LEFT: tr.mark("Stopped before the window's end"),
    Discrepancy.OFFERED_AGAIN: tr.mark("Offered again"),
    Discrepancy.RESTART_PENDING: tr.mark("Restart still pending"),
}


@dataclass(frozen=True, slots=True)
class RunReport:
    """A finished run as Azure reports it, and what the next assessment shows.

    Attributes:
        pending: selected updates that weren't installed.
        names_kbs: whether the request named KBs.
        duration: how long it took.
        requested_minutes: the requested duration, if this program requested it.
        offered_again: installed KBs that the next assessment offers.
        restart_pending: what the next assessment reports; None if another run came between.
    """

    status: RunStatus
    installed: int | None
    failed: int | None
    window_exceeded: bool
    pending: int | None = None
    names_kbs: bool = False
    duration: timedelta | None = None
    requested_minutes: int | None = None
    offered_again: tuple[str, ...] = ()
    restart_pending: bool | None = None


def discrepancies(report: RunReport) -> list[tuple[Discrepancy, str]]:
    """Pairs of discrepancy and detail: the KBs, or the minutes left."""
    found: list[tuple[Discrepancy, str]] = []
    if (
        report.status.is_good
        and report.installed == 0
        and not report.failed
        and (report.pending or report.names_kbs)
    ):
        found.append((Discrepancy.NOTHING_INSTALLED, ""))
    if (
        report.window_exceeded
        and report.requested_minutes is not None
        and report.duration is not None
    ):
        left = timedelta(minutes=report.requested_minutes) - report.duration
        minutes_left = int(left.total_seconds() // 60)
        if minutes_left >= 1:
            found.append((Discrepancy.TIME_LEFT, str(minutes_left)))
    if report.offered_again:
        found.append((Discrepancy.OFFERED_AGAIN, ",".join(report.offered_again)))
    if report.restart_pending:
        found.append((Discrepancy.RESTART_PENDING, ""))
    return found


def encode(found: Iterable[tuple[Discrepancy, str]]) -> str:
    """Encode for the file: ``nothing-installed offered-again:KB1,KB2``."""
    return " ".join(
        f"{discrepancy}:{detail}" if detail else str(discrepancy) for discrepancy, detail in found
    )


def decode(text: str | None) -> list[tuple[Discrepancy, str]]:
    """Decode ``encode``; invalid words are ignored, because the file may be damaged."""
    parts = (part.partition(":") for part in (text or "").split())
    known = {discrepancy.value: discrepancy for discrepancy in Discrepancy}
    return [(known[name], detail) for name, _, detail in parts if name in known]


def explanation(discrepancy: Discrepancy, detail: str) -> str:
    """Its meaning and remedy."""
    match discrepancy:
        case Discrepancy.NOTHING_INSTALLED:
            return tr(
                "Azure reports the run as completed, but none of the selected updates was installed. "
                "Assess again, then check the available updates."
            )
        case Discrepancy.TIME_LEFT:
            return tr(
                "Azure stopped with %n minute(s) left, because it starts no update in the last "
                "{min_minutes} minutes of a window. Request a longer duration.",
                int(detail) if detail.isdecimal() else 0,
                min_minutes=MIN_MINUTES,
            )
        case Discrepancy.OFFERED_AGAIN:
            return tr(
                "{names} were reported as installed, and the next assessment offers them again.",
                detail.count(",") + 1,
                names=listed(detail.split(",")),
            )
    return tr("The next assessment reports that a restart is still pending.")
