"""Machines and what is derived for each, so that lists sort and filter without joining."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any, NamedTuple

from hotpatch_gui.domain.arc import Arc, Enablement, Licence
from hotpatch_gui.domain.machines import AssessmentMode, Image, Machine, PatchMode, PatchSettings
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.standing import Level

from . import permissions, queue
from .run_sql import FINAL_RUNS
from .sql import AMONG, as_list
from .tables import DISPLAY_NAME
from .times import from_text, to_text

SORT = (
    "publisher", "offer", "sku", "generation", "power", "os_name", "os_version", "time_zone", "patch_mode",
    "hotpatch_enabled", "assessment_mode", "bypass_safety_checks", "restart_setting", "automatic_updates",
    "provision_agent", "allow_extensions", "agent_ready", "kind", "edition", "licence", "enablement",
    "enablement_error", "host", "arc_status", "arc_reason", "licence_error", "agent_mode", "can_extend",
)  # fmt: skip
_COLUMNS = (
    "connection_id", "resource_id", "azure_id", "name", "subscription_id", "resource_group", "location", "zone",
    "availability_set", "update_domain", "tags", "vm_id", *SORT, "fetched_at", "pending_at",
)  # fmt: skip
_KEPT = ("agent_ready", "update_domain", "vm_id")
"""Columns that an answer without them doesn't clear: only the instance view has the first two."""
_PENDING = "CASE WHEN excluded.pending_at IS NOT NULL THEN min(coalesce(pending_at, excluded.pending_at), excluded.pending_at) END"
"""Since when an enrolment has been under way: the earliest time seen, cleared when it ends."""
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
    """Insert or update; a machine that had gone is back. One that two connections see stays the first's. One
    that was made again under a deleted machine's name is another machine, and the old one keeps its history."""
    found = list(machines)
    _retire_replaced(db, found)
    db.executemany(_UPSERT, [_values(connection_id, m) for m in found])


def _retire_replaced(db: sqlite3.Connection, found: Sequence[Machine]) -> None:
    """Give up the resource id of machines whose vmId shows that another one now has it."""
    now = {m.resource_id.lower(): m for m in found if m.vm_id}
    rows = db.execute(
        f"SELECT id, resource_id, vm_id FROM machines WHERE vm_id IS NOT NULL AND resource_id IN {AMONG}",
        (as_list(now),),
    ).fetchall()
    for row_id, resource_id, vm_id in rows:
        new = now[resource_id]
        if new.vm_id == vm_id:
            continue
        at = to_text(new.fetched)
        db.execute(
            "UPDATE machines SET resource_id=resource_id || '#' || id, gone_at=coalesce(gone_at, ?)"
            " WHERE id=?",
            (at, row_id),
        )
        queue.cancel_queued(db, [row_id], REPLACED, new.fetched)


REPLACED = "Cancelled before it was sent: the machine was deleted, and another one has its name."
_HISTORY = ("assessments", "installations", "operations")


def mark_shared_ids(db: sqlite3.Connection, seen: Iterable[str]) -> None:
    """Remember which of the machines seen in one sync have a vmId in common, as clones do: it identifies none."""
    ids = as_list(seen)
    db.execute(
        f"UPDATE machines SET shares_vm_id=1 WHERE shares_vm_id=0 AND resource_id IN {AMONG} AND vm_id IN"
        f" (SELECT vm_id FROM machines WHERE vm_id IS NOT NULL AND resource_id IN {AMONG}"
        " GROUP BY kind, vm_id HAVING count(*)>1)",
        (ids, ids),
    )


def join_moved(db: sqlite3.Connection, connection_id: int) -> int:
    """Give machines that moved to another resource group or subscription their history back: a machine that is
    gone and one that is present have the same vmId. How many were joined."""
    pairs = db.execute(
        "SELECT o.id, n.id FROM machines o JOIN machines n ON n.vm_id=o.vm_id AND n.id<>o.id"
        " AND n.kind=o.kind AND n.gone_at IS NULL WHERE o.gone_at IS NOT NULL AND o.vm_id IS NOT NULL"
        " AND NOT o.shares_vm_id AND NOT n.shares_vm_id AND o.connection_id=? AND n.connection_id=?",
        (connection_id, connection_id),
    ).fetchall()
    for old, new in pairs:
        db.execute("UPDATE machines SET assessment_id=NULL WHERE id=?", (old,))
        for table in _HISTORY:
            db.execute(f"UPDATE OR IGNORE {table} SET machine_id=? WHERE machine_id=?", (new, old))
        for child in ("installation_updates", "installation_errors"):
            db.execute(
                f"DELETE FROM {child} WHERE installation_id IN"
                " (SELECT id FROM installations WHERE machine_id=?)",
                (old,),
            )
        for table in (*_HISTORY, "updates"):
            db.execute(f"DELETE FROM {table} WHERE machine_id=?", (old,))
        db.execute("DELETE FROM machines WHERE id=?", (old,))
    return len(pairs)


def _values(connection_id: int, m: Machine) -> tuple[object, ...]:
    s = m.settings
    return (
        connection_id, m.resource_id.lower(), m.resource_id, m.name, m.subscription_id.lower(), m.resource_group,
        m.location, m.zone, m.availability_set, m.update_domain, m.tags, m.vm_id, m.image.publisher, m.image.offer,
        m.image.sku, m.generation, m.power.value, m.os_name, m.os_version, m.time_zone,
        s.patch_mode, s.hotpatch_enabled, s.assessment_mode, s.bypass_safety_checks, s.restart_setting,
        s.automatic_updates, s.provision_agent, m.allow_extensions, m.agent_ready,
        ARC if m.arc is not None else VM, *(m.arc or _NO_ARC)[: len(_ARC)], to_text(m.fetched), to_text(_pending(m)),
    )  # fmt: skip


def _pending(m: Machine) -> datetime | None:
    """Since when an enrolment has been under way, at the latest."""
    if m.arc is None or not m.arc.is_pending:
        return None
    return m.arc.enrolled_at or m.fetched


VM, ARC = "vm", "arc"
_ARC = SORT[SORT.index("edition") :]
"""The columns of an Arc-enabled server, in the order of ``Arc``'s fields."""
_NO_ARC = Arc()


def save_health(
    db: sqlite3.Connection,
    connection_id: int,
    states: Iterable[tuple[str, str, datetime | None]],
) -> None:
    """Which machines of a connection Resource Health calls anything else than available, all of them:
    (lower-case resource id, availability state, since)."""
    db.execute(
        "UPDATE machines SET health=NULL, health_at=NULL WHERE health IS NOT NULL AND connection_id=?",
        (connection_id,),
    )
    db.executemany(
        "UPDATE machines SET health=?, health_at=? WHERE resource_id=?",
        [(state, to_text(since) if since else None, i) for i, state, since in states],
    )


class Unseen(NamedTuple):
    """Machines that a whole sync did not see, by what is known of why: their subscription is not wanted any
    more, the account cannot read it any more, or only Azure can tell. Row ids."""

    unwanted: list[int]
    unlisted: list[int]
    missing: list[int]


def unseen(
    db: sqlite3.Connection,
    connection_id: int,
    seen: AbstractSet[str],
    subscription_ids: AbstractSet[str],
) -> Unseen:
    """``seen`` resource ids, and ``subscription_ids`` that the account can read, are in lower case."""
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
    """They are no more; their history stays."""
    db.executemany(
        "UPDATE machines SET gone_at=? WHERE id=?", [(to_text(now), i) for i in machine_ids]
    )


def mark_hidden(db: sqlite3.Connection, machine_ids: Iterable[int], now: datetime) -> None:
    """The account cannot read them any more; what is known of them stays. The first time counts."""
    db.executemany(
        "UPDATE machines SET hidden_at=coalesce(hidden_at, ?) WHERE id=?",
        [(to_text(now), i) for i in machine_ids],
    )


def ids(db: sqlite3.Connection, resource_ids: Iterable[str]) -> dict[str, int]:
    """Row ids by lower-case resource id, of those that are known."""
    rows = db.execute(
        f"SELECT resource_id, id FROM machines WHERE resource_id IN {AMONG}",
        (as_list(dict.fromkeys(resource_ids)),),
    )
    return {row[0]: row[1] for row in rows}


def names(db: sqlite3.Connection, machine_ids: Sequence[int]) -> dict[int, tuple[str, bool]]:
    """(Resource id, whether it is an Arc-enabled server) by row id, of those that are there."""
    rows = db.execute(
        f"SELECT id, azure_id, kind='arc' FROM machines WHERE id IN {AMONG}",
        (as_list(machine_ids),),
    )
    return {row[0]: (row[1], bool(row[2])) for row in rows}


def resource_ids(db: sqlite3.Connection, machine_ids: Sequence[int]) -> list[str]:
    """In lower case, of those that are there, in the order of their row ids."""
    rows = db.execute(
        f"SELECT resource_id FROM machines WHERE id IN {AMONG} ORDER BY id", (as_list(machine_ids),)
    )
    return [row[0] for row in rows]


def known_ids(db: sqlite3.Connection, connection_id: int) -> set[str]:
    """Resource ids in lower case of a connection's machines that are there."""
    rows = db.execute(
        "SELECT resource_id FROM machines WHERE connection_id=? AND gone_at IS NULL",
        (connection_id,),
    )
    return {row[0] for row in rows}


def never_read(db: sqlite3.Connection, connection_id: int) -> list[str]:
    """Resource ids in lower case of machines that are there and whose lists were never read, or not since they came
    back."""
    rows = db.execute(
        "SELECT resource_id FROM machines WHERE connection_id=? AND gone_at IS NULL AND hidden_at IS NULL"
        " AND lists_read=0 ORDER BY 1",
        (connection_id,),
    )
    return [row[0] for row in rows]


def mark_lists_read(db: sqlite3.Connection, connection_id: int) -> None:
    """A sync has read what there is of each machine of the connection."""
    db.execute(
        "UPDATE machines SET lists_read=1 WHERE connection_id=? AND lists_read=0 AND gone_at IS NULL",
        (connection_id,),
    )


def with_open_runs(db: sqlite3.Connection, connection_id: int) -> list[str]:
    """Resource ids in lower case of machines with an installation whose end is not known."""
    rows = db.execute(
        "SELECT DISTINCT m.resource_id FROM installations i JOIN machines m ON m.id=i.machine_id"
        f" WHERE i.status NOT IN {FINAL_RUNS} AND m.connection_id=? AND m.gone_at IS NULL ORDER BY 1",
        (connection_id,),
    )
    return [row[0] for row in rows]


def mark_viewed(db: sqlite3.Connection, machine_id: int, now: datetime) -> None:
    """Its instance view has been read."""
    db.execute("UPDATE machines SET viewed_at=? WHERE id=?", (to_text(now), machine_id))


def read(db: sqlite3.Connection, machine_id: int) -> Machine | None:
    row = db.execute("SELECT * FROM machines WHERE id=?", (machine_id,)).fetchone()
    return machine_of(row) if row else None


def read_row(db: sqlite3.Connection, machine_id: int) -> sqlite3.Row | None:
    return next(iter(read_rows(db, [machine_id])), None)


def read_rows(db: sqlite3.Connection, machine_ids: Sequence[int]) -> list[sqlite3.Row]:
    """The rows of these machines in this order, with the subscription's name; one that is not there is left out."""
    return _rows(
        db,
        machine_ids,
        f"m.*, {DISPLAY_NAME} AS display_name, coalesce(s.name, m.subscription_id) AS subscription_name, {_ABLE}",
    )


def read_briefly(db: sqlite3.Connection, machine_ids: Sequence[int]) -> list[sqlite3.Row]:
    """Like ``read_rows``, with the columns that a sum of many machines needs: a third of the memory."""
    return _rows(
        db,
        machine_ids,
        f"m.id, m.name, {DISPLAY_NAME} AS display_name, m.kind, m.resource_group, m.sku, m.os_name, m.os_version, m.power,"
        " m.hotpatch_status, m.arc_status, m.unsaid,"
        " m.situation, m.attention, m.in_graph, m.assessed_at, m.restart_pending, m.updates, m.important,"
        f" m.critical, m.security, m.updates_that_restart, m.last_run_at, {_ABLE}",
    )


def read_for_install(db: sqlite3.Connection, machine_ids: Sequence[int]) -> list[sqlite3.Row]:
    """Like ``read_rows``, with the columns that the plan of an installation needs."""
    return _rows(
        db,
        machine_ids,
        f"m.id, {DISPLAY_NAME} AS display_name, m.kind, m.location, m.zone, m.resource_group, m.tags, m.power,"
        " m.hotpatch_status, m.arc_status, m.unsaid, m.in_graph, m.assessed_at, m.restart_pending, m.updates,"
        f" {_ABLE}",
    )


_ABLE = f"c.name AS connection_name, coalesce(c.may_act, 0) AS may_act, {permissions.COLUMN}"
"""What tells whether anything may be done with the machine."""


def _rows(db: sqlite3.Connection, machine_ids: Sequence[int], columns: str) -> list[sqlite3.Row]:
    rows = db.execute(
        f"SELECT {columns} FROM machines m LEFT JOIN connections c ON c.id=m.connection_id"
        " LEFT JOIN subscriptions s ON s.connection_id=m.connection_id AND s.id=m.subscription_id"
        f"{permissions.JOIN} WHERE m.id IN {AMONG}",
        (as_list(machine_ids),),
    )
    found = {row["id"]: row for row in rows}
    return [found[i] for i in machine_ids if i in found]


def without_graph(
    db: sqlite3.Connection, connection_id: int, viewed_before: datetime, limit: int
) -> list[int]:
    """Machines with no assessment in Resource Graph: their instance view may know of an older one. Those that were
    not read since ``viewed_before``, the longest first, and before them those of which no assessment is known."""
    rows = db.execute(
        "SELECT id FROM machines WHERE in_graph=0 AND gone_at IS NULL AND hidden_at IS NULL"
        " AND connection_id=? AND coalesce(viewed_at, '')<? ORDER BY assessed_at IS NOT NULL, viewed_at LIMIT ?",
        (connection_id, to_text(viewed_before), limit),
    )
    return [r[0] for r in rows]


def present(db: sqlite3.Connection, connection_id: int | None = None) -> list[int]:
    """Of one connection, or of all."""
    rows = db.execute(
        "SELECT id FROM machines WHERE gone_at IS NULL AND connection_id=coalesce(?, connection_id)",
        (connection_id,),
    )
    return [r[0] for r in rows]


def machine_of(row: sqlite3.Row) -> Machine:
    return Machine(
        resource_id=row["azure_id"],
        name=row["name"],
        subscription_id=row["subscription_id"],
        resource_group=row["resource_group"],
        location=row["location"],
        fetched=from_text(row["fetched_at"]) or datetime.min.replace(tzinfo=UTC),
        zone=row["zone"],
        availability_set=row["availability_set"],
        update_domain=row["update_domain"],
        tags=row["tags"],
        vm_id=row["vm_id"],
        **sort_of(row[column] for column in SORT),
    )


def sort_of(values: Iterable[Any]) -> dict[str, Any]:
    """What many machines have in common: values of the columns SORT -> arguments of Machine."""
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
        v["edition"], Licence.parse(v["licence"]), Enablement.parse(v["enablement"]), v["enablement_error"],
        v["host"], v["arc_status"], v["arc_reason"], v["licence_error"], v["agent_mode"], _flag(v["can_extend"]),
    )  # fmt: skip


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)
