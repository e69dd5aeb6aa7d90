"""Machines and their derived values, so that lists sort and filter without joins."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeVar

from hotpatch_gui.domain.arc import Arc, Enablement, Licence
from hotpatch_gui.domain.health import Level
from hotpatch_gui.domain.machines import AssessmentMode, Image, Machine, PatchMode, PatchSettings
from hotpatch_gui.domain.power import PowerState

from . import permissions
from .identity import retire_replaced
from .machine_rows import ChosenRow, InstallRow, MachineRow
from .rows import fields, typed
from .run_sql import FINAL_RUNS
from .sql import IN_JSON, as_list
from .tables import DISPLAY_NAME
from .timestamps import from_text, to_text

SORT = (
    "publisher",
    "offer",
    "sku",
    "generation",
    "power",
    "os_name",
    "os_version",
    "time_zone",
    "patch_mode",
    "hotpatch_enabled",
    "assessment_mode",
    "bypass_safety_checks",
    "restart_setting",
    "automatic_updates",
    "provision_agent",
    "allow_extensions",
    "agent_ready",
    "kind",
    "edition",
    "licence",
    "enablement",
    "enablement_error",
    "host",
    "arc_status",
    "arc_reason",
    "licence_error",
    "agent_mode",
    "can_extend",
)
_COLUMNS = (
    "connection_id",
    "resource_id",
    "azure_id",
    "name",
    "subscription_id",
    "resource_group",
    "location",
    "zone",
    "availability_set",
    "update_domain",
    "tags",
    "tag_pairs",
    "vm_id",
    *SORT,
    "fetched_at",
    "pending_at",
)
_KEPT = ("agent_ready", "update_domain", "vm_id")
"""Columns that stay if an answer doesn't have them; only the instance view has the first two."""
_PENDING = "CASE WHEN excluded.pending_at IS NOT NULL THEN min(coalesce(pending_at, excluded.pending_at), excluded.pending_at) END"
"""Since when an enrollment is pending: the earliest time seen, cleared when it ends."""
_UPSERT = (
    f"INSERT INTO machines ({', '.join(_COLUMNS)}, attention)"
    f" VALUES ({', '.join('?' * len(_COLUMNS))}, {int(Level.UNKNOWN)})"
    " ON CONFLICT (resource_id) DO UPDATE SET lists_read=CASE WHEN coalesce(gone_at, hidden_at) IS NULL THEN lists_read"
    " ELSE 0 END, gone_at=NULL, hidden_at=NULL, connection_id=CASE WHEN gone_at IS NULL"
    " THEN coalesce(connection_id, excluded.connection_id) ELSE excluded.connection_id END, "
    + ", ".join(
        f"{c}=coalesce(excluded.{c}, {c})"
        if c in _KEPT
        else f"{c}={_PENDING if c == 'pending_at' else f'excluded.{c}'}"
        for c in _COLUMNS[2:]
    )
)


def save(db: sqlite3.Connection, connection_id: int, machines: Iterable[Machine]) -> None:
    """Insert or update machines; a deleted one that returns is restored.

    A machine that two connections see stays with the first. One that was recreated under a deleted machine's name is a new
    machine, and the old one keeps its history.
    """
    found = list(machines)
    retire_replaced(db, found)
    db.executemany(_UPSERT, [_values(connection_id, m) for m in found])


def _values(connection_id: int, m: Machine) -> tuple[object, ...]:
    s = m.settings
    return (
        connection_id,
        m.resource_id.lower(),
        m.resource_id,
        m.name,
        m.subscription_id.lower(),
        m.resource_group,
        m.location,
        m.zone,
        m.availability_set,
        m.update_domain,
        m.tags_text,
        _pairs(m.tags),
        m.vm_id,
        m.image.publisher,
        m.image.offer,
        m.image.sku,
        m.generation,
        m.power.value,
        m.os_name,
        m.os_version,
        m.time_zone,
        s.patch_mode,
        s.hotpatch_enabled,
        s.assessment_mode,
        s.bypass_safety_checks,
        s.restart_setting,
        s.automatic_updates,
        s.provision_agent,
        m.allow_extensions,
        m.agent_ready,
        ARC if m.arc is not None else VM,
        *(m.arc or _NO_ARC)[: len(_ARC)],
        to_text(m.fetched),
        to_text(_pending(m)),
    )


def _pending(m: Machine) -> datetime | None:
    """Since when an enrollment has been pending, at the latest."""
    if m.arc is None or not m.arc.is_pending:
        return None
    return m.arc.enrolled_at or m.fetched


VM, ARC = "vm", "arc"
_ARC = SORT[SORT.index("edition") :]
"""Columns of an Arc-enabled server, in the order of ``Arc``'s fields."""
_NO_ARC = Arc()


def save_resource_health(
    db: sqlite3.Connection,
    connection_id: int,
    states: Iterable[tuple[str, str, datetime | None]],
) -> None:
    """Store all machines of a connection that Resource Health doesn't call available.

    ``states`` are (lower-case resource ID, availability state, since).
    """
    db.execute(
        "UPDATE machines SET health=NULL, health_at=NULL WHERE health IS NOT NULL AND connection_id=?",
        (connection_id,),
    )
    db.executemany(
        "UPDATE machines SET health=?, health_at=? WHERE resource_id=?",
        [(state, to_text(since) if since else None, i) for i, state, since in states],
    )


class Unseen(NamedTuple):
    """Row IDs of machines that a full sync didn't see, by known reason.

    Their subscription isn't selected anymore, the account can't read it anymore, or only Azure knows.
    """

    unwanted: list[int]
    unlisted: list[int]
    missing: list[int]


def unseen(
    db: sqlite3.Connection,
    connection_id: int,
    seen: AbstractSet[str],
    subscription_ids: AbstractSet[str],
) -> Unseen:
    """Machines that a full sync didn't see.

    ``seen`` resource IDs and readable ``subscription_ids`` are in lower case.
    """
    if known_ids(db, connection_id) <= seen:
        return Unseen([], [], [])
    rows = db.execute(
        "SELECT m.id, m.resource_id, m.subscription_id, coalesce(s.chosen, 1) FROM machines m"
        " LEFT JOIN subscriptions s ON s.connection_id=m.connection_id AND s.id=m.subscription_id"
        " WHERE m.gone_at IS NULL AND m.connection_id=? ORDER BY m.subscription_id, m.resource_group, m.id",
        (connection_id,),
    )
    found = Unseen([], [], [])
    for machine_id, resource_id, subscription_id, is_wanted in rows.fetchall():
        if resource_id not in seen:
            place = found.missing if subscription_id in subscription_ids else found.unlisted
            (place if is_wanted else found.unwanted).append(machine_id)
    return found


def mark_gone(db: sqlite3.Connection, machine_ids: Iterable[int], now: datetime) -> None:
    """Record that machines were deleted; their history stays."""
    db.executemany(
        "UPDATE machines SET gone_at=? WHERE id=?", [(to_text(now), i) for i in machine_ids]
    )


def mark_hidden(db: sqlite3.Connection, machine_ids: Iterable[int], now: datetime) -> None:
    """Record since when the account can't read machines; their data stays."""
    db.executemany(
        "UPDATE machines SET hidden_at=coalesce(hidden_at, ?) WHERE id=?",
        [(to_text(now), i) for i in machine_ids],
    )


def ids(db: sqlite3.Connection, resource_ids: Iterable[str]) -> dict[str, int]:
    """Row IDs by lower-case resource ID, of known machines."""
    rows = db.execute(
        f"SELECT resource_id, id FROM machines WHERE resource_id IN {IN_JSON}",
        (as_list(dict.fromkeys(resource_ids)),),
    )
    return {row[0]: row[1] for row in rows}


def names(db: sqlite3.Connection, machine_ids: Sequence[int]) -> dict[int, tuple[str, bool]]:
    """(Resource ID, whether it is Arc-enabled) by row ID, of existing machines."""
    rows = db.execute(
        f"SELECT id, azure_id, kind='arc' FROM machines WHERE id IN {IN_JSON}",
        (as_list(machine_ids),),
    )
    return {row[0]: (row[1], bool(row[2])) for row in rows}


def resource_ids(db: sqlite3.Connection, machine_ids: Sequence[int]) -> list[str]:
    """Lower-case resource IDs of existing machines, by row ID."""
    rows = db.execute(
        f"SELECT resource_id FROM machines WHERE id IN {IN_JSON} ORDER BY id",
        (as_list(machine_ids),),
    )
    return [row[0] for row in rows]


def known_ids(db: sqlite3.Connection, connection_id: int) -> set[str]:
    """Lower-case resource IDs of a connection's existing machines."""
    rows = db.execute(
        "SELECT resource_id FROM machines WHERE connection_id=? AND gone_at IS NULL",
        (connection_id,),
    )
    return {row[0] for row in rows}


def never_read(db: sqlite3.Connection, connection_id: int) -> list[str]:
    """Lower-case resource IDs of machines whose lists weren't read since they appeared."""
    rows = db.execute(
        "SELECT resource_id FROM machines WHERE connection_id=? AND gone_at IS NULL AND hidden_at IS NULL"
        " AND lists_read=0 ORDER BY 1",
        (connection_id,),
    )
    return [row[0] for row in rows]


def mark_lists_read(db: sqlite3.Connection, connection_id: int) -> None:
    """Record that a sync read all lists of the connection's machines."""
    db.execute(
        "UPDATE machines SET lists_read=1 WHERE connection_id=? AND lists_read=0 AND gone_at IS NULL",
        (connection_id,),
    )


def with_open_runs(db: sqlite3.Connection, connection_id: int) -> list[str]:
    """Lower-case resource IDs of machines with an unfinished installation."""
    rows = db.execute(
        "SELECT DISTINCT m.resource_id FROM installations i JOIN machines m ON m.id=i.machine_id"
        f" WHERE i.status NOT IN {FINAL_RUNS} AND m.connection_id=? AND m.gone_at IS NULL ORDER BY 1",
        (connection_id,),
    )
    return [row[0] for row in rows]


def mark_viewed(db: sqlite3.Connection, machine_id: int, now: datetime) -> None:
    """Record that the machine's instance view was read."""
    db.execute("UPDATE machines SET viewed_at=? WHERE id=?", (to_text(now), machine_id))


def read(db: sqlite3.Connection, machine_id: int) -> Machine | None:
    """The machine; None if there is no such row."""
    row = db.execute("SELECT * FROM machines WHERE id=?", (machine_id,)).fetchone()
    return machine_from(row.__getitem__) if row else None


def read_row(db: sqlite3.Connection, machine_id: int) -> MachineRow | None:
    """The machine's row; None if there is none."""
    return next(iter(read_rows(db, [machine_id])), None)


def read_rows(db: sqlite3.Connection, machine_ids: Sequence[int]) -> list[MachineRow]:
    """Rows of these machines in this order, without missing ones."""
    return _rows(db, machine_ids, MachineRow)


def read_briefly(db: sqlite3.Connection, machine_ids: Sequence[int]) -> list[ChosenRow]:
    """Like ``read_rows``, for summaries."""
    return _rows(db, machine_ids, ChosenRow)


def read_for_install(db: sqlite3.Connection, machine_ids: Sequence[int]) -> list[InstallRow]:
    """Like ``read_rows``, for installation plans."""
    return _rows(db, machine_ids, InstallRow)


_COMPUTED = {
    "display_name": DISPLAY_NAME,
    "subscription_name": "coalesce(s.name, m.subscription_id)",
    "connection_name": "c.name",
    "may_act": "coalesce(c.may_act, 0)",
    "grants": permissions.GRANTS,
}
_Row = TypeVar("_Row", MachineRow, ChosenRow, InstallRow)


def _rows(
    db: sqlite3.Connection, machine_ids: Sequence[int], row: Callable[..., _Row]
) -> list[_Row]:
    cursor = db.execute(
        f"SELECT {fields(row, 'm', **_COMPUTED)} FROM machines m LEFT JOIN connections c ON c.id=m.connection_id"
        " LEFT JOIN subscriptions s ON s.connection_id=m.connection_id AND s.id=m.subscription_id"
        f"{permissions.JOIN} WHERE m.id IN {IN_JSON}",
        (as_list(machine_ids),),
    )
    found = {one.id: one for one in typed(cursor, row)}
    return [found[i] for i in machine_ids if i in found]


def without_graph(
    db: sqlite3.Connection, connection_id: int, viewed_before: datetime, limit: int
) -> list[int]:
    """Machines without an assessment in Resource Graph, whose instance view may have an older one.

    Only those not read since ``viewed_before``: first those without any known assessment, then the longest unread.
    """
    rows = db.execute(
        "SELECT id FROM machines WHERE in_graph=0 AND gone_at IS NULL AND hidden_at IS NULL"
        " AND connection_id=? AND coalesce(viewed_at, '')<? ORDER BY assessed_at IS NOT NULL, viewed_at LIMIT ?",
        (connection_id, to_text(viewed_before), limit),
    )
    return [r[0] for r in rows]


def present(db: sqlite3.Connection, connection_id: int | None = None) -> list[int]:
    """Row IDs of existing machines, of one connection or all."""
    rows = db.execute(
        "SELECT id FROM machines WHERE gone_at IS NULL AND connection_id=coalesce(?, connection_id)",
        (connection_id,),
    )
    return [r[0] for r in rows]


def machine_of(row: MachineRow) -> Machine:
    """The machine of a row."""
    return machine_from(partial(getattr, row))


def machine_from(column: Callable[[str], Any]) -> Machine:
    """Create a machine from the columns of its table."""
    return Machine(
        resource_id=column("azure_id"),
        name=column("name"),
        subscription_id=column("subscription_id"),
        resource_group=column("resource_group"),
        location=column("location"),
        fetched=from_text(column("fetched_at")) or datetime.min.replace(tzinfo=UTC),
        zone=column("zone"),
        availability_set=column("availability_set"),
        update_domain=column("update_domain"),
        tags=tuple(tags_of(column("tag_pairs")).items()),
        vm_id=column("vm_id"),
        **sort_of(map(column, SORT)),
    )


@lru_cache(maxsize=4096)
def _pairs(tags: tuple[tuple[str, str], ...]) -> str:
    return json.dumps(tags, ensure_ascii=False)


@lru_cache(maxsize=4096)
def tags_of(pairs: str | None) -> Mapping[str, str]:
    """The tags in ``tag_pairs``; empty if unknown."""
    try:
        return {str(name): str(value) for name, value in json.loads(pairs or "[]")}
    except (ValueError, TypeError):  # a damaged file
        return {}


def sort_of(values: Iterable[Any]) -> dict[str, Any]:
    """Arguments of Machine from the columns SORT, which many machines share."""
    v = dict(zip(SORT, values, strict=True))
    return {
        "image": Image(v["publisher"], v["offer"], v["sku"]),
        "settings": PatchSettings(
            patch_mode=PatchMode.parse(v["patch_mode"]),
            hotpatch_enabled=_flag(v["hotpatch_enabled"]),
            assessment_mode=AssessmentMode.parse(v["assessment_mode"]),
            bypass_safety_checks=_flag(v["bypass_safety_checks"]),
            restart_setting=v["restart_setting"],
            automatic_updates=_flag(v["automatic_updates"]),
            provision_agent=_flag(v["provision_agent"]),
        ),
        "power": PowerState.parse(v["power"]),
        "generation": v["generation"],
        "os_name": v["os_name"],
        "os_version": v["os_version"],
        "time_zone": v["time_zone"],
        "allow_extensions": _flag(v["allow_extensions"]),
        "agent_ready": _flag(v["agent_ready"]),
        "arc": _arc(v) if v["kind"] == ARC else None,
    }


def _arc(v: dict[str, Any]) -> Arc:
    return Arc(
        v["edition"],
        Licence.parse(v["licence"]),
        Enablement.parse(v["enablement"]),
        v["enablement_error"],
        v["host"],
        v["arc_status"],
        v["arc_reason"],
        v["licence_error"],
        v["agent_mode"],
        _flag(v["can_extend"]),
    )


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)
