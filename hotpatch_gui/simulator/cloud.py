"""The simulated world: machines and the operations under way on them, settled by the clock."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hotpatch_gui.domain.platforms import is_supported

from .catalog import Catalog
from .clock import SimulatedClock
from .fleet import assessment_of, demo_fleet, run_patch
from .guest import RESTART_MINUTES, Guest, Installation, Wish, schedule
from .state import StateFile

SUBSCRIPTION = "00000000-0000-4000-8000-00000000c0de"
TENANT = "00000000-0000-4000-8000-0000000c0510"
ASSESS_MINUTES = 2.5
SETTINGS_MINUTES = 0.4


class ArmError(Exception):
    """An error in ARM's shape: HTTP status, code, message, and what it is about."""

    def __init__(self, status: int, code: str, message: str, target: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.target = status, code, message, target


@dataclass(slots=True)
class Operation:
    """One long-running operation. ``effect`` is applied once the clock has passed ``ends``."""

    id: str
    kind: str
    guest: str
    started: datetime
    ends: datetime
    wish: dict[str, Any] | None = None
    applied: bool = False
    result: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id, "kind": self.kind, "guest": self.guest, "wish": self.wish,
            "started": self.started.isoformat(), "ends": self.ends.isoformat(),
            "applied": self.applied, "result": self.result,
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Operation:
        times = {key: datetime.fromisoformat(data[key]) for key in ("started", "ends")}
        return cls(**(data | times))


class Cloud:
    """The whole world behind the wire. Every public method is safe from any thread.

    ``received`` counts the requests that changed or started something, by kind, so that a test can
    tell one installation from two.
    """

    def __init__(
        self, catalog: Catalog, clock: SimulatedClock, *, machines: int = 12, seed: int = 1,
        state: StateFile | None = None,
    ) -> None:  # fmt: skip
        self.catalog, self.clock = catalog, clock
        self.lock = threading.RLock()
        self.version = 0
        self.received: dict[str, int] = {}
        self._state = state or StateFile(None)
        self.guests = {g.name.casefold(): g for g in demo_fleet(catalog, machines, seed)}
        for key, data in self._state.all("guest").items():
            self.guests[key] = Guest.from_json(data)
        self.operations = {
            key: Operation.from_json(data) for key, data in self._state.all("operation").items()
        }
        self._open: dict[str, Installation] = {}
        self.received = self._state.get("world", "received") or {}
        for op in self.operations.values():
            if not op.applied:
                clock.run_fast_until(op.ends)
                self._plan(op)

    def close(self) -> None:
        self._state.put(self._clock_item())
        self._state.close()

    def guest(self, resource_group: str, name: str) -> Guest:
        guest = self.guests.get(name.casefold())
        if guest is None or guest.resource_group.casefold() != resource_group.casefold():
            raise ArmError(
                404,
                "ResourceNotFound",
                f"The Resource 'Microsoft.Compute/virtualMachines/{name}' under resource group "
                f"'{resource_group}' was not found.",
            )
        return guest

    def settle(self) -> datetime:
        """Apply what the clock has passed; the time it is now. Called at the start of each request."""
        now = self.clock.now()
        for op in self.operations.values():
            if not op.applied and op.ends <= now:
                self._finish(op)
        return now

    def begin_assessment(self, guest: Guest) -> Operation:
        self._require_able(guest, "assessPatches")
        return self._begin(guest, "assess", timedelta(minutes=ASSESS_MINUTES))

    def begin_installation(self, guest: Guest, wish: Wish, raw: dict[str, Any]) -> Operation:
        self._require_able(guest, "installPatches")
        now = self.clock.now()
        ends = schedule(guest, wish, now, self.catalog).ended + timedelta(minutes=ASSESS_MINUTES)
        return self._begin(guest, "install", ends - now, raw)

    def begin_restart(self, guest: Guest) -> Operation:
        self._require_able(guest, "restart")
        return self._begin(guest, "restart", timedelta(minutes=RESTART_MINUTES))

    def begin_settings(self, guest: Guest, change: Callable[[Guest], None]) -> Operation:
        change(guest)
        return self._begin(guest, "settings", timedelta(minutes=SETTINGS_MINUTES))

    def installation_at(self, op: Operation, now: datetime) -> dict[str, Any]:
        """An installation under way, in the shape in which the world keeps finished ones."""
        plan = self._open[op.id]
        return self._run(op, plan, min(now, op.ends))

    def running(self, guest: Guest, kind: str) -> Operation | None:
        mine = (o for o in self.operations.values() if o.guest == guest.name and not o.applied)
        return next((o for o in mine if o.kind == kind), None)

    def _require_able(self, guest: Guest, action: str) -> None:
        if guest.power != "running":
            raise ArmError(
                409,
                "OperationNotAllowed",
                f"Operation '{action}' is not allowed on VM '{guest.name}' since the VM is not running.",
            )
        if action != "restart" and not (guest.allow_extensions and guest.agent_ready):
            raise ArmError(
                409,
                "OperationNotAllowed",
                f"Operation '{action}' needs the VM agent and extension operations on '{guest.name}'.",
            )
        if any(o.guest == guest.name and not o.applied for o in self.operations.values()):
            raise ArmError(
                409,
                "Conflict",
                "The request failed due to conflict with a concurrent request. To resolve it, please "
                "refer to https://aka.ms/activitylog to get more details on the conflicting requests.",
            )

    def _begin(
        self, guest: Guest, kind: str, lasts: timedelta, wish: dict[str, Any] | None = None
    ) -> Operation:
        now = self.clock.now()
        number = len(self.operations)
        op_id = str(
            uuid.uuid5(uuid.NAMESPACE_URL, f"op:{number}:{guest.name}:{kind}:{now.isoformat()}")
        )
        op = Operation(op_id, kind, guest.name, now, now + lasts, wish)
        self.operations[op_id] = op
        self.received[kind] = self.received.get(kind, 0) + 1
        self._plan(op)
        self.clock.run_fast_until(op.ends)
        self._save(op, guest)
        return op

    def _plan(self, op: Operation) -> None:
        if op.kind == "install" and op.wish is not None:
            guest = self.guests[op.guest.casefold()]
            self._open[op.id] = schedule(guest, read_wish(op.wish), op.started, self.catalog)

    def _finish(self, op: Operation) -> None:
        guest = self.guests[op.guest.casefold()]
        if op.kind == "install":
            plan = self._open.pop(op.id)
            for step in plan.steps:
                if step.state == "Installed" and step.ended is not None:
                    guest.apply(step.patch, step.ended.date(), self.catalog)
            if plan.restart_at is not None:
                guest.restart(self.catalog)
            op.result = self._run(op, plan, op.ends)
            guest.runs.append(op.result)
        if op.kind == "restart":
            guest.restart(self.catalog)
        if op.kind in ("assess", "install"):
            begun = op.ends - timedelta(minutes=ASSESS_MINUTES)
            guest.assessment = assessment_of(guest, self.catalog, begun, op.ends, "User")
            if op.kind == "assess":
                op.result = guest.assessment
        op.applied = True
        self._save(op, guest)

    def _run(self, op: Operation, plan: Installation, now: datetime) -> dict[str, Any]:
        over = now >= op.ends
        errors = [s.error for s in plan.steps if s.error and s.ended is not None and s.ended <= now]
        return {
            "id": op.id,
            "status": plan.status if over else "InProgress",
            "started": op.started.isoformat(),
            "modified": (plan.ended if over else now).isoformat(),
            "started_by": "User",
            "restart_status": plan.restart_status_at(now),
            "window_exceeded": over and plan.window_exceeded,
            "errors": errors,
            "patches": [run_patch(patch, state) for patch, state in plan.states_at(now)],
            "maintenance_run_id": None,
        }

    def _save(self, op: Operation, guest: Guest) -> None:
        self.version += 1
        self._state.put(
            ("guest", guest.name.casefold(), guest.to_json()),
            ("operation", op.id, op.to_json()),
            ("world", "received", self.received),
            self._clock_item(),
        )

    def _clock_item(self) -> tuple[str, str, str]:
        return "world", "now", self.clock.now().isoformat()

    def support_state(self, guest: Guest) -> str:
        return "Supported" if is_supported(guest.image) or guest.publisher else "Unsupported"


def read_wish(raw: dict[str, Any]) -> Wish:
    """installPatches' body -> Wish. Raises ArmError 400 as Azure does for a body it cannot take."""
    from isodate import ISO8601Error, parse_duration  # noqa: PLC0415 - only needed with a request

    windows = raw.get("windowsParameters") or {}
    restart = str(raw.get("rebootSetting", "")).casefold()
    settings = {s.casefold(): s for s in ("IfRequired", "Never", "Always")}
    if restart not in settings:
        raise ArmError(
            400,
            "InvalidParameter",
            "The value of parameter rebootSetting is invalid.",
            "rebootSetting",
        )
    include = {str(k).upper().removeprefix("KB") for k in windows.get("kbNumbersToInclude") or ()}
    exclude = {str(k).upper().removeprefix("KB") for k in windows.get("kbNumbersToExclude") or ()}
    classes = {str(c).casefold() for c in windows.get("classificationsToInclude") or ()}
    if not include and not classes:
        raise ArmError(
            400, "InvalidParameter",
            "At least one classification or one KB number to include must be specified.",
            "windowsParameters",
        )  # fmt: skip
    published = windows.get("maxPatchPublishDate")
    try:
        duration = parse_duration(raw.get("maximumDuration") or "PT4H")
        published_by = datetime.fromisoformat(published) if published else None
    except (ISO8601Error, ValueError, TypeError) as error:
        raise ArmError(
            400, "InvalidParameter", f"A value could not be read: {error}", "maximumDuration"
        ) from None
    return Wish(
        classifications=frozenset(classes),
        include=frozenset(f"KB{k}" for k in include),
        exclude=frozenset(f"KB{k}" for k in exclude),
        exclude_restarting=bool(windows.get("excludeKbsRequiringReboot")),
        published_by=published_by,
        restart=settings[restart],
        minutes=duration.total_seconds() / 60,
    )
