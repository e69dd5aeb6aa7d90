"""The restart ledger: what each restart was for, and whether a hotpatch would have spared it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from .releases import Calendar, Product, Release, ReleaseKind


class Cause(StrEnum):
    """What a restart is owed to. The first three are the monthly release of the operating system."""

    PLANNED_BASELINE = "Planned baseline"
    UNPLANNED_BASELINE = "Unplanned baseline"
    CUMULATIVE = "Cumulative update, no hotpatch"
    OUT_OF_BAND = "Out-of-band update"
    OTHER = "Other update"
    BY_HAND = "Asked for by hand"

    @property
    def plural(self) -> str:
        """``planned baselines``: for counts, in the middle of a sentence."""
        return {
            Cause.CUMULATIVE: "cumulative updates in place of hotpatches",
            Cause.BY_HAND: "requests by hand",
        }.get(self, f"{self.value.lower()}s")

    @property
    def is_monthly(self) -> bool:
        return self in MONTHLY


MONTHLY = (Cause.PLANNED_BASELINE, Cause.UNPLANNED_BASELINE, Cause.CUMULATIVE)


class Reason(NamedTuple):
    cause: Cause
    kb: str | None
    sentence: str


def reason(calendar: Calendar, product: Product | None, kbs: Sequence[str]) -> Reason:
    """Why a machine restarted that had ``kbs`` installed, those that ask for a restart: the operating
    system's release first."""
    found = [_of_kb(calendar, product, kb) for kb in kbs] if product else []
    told = [r for r in found if r is not None]
    if told:
        return min(told, key=lambda r: list(Cause).index(r.cause))
    if kbs:
        return Reason(Cause.OTHER, kbs[0], f"{', '.join(kbs)}: not part of the hotpatch programme.")
    return Reason(
        Cause.BY_HAND, None, "Restarted by hand; no update is known to have asked for it."
    )


def _of_kb(calendar: Calendar, product: Product, kb: str) -> Reason | None:
    release = calendar.by_kb(product, kb)
    if release is not None:
        return _of_release(calendar, release, kb)
    month = calendar.hotpatch_month_of_lcu(product, kb)
    if month is None:
        return None
    return Reason(
        Cause.CUMULATIVE, kb,
        f"{month.month_name}'s cumulative update. The hotpatch {month.kb} needed no restart.",
    )  # fmt: skip


def _of_release(calendar: Calendar, release: Release, kb: str) -> Reason | None:
    match release.kind:
        case ReleaseKind.PLANNED_BASELINE:
            return Reason(Cause.PLANNED_BASELINE, kb, f"{release.month_name}'s planned baseline.")
        case ReleaseKind.UNPLANNED_BASELINE:
            return Reason(
                Cause.UNPLANNED_BASELINE, kb,
                f"{release.month_name}'s baseline, unplanned: a hotpatch had been planned.",
            )  # fmt: skip
        case ReleaseKind.OUT_OF_BAND if not release.on_train:
            rejoin = next(
                (r for r in calendar.releases
                 if r.product is release.product and r.kind.is_baseline and r.released > release.released),
                None,
            )  # fmt: skip
            until = f"{rejoin.month_name}'s baseline" if rejoin else "the next baseline"
            return Reason(
                Cause.OUT_OF_BAND, kb,
                f"Not for the hotpatch train: no hotpatches from it until {until}.",
            )  # fmt: skip
        case ReleaseKind.OUT_OF_BAND:
            return Reason(Cause.OUT_OF_BAND, kb, "An out-of-band release for the hotpatch train.")
    return Reason(Cause.OTHER, kb, "A hotpatch; it needs no restart by itself.")
