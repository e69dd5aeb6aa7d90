"""The second line of a machine in the list."""

from datetime import UTC, datetime

import pytest

from hotpatch_gui.domain.situation import Level, Situation
from hotpatch_gui.models.display_text import machine_line
from hotpatch_gui.store.rows import MachineListRow

NOW = datetime(2026, 9, 8, 18, tzinfo=UTC)
BEHIND = MachineListRow(
    name="vm-web-01",
    hotpatch_status="Enabled",
    situation=Situation.BEHIND,
    level=Level.WARNING,
    resource_health=None,
    power="running",
    updates=2,
    updates_restarting=0,
    updates_may_restart=0,
    assessed_at="2026-09-08T17:30:00Z",
    update_missing=1,
    missing_since="2026-09-01",
    doing=None,
)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({}, "2 updates, 7 d behind"),
        ({"missing_since": "2026-09-08"}, "2 updates, behind since today"),
        ({"update_missing": 0}, "2 updates"),
        ({"updates_may_restart": 1}, "2 updates, may restart, 7 d behind"),
        (
            {"updates_restarting": 1, "updates_may_restart": 1},
            "2 updates, restart, 7 d behind",
        ),
        ({"resource_health": "Degraded"}, "Unhealthy · Updates available, 7 d behind"),
        ({"resource_health": "Unavailable", "power": "deallocated"}, "2 updates, 7 d behind"),
        ({"situation": Situation.UNSUPPORTED}, "Monthly update missing, 7 d"),
        (
            {"situation": Situation.UNSUPPORTED, "missing_since": "2026-09-08"},
            "Monthly update missing since today",
        ),
        (
            {"situation": Situation.UNSUPPORTED, "resource_health": "degraded"},
            "Unhealthy · Hotpatch not available, 7 d behind",
        ),
    ],
)
def test_the_line_names_the_problem_and_its_duration(changed: dict[str, object], line: str) -> None:
    assert machine_line(BEHIND._replace(**changed), NOW) == line
