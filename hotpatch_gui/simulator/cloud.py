"""The simulated machines and their operations, settled by the clock."""

from __future__ import annotations

import heapq
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hotpatch_gui.domain.permissions import Grant, allows
from hotpatch_gui.domain.platforms import is_supported

from .arm_error import ArmError
from .catalog import Catalog
from .clock import SimulatedClock
from .fleet import assessment_of, run_patch
from .guest import (
    HYBRID,
    RESTART_MINUTES,
    SUBSCRIPTION,
    Guest,
    Installation,
    InstallParameters,
    plan_installation,
)
from .guest_patching import Patching
from .install_parameters import parse_install_parameters, raw_parameters
from .maintenance import LONG_AGO, Body, Maintenance, seeds
from .state import StateFile

TENANT = "00000000-0000-4000-8000-0000000c0510"
MAX_WHAT_IFS = 50
ASSESS_MINUTES = 2.5
SETTINGS_MINUTES = 0.4
CREATE_MINUTES = 3.0
START_MINUTES = 1.0
LICENSE_MINUTES = 10
VM, ARC = "Microsoft.Compute/virtualMachines", "Microsoft.HybridCompute/machines"


_RENAMED = {"enrol": "enroll", "disenrol": "unenroll"}
"""Kinds of an Operation by their earlier name."""


@dataclass(slots=True)
class SimulatedOperation:
    """One long-running operation. ``effect`` applies when the clock passes ``ends``."""

    id: str
    kind: str
    guest: str
    started: datetime
    ends: datetime
    parameters: dict[str, Any] | None = None
    applied: bool = False
    result: dict[str, Any] | None = None
    run_name: str | None = None
    """The maintenance run of an installation by the platform; None for a user's."""

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "guest": self.guest,
            "wish": self.parameters,  # the key of earlier versions
            "started": self.started.isoformat(),
            "ends": self.ends.isoformat(),
            "applied": self.applied,
            "result": self.result,
            "run_name": self.run_name,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> SimulatedOperation:
        """A stored operation, including one from a file of an earlier program version."""
        times = {key: datetime.fromisoformat(data[key]) for key in ("started", "ends")}
        other = {key: value for key, value in data.items() if key != "wish"}
        kind = _RENAMED.get(data["kind"], data["kind"])
        return cls(**(other | times | {"kind": kind, "parameters": data["wish"]}))


class SimulatedCloud:
    """Everything behind the wire. Thread-safe.

    ``received`` counts requests that changed or started something, by kind.
    """

    def __init__(
        self,
        catalog: Catalog,
        clock: SimulatedClock,
        fleet: Sequence[Guest],
        *,
        pairs: Sequence[Sequence[str]] = (),
        state: StateFile | None = None,
    ) -> None:
        self.catalog, self.clock = catalog, clock
        self.lock = threading.RLock()
        self.version = 0
        self.received: dict[str, int] = {}
        self.is_closed = False
        self._state = state or StateFile(None)
        self.guests = {g.name.casefold(): g for g in fleet}
        self.subscriptions = {SUBSCRIPTION: "Production subscription"}
        if any(g.subscription == HYBRID for g in fleet):
            self.subscriptions[HYBRID] = "Hybrid subscription"
        self.grants: dict[str, tuple[str, ...]] = {}
        """Granted actions by lower-case resource group; all actions if none is listed."""
        for key, data in self._state.all("guest").items():
            self.guests[key] = Guest.from_json(data)
        self.operations = {
            key: SimulatedOperation.from_json(data)
            for key, data in self._state.all("operation").items()
        }
        self._open: dict[str, Installation] = {}
        self._unfinished: dict[str, SimulatedOperation] = {}
        self._ends: list[tuple[datetime, str]] = []
        self._busy: Counter[str] = Counter()
        self._unsaved: dict[tuple[str, str], Any] = {}
        self.maintenance = Maintenance(
            self._state.all("configuration"), self._state.all("assignment"), self._touch
        )
        if not self._state.get("world", "has_maintenance"):  # a new fleet, or an earlier version's
            self._touch("world", "has_maintenance", True)
            for guest in self.guests.values():
                if guest.schedule:
                    for kind, body in zip(
                        ("configuration", "assignment"), seeds(guest), strict=True
                    ):
                        self.maintenance.put(kind, body, LONG_AGO)
        self.deployments: dict[str, dict[str, Any]] = self._state.all("deployment")
        """By lower-case subscription, resource group and name: when each was started, its operation, and its error."""
        self.network = set(self._state.all("network"))
        """Lower-case resource IDs of networks and network interfaces that deployments made."""
        self.what_ifs: dict[str, dict[str, Any]] = {}
        self.received = self._state.get("world", "received") or {}
        for op in self.operations.values():
            if not op.applied:
                self._begin(op)
                if op.run_name is None:
                    clock.run_fast_until(op.ends)
        self.patching = Patching(self, pairs, clock.now(), self._state.get("world", "patching"))

    def close(self) -> None:
        """Close, after the current request is answered."""
        with self.lock:
            self._touch("world", "now", self.clock.now().isoformat())
            self.save()
            self._state.close()
            self.is_closed = True

    def guest(
        self, subscription: str, resource_group: str, name: str, *, is_arc: bool = False
    ) -> Guest:
        """The machine by its ID.

        Raises:
            ArmError: 404 if it doesn't exist or isn't readable.
        """
        guest = self.guests.get(name.casefold())
        wanted = (subscription.casefold(), resource_group.casefold(), is_arc)
        there = guest and (guest.subscription, guest.resource_group.casefold(), guest.is_arc)
        if guest is None or there != wanted:
            kind = "HybridCompute/machines" if is_arc else "Compute/virtualMachines"
            raise ArmError(
                404,
                "ResourceNotFound",
                f"The Resource 'Microsoft.{kind}/{name}' under resource group "
                f"'{resource_group}' was not found.",
            )
        return guest

    def settle(self) -> datetime:
        """Apply what the clock has passed, and return the current time. Called for each request."""
        now = self.clock.now()
        for hour in self.patching.hours_until(now):
            self.finish_until(hour)
            self.patching.step(hour)
        self.finish_until(now)
        self.patching.run_due(now)
        self.finish_until(now)
        if self.patching.has_changed:
            self._touch("world", "patching", self.patching.to_json())
        self.save()
        return now

    def finish_until(self, moment: datetime) -> None:
        """Apply operations that end by then."""
        while self._ends and self._ends[0][0] <= moment:
            op = self._unfinished.get(heapq.heappop(self._ends)[1])
            if op is not None:
                self._finish(op)

    def is_busy(self, guest: Guest) -> bool:
        return self._busy[guest.name] > 0

    def busy_until(self, guest: Guest) -> datetime | None:
        """When the machine's operations end; None without any."""
        if not self.is_busy(guest):
            return None
        return max(op.ends for op in self._unfinished.values() if op.guest == guest.name)

    def install_for_platform(
        self, guest: Guest, parameters: InstallParameters, at: datetime, run_name: str
    ) -> Installation:
        """Start an installation by automatic guest patching or a schedule."""
        plan = plan_installation(guest, parameters, at, self.catalog)
        number = uuid.uuid5(uuid.NAMESPACE_URL, f"{run_name}:{guest.name}:{at.isoformat()}")
        ends = plan.ended + timedelta(minutes=ASSESS_MINUTES)
        op = SimulatedOperation(
            str(number),
            "install",
            guest.name,
            at,
            ends,
            raw_parameters(parameters),
            run_name=run_name,
        )
        self.operations[op.id] = op
        self._begin(op)
        self._keep(op, guest)
        return plan

    def assess_for_platform(self, guest: Guest, ended: datetime) -> None:
        """Add a periodic assessment."""
        begun = ended - timedelta(minutes=ASSESS_MINUTES)
        guest.assessment = assessment_of(guest, self.catalog, begun, ended, "Platform")
        self._touch("guest", guest.name.casefold(), guest)

    def begin_assessment(self, guest: Guest) -> SimulatedOperation:
        self._require_able(guest, "assessPatches")
        return self._start_operation(guest, "assess", timedelta(minutes=ASSESS_MINUTES))

    def begin_installation(
        self, guest: Guest, parameters: InstallParameters, raw: dict[str, Any]
    ) -> SimulatedOperation:
        self._require_able(guest, "installPatches")
        now = self.clock.now()
        ends = plan_installation(guest, parameters, now, self.catalog).ended + timedelta(
            minutes=ASSESS_MINUTES
        )
        return self._start_operation(guest, "install", ends - now, raw)

    def begin_restart(self, guest: Guest) -> SimulatedOperation:
        self._require_able(guest, "restart")
        return self._start_operation(guest, "restart", timedelta(minutes=RESTART_MINUTES))

    def begin_start(self, guest: Guest) -> SimulatedOperation:
        self._require_idle(guest)
        return self._start_operation(guest, "start", timedelta(minutes=START_MINUTES))

    def begin_settings(self, guest: Guest, change: Callable[[Guest], None]) -> SimulatedOperation:
        change(guest)
        return self._start_operation(guest, "settings", timedelta(minutes=SETTINGS_MINUTES))

    def begin_creation(self, guest: Guest) -> SimulatedOperation:
        """Add a new machine; it runs when the operation ends."""
        key = guest.name.casefold()
        self.guests[key] = guest
        guest.power = "starting"
        self.patching.add(key, self.clock.now())
        return self._start_operation(guest, "create", timedelta(minutes=CREATE_MINUTES))

    def begin_enrollment(self, guest: Guest, *, on: bool) -> SimulatedOperation:
        """Enroll an Arc-enabled server, or end the enrollment."""
        guest.license = "Enabling" if on else "Disabling"
        kind = "enroll" if on else "unenroll"
        return self._start_operation(guest, kind, timedelta(minutes=LICENSE_MINUTES))

    def change_arc(
        self, guest: Guest, patch_mode: str, assessment_mode: str, hotpatching: bool | None
    ) -> None:
        """Change an Arc-enabled server's settings at once; hotpatching is evaluated afterwards."""
        guest.patch_mode, guest.assessment_mode = patch_mode, assessment_mode
        is_other = hotpatching is not None and hotpatching != guest.hotpatching
        if is_other:
            guest.set_hotpatching(bool(hotpatching), self.clock.now().date())
            guest.evaluating = guest.license == "Enabled"
        self._start_operation(
            guest, "settings", timedelta(minutes=SETTINGS_MINUTES if is_other else 0)
        )

    def keep_deployment(self, key: str, started: dict[str, Any]) -> None:
        """Store a deployment."""
        self.deployments[key] = started
        self._touch("deployment", key, started)
        self._count("deployment")

    def keep_network(self, resource_id: str) -> None:
        """Store that a network or a network interface exists."""
        self.network.add(resource_id.casefold())
        self._touch("network", resource_id.casefold(), True)

    def keep_what_if(self, token: str, result: dict[str, Any]) -> None:
        """Keep the result of a what-if until others follow."""
        self.what_ifs[token] = result
        if len(self.what_ifs) > MAX_WHAT_IFS:
            self.what_ifs.pop(next(iter(self.what_ifs)))

    def put_maintenance(self, kind: str, body: Body) -> bool:
        """Store a configuration or an assignment; whether it is new."""
        now = self.clock.now()
        is_new = self.maintenance.put(kind, body, now)
        if kind == "configuration":
            self.patching.queue_schedule(body["id"].casefold(), now)
        self._count("maintenance")
        return is_new

    def delete_maintenance(self, kind: str, resource_id: str) -> bool:
        """Delete a configuration or an assignment; whether there was one."""
        self._count("maintenance")
        return self.maintenance.delete(kind, resource_id, self.clock.now())

    def _count(self, kind: str) -> None:
        self.received[kind] = self.received.get(kind, 0) + 1
        self._touch("world", "received", self.received)

    def granted(self, resource_group: str) -> tuple[str, ...]:
        """The caller's actions on a resource group."""
        return self.grants.get(resource_group.casefold(), ("*",))

    def readable(self) -> list[Guest]:
        """Machines that the caller can read."""
        if not self.grants:
            return list(self.guests.values())
        return [g for g in self.guests.values() if self._may_read(g.resource_group, g.is_arc)]

    def may_read_assignment(self, body: Body) -> bool:
        """Whether the caller can read an assignment."""
        parts = body["id"].split("/")
        action = "Microsoft.Maintenance/configurationAssignments/read"
        group = parts[4] if parts[3].casefold() == "resourcegroups" else ""
        return allows([Grant(self.granted(group))], action)

    def _may_read(self, resource_group: str, is_arc: bool) -> bool:
        return allows([Grant(self.granted(resource_group))], f"{ARC if is_arc else VM}/read")

    def require(self, resource_group: str, action: str) -> None:
        """Check an action.

        Raises:
            ArmError: 403 if the caller doesn't have it.
        """
        if not allows([Grant(self.granted(resource_group))], action):
            raise ArmError(
                403,
                "AuthorizationFailed",
                f"The client does not have authorization to perform action '{action}' over the scope or the "
                "scope is invalid.",
            )

    def installation_at(self, op: SimulatedOperation, now: datetime) -> dict[str, Any]:
        """A running installation in the shape of finished ones."""
        plan = self._open[op.id]
        return self._run(op, plan, min(now, op.ends))

    def running(self, guest: Guest, kind: str) -> SimulatedOperation | None:
        mine = (o for o in self._unfinished.values() if o.guest == guest.name)
        return next((o for o in mine if o.kind == kind), None)

    def _require_able(self, guest: Guest, action: str) -> None:
        if guest.power != "running":
            why = (
                f"machine '{guest.name}' since its agent is not connected"
                if guest.is_arc
                else f"VM '{guest.name}' since the VM is not running"
            )
            raise ArmError(
                409, "OperationNotAllowed", f"Operation '{action}' is not allowed on {why}."
            )
        if action != "restart" and not (guest.allow_extensions and guest.agent_ready):
            raise ArmError(
                409,
                "OperationNotAllowed",
                f"Operation '{action}' needs the VM agent and extension operations on '{guest.name}'.",
            )
        self._require_idle(guest)

    def _require_idle(self, guest: Guest) -> None:
        if self.is_busy(guest):
            raise ArmError(
                409,
                "Conflict",
                "The request failed due to conflict with a concurrent request. To resolve it, please "
                "refer to https://aka.ms/activitylog to get more details on the conflicting requests.",
            )

    def _start_operation(
        self, guest: Guest, kind: str, lasts: timedelta, parameters: dict[str, Any] | None = None
    ) -> SimulatedOperation:
        now = self.clock.now()
        number = len(self.operations)
        op_id = str(
            uuid.uuid5(uuid.NAMESPACE_URL, f"op:{number}:{guest.name}:{kind}:{now.isoformat()}")
        )
        op = SimulatedOperation(op_id, kind, guest.name, now, now + lasts, parameters)
        self.operations[op_id] = op
        self._count(kind)
        self._begin(op)
        self.clock.run_fast_until(op.ends)
        self._keep(op, guest)
        return op

    def _begin(self, op: SimulatedOperation) -> None:
        self._unfinished[op.id] = op
        self._busy[op.guest] += 1
        heapq.heappush(self._ends, (op.ends, op.id))
        if op.kind == "install" and op.parameters is not None:
            guest = self.guests[op.guest.casefold()]
            self._open[op.id] = plan_installation(
                guest, parse_install_parameters(op.parameters), op.started, self.catalog
            )

    def _finish(self, op: SimulatedOperation) -> None:
        guest = self.guests[op.guest.casefold()]
        if op.kind == "install":
            plan = self._open.pop(op.id)
            for step in plan.steps:
                if step.state == "Installed" and step.ended is not None:
                    guest.apply(step.patch, step.ended, self.catalog)
            if plan.restart_at is not None:
                guest.restart(self.catalog)
            op.result = self._run(op, plan, op.ends)
            guest.runs.append(op.result)
        power = {"restart": guest.restart, "start": guest.start, "create": guest.start}.get(op.kind)
        if power is not None:
            power(self.catalog)
        if guest.is_arc:
            _settle_license(op, guest)
        if op.kind in ("assess", "install"):
            begun = op.ends - timedelta(minutes=ASSESS_MINUTES)
            by = "User" if op.run_name is None else "Platform"
            guest.assessment = assessment_of(guest, self.catalog, begun, op.ends, by)
            if op.kind == "assess":
                op.result = guest.assessment
        op.applied = True
        del self._unfinished[op.id]
        self._busy[op.guest] -= 1
        self._keep(op, guest)
        if op.run_name is not None:  # nobody polls it
            del self.operations[op.id]

    def _run(self, op: SimulatedOperation, plan: Installation, now: datetime) -> dict[str, Any]:
        over = now >= op.ends
        errors = [s.error for s in plan.steps if s.error and s.ended is not None and s.ended <= now]
        return {
            "id": op.id,
            "status": plan.status if over else "InProgress",
            "started": op.started.isoformat(),
            "modified": (plan.ended if over else now).isoformat(),
            "started_by": "User" if op.run_name is None else "Platform",
            "restart_status": plan.restart_status_at(now),
            "window_exceeded": over and plan.window_exceeded,
            "errors": errors,
            "patches": [run_patch(patch, state) for patch, state in plan.states_at(now)],
            "maintenance_run_id": op.run_name,
        }

    def _keep(self, op: SimulatedOperation, guest: Guest) -> None:
        self._touch("guest", guest.name.casefold(), guest)
        self._touch("operation", op.id, op)

    def _touch(self, kind: str, key: str, value: Any) -> None:
        """Mark something to be written with the next ``save``."""
        self._unsaved[kind, key] = value

    def save(self) -> None:
        """Write all marked changes in one transaction."""
        if not self._unsaved:
            return
        self.version += 1
        self._touch("world", "now", self.clock.now().isoformat())
        touched, self._unsaved = self._unsaved, {}
        over = {
            key
            for key, v in touched.items()
            if v is None or (key[0] == "operation" and _is_over(v))
        }
        self._state.put(
            *(
                (*key, v.to_json() if isinstance(v, Guest | SimulatedOperation) else v)
                for key, v in touched.items()
                if key not in over
            ),
            dropped=over,
        )

    def support_state(self, guest: Guest) -> str:
        return "Supported" if is_supported(guest.image) or guest.publisher else "Unsupported"


def _settle_license(op: SimulatedOperation, guest: Guest) -> None:
    """Evaluate a change of the license or opt-in."""
    guest.evaluating = guest.evaluating and op.kind != "settings"
    if op.kind in ("enroll", "unenroll"):
        is_on = op.kind == "enroll"
        guest.license = "Enabled" if is_on else "Disabled"
        guest.hotpatching = False
        guest.set_hotpatching(is_on, op.ends.date())


def _is_over(op: SimulatedOperation) -> bool:
    """Whether nobody will poll it again."""
    return op.applied and op.run_name is not None
