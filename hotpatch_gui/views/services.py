"""What views are handed: the data, the look, and the way to ask for something."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

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


class DemoTime(Protocol):
    """The time of a demo, which the window can move. A real cloud has none."""

    changed: Any
    """A signal: it plays, or plays no more."""

    @property
    def is_ready(self) -> bool: ...

    @property
    def is_playing(self) -> bool: ...

    @property
    def next_release(self) -> datetime | None: ...

    @property
    def stories(self) -> list[tuple[str, str]]:
        """(key, title) of the worlds that the demo can begin in."""
        ...

    def step(self) -> None:
        """To just after the next release."""
        ...

    def play(self) -> None:
        """Let a month go by in seconds."""
        ...

    def stop(self) -> None: ...

    def begin(self, story: str) -> None:
        """Begin the demo again, with another world or the same one."""
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
    demo: DemoTime | None = None
