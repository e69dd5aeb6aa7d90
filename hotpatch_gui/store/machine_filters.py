"""SQL for a machine filter. Separate from ``tables``, because the first frame shows all machines."""

from __future__ import annotations

from hotpatch_gui.domain.hotpatch import ELIGIBLE, HotpatchStatus
from hotpatch_gui.domain.machine_filter import Condition, Dimension, MachineFilter

from .sql import IN_JSON, as_list, quoted
from .tables import PRESENT, Where, like
from .timestamps import to_text

GROUP_KEYS = {
    Dimension.CONNECTION: "CAST(m.connection_id AS TEXT)",
    Dimension.SUBSCRIPTION: "m.connection_id || ' ' || m.subscription_id",
    Dimension.GROUP: "m.resource_group",
    Dimension.REGION: "coalesce(m.location, '')",
    Dimension.PRODUCT: "json_array(m.sku, m.os_name, m.os_version, m.edition)",
    Dimension.TAG: "coalesce(m.tag_pairs, '')",
}
"""What machines of a group have in common, as SQL over ``machines m``."""
CONDITIONS = {
    Condition.RESTART_PENDING: "m.restart_pending=1",
    Condition.FAILED: "m.id IN (SELECT machine_id FROM installations WHERE status='Failed' AND started_at>=?)",
    Condition.UNKNOWN_RESULT: "m.id IN (SELECT machine_id FROM operations WHERE state='unknown')",
    Condition.HOTPATCH_OFF: "m.hotpatch_status IN "
    + quoted(s.value for s in ELIGIBLE if s is not HotpatchStatus.ENABLED),
}
"""Conditions as SQL over ``machines m``."""


def machines_where(wanted: MachineFilter) -> Where:
    """Existing machines by a filter."""
    where = PRESENT
    for word in wanted.text.split():
        where = where.and_(
            "m.name LIKE ? ESCAPE '\\' OR m.resource_group LIKE ? ESCAPE '\\' OR m.location LIKE ?"
            " ESCAPE '\\' OR m.sku LIKE ? ESCAPE '\\' OR m.situation LIKE ? ESCAPE '\\'"
            " OR m.tags LIKE ? ESCAPE '\\'",
            *([like(word)] * 6),
        )
    if wanted.situations:
        situations = as_list(wanted.situations)
        where = where.and_(f"m.situation IN {IN_JSON}", situations)
    if wanted.dimension is not None:
        where = where.and_(f"{GROUP_KEYS[wanted.dimension]} IN {IN_JSON}", as_list(wanted.keys))
    if wanted.condition is not None:
        since = [to_text(wanted.since)] if wanted.since else []
        where = where.and_(CONDITIONS[wanted.condition], *since)
    return where
