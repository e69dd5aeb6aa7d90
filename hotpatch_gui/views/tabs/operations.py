"""Operations, one row each, newest first."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal

from hotpatch_gui.models import work
from hotpatch_gui.models.lists import OperationsModel
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services

from .log_tab import DetailTab, LogTexts

tr = translator("OperationsTab")

DETAIL_PX = 56


class OperationsTab(DetailTab):
    """All operations.

    Signals:
        opened (int): an operation.
    """

    opened = Signal(int)

    def __init__(self, services: Services) -> None:
        self._source = services.source
        texts = LogTexts(
            title=tr("Operations"),
            hint=tr("Filter by machine, operation, state or person"),
            no_match=tr("No operation matches"),
            empty=tr("No operations yet"),
            nothing_yet=tr(
                "Assessments, installations, restarts and changes of settings appear here as soon as "
                "you start them."
            ),
        )
        super().__init__(
            services,
            OperationsModel,
            "activity",
            texts,
            prompt=tr("Select an operation to see its details."),
            detail_px=DETAIL_PX,
        )
        self.panel.table.opened.connect(self.opened)

    @property
    def operation_ids(self) -> list[int]:
        """The selected operations."""
        return self.panel.table.selected_ids

    def detail_of(self, row: Any) -> str:
        """The operation, its result and what is possible."""
        return work.detail(self._source, row.id).text
