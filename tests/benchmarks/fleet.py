"""A fleet's responses, recorded once as bytes and replayed, so that the simulator's own work is not measured."""

from __future__ import annotations

from typing import Any

from hotpatch_gui.simulator.arm import Response, SimulatorApi
from hotpatch_gui.simulator.build import build_simulator
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.system import resources

UPDATES_EACH = 20


class Recorded(SimulatorApi):
    """A wire that responses each request as it was answered the first time."""

    def __init__(self, simulator: SimulatorApi) -> None:
        self.simulator = simulator
        self.responses: dict[tuple[str, str, bytes], Response] = {}

    def handle(self, method: str, url: str, headers: Any, body: bytes | None) -> Response:
        key = (method, url, body or b"")
        if key not in self.responses:
            response = self.simulator.handle(method, url, headers, body)
            self.responses[key] = Response(
                response.status, None, response.headers, response.payload()
            )
        return self.responses[key]

    @property
    def pages(self) -> list[bytes]:
        """The responses of Resource Graph, in the order of the first time."""
        return [a.payload() for (_, url, _), a in self.responses.items() if "ResourceGraph" in url]


def record(machines: int) -> Recorded:
    """``machines`` machines, each assessed, with UPDATES_EACH available updates and one recorded run."""
    others = resources.read_json("other-updates.json")
    simulator = build_simulator(
        resources.calendar(), others, clock=SteppedClock(EPOCH), machines=machines, quota=10**6
    )
    guests = list(simulator.cloud.guests.values())
    shown = next(g.assessment for g in guests if g.assessment and g.assessment["patches"])
    first = shown["patches"][0]
    offered = [
        first | {"patch_id": f"{first['patch_id']}-{n}", "name": f"{first['name']} {n}"}
        for n in range(UPDATES_EACH)
    ]
    for guest in guests:
        guest.assessment = (guest.assessment or shown) | {
            "patches": offered,
            "modified": shown["modified"],
        }
        guest.runs = guest.runs[-1:]
    return Recorded(simulator)
