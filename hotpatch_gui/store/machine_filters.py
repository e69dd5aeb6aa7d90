"""SQL for a machine filter. Separate from ``tables``, so that the first paint, which shows all machines, doesn't import it."""

from __future__ import annotations

from datetime import datetime, timedelta

from hotpatch_gui.domain.hotpatch import ELIGIBLE, HotpatchStatus
from hotpatch_gui.domain.kb import normalize_kb
from hotpatch_gui.domain.machine_filter import (
    FAILURE_DAYS,
    Choice,
    Condition,
    Dimension,
    LastAssessed,
    MachineFilter,
)
from hotpatch_gui.domain.machines import GRAPH_KEEPS_ASSESSMENTS, PatchMode
from hotpatch_gui.domain.power import PowerState

from . import unhealthy
from .sql import IN_JSON, as_list, quoted
from .tables import PRESENT, Where, like, search_terms
from .timestamps import to_text

_KEYS = {
    Dimension.CONNECTION: "CAST(m.connection_id AS TEXT)",
    Dimension.SUBSCRIPTION: "m.connection_id || ' ' || m.subscription_id",
    Dimension.GROUP: "m.resource_group",
    Dimension.REGION: "coalesce(m.location, '')",
    Dimension.PRODUCT: "coalesce(m.product, '')",
    Dimension.HOTPATCH: "m.hotpatch_status",
    Dimension.POWER: "coalesce(m.power, '')",
    Dimension.TAG: "coalesce(m.tag_pairs, '')",
}
_TAG_VALUE = """coalesce((SELECT json_extract(t.value, '$[1]') FROM json_each(m.tag_pairs) t
    WHERE json_extract(t.value, '$[0]')=? ORDER BY t.key DESC LIMIT 1), '')"""
"""A tag's value; of several tags of one name, the last one's, as in a machine's ``tags``."""
CONDITIONS = {
    Condition.UPDATE_MISSING: "m.update_missing=1",
    Condition.BASELINE_MISSING: "m.baseline_missing=1 AND m.restart_pending=0",
    Condition.RESTART_PENDING: "m.restart_pending=1",
    Condition.UNKNOWN_RESULT: "m.id IN (SELECT machine_id FROM operations WHERE state='unknown')",
    Condition.HOTPATCH_ON: f"m.hotpatch_status='{HotpatchStatus.ENABLED}'",
    Condition.HOTPATCH_OFF: "m.hotpatch_status IN "
    + quoted(s.value for s in ELIGIBLE if s is not HotpatchStatus.ENABLED),
    Condition.ENROLLMENT_FAILED: "coalesce(m.enablement_error, m.license_error, '')<>''",
    Condition.DISCONNECTED: f"m.power='{PowerState.DISCONNECTED}'",
    Condition.RELEASE_UNKNOWN: "m.update_missing IS NULL",
    Condition.UNHEALTHY: unhealthy.IS_UNHEALTHY,
    Condition.RESTARTS_BY_WINDOWS: f"m.patch_mode='{PatchMode.AUTOMATIC_BY_OS}'"
    " AND (m.restart_pending=1 OR m.updates_restarting>0 OR m.updates_may_restart>0)",
}
"""Conditions as SQL over ``machines m``; FAILED and UNHEALTHY_SINCE need a time. A baseline that waits for its restart isn't missing."""
_TEXT = (
    "m.name LIKE ? ESCAPE '\\' OR m.resource_group LIKE ? ESCAPE '\\' OR m.location LIKE ? ESCAPE '\\'"
    " OR m.sku LIKE ? ESCAPE '\\' OR m.situation LIKE ? ESCAPE '\\' OR m.tags LIKE ? ESCAPE '\\'"
    " OR m.os_name LIKE ? ESCAPE '\\' OR m.os_version LIKE ? ESCAPE '\\' OR m.hotpatch_status LIKE ? ESCAPE '\\'"
    " OR m.connection_id IN (SELECT c.id FROM connections c WHERE c.name LIKE ? ESCAPE '\\')"
    " OR m.subscription_id IN (SELECT s.id FROM subscriptions s WHERE s.name LIKE ? ESCAPE '\\')"
    f" OR ({unhealthy.IS_UNHEALTHY} AND 'Unhealthy' LIKE ? ESCAPE '\\')"
)
_KB = (
    " OR m.id IN (SELECT u.machine_id FROM updates u WHERE u.kb=?) OR m.id IN (SELECT i.machine_id"
    " FROM installation_updates iu JOIN installations i ON i.id=iu.installation_id WHERE iu.kb=?)"
)


def group_key(dimension: Dimension, now: datetime) -> str:
    """The value that machines of a group share, as SQL over ``machines m``. For TAG it is all of their tags."""
    if dimension is not Dimension.ASSESSED:
        return _KEYS[dimension]
    day, week = (to_text(now - age) for age in (timedelta(days=1), GRAPH_KEEPS_ASSESSMENTS))
    return (
        f"CASE WHEN m.assessed_at IS NULL THEN '{LastAssessed.NEVER}' WHEN m.assessed_at>='{day}' THEN '{LastAssessed.DAY}'"
        f" WHEN m.assessed_at>='{week}' THEN '{LastAssessed.WEEK}' ELSE '{LastAssessed.OLDER}' END"
    )


def group_value(dimension: Dimension, tag: str, now: datetime) -> tuple[str, tuple[str, ...]]:
    """Like ``group_key``, but for TAG the value of this tag; with the parameters of the SQL."""
    if dimension is Dimension.TAG:
        return _TAG_VALUE, (tag,)
    return group_key(dimension, now), ()


def machines_where(machine_filter: MachineFilter, now: datetime) -> Where:
    """Existing machines by a filter."""
    where = PRESENT
    for word in search_terms(machine_filter.text):
        kb = normalize_kb(word)
        kbs = (_KB, [kb, kb]) if kb else ("", [])
        where = where.and_(_TEXT + kbs[0], *([like(word)] * 12), *kbs[1])
    if machine_filter.situations:
        where = where.and_(f"m.situation IN {IN_JSON}", as_list(machine_filter.situations))
    for choice in machine_filter.choices:
        where = _with_choice(where, choice, now)
    if machine_filter.condition is Condition.FAILED:
        return where.and_(
            "m.id IN (SELECT machine_id FROM installations WHERE status='Failed' AND started_at>=?)",
            to_text(now - timedelta(days=FAILURE_DAYS)),
        )
    if machine_filter.condition is Condition.UNHEALTHY_SINCE:
        return where.and_(f"m.id IN ({unhealthy.MACHINES})", unhealthy.since(now))
    return where.and_(CONDITIONS[machine_filter.condition]) if machine_filter.condition else where


def _with_choice(where: Where, choice: Choice, now: datetime) -> Where:
    value, bound = group_value(choice.dimension, choice.tag, now)
    return where.and_(f"{value} IN {IN_JSON}", *bound, as_list(choice.keys))
