"""An installation request: which updates it installs, which it excludes and why, and what restarts."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hotpatch_gui.translation import translator

from .kb import normalize_kb
from .phrases import join, listed, machines, updates
from .updates import Classification, RestartBehavior, Update

tr = translator("Installs")

MIN_MINUTES = 25
"""No update starts with less than this left in the window.

Source: learn.microsoft.com/rest/api/compute/virtual-machines/install-patches.
"""
MAX_MINUTES = 235
"""Azure's limit for a one-time update."""


class RestartSetting(StrEnum):
    """Azure's VMGuestPatchRebootSetting."""

    IF_REQUIRED = "IfRequired"
    NEVER = "Never"
    ALWAYS = "Always"

    @property
    def label(self) -> str:
        """The setting's display name."""
        return {
            "IfRequired": tr("Restart if required"),
            "Never": tr("Never restart"),
            "Always": tr("Always restart"),
        }[self.value]

    @classmethod
    def parse(cls, text: str) -> RestartSetting | None:
        """Parse Azure's value, in any case; None for an unknown value."""
        return next((s for s in cls if s.casefold() == text.casefold()), None)


class RequestError(ValueError):
    """A request that Azure would reject, or that contradicts itself. ``str()`` is for the user."""


@dataclass(frozen=True, slots=True)
class InstallRequest:
    """Parameters of ``installPatches``. KBs are spelled ``KB5031364``.

    Included KBs are added to the classifications, and an excluded KB overrides both. ``exclude_restarting`` drops every
    update that isn't NeverReboots, and prevents a pending restart.

    Raises:
        RequestError: on construction, if the request can't be sent.
    """

    classifications: frozenset[Classification] = frozenset()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    exclude_restarting: bool = False
    published_until: datetime | None = None
    restart: RestartSetting = RestartSetting.IF_REQUIRED
    maximum_minutes: int = 120

    def __post_init__(self) -> None:
        if not self.classifications and not self.include:
            raise RequestError(
                tr("Choose at least one classification, or name at least one KB to include.")
            )
        both = sorted(set(self.include) & set(self.exclude))
        if both:
            raise RequestError(
                tr("{both} is on both lists. Remove it from one of them.", both=", ".join(both))
            )
        if self.exclude_restarting and self.restart is RestartSetting.ALWAYS:
            raise RequestError(
                tr("You can't exclude updates that restart and also choose Always restart.")
            )
        if not MIN_MINUTES <= self.maximum_minutes <= MAX_MINUTES:
            raise RequestError(
                tr(
                    "The maximum duration must be between {min_minutes} and {max_minutes} minutes: "
                    "nothing starts with less than {min_minutes} left, and Azure allows at most "
                    "{max_minutes}.",
                    min_minutes=MIN_MINUTES,
                    max_minutes=MAX_MINUTES,
                )
            )

    @property
    def sent_restart(self) -> RestartSetting:
        """The restart setting that Azure receives.

        With Restart if required, Azure would perform a pending restart regardless of what it installs.
        """
        return RestartSetting.NEVER if self.exclude_restarting else self.restart


@tr.mark_values
class UpdateExclusion(StrEnum):
    """The reason why an available update isn't selected."""

    EXCLUDED = "Its KB is on the exclude list."
    RESTARTS = "Only updates that don't need a restart are installed."
    TOO_NEW = "Published after the selected date."
    NO_DATE = "Its publish date isn't known, so the date limit excludes it."
    NOT_SELECTED = "Its classification isn't selected and its KB isn't included."

    @property
    def label(self) -> str:
        """The reason's display name."""
        return tr(self.value)


@dataclass(frozen=True, slots=True)
class Plan:
    """A request's effect on one machine.

    Attributes:
        not_offered: included KBs that the assessment doesn't offer.
        may_follow: those of them that may restart the machine if Azure offers them after all.
    """

    taken: tuple[Update, ...] = ()
    left_out: tuple[tuple[Update, UpdateExclusion], ...] = ()
    not_offered: tuple[str, ...] = ()
    restart_setting: RestartSetting = RestartSetting.IF_REQUIRED
    restart_pending: bool = False
    is_known: bool = True
    """Whether a current assessment lists the available updates."""
    may_follow: tuple[str, ...] = ()

    @property
    def will_restart(self) -> tuple[Update, ...]:
        """Selected updates that always restart."""
        return tuple(u for u in self.taken if u.restart is RestartBehavior.ALWAYS)

    @property
    def may_restart(self) -> tuple[Update, ...]:
        """Selected updates that may restart."""
        asks = (RestartBehavior.CAN_REQUEST, RestartBehavior.UNKNOWN)
        return tuple(u for u in self.taken if u.restart in asks)

    @property
    def restarts_certainly(self) -> bool:
        """Whether the installation certainly restarts the machine."""
        if self.restart_setting is RestartSetting.NEVER:
            return False
        is_always = self.restart_setting is RestartSetting.ALWAYS
        return is_always or bool(self.will_restart) or self.restart_pending

    @property
    def restart_rank(self) -> int:
        """2 if the machine certainly restarts, 1 if it may, 0 if not."""
        if self.restarts_certainly:
            return 2
        is_possible = bool(self.may_restart or self.may_follow) or not self.is_known
        return int(is_possible and self.restart_setting is not RestartSetting.NEVER)

    @property
    def may_stay_unfinished(self) -> bool:
        """Whether selected updates may wait for a restart that Azure doesn't perform."""
        is_never = self.restart_setting is RestartSetting.NEVER
        return is_never and bool(self.will_restart or self.may_restart or self.may_follow)

    @property
    def restart_sentence(self) -> str:
        """Whether the machine restarts, and because of which updates."""
        if self.restart_setting is RestartSetting.ALWAYS:
            return tr("The machine always restarts, because Always restart is selected.")
        if self.restart_pending and self.restart_setting is not RestartSetting.NEVER:
            return tr("The machine restarts, because a restart is already pending on it.")
        if not self.is_known:
            never = self.restart_setting is RestartSetting.NEVER
            goes = tr("Azure will not restart it") if never else tr("it may restart")
            return tr("No current assessment shows what would be installed; {goes}.", goes=goes)
        will = _names(self.will_restart)
        may = ", ".join(filter(None, (_names(self.may_restart), *self.may_follow)))
        if self.restart_setting is RestartSetting.NEVER:
            if not will and not may:
                return tr("No restart: none of the selected updates needs one.")
            waits = listed([part for part in (will, may) if part])
            return tr(
                "Azure will not restart it; {waits} may remain incomplete until you do.",
                waits=waits,
            )
        if will:
            return tr("The machine restarts for {will}.", will=will)
        if may:
            return tr("The machine may restart for {may}.", may=may)
        if not self.taken and not self.not_offered:
            return tr("No restart: no update would be installed.")
        return tr("No restart: none of the selected updates needs one.")


def only_kb(body: str) -> str:
    """The KB of a request's JSON that selects exactly one update; empty for others."""
    try:
        windows = json.loads(body or "{}").get("windowsParameters") or {}
        kbs = windows.get("kbNumbersToInclude") or []
    except (ValueError, AttributeError):
        return ""
    if windows.get("classificationsToInclude") or len(kbs) != 1:
        return ""
    return normalize_kb(str(kbs[0])) or ""


def maximum_minutes(body: str | None) -> int | None:
    """The maximum duration in a request's JSON, in minutes; None without a limit."""
    try:
        duration = json.loads(body or "{}").get("maximumDuration")
    except (ValueError, AttributeError):
        return None
    found = re.fullmatch(r"PT(\d+)M", str(duration))
    return int(found[1]) if found else None


def plan(
    request: InstallRequest,
    offered: Iterable[Update],
    *,
    restart_pending: bool = False,
    is_known: bool = True,
    harmless: AbstractSet[str] = frozenset(),
) -> Plan:
    """Apply a request to the updates of the current assessment, by Azure's rules.

    ``restart_pending``: the machine waits for a restart, which an installation would perform. ``is_known``: a current
    assessment exists. ``harmless``: KBs that never restart a machine (``harmless_kbs``).
    """
    if not is_known:
        return Plan((), (), (), request.sent_restart, restart_pending, is_known=False)
    taken: list[Update] = []
    left: list[tuple[Update, UpdateExclusion]] = []
    seen: set[str] = set()
    for update in offered:
        if update.kb:
            seen.add(update.kb)
        reason = update_exclusion(request, update)
        if reason is None:
            taken.append(update)
        else:
            left.append((update, reason))
    not_offered = tuple(kb for kb in request.include if kb not in seen)
    return Plan(
        tuple(taken),
        tuple(left),
        not_offered,
        request.sent_restart,
        restart_pending,
        may_follow=tuple(kb for kb in not_offered if kb not in harmless),
    )


def harmless_kbs(offered: Iterable[Update]) -> frozenset[str]:
    """The KBs that, wherever they are offered, never restart a machine."""
    kbs: dict[str, bool] = {}
    for update in offered:
        if update.kb:
            is_harmless = update.restart is RestartBehavior.NEVER
            kbs[update.kb] = kbs.get(update.kb, True) and is_harmless
    return frozenset(kb for kb, is_harmless in kbs.items() if is_harmless)


def update_exclusion(request: InstallRequest, update: Update) -> UpdateExclusion | None:
    """The reason why the request excludes the update; None if it is selected."""
    if update.kb is not None and update.kb in request.exclude:
        return UpdateExclusion.EXCLUDED
    wanted = update.kb in request.include or update.classification in request.classifications
    if not wanted:
        return UpdateExclusion.NOT_SELECTED
    if request.exclude_restarting and update.restart is not RestartBehavior.NEVER:
        return UpdateExclusion.RESTARTS
    if request.published_until is not None:
        if update.published is None:
            return UpdateExclusion.NO_DATE
        if update.published > request.published_until:
            return UpdateExclusion.TOO_NEW
    return None


@dataclass(frozen=True, slots=True)
class FleetReview:
    """The plan of one request for many machines.

    ``plans`` are by row ID, because names aren't unique.
    """

    request: InstallRequest
    plans: dict[int, Plan] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The effect in one sentence."""
        busy = [p for p in self.plans.values() if p.taken]
        count = sum(len(p.taken) for p in busy)
        unknown = sum(not p.is_known for p in self.plans.values())
        parts = []
        if count:
            where = machines(len(busy))
            if len(busy) < len(self.plans):
                where = tr("{busy:,} of %n machine(s)", len(self.plans), busy=len(busy))
            different = len({update for plan in busy for update in plan.taken})
            parts.append(
                join(
                    tr("{updates} on {machines}.", updates=updates(different), machines=where),
                    tr("That is %n installation(s).", count) if different < count else "",
                    self._restarts(),
                )
            )
        elif not unknown or self._known_restart:
            parts.append(
                tr(
                    "No update of the last assessments is selected. Azure still checks for updates when "
                    "it starts."
                )
            )
            if self._known_restart:
                parts.append(self._restarts())
        if unknown:
            parts.append(
                tr(
                    "It isn't known what would be installed on {machines}; {restarts}.",
                    machines=tr("%n more", unknown) if parts else machines(unknown),
                    restarts=self._unknown_restart(unknown),
                )
            )
        return " ".join(parts)

    @property
    def _known_restart(self) -> bool:
        """Whether a machine with a known list restarts, or may."""
        return any(p.restart_rank for p in self.plans.values() if p.is_known)

    def _unknown_restart(self, count: int) -> str:
        match self.request.sent_restart:
            case RestartSetting.ALWAYS:
                return tr("they always restart", count)
            case RestartSetting.NEVER:
                return tr("Azure will not restart them", count)
        return tr("they may restart", count)

    @property
    def not_offered(self) -> list[str]:
        """Included KBs that no current assessment offers, sorted."""
        known = [set(p.not_offered) for p in self.plans.values() if p.is_known]
        return sorted(set.intersection(*known)) if known else []

    @property
    def may_restart(self) -> bool:
        """Whether any machine restarts or may restart."""
        if self.request.sent_restart is not RestartSetting.IF_REQUIRED:
            return self.request.sent_restart is RestartSetting.ALWAYS
        return any(p.restart_rank for p in self.plans.values())

    @property
    def is_foreseen(self) -> bool:
        """Whether the last assessments show at least one selected update for each machine."""
        return all(p.is_known and p.taken for p in self.plans.values())

    def _restarts(self) -> str:
        """Restarts of machines with a known list, including pending restarts."""
        known = [p for p in self.plans.values() if p.is_known]
        if len(known) == 1:
            return known[0].restart_sentence
        if self.request.sent_restart is RestartSetting.ALWAYS:
            return tr("All of them restart, because Always restart is selected.")
        unfinished = sum(p.may_stay_unfinished for p in known)
        if unfinished:
            return tr(
                "Azure restarts none; updates on %n machine(s) may remain incomplete until you restart.",
                unfinished,
            )
        will = sum(p.restarts_certainly for p in known)
        may = sum(p.restart_rank == 1 for p in known)
        if not will and not may:
            return tr("By their last assessments, none of them needs a restart.")
        parts = []
        if will:
            parts.append(tr("%n machine(s) restart(s)", will))
        if may:
            parts.append(
                tr("%n may restart", may) if will else tr("%n machine(s) may restart", may)
            )
        rest = len(known) - will - may
        changed = tr("{restarts}.", restarts=listed(parts))
        return join(changed, tr("%n won't restart.", rest) if rest else "")


def _names(updates: tuple[Update, ...]) -> str:
    return listed([u.kb or u.name for u in updates])


def may_install(body: str | None, kb: str, classifications: Collection[str]) -> bool:
    """Whether a request's JSON may select a KB of one of these classifications; True for a request that can't be read."""
    try:
        windows = json.loads(body or "{}")["windowsParameters"]
        include, exclude, wanted = (
            {str(value).casefold() for value in windows.get(key) or ()}
            for key in ("kbNumbersToInclude", "kbNumbersToExclude", "classificationsToInclude")
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return True
    if kb in {normalize_kb(one) for one in exclude}:
        return False
    is_included = kb in {normalize_kb(one) for one in include}
    return is_included or bool(wanted & {one.casefold() for one in classifications})


def names_kbs(request: str | None) -> bool:
    """Whether a stored request names KBs to install; False for a request of another program."""
    try:
        windows = json.loads(request or "{}")["windowsParameters"]
        return bool(windows["kbNumbersToInclude"])
    except (ValueError, KeyError, TypeError):
        return False
