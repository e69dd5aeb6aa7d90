"""The review of installations that failed, to request them again."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from hotpatch_gui.models import work
from hotpatch_gui.views.dialogs.once import open_once
from hotpatch_gui.views.services import Services

from .dialog import InstallDialog


def review_again(services: Services, owner: QWidget, operation_ids: Sequence[int]) -> None:
    """Open the install dialog for the machines whose installations failed among these operations."""
    found = work.failed_installations(services.source, operation_ids)
    if found.machine_ids:
        open_once(owner, lambda: InstallDialog(services, found.machine_ids, owner, kb=found.kb))
