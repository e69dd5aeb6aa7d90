"""Changes of Azure's resources other than machines' operations, in one table: changes of schedules, and deployments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from hotpatch_gui.domain.clock import ALWAYS, Span

from .audit import DEPLOYMENT
from .lists import within
from .rows import fields
from .sql import IN_JSON, as_list
from .tables import TableQuery, Where, like, search_terms

_COLUMNS = (
    "connection_id, subject, resource_id, state, note, requested_by, created_at, sent_at, ended_at"
)


class ResourceChangeRow(NamedTuple):
    """A requested change.

    Attributes:
        id: unique among both kinds (``of_change`` and ``of_deployment``).
        kind: a stored ChangeKind, or ``audit.DEPLOYMENT``.
        subject: the schedule, machine or scope that it is about.
    """

    id: int
    kind: str
    subject: str
    resource_id: str
    connection: str
    state: str
    note: str
    requested_by: str
    created_at: str
    sent_at: str | None
    ended_at: str | None


def of_change(change_id: int) -> int:
    """The row ID of a schedule's change."""
    return 2 * change_id


def of_deployment(deployment_id: int) -> int:
    """The row ID in ``CHANGES`` that represents a deployment."""
    return 2 * deployment_id + 1


def change_of(row_id: int) -> int | None:
    """The schedule's change with this row ID; None for a deployment."""
    return None if row_id % 2 else row_id // 2


CHANGES = TableQuery(
    name="resource_changes",
    source=(
        f"(SELECT 2*id AS id, kind, {_COLUMNS} FROM schedule_changes"
        f" UNION ALL SELECT 2*id+1, '{DEPLOYMENT}', {_COLUMNS} FROM deployments) r"
        " LEFT JOIN connections c ON c.id=r.connection_id"
    ),
    key="r.id",
    row=ResourceChangeRow,
    select=fields(ResourceChangeRow, "r", connection="coalesce(c.name, '')"),
    sorts={
        "created": "r.created_at",
        "ended": "r.ended_at",
        "state": "r.state",
        "kind": "r.kind",
        "subject": "r.subject COLLATE NOCASE",
        "connection": "c.name COLLATE NOCASE",
        "requested_by": "r.requested_by",
    },
    default_sort=("created", True),
    touched_by=frozenset({"schedule_changes", "deployments", "connections"}),
)


def changes_where(
    text: str = "",
    span: Span = ALWAYS,
    meanings: Callable[[str], Sequence[str]] = lambda _: (),
) -> Where:
    """Conditions for changes, by words in any of their texts; ``meanings`` as in ``lists.operations_where``."""
    where = within("r.created_at", span)
    for word in search_terms(text):
        where = where.and_(
            "r.subject LIKE ? ESCAPE '\\' OR r.resource_id LIKE ? ESCAPE '\\' OR r.requested_by LIKE ? ESCAPE '\\'"
            f" OR r.note LIKE ? ESCAPE '\\' OR r.kind IN {IN_JSON} OR r.state IN {IN_JSON}",
            *([like(word)] * 4),
            *([as_list(meanings(word))] * 2),
        )
    return where
