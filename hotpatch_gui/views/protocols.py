"""Interfaces for the window's actions.

Only types: nothing imports this at run time, because each protocol takes half a millisecond to define.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.domain.deployments import Deployment
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.schedules import Schedule, Scope
from hotpatch_gui.domain.settings import SettingsChange
from hotpatch_gui.domain.waves import Waves


class UserActions(Protocol):
    """The actions of a user in the window. Calls return at once; results are in the file."""

    def sync(self, *, full: bool = False) -> None:
        """Read changes, or everything if ``full``."""
        ...

    def sync_every(self, minutes: float) -> None: ...

    def read_releases_daily(self, address: str | None) -> None:
        """Read release data from this address once a day; None stops it."""
        ...

    def update_releases(self, address: str) -> None: ...

    def import_releases(self, path: Path) -> None: ...

    def read_machine(self, machine_id: int) -> None: ...

    def save_connection(self, connection: Connection) -> None:
        """Store a new or changed connection, which then signs in and syncs."""
        ...

    def rename_connection(self, connection_id: int, name: str) -> None: ...

    def allow_changes(self, connection_id: int, *, changes_allowed: bool) -> None: ...

    def choose_subscriptions(self, connection_id: int, subscription_ids: Sequence[str]) -> None:
        """Select subscriptions; none selects all."""
        ...

    def connect(self, connection: Connection) -> None:
        """Try a connection; if it works, the demo ends."""
        ...

    def stop_connecting(self) -> None: ...

    def show_demo(self) -> None:
        """Switch from Azure to the demo."""
        ...

    def remove_connection(self, connection_id: int) -> None: ...

    def sign_in(self, connection_id: int) -> None:
        """Sign in with a prompt."""
        ...

    def sign_out(self, connection_id: int) -> None: ...

    def assess(self, machine_ids: Sequence[int]) -> None:
        """Assess machines. Those with an open assessment are skipped, which is reported."""
        ...

    def install(
        self,
        machine_ids: Sequence[int],
        request: InstallRequest,
        waves: Waves = ...,
        groups: Sequence[str] = ...,
    ) -> None:
        """Install updates. ``groups`` are the machines' waves by name if waves go by group."""
        ...

    def restart(self, machine_ids: Sequence[int]) -> None: ...

    def start(self, machine_ids: Sequence[int]) -> None:
        """Start virtual machines that are stopped or deallocated."""
        ...

    def change_settings(
        self,
        machine_ids: Sequence[int],
        change: SettingsChange,
        waves: Waves = ...,
        groups: Sequence[str] = ...,
    ) -> None:
        """Change update settings; waves as for ``install``."""
        ...

    def enroll(
        self,
        machine_ids: Sequence[int],
        *,
        on: bool,
        waves: Waves = ...,
        groups: Sequence[str] = ...,
    ) -> None:
        """Enroll Arc-enabled servers, or end their enrollment; waves as for ``install``."""
        ...

    def save_schedule(
        self, connection_id: int, resource_id: str, schedule: Schedule, *, is_new: bool
    ) -> None:
        """Create a maintenance configuration, which must not exist, or change one, which must."""
        ...

    def exclude_update(
        self, connection_id: int, schedules: Sequence[tuple[str, str]], kb: str
    ) -> None:
        """Exclude a KB in schedules of a connection, given as (resource ID, name)."""

    def check_deployment(self, connection_id: int, deployment: Deployment, password: str) -> None:
        """Ask Azure what a deployment would do; the result arrives in the source's ``deployment_checked``."""

    def deploy(self, connection_id: int, deployment: Deployment, password: str) -> None:
        """Create a machine. The password is never stored."""

    def cancel_changes(self, change_ids: Sequence[int] | None = None) -> None:
        """Cancel queued changes of schedules: these, or all."""
        ...

    def dismiss_changes(self) -> None:
        """Stop resolving changes of schedules whose result isn't known."""
        ...

    def read_schedule_file(self, path: Path) -> tuple[Schedule | None, str]:
        """The schedule in a file, or why it can't be used."""
        ...

    def write_schedule_file(self, path: Path, schedule: Schedule) -> str:
        """Write a schedule as JSON or Bicep; returns why it failed, empty if it didn't."""
        ...

    def delete_schedule(self, connection_id: int, resource_id: str, name: str) -> None: ...

    def assign_machines(
        self, connection_id: int, resource_id: str, name: str, machine_ids: Sequence[int]
    ) -> None: ...

    def remove_machines(
        self, connection_id: int, resource_id: str, machine_ids: Sequence[int]
    ) -> None:
        """Delete the direct assignments of these machines."""
        ...

    def save_scope(self, connection_id: int, scope: Scope) -> None: ...

    def delete_scope(self, connection_id: int, scope: Scope) -> None: ...

    def cancel(self, operation_ids: Iterable[int]) -> None:
        """Cancel queued operations."""
        ...

    def dismiss(self, operation_ids: Iterable[int]) -> None:
        """Stop resolving unknown operations."""
        ...

    def wait_for_turn(self, operation_ids: Iterable[int]) -> None:
        """Retry rejected operations until Azure accepts them."""
        ...


class DemoTime(Protocol):
    """Controls of the demo's clock. A real cloud has none."""

    changed: Any
    """A signal: playing started or stopped."""

    @property
    def is_ready(self) -> bool: ...

    @property
    def is_playing(self) -> bool: ...

    @property
    def next_release(self) -> datetime | None: ...

    @property
    def scenarios(self) -> list[tuple[str, str]]:
        """(key, title) of the scenarios."""
        ...

    def step(self) -> None:
        """Move to just after the next release."""
        ...

    def play(self) -> None:
        """Play a month in seconds."""
        ...

    def stop(self) -> None: ...

    def begin(self, scenario: str) -> None:
        """Restart the demo with a scenario."""
        ...
