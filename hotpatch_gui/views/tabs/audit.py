"""The audit log: every call that changed something, with its body and result."""

from __future__ import annotations

from typing import Any

from hotpatch_gui.models import operation_text
from hotpatch_gui.models.lists import CallsModel
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services

from .log_tab import DetailTab, LogTexts

tr = translator("AuditTab")

DETAIL_PX = 96


class AuditTab(DetailTab):
    """Every call; entries can't be changed."""

    def __init__(self, services: Services) -> None:
        texts = LogTexts(
            title=tr("Audit log"),
            hint=tr("Filter by machine, account, call or result"),
            no_match=tr("No call matches"),
            empty=tr("No calls yet"),
            nothing_yet=tr(
                "Every call that changes something appears here: who made it, on which resource, its "
                "body and its result. Entries can't be changed or deleted."
            ),
        )
        super().__init__(
            services,
            CallsModel,
            "audit",
            texts,
            prompt=tr("Select a call to see its body and its result."),
            detail_px=DETAIL_PX,
        )

    def detail_of(self, row: Any) -> str:
        """The call with its result, body, resource and Azure's code."""
        parts = [
            f"{operation_text.event(row)}: {row.result}" if row.result else "",
            tr("Body: {body}", body=row.body) if row.body else tr("The call has no body."),
            tr("On {resource_id}", resource_id=row.resource_id),
            tr("Azure's code: {code}", code=row.code) if row.code else "",
        ]
        return "\n".join(part for part in parts if part)
