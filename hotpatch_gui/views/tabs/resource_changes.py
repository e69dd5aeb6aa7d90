"""Changes of schedules and deployments of new machines, one row each, newest first."""

from __future__ import annotations

from typing import Any

from hotpatch_gui.models import resource_changes
from hotpatch_gui.models.resource_changes import ResourceChangesModel
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services

from .log_tab import DetailTab, LogTexts

tr = translator("ResourceChangesTab")

DETAIL_PX = 76


class ResourceChangesTab(DetailTab):
    """Changes that aren't operations on machines."""

    model: ResourceChangesModel

    def __init__(self, services: Services) -> None:
        texts = LogTexts(
            title=tr("Schedules and new machines"),
            hint=tr("Filter by name, change, state or person"),
            no_match=tr("No change matches"),
            empty=tr("No changes yet"),
            nothing_yet=tr(
                "Changes of schedules, their machines and dynamic scopes, and new machines appear here "
                "as soon as you request them."
            ),
        )
        super().__init__(
            services,
            ResourceChangesModel,
            "resourceChanges",
            texts,
            prompt=tr("Select a change to see its details."),
            detail_px=DETAIL_PX,
        )

    @property
    def queued_changes(self) -> list[int]:
        """The selected changes of schedules that are still queued."""
        return self.model.queued(self.panel.table.selected_ids)

    def detail_of(self, row: Any) -> str:
        """The change in full."""
        return resource_changes.detail(row)
