"""The lists of the Overview page: next steps, next restarts and changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import NamedTuple

from hotpatch_gui.domain.clock import age_text
from hotpatch_gui.domain.compliance_group import ComplianceGroup
from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.domain.hotpatch import WITHOUT_HOTPATCH, HotpatchStatus
from hotpatch_gui.domain.machine_filter import Choice, Condition, Dimension, MachineFilter
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, release_day
from hotpatch_gui.domain.situation import Situation
from hotpatch_gui.store.overview import Change
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translated, translator

from .overview import OverviewData, having, pending_text

tr = translator("OverviewActions")


class ActionItem(NamedTuple):
    """A fact with at most one action: show ``machines``, or else open ``page``; there is none if both are empty."""

    glyph: Glyph
    title: str
    detail: str
    action: str = ""
    machines: MachineFilter | None = None
    page: str = ""


_SITUATIONS = (
    (
        Situation.ACTION_REQUIRED,
        Glyph.ERROR,
        tr.mark("A prerequisite of hotpatching is missing."),
    ),
    (Situation.LAST_FAILED, Glyph.ERROR, tr.mark("The update history shows the error.")),
    (Situation.OFF_TRAIN, Glyph.ERROR, tr.mark("No hotpatches until the next baseline.")),
    (
        Situation.AWAITS_BASELINE,
        Glyph.WARNING,
        tr.mark("Hotpatch is on and begins with the next baseline."),
    ),
    (
        Situation.NOT_OFFERED,
        Glyph.WARNING,
        tr.mark("Updates are missing, but Azure offers none."),
    ),
    (
        Situation.NO_PERMISSION,
        Glyph.UNKNOWN,
        tr.mark("Azure doesn't let this account read their status."),
    ),
    (Situation.NEVER_ASSESSED, Glyph.UNKNOWN, tr.mark("Missing updates aren't known.")),
    (
        Situation.STALE,
        Glyph.UNKNOWN,
        tr.mark("The last assessment is older than seven days, or than the newest release."),
    ),
    (
        Situation.NOT_CONFIRMED,
        Glyph.UNKNOWN,
        tr.mark("Newer releases may be missing from the release data."),
    ),
    (Situation.NOT_RUNNING, Glyph.OFF, tr.mark("Not assessed while not running.")),
    (Situation.BEHIND, Glyph.INFO, tr.mark("Updates can be installed.")),
)


def next_steps(read: OverviewData, calendar: Calendar) -> list[ActionItem]:
    """The items that need attention, with errors first."""
    found = []
    if read.counts.became_unhealthy:
        found.append(
            ActionItem(
                Glyph.ERROR,
                _title(Condition.UNHEALTHY_SINCE, read.counts.became_unhealthy),
                tr("Check them before you install the update on others."),
                tr("Show"),
                having(Condition.UNHEALTHY_SINCE),
            )
        )
    unhealthy = read.count(lambda g: g.is_unhealthy)
    if unhealthy > read.counts.became_unhealthy:
        found.append(
            ActionItem(
                Glyph.ERROR,
                _title(Condition.UNHEALTHY, unhealthy),
                tr("Resource Health reports a problem."),
                tr("Show"),
                having(Condition.UNHEALTHY),
            )
        )
    if read.counts.unknown:
        found.append(
            ActionItem(
                Glyph.UNKNOWN,
                tr("%n machine(s) with an unknown result", read.counts.unknown),
                tr("Azure hasn't reported how an operation ended. Activity lists the operations."),
                tr("Show"),
                having(Condition.UNKNOWN_RESULT),
            )
        )
    pending = read.count(lambda g: g.restart_pending)
    if pending:
        found.append(
            ActionItem(
                Glyph.RESTART,
                tr("Restart pending on %n machine(s)", pending),
                pending_text(read),
                tr("Show"),
                having(Condition.RESTART_PENDING),
            )
        )
    for situation, glyph, detail in _SITUATIONS:
        count = read.count_in(situation)
        if count:
            machines = tr("%n machine(s)", count)
            title = f"{situation.label}: {machines}"
            where = MachineFilter(situations=(situation.value,))
            found.append(ActionItem(glyph, title, translated(detail), tr("Show"), where))
    found += _errors_elsewhere(read)
    found += _old_releases(read, calendar)
    return sorted(found, key=lambda item: item.glyph is not Glyph.ERROR)


def _errors_elsewhere(read: OverviewData) -> list[ActionItem]:
    """Facts that a machine's situation may hide, because a machine shows only the first situation that applies."""
    rows = (
        (
            Condition.FAILED,
            Glyph.ERROR,
            read.counts.failed,
            tr(
                "%n installation(s) failed in the last 30 days. The update history shows the errors.",
                read.counts.failures,
            ),
        ),
        (
            Condition.ENROLLMENT_FAILED,
            Glyph.ERROR,
            read.count(lambda g: g.enrollment_failed),
            tr("Azure reported an error when hotpatch was turned on or off."),
        ),
        (
            Condition.DISCONNECTED,
            Glyph.UNKNOWN,
            read.count(lambda g: g.is_disconnected),
            tr("The Azure Arc agent doesn't report."),
        ),
    )
    return [
        ActionItem(glyph, _title(condition, count), detail, tr("Show"), having(condition))
        for condition, glyph, count, detail in rows
        if count
    ]


def _title(condition: Condition, machines: int) -> str:
    return tr("{condition}: %n machine(s)", machines, condition=condition.label)


def calm_text(read: OverviewData) -> tuple[Glyph, str]:
    """The glyph and the sentence if nothing is listed. Unknown machines are never reported as up to date."""
    if not read.machines:
        return Glyph.INFO, tr("No machines are known yet.")
    unknown = read.compliance[ComplianceGroup.NOT_KNOWN]
    if unknown:
        return Glyph.UNKNOWN, tr("The status of %n machine(s) isn't known.", unknown)
    return Glyph.OK, tr("Nothing needs attention.")


def _old_releases(read: OverviewData, calendar: Calendar) -> list[ActionItem]:
    today = release_day(read.query.now)
    return [
        ActionItem(
            Glyph.UNKNOWN,
            tr("Releases of {product} not known", product=product.label),
            tr(
                "Release data is complete through {day}; later releases aren't known.",
                day=day_name(calendar.complete_until(product)),
            ),
            tr("Open Calendar"),
            None,
            "calendar",
        )
        for product in products(read)
        if calendar.unknown(product, calendar.complete_until(product), today)
    ]


def products(read: OverviewData) -> list[Product]:
    """The products of the fleet."""
    return sorted({g.product for g in read.counts.groups if g.product is not None})


def next_restarts(read: OverviewData, calendar: Calendar) -> list[ActionItem]:
    """Restarts by baselines that are released or planned, and by monthly updates without hotpatch."""
    each = products(read)
    due = [_released_baseline(read, product, calendar) for product in each]
    planned = [_planned_baseline(read, product, calendar) for product in each]
    today = release_day(read.query.now)
    dated = [(date.min, item) for item in (_pending(read), *due) if item is not None]
    for product, item in zip(each, planned, strict=True):
        expected = calendar.next_restart(product, today)
        if item is not None:
            dated.append((expected.day if expected else date.max, item))
    if read.machines:
        dated.append((date.min, _next_day()))
    if read.counts.by_windows:
        dated.append((date.min, _by_windows(read.counts.by_windows)))
    days = [e.day for p in each for e in calendar.expected(p, today)[:1]]
    first = min(days, default=date.max)
    dated += [(first, item) for item in _until_a_baseline(read, days)]
    off = tuple(status.value for status in WITHOUT_HOTPATCH)
    without = read.count(lambda g: g.status in off)
    if without:
        title = tr("%n machine(s) not running hotpatch", without)
        item = ActionItem(
            Glyph.RESTART,
            f"{day_name(min(days))}: {title}" if days else title,
            tr("They restart with each monthly update, including one that is missing now."),
            tr("Show"),
            MachineFilter(choices=(Choice(Dimension.HOTPATCH, off, tr("Not running hotpatch")),)),
        )
        dated.append((min(days, default=date.max), item))
    unknown = _not_known(read)
    if unknown is not None:
        dated.append((date.max, unknown))
    return [item for _, item in sorted(dated, key=itemgetter(0))]


def _until_a_baseline(read: OverviewData, days: Sequence[date]) -> Iterator[ActionItem]:
    """The machines with hotpatch on that each monthly update restarts until the next baseline. ``days``: the next planned releases."""
    departed = read.count(lambda g: g.situation == Situation.OFF_TRAIN)
    waiting = read.count(lambda g: g.situation == Situation.AWAITS_BASELINE)
    for situation, count, title, detail in (
        (
            Situation.OFF_TRAIN,
            departed,
            tr("%n machine(s) off the hotpatch train", departed),
            tr("They restart with each monthly update until they have the next baseline."),
        ),
        (
            Situation.AWAITS_BASELINE,
            waiting,
            tr("%n machine(s) waiting for a baseline", waiting),
            tr("Hotpatch is on. Until the next baseline, they restart with each monthly update."),
        ),
    ):
        if count:
            yield ActionItem(
                Glyph.RESTART,
                f"{day_name(min(days))}: {title}" if days else title,
                detail,
                tr("Show"),
                MachineFilter(situations=(situation.value,)),
            )


def _not_known(read: OverviewData) -> ActionItem | None:
    """The machines of which it isn't known whether they run hotpatch."""
    known = {*WITHOUT_HOTPATCH, HotpatchStatus.ENABLED}
    others = tuple(status.value for status in HotpatchStatus if status not in known)
    count = read.count(lambda g: g.status in others)
    if not count:
        return None
    return ActionItem(
        Glyph.UNKNOWN,
        tr("Not known: %n machine(s)", count),
        tr("It isn't known whether they run hotpatch, so the next restart isn't either."),
        tr("Show"),
        MachineFilter(choices=(Choice(Dimension.HOTPATCH, others, tr("Hotpatch not known")),)),
    )


def _next_day() -> ActionItem:
    return ActionItem(
        Glyph.INFO,
        tr("In the next 24 hours"),
        tr("Machines expected to start installing updates; some may restart."),
        tr("Show"),
        page="rollout",
    )


def _by_windows(machines: int) -> ActionItem:
    """The machines on which Windows Update installs, not Azure."""
    return ActionItem(
        Glyph.RESTART,
        tr("At any time: %n machine(s)", machines),
        tr("Windows Update on the machine decides when."),
        tr("Show"),
        having(Condition.RESTARTS_BY_WINDOWS),
    )


def _pending(read: OverviewData) -> ActionItem | None:
    """The machines that wait for a restart now."""
    pending = read.count(lambda g: g.restart_pending)
    if not pending:
        return None
    return ActionItem(
        Glyph.RESTART,
        tr("Waiting for a restart: %n machine(s)", pending),
        pending_text(read),
        tr("Show"),
        having(Condition.RESTART_PENDING),
    )


def _enabled(product: Product) -> tuple[Choice, ...]:
    """The product's machines with hotpatch."""
    on = HotpatchStatus.ENABLED
    return (
        Choice(Dimension.PRODUCT, (product.value,), product.label),
        Choice(Dimension.HOTPATCH, (on.value,), on.label),
    )


def _released_baseline(
    read: OverviewData, product: Product, calendar: Calendar
) -> ActionItem | None:
    """The baseline that is missing on machines with hotpatch."""
    baseline = calendar.baseline_in_force(product, release_day(read.query.now))
    count = read.count(lambda g: g.product is product and g.is_on and g.is_baseline_due)
    if baseline is None or not count:
        return None
    return ActionItem(
        Glyph.WARNING,
        tr(
            "Due now: baseline of {day}, {product}",
            day=day_name(baseline.released),
            product=product.label,
        ),
        tr(
            "Installing this {kind} restarts %n machine(s) with hotpatch.",
            count,
            kind=baseline.kind.label,
        ),
        tr("Show"),
        MachineFilter(choices=_enabled(product), condition=Condition.BASELINE_MISSING),
    )


def _planned_baseline(
    read: OverviewData, product: Product, calendar: Calendar
) -> ActionItem | None:
    """The next planned baseline, for machines with hotpatch."""
    count = read.count(lambda g: g.product is product and g.is_on)
    if not count:
        return None
    expected = calendar.next_restart(product, release_day(read.query.now))
    if expected is None:
        title = tr("{product}: no planned restart is known", product=product.label)
        return ActionItem(Glyph.UNKNOWN, title, tr("Microsoft hasn't published a plan."))
    return ActionItem(
        Glyph.RESTART,
        f"{day_name(expected.day)}: {product.label}",
        tr(
            "The next {kind} restarts %n machine(s) with hotpatch; subject to change.",
            count,
            kind=expected.kind.label,
        ),
        tr("Show"),
        MachineFilter(choices=_enabled(product)),
    )


def changes_text(changes: Sequence[Change], now: datetime) -> list[tuple[str, str]]:
    """(what, when last) of the changes since the last session."""
    texts = {
        "installed": lambda n: tr("%n installation(s) succeeded", n),
        "failed": lambda n: tr("%n installation(s) failed", n),
        "restarted": lambda n: tr("%n installation(s) restarted a machine", n),
        "unhealthy": lambda n: tr("%n machine(s) became unhealthy", n),
        "deleted": lambda n: tr(
            "%n machine(s) no longer listed (deleted in Azure, or no longer read)", n
        ),
        "ended": lambda n: tr("%n operation(s) of this program ended", n),
    }
    return [(texts[c.kind](c.times), age_text(c.at, now)) for c in changes]
