"""Changes of schedules and deployments of new machines, as a table of the Activity page."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.store import resource_changes
from hotpatch_gui.store.resource_changes import ResourceChangeRow, change_of
from hotpatch_gui.translation import translator

from . import columns, operation_text
from .display_text import NOTHING
from .log_model import LogModel
from .row_model import Column
from .source import DataSource

tr = translator("ResourceChangesModel")

COLUMNS = (
    columns.STATE,
    Column("kind", tr.mark("Change"), 160, lambda r, _: operation_text.kind(r), sort="kind"),
    Column("subject", tr.mark("Name"), 200, lambda r, _: r.subject, sort="subject"),
    Column(
        "note",
        tr.mark("Details"),
        280,
        lambda r, _: r.note or NOTHING,
        tip=lambda r, _: r.note,
    ),
    *columns.REQUEST_TIMES,
    columns.REQUESTED_BY,
    Column(
        "connection",
        tr.mark("Connection"),
        120,
        lambda r, _: r.connection or NOTHING,
        sort="connection",
        hidden=True,
    ),
    Column("resource_id", tr.mark("Resource ID"), 300, lambda r, _: r.resource_id, hidden=True),
)


class ResourceChangesModel(LogModel[ResourceChangeRow]):
    """Requested changes, newest first."""

    def __init__(self, source: DataSource, clock: Clock, parent: QObject) -> None:
        conditions = resource_changes.changes_where
        super().__init__(
            source, resource_changes.CHANGES, COLUMNS, conditions, clock, parent=parent
        )

    def queued(self, row_ids: Iterable[int]) -> list[int]:
        """The IDs of the queued schedule changes among these rows."""
        found = []
        for row_id in row_ids:
            row, change_id = self.row_of(row_id), change_of(row_id)
            if change_id and row is not None and row.state == OperationState.QUEUED:
                found.append(change_id)
        return found


def detail(row: ResourceChangeRow) -> str:
    """The change in full."""
    parts = [
        tr("{kind}: {subject}", kind=operation_text.kind(row), subject=row.subject),
        row.note,
        tr("On {resource_id}", resource_id=row.resource_id),
    ]
    return "\n".join(part for part in parts if part)
