"""A month's document of Microsoft's Security Update API (CVRF as JSON) as releases of the hotpatch calendar.

It names each fix with products, KB, build and whether it is a hotpatch. It has no days: a monthly release gets the second
Tuesday, Microsoft's rule, and out-of-band updates are rejected. Nor does it have planned months.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hotpatch_gui.domain.kb import normalize_kb
from hotpatch_gui.domain.learning import objection
from hotpatch_gui.domain.phrases import listed
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import (
    BASELINE_MONTHS,
    Product,
    Release,
    ReleaseKind,
    build_revision,
    second_tuesday,
)
from hotpatch_gui.translation import translator

from .values import UnreadableError, items, mapping, text

tr = translator("MsrcDocument")

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
"""English in any locale."""
_ID = re.compile(r"(20\d\d)-([A-Za-z]{3})[A-Za-z]*")
_PRODUCT = re.compile(
    r"Windows Server (2022|2025)(?: \(Server Core installation\))?", re.IGNORECASE
)
_KNOWN_IDS = {
    "11923": Product.WS2022,
    "11924": Product.WS2022,
    "12436": Product.WS2025,
    "12437": Product.WS2025,
}
"""Used if the product tree names neither system."""
_VENDOR_FIX = 2
_HOTPATCH, _ORDINARY = "securityhotpatchupdate", "securityupdate"


class DocumentReleases(NamedTuple):
    """``releases`` of the month ``id`` (``2026-Nov``) as of ``revised``; ``rejected`` are reasons for omitted rows."""

    id: str
    revised: str
    releases: list[Release]
    rejected: list[str]


@dataclass
class _Fix:
    """The document's statements about one KB for one product, over all vulnerabilities."""

    kb: str
    builds: set[str] = field(default_factory=set)
    restarts: set[str] = field(default_factory=set)

    @property
    def build(self) -> str | None:
        """One of the builds; None without any. ``_monthly`` rejects several."""
        return next(iter(self.builds), None)

    @property
    def restart(self) -> bool | None:
        """Whether it restarts; None if the document contradicts itself or doesn't state it."""
        return {frozenset({"yes"}): True, frozenset({"no"}): False}.get(frozenset(self.restarts))


def month_of(document_id: str) -> str:
    """``2026-Nov`` as ``2026-11``.

    Raises:
        UnreadableError: it isn't a month.
    """
    found = _ID.fullmatch(document_id.strip())
    name = found[2].casefold() if found else ""
    if found is None or name not in _MONTHS:
        raise UnreadableError(
            tr("“{document_id}” doesn't contain a month", document_id=document_id[:40])
        )
    return f"{found[1]}-{_MONTHS.index(name) + 1:02}"


def is_document(body: Any) -> bool:
    """Whether JSON is such a document."""
    return isinstance(body, Mapping) and "DocumentTracking" in body and "Vulnerability" in body


def read_document(body: Mapping[str, Any], calendar: Calendar) -> DocumentReleases:
    """The month's releases of both products, as far as they are consistent with ``calendar``.

    Raises:
        UnreadableError: it isn't such a document.
    """
    tracking = mapping(body.get("DocumentTracking"))
    identity = mapping(mapping(tracking.get("Identification")).get("ID"))
    document_id = text(identity.get("Value")) or ""
    month = month_of(document_id)
    rejected: list[str] = []
    fixes = _fixes(body, rejected)
    releases = []
    for product in Product:
        release = _release(product, month, fixes[product], rejected, document_id)
        if release is not None:
            why = objection(release, calendar)
            if why is None:
                releases.append(release)
            else:
                rejected.append(f"{product.label}, {why}")
    return DocumentReleases(
        document_id, text(tracking.get("CurrentReleaseDate")) or "", releases, rejected
    )


def _products(body: Mapping[str, Any]) -> dict[str, Product]:
    named = {}
    for entry in map(mapping, items(mapping(body.get("ProductTree")).get("FullProductName"))):
        found = _PRODUCT.fullmatch((text(entry.get("Value")) or "").strip())
        number = text(entry.get("ProductID"))
        if found is not None and number:
            named[number] = Product(f"WS{found[1]}")
    return named or _KNOWN_IDS


_Fixes = dict[Product, dict[str, dict[str, _Fix]]]
"""By product, then ``_HOTPATCH`` or ``_ORDINARY``, then KB."""


def _fixes(body: Mapping[str, Any], rejected: list[str]) -> _Fixes:
    products = _products(body)
    found: _Fixes = {p: {_HOTPATCH: {}, _ORDINARY: {}} for p in Product}
    for remediation in _remediations(body):
        kind = "".join(
            c for c in (text(remediation.get("SubType")) or "").casefold() if c.isalpha()
        )
        kb = normalize_kb(text(mapping(remediation.get("Description")).get("Value")))
        if kb is None or kind not in (_HOTPATCH, _ORDINARY):
            continue
        for number in items(remediation.get("ProductID")):
            product = products.get(number) if isinstance(number, str) else None
            if product is not None:
                _add_fix(found[product][kind], kb, product, remediation, rejected)
    _refuse_shared(found, rejected)
    return found


def _remediations(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for vulnerability in map(mapping, items(body.get("Vulnerability"))):
        for remediation in map(mapping, items(vulnerability.get("Remediations"))):
            if str(remediation.get("Type")) == str(_VENDOR_FIX):
                yield remediation


def _add_fix(
    fixes: dict[str, _Fix],
    kb: str,
    product: Product,
    remediation: Mapping[str, Any],
    rejected: list[str],
) -> None:
    version = text(remediation.get("FixedBuild"))
    build = version.removeprefix("10.0.") if version else None
    if build is not None and (
        not build.startswith(f"{product.build_family}.") or build_revision(build) is None
    ):
        _note(
            rejected,
            tr(
                "{kb} is listed for {label} with build {version}, which isn't one of its builds",
                kb=kb,
                label=product.label,
                version=version,
            ),
        )
        return
    fix = fixes.setdefault(kb, _Fix(kb))
    if build is not None:
        fix.builds.add(build)
    restart = text(mapping(remediation.get("RestartRequired")).get("Value"))
    if restart:
        fix.restarts.add(restart.casefold())


def _refuse_shared(found: _Fixes, rejected: list[str]) -> None:
    """Reject a KB without a build that is listed for both systems, because one must be wrong."""
    first, second = (found[p] for p in Product)
    for kind in (_HOTPATCH, _ORDINARY):
        for kb in set(first[kind]) & set(second[kind]):
            known = [of for of in (first, second) if of[kind][kb].builds]
            for of in (first, second):
                if len(known) != 1 or not of[kind][kb].builds:
                    del of[kind][kb]
            _note(
                rejected,
                tr("{kb} is listed for both systems, although each has its own KBs", kb=kb),
            )


def _note(rejected: list[str], reason: str) -> None:
    if reason not in rejected:
        rejected.append(reason)


def _release(
    product: Product,
    month: str,
    fixes: Mapping[str, Mapping[str, _Fix]],
    rejected: list[str],
    document_id: str,
) -> Release | None:
    name = f"{product.label}, {month}"
    lcu = _monthly(fixes[_ORDINARY].values(), tr("{name}: cumulative updates", name=name), rejected)
    hotpatch = _monthly(fixes[_HOTPATCH].values(), tr("{name}: hotpatches", name=name), rejected)
    source = tr("MSRC CVRF {document_id}", document_id=document_id)
    number = int(month[5:])
    released = second_tuesday(int(month[:4]), number)
    if fixes[_HOTPATCH]:
        if hotpatch is None:
            return None
        return Release(
            product,
            month,
            released,
            ReleaseKind.HOTPATCH,
            "hotpatch",
            hotpatch.kb,
            hotpatch.build,
            hotpatch.restart,
            lcu.kb if lcu else None,
            lcu.build if lcu else None,
            "high" if hotpatch.build else "medium",
            source,
            tr(_DAY_NOTE),
        )
    if lcu is None:
        return None
    is_planned = number in BASELINE_MONTHS
    return Release(
        product,
        month,
        released,
        ReleaseKind.PLANNED_BASELINE if is_planned else ReleaseKind.UNPLANNED_BASELINE,
        "hotpatch",
        lcu.kb,
        lcu.build,
        lcu.restart,
        lcu.kb,
        lcu.build,
        "high" if is_planned and lcu.build else "medium",
        source,
        tr(_DAY_NOTE)
        if is_planned
        else tr("MSRC lists no hotpatch for this month. {day_note}", day_note=tr(_DAY_NOTE)),
    )


_DAY_NOTE = tr.mark(
    "The document contains only the month; the day is the second Tuesday, by Microsoft's rule."
)


def _monthly(fixes: Iterable[_Fix], what: str, rejected: list[str]) -> _Fix | None:
    """The monthly release among fixes of one kind: the lowest build. Others are out of band."""
    found = sorted(fixes, key=lambda f: (build_revision(f.build) or 0, f.kb))
    split = [f for f in found if len(f.builds) > 1]
    for fix in split:
        _note(
            rejected,
            tr(
                "{what}: {kb} is listed with builds {builds}",
                what=what,
                kb=fix.kb,
                builds=listed(sorted(fix.builds)),
            ),
        )
    found = [f for f in found if f not in split]
    if len(found) > 1 and any(f.build is None for f in found):
        names = ", ".join(f.kb for f in found)
        _note(
            rejected,
            tr(
                "{what}: which of {names} is the monthly one can't be determined without builds",
                what=what,
                names=names,
            ),
        )
        return None
    for fix in found[1:]:
        _note(
            rejected,
            tr("{what}: {kb} is out of band, and MSRC doesn't give its date", what=what, kb=fix.kb),
        )
    return found[0] if found else None
