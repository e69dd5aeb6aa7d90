"""A simulated year of schedules over a large fleet: Azure runs them, and nobody watches."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hotpatch_gui.simulator.build import build_simulator
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.cloud import SimulatedCloud
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.simulator.guest import Guest
from hotpatch_gui.simulator.maintenance import LONG_AGO, assignment, configuration_id, machine_id
from hotpatch_gui.system import resources

MACHINES, SCHEDULES, WEEKS = 10_000, 40, 52
SCOPE_EVERY = 4
"""Each so many schedules takes its machines by a dynamic scope."""
MIN_RUNS_PER_S = 300


@dataclass(frozen=True, slots=True)
class HistoryCounts:
    seconds: float
    runs: int
    odd: int
    """Machines that were prepared and running all year, and don't have a run for each window."""

    @property
    def is_met(self) -> bool:
        return not self.odd and self.runs / self.seconds >= MIN_RUNS_PER_S

    def __str__(self) -> str:
        return (
            f"{SCHEDULES} schedules over {MACHINES:,} machines in {WEEKS} weeks: {self.runs:,} runs in {self.seconds:,.0f} s of "
            f"CPU, {self.runs / self.seconds:,.0f} per second (at least {MIN_RUNS_PER_S}); machines without a run in each "
            f"window {self.odd}: {'met' if self.is_met else 'MISSED'}"
        )


def measure(_: Path, __: int) -> HistoryCounts:
    clock = SteppedClock(EPOCH)
    cloud = build_simulator(
        resources.calendar(),
        resources.read_json("other-updates.json"),
        clock=clock,
        machines=MACHINES,
    ).cloud
    guests = [g for g in cloud.guests.values() if not g.is_arc]
    for guest in guests:
        guest.bypass_safety_checks, guest.patch_mode = True, "AutomaticByPlatform"
        guest.hotpatching = False
    names = [f"weekly-{number:02}" for number in range(SCHEDULES)]
    for number, name in enumerate(names):
        _add(cloud, number, name, guests[number::SCHEDULES])
    began = time.process_time()
    for _week in range(WEEKS):
        clock.advance(days=7)
        cloud.settle()
    seconds = time.process_time() - began
    runs = Counter({g.name: _runs_of(g, names[n % SCHEDULES]) for n, g in enumerate(guests)})
    able = [g for g in guests if g.power == "running" and g.agent_ready and g.allow_extensions]
    odd = sum(runs[g.name] < WEEKS - 1 for g in able)
    return HistoryCounts(seconds, runs.total(), odd)


def _runs_of(guest: Guest, schedule: str) -> int:
    return sum((r["maintenance_run_id"] or "").startswith(schedule) for r in guest.runs)


def _add(cloud: SimulatedCloud, number: int, name: str, guests: list[Guest]) -> None:
    """A weekly schedule for these machines."""
    subscription = guests[0].subscription
    known = configuration_id(subscription, f"rg-{number}", name)
    starts = EPOCH + timedelta(days=number % 7 + 1)
    window = {
        "startDateTime": f"{starts:%Y-%m-%d} {number % 24:02}:00",
        "duration": "03:00",
        "timeZone": "UTC",
        "recurEvery": "Week",
    }
    install = {
        "rebootSetting": "IfRequired",
        "windowsParameters": {"classificationsToInclude": ["Critical", "Security"]},
    }
    properties = {"maintenanceWindow": window, "installPatches": install}
    cloud.maintenance.put(
        "configuration",
        {"id": known, "name": name, "location": "eastus", "properties": properties},
        LONG_AGO,
    )
    cloud.patching.queue_schedule(known.casefold(), EPOCH)
    if number % SCOPE_EVERY:
        links = [assignment(machine_id(g), name, known, g.location) for g in guests]
    else:
        for guest in guests:
            guest.tags = {**guest.tags, "wave": str(number)}
        filters = {"tagSettings": {"tags": {"wave": [str(number)]}}}
        links = [assignment(f"/subscriptions/{subscription}", name, known, filters=filters)]
    for link in links:
        cloud.maintenance.put("assignment", link, LONG_AGO)
