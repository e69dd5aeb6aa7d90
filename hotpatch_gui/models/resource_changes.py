"""Changes of schedules and deployments of new machines, as a table of the Activity page."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject

from hotpatch_gui.domain.clock import Clock, Span
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.store import resource_changes
from hotpatch_gui.store.resource_changes import ResourceChangeRow, change_of
from hotpatch_gui.translation import translator

from . import columns, operation_text
from .display_text import NOTHING
from .row_model import Column
from .source import DataSource
from .windowed import WindowedModel

tr = translator("ResourceChangesModel")

COLUMNS = (
    Column(
        "state",
        tr.mark("State"),
        150,
        lambda r, _: operation_text.text(r),
        glyph=operation_text.glyph,
        sort="state",
    ),
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
    Column(
        "requested_by",
        tr.mark("Requested by"),
        108,
        lambda r, _: r.requested_by or NOTHING,
        sort="requested_by",
    ),
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


class ResourceChangesModel(WindowedModel[ResourceChangeRow]):
    """Requested changes, newest first."""

    def __init__(self, source: DataSource, clock: Clock, parent: QObject) -> None:
        super().__init__(source, resource_changes.CHANGES, COLUMNS, clock, parent=parent)

    def queued(self, row_ids: Iterable[int]) -> list[int]:
        """Those of these rows that are changes of schedules and still queued, as IDs of changes."""
        found = []
        for row_id in row_ids:
            number, change_id = self.number_of(row_id), change_of(row_id)
            row = self.row(number) if number is not None else None
            if change_id and row is not None and row.state == OperationState.QUEUED:
                found.append(change_id)
        return found

    def filter(self, text: str, span: Span) -> None:
        """Show changes of the time that contain the words."""
        self.set_where(resource_changes.changes_where(text, span, operation_text.meanings))


def detail(row: ResourceChangeRow) -> str:
    """The change in full."""
    parts = [
        tr("{kind}: {subject}", kind=operation_text.kind(row), subject=row.subject),
        row.note,
        tr("On {resource_id}", resource_id=row.resource_id),
    ]
    return "\n".join(part for part in parts if part)
