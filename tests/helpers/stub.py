"""A dumb Azure beside the simulated one: it replays responses that were written by hand after the specification, keeps
no rules and has no state but how often it was requested.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from hotpatch_gui.simulator.arm import Response, SimulatorApi

RESPONSES = Path(__file__).parents[1] / "responses"
TODAY = "Thu, 20 Aug 2026, 09:00:00 GMT"
NOTHING: dict[str, Any] = {
    "totalRecords": 0,
    "count": 0,
    "resultTruncated": "false",
    "facets": [],
    "data": [],
}


def written(name: str) -> Any:
    """The content of ``tests/responses/<name>.json``."""
    return json.loads((RESPONSES / f"{name}.json").read_text())


class ReceivedRequest(NamedTuple):
    method: str
    url: str
    body: bytes


class Stub(SimulatorApi):
    """Served like the simulated wire. ``requested`` is what came in, ``unknown`` what nothing was written for."""

    def __init__(self) -> None:
        self.requested: list[ReceivedRequest] = []
        self.unknown: list[ReceivedRequest] = []
        self._routes: list[tuple[re.Pattern[str], list[Response]]] = []
        self.on("POST .*Microsoft.ResourceGraph", Response(200, NOTHING))
        for name, table in {
            "subscriptions": "resourcecontainers",
            "machines": "resources.*compute/virtualmachines'",
            "arc-machines": "resources.*hybridcompute/machines'",
            "assessments": "patchassessmentresources",
            "installations": "patchinstallationresources",
        }.items():
            self.on(f'POST .*ResourceGraph.*"query":"{table}', Response(200, written(name)))
        everything = [{"actions": ["*"], "notActions": []}]
        self.on("GET .*Authorization/permissions", Response(200, {"value": everything}))

    def on(self, requested: str, *responses: Response) -> None:
        """To requests whose method, URL and body look like ``requested``: the responses one after the other, the last
        one for good. Later responses override earlier ones."""
        self._routes.insert(0, (re.compile(requested, re.IGNORECASE | re.DOTALL), list(responses)))

    def count(self, requested: str) -> int:
        pattern = re.compile(requested, re.IGNORECASE | re.DOTALL)
        return sum(bool(pattern.match(f"{a.method} {a.url}")) for a in self.requested)

    def handle(self, method: str, url: str, headers: Any, body: bytes | None) -> Response:
        requested = ReceivedRequest(method, url, body or b"")
        self.requested.append(requested)
        full = f"{method} {url} {requested.body.decode()}"
        for pattern, responses in self._routes:
            if pattern.match(full):
                response = responses.pop(0) if len(responses) > 1 else responses[0]
                return replace(response, headers={"Date": TODAY} | response.headers)
        self.unknown.append(requested)
        return Response(
            404, {"error": {"code": "NotFound", "message": "Nothing was written for this."}}
        )
