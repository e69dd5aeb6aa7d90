"""The engine's events as signals, for the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from hotpatch_gui.worker.events import Event


class EngineEvents(QObject):
    """The engine's events as signals. Lives on the UI thread.

    ``observe`` is called on the engine's thread, so slots must belong to QObjects.

    Signals:
        one for each event that the window uses, with the event as its argument; other events are dropped.
    """

    opened = Signal(object)
    connected = Signal(object)
    changed = Signal(object)
    sync_progressed = Signal(object)
    synced = Signal(object)
    sync_ended = Signal(object)
    failed = Signal(object)
    prompted = Signal(object)
    releases_read = Signal(object)
    deployment_checked = Signal(object)
    deployment_stored = Signal(object)

    def observe(self, event: Event) -> None:
        """Pass an event to the UI thread."""
        signal = _SIGNALS.get(type(event).__name__)
        if signal is not None:
            getattr(self, signal).emit(event)


_SIGNALS = {
    "Opened": "opened",
    "Connected": "connected",
    "Changed": "changed",
    "SyncProgress": "sync_progressed",
    "Synced": "synced",
    "SyncEnded": "sync_ended",
    "Failed": "failed",
    "Prompted": "prompted",
    "ReleasesRead": "releases_read",
    "DeploymentChecked": "deployment_checked",
    "DeploymentStored": "deployment_stored",
}
"""By class name, because importing the classes takes longer than the first paint may."""
