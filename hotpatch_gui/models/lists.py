"""Tables of updates, runs, operations and calls, with their columns and filters."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from hotpatch_gui.domain.clock import Clock, Span
from hotpatch_gui.domain.update_filter import UpdateFilter
from hotpatch_gui.store import lists
from hotpatch_gui.store.history_rows import CallRow, InstallationRunRow, KbRow, UpdateRow
from hotpatch_gui.store.rows import OperationRow

from . import columns
from .log_model import LogModel
from .source import DataSource
from .windowed import WindowedModel


class UpdatesModel(WindowedModel[UpdateRow]):
    """Available updates, one row per machine and update."""

    def __init__(self, source: DataSource, clock: Clock, parent: QObject) -> None:
        super().__init__(source, lists.UPDATES, columns.COMPLIANCE, clock, parent=parent)

    def show(
        self,
        machine_ids: Sequence[int],
        classifications: Sequence[str],
        restarts: bool | None,
        text: str,
        *,
        are_others: bool,
    ) -> None:
        """Show updates of these machines.

        ``are_others``: rows of the previous machines are hidden at once; rows of a single machine are read synchronously.
        """
        where = lists.updates_where(machine_ids, classifications, restarts, text)
        if are_others:
            self.show_others(where, synchronous=len(machine_ids) == 1)
        else:
            self.set_where(where)


class KbsModel(WindowedModel[KbRow]):
    """Updates across the fleet, one row per update."""

    def __init__(self, source: DataSource, clock: Clock, parent: QObject) -> None:
        super().__init__(source, lists.KBS, columns.KBS, clock, parent=parent)

    def filter(self, update_filter: UpdateFilter) -> None:
        """Show the updates that fit."""
        self.set_where(lists.kbs_where(update_filter))


class RunsModel(WindowedModel[InstallationRunRow]):
    """Installation runs."""

    def __init__(self, source: DataSource, clock: Clock, parent: QObject) -> None:
        super().__init__(source, lists.HISTORY, columns.HISTORY, clock, parent=parent)

    def show(
        self,
        machine_ids: Sequence[int] | None,
        span: Span,
        statuses: Sequence[str],
        text: str,
        *,
        are_others: bool,
    ) -> None:
        """Show runs of these machines, or all with None. ``are_others`` as in UpdatesModel."""
        where = lists.history_where(machine_ids, span, statuses, text)
        if are_others:
            is_one = machine_ids is not None and len(machine_ids) == 1
            self.show_others(where, synchronous=is_one)
        else:
            self.set_where(where)


class OperationsModel(LogModel[OperationRow]):
    """All operations, newest first."""

    def __init__(self, source: DataSource, clock: Clock, parent: QObject) -> None:
        super().__init__(
            source,
            lists.OPERATIONS,
            columns.OPERATIONS,
            lists.operations_where,
            clock,
            parent=parent,
        )


class OperationsOfActions(WindowedModel[OperationRow]):
    """The operations of selected actions, those that need attention first."""

    def __init__(self, source: DataSource, clock: Clock, parent: QObject) -> None:
        table = lists.OPERATIONS_BY_STATE
        super().__init__(source, table, columns.OPERATIONS, clock, parent=parent)

    def show_actions(self, action_ids: Sequence[int]) -> None:
        """Show the operations of these actions."""
        self.set_where(lists.of_actions(action_ids))


class CallsModel(LogModel[CallRow]):
    """The audit log, newest first."""

    def __init__(self, source: DataSource, clock: Clock, parent: QObject) -> None:
        super().__init__(
            source, lists.CALLS, columns.CALLS, lists.calls_where, clock, parent=parent
        )
