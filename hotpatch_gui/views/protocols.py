"""What the window can ask for. Types alone: nothing imports this while the program runs, as protocols take
half a millisecond each to define before the first frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.settings import SettingsChange
from hotpatch_gui.domain.waves import Waves


class Requests(Protocol):
    """What the window can ask for. Each call returns at once; what comes of it is in the file."""

    def sync(self, *, whole: bool = False) -> None:
        """Read what has changed, or with ``whole`` everything."""
        ...

    def sync_every(self, minutes: float) -> None: ...

    def read_releases_daily(self, address: str | None) -> None:
        """Have the release data read from there once a day; None ends that."""
        ...

    def update_releases(self, address: str) -> None: ...

    def import_releases(self, path: Path) -> None: ...

    def read_machine(self, machine_id: int) -> None: ...

    def save_connection(self, connection: Connection) -> None:
        """Store a new one, or where one leads; it signs in and is read."""
        ...

    def rename_connection(self, connection_id: int, name: str) -> None: ...

    def allow_actions(self, connection_id: int, *, may_act: bool) -> None: ...

    def choose_subscriptions(self, connection_id: int, subscription_ids: Sequence[str]) -> None:
        """Have these read and no others; with none named, all that the account can read."""
        ...

    def connect(self, connection: Connection) -> None:
        """Try this connection to Azure; the demo is left for it once it has worked."""
        ...

    def stop_connecting(self) -> None: ...

    def show_demo(self) -> None:
        """Leave Azure for the demo."""
        ...

    def remove_connection(self, connection_id: int) -> None: ...

    def sign_in(self, connection_id: int) -> None:
        """Ask the user; nothing else ever does."""
        ...

    def sign_out(self, connection_id: int) -> None: ...

    def assess(self, machine_ids: Sequence[int]) -> None:
        """A machine that has one open already is passed over; that is told."""
        ...

    def install(
        self,
        machine_ids: Sequence[int],
        request: InstallRequest,
        waves: Waves = ...,
        groups: Sequence[str] = ...,
    ) -> None:
        """``groups`` are the machines' waves by name, in the same order, where the waves go by group."""
        ...

    def restart(self, machine_ids: Sequence[int]) -> None: ...

    def change_settings(self, machine_ids: Sequence[int], change: SettingsChange) -> None: ...

    def enrol(self, machine_ids: Sequence[int], *, on: bool) -> None:
        """Give Arc-enabled servers their hotpatch license, or end it."""
        ...

    def cancel(self, operation_ids: Iterable[int]) -> None:
        """Take queued operations back."""
        ...

    def dismiss(self, operation_ids: Iterable[int]) -> None:
        """Stop finding out about operations whose end is not known."""
        ...

    def wait_for_turn(self, operation_ids: Iterable[int]) -> None:
        """Ask again for what Azure refused because something else was at work, once that has ended."""
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
