"""A dumb Azure beside the simulated one: it replays answers that were written by hand after the specification, keeps
no rules and has no state but how often it was asked.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from hotpatch_gui.simulator.arm import Answer, SimulatorApi

ANSWERS = Path(__file__).parents[1] / "answers"
TODAY = "Thu, 20 Aug 2026, 09:00:00 GMT"
NOTHING: dict[str, Any] = {
    "totalRecords": 0,
    "count": 0,
    "resultTruncated": "false",
    "facets": [],
    "data": [],
}


def written(name: str) -> Any:
    """The content of ``tests/answers/<name>.json``."""
    return json.loads((ANSWERS / f"{name}.json").read_text())


class Asked(NamedTuple):
    method: str
    url: str
    body: bytes


class Stub(SimulatorApi):
    """Served like the simulated wire. ``requested`` is what came in, ``unknown`` what nothing was written for."""

    def __init__(self) -> None:
        self.requested: list[Asked] = []
        self.unknown: list[Asked] = []
        self._routes: list[tuple[re.Pattern[str], list[Answer]]] = []
        self.on("POST .*Microsoft.ResourceGraph", Answer(200, NOTHING))
        for name, table in {
            "subscriptions": "resourcecontainers",
            "machines": "resources.*compute/virtualmachines'",
            "arc-machines": "resources.*hybridcompute/machines'",
            "assessments": "patchassessmentresources",
            "installations": "patchinstallationresources",
        }.items():
            self.on(f'POST .*ResourceGraph.*"query":"{table}', Answer(200, written(name)))
        everything = [{"actions": ["*"], "notActions": []}]
        self.on("GET .*Authorization/permissions", Answer(200, {"value": everything}))

    def on(self, requested: str, *answers: Answer) -> None:
        """To requests whose method, URL and body look like ``requested``: the answers one after the other, the last
        one for good. Later answers override earlier ones."""
        self._routes.insert(0, (re.compile(requested, re.IGNORECASE | re.DOTALL), list(answers)))

    def count(self, requested: str) -> int:
        pattern = re.compile(requested, re.IGNORECASE | re.DOTALL)
        return sum(bool(pattern.match(f"{a.method} {a.url}")) for a in self.requested)

    def handle(self, method: str, url: str, headers: Any, body: bytes | None) -> Answer:
        requested = Asked(method, url, body or b"")
        self.requested.append(requested)
        full = f"{method} {url} {requested.body.decode()}"
        for pattern, answers in self._routes:
            if pattern.match(full):
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                return replace(answer, headers={"Date": TODAY} | answer.headers)
        self.unknown.append(requested)
        return Answer(
            404, {"error": {"code": "NotFound", "message": "Nothing was written for this."}}
        )
