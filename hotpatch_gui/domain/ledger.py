"""The restart ledger: the cause of each restart, and whether a hotpatch would have avoided it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.translation import translator

from .dates import month_name
from .release_calendar import Calendar
from .releases import Product, Release, ReleaseKind
from .titles import ReleaseTitle, read_title

tr = translator("LedgerDomain")


@tr.mark_values
class Cause(StrEnum):
    """The cause of a restart. Those in MONTHLY are monthly releases of the operating system."""

    PLANNED_BASELINE = "Planned baseline"
    UNPLANNED_BASELINE = "Unplanned baseline"
    CUMULATIVE = "Cumulative update, no hotpatch"
    NOT_KNOWN = "Unknown monthly release"
    OUT_OF_BAND = "Out-of-band update"
    OTHER = "Other update"
    USER_REQUEST = "Requested by a user"

    @property
    def label(self) -> str:
        """The cause's display name."""
        return tr(self.value)

    @property
    def plural(self) -> str:
        """The plural for counts within a sentence: ``planned baselines``."""
        return {
            Cause.PLANNED_BASELINE: tr("planned baselines"),
            Cause.UNPLANNED_BASELINE: tr("unplanned baselines"),
            Cause.OUT_OF_BAND: tr("out-of-band updates"),
            Cause.OTHER: tr("other updates"),
            Cause.CUMULATIVE: tr("cumulative updates instead of hotpatches"),
            Cause.USER_REQUEST: tr("user requests"),
            Cause.NOT_KNOWN: tr("unknown monthly releases"),
        }[self]


MONTHLY = (
    Cause.PLANNED_BASELINE,
    Cause.UNPLANNED_BASELINE,
    Cause.CUMULATIVE,
    Cause.NOT_KNOWN,
)


class Reason(NamedTuple):
    """The cause of a restart, its KB and an explanation."""

    cause: Cause
    kb: str | None
    sentence: str


class InstalledUpdate(NamedTuple):
    """An installed update that requires a restart."""

    kb: str | None
    title: str

    @property
    def name(self) -> str:
        """Its KB, or its title."""
        return self.kb or self.title or tr("an update without a name")


def read_updates(text: str | None) -> list[InstalledUpdate]:
    """Read the store's lines of KB and title."""
    lines = (line.partition(" ") for line in (text or "").splitlines())
    return [InstalledUpdate(kb or None, title) for kb, _, title in lines]


def reason(
    calendar: Calendar,
    product: Product | None,
    updates: Sequence[InstalledUpdate],
    *,
    is_request: bool = False,
) -> Reason:
    """Why a machine restarted.

    ``updates`` are the installed ones that require a restart; releases of the operating system come first. ``is_request``:
    this program requested the restart.
    """
    found = [_of_update(calendar, product, u) for u in updates] if product else []
    known = [r for r in found if r is not None]
    if known:
        return min(known, key=lambda r: list(Cause).index(r.cause))
    if updates:
        names = ", ".join(u.name for u in updates)
        return Reason(
            Cause.OTHER,
            updates[0].kb,
            tr("{names}: not a known release for hotpatching.", names=names),
        )
    if is_request:
        return Reason(
            Cause.USER_REQUEST, None, tr("Restarted by a user; no known update required it.")
        )
    return Reason(
        Cause.OTHER,
        None,
        tr("Restarted by an installation; none of its known updates required it."),
    )


def _of_update(calendar: Calendar, product: Product, update: InstalledUpdate) -> Reason | None:
    kb = update.kb
    release = calendar.by_kb(product, kb)
    if release is not None:
        return _of_release(calendar, release, kb)
    month = calendar.hotpatch_month_of_lcu(product, kb)
    if month is not None:
        return Reason(
            Cause.CUMULATIVE,
            kb,
            tr(
                "{month}'s cumulative update. The {title} needed no restart.",
                month=month.month_name,
                title=month.title,
            ),
        )
    title = read_title(update.title, kb)
    return _of_title(calendar, product, title) if title is not None else None


def _of_title(calendar: Calendar, product: Product, title: ReleaseTitle) -> Reason:
    """A release that is only known by its title."""
    known = calendar.month(product, title.month)
    name = month_name(date.fromisoformat(f"{title.month}-01"))
    if known is None or known.kind.is_baseline is title.is_hotpatch:
        return Reason(
            Cause.NOT_KNOWN, title.kb, tr("{name}'s release; its details aren't known.", name=name)
        )
    if known.kind.is_baseline:
        return _of_release(calendar, known, title.kb)
    return Reason(
        Cause.CUMULATIVE,
        title.kb,
        tr(
            "{name}'s cumulative update. The {title} needed no restart.",
            name=name,
            title=known.title,
        ),
    )


def _of_release(calendar: Calendar, release: Release, kb: str | None) -> Reason:
    match release.kind:
        case ReleaseKind.PLANNED_BASELINE:
            return Reason(
                Cause.PLANNED_BASELINE,
                kb,
                tr("{month}'s planned baseline.", month=release.month_name),
            )
        case ReleaseKind.UNPLANNED_BASELINE:
            return Reason(
                Cause.UNPLANNED_BASELINE,
                kb,
                tr(
                    "{month}'s baseline, unplanned: a hotpatch had been planned.",
                    month=release.month_name,
                ),
            )
        case ReleaseKind.OUT_OF_BAND if not release.on_train:
            rejoin = next(
                (
                    r
                    for r in calendar.releases
                    if r.product is release.product
                    and r.kind.is_baseline
                    and r.released > release.released
                ),
                None,
            )
            until = (
                tr("{month}'s baseline", month=rejoin.month_name)
                if rejoin
                else tr("the next baseline")
            )
            return Reason(
                Cause.OUT_OF_BAND,
                kb,
                tr("Not for the hotpatch train: no hotpatches from it until {until}.", until=until),
            )
        case ReleaseKind.OUT_OF_BAND:
            return Reason(
                Cause.OUT_OF_BAND, kb, tr("An out-of-band release for the hotpatch train.")
            )
    return Reason(Cause.OTHER, kb, tr("A hotpatch, which doesn't need a restart."))
