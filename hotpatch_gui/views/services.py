"""What views are handed: the data, the look, and the way to ask for something."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.models.source import DataSource
from hotpatch_gui.settings import Settings
from hotpatch_gui.theme.icons import Icons
from hotpatch_gui.theme.theme import Theme

if TYPE_CHECKING:
    from hotpatch_gui.domain.installs import InstallRequest
    from hotpatch_gui.domain.releases import Calendar
    from hotpatch_gui.domain.settings import SettingsChange


class Requests(Protocol):
    """What the window can ask for. Each call returns at once; what comes of it is in the file."""

    def sync(self) -> None: ...

    def sync_every(self, minutes: int) -> None: ...

    def read_machine(self, machine_id: int) -> None: ...

    def assess(self, machine_ids: Sequence[int]) -> int:
        """How many were queued: a machine that has one open already is passed over."""
        ...

    def install(self, machine_ids: Sequence[int], request: InstallRequest) -> int: ...

    def restart(self, machine_ids: Sequence[int]) -> int: ...

    def change_settings(self, machine_ids: Sequence[int], change: SettingsChange) -> int: ...

    def cancel(self, operation_id: int) -> bool:
        """Take a queued operation back, or dismiss an unknown one."""
        ...


class CloudLabel(NamedTuple):
    """What the window says of the cloud it shows. ``demo`` is empty for a real one."""

    name: str
    demo: str = ""


class Services(NamedTuple):
    """Handed down to every view by app.py."""

    source: DataSource
    clock: Clock
    calendar: Callable[[], Calendar]
    theme: Theme
    icons: Icons
    settings: Settings
    requests: Requests
    cloud: CloudLabel
