"""One torture, from an empty folder to the judgement."""

from __future__ import annotations

from pathlib import Path

from helpers.simulator import simulate
from hotpatch_gui.application.targets import simulated_target
from hotpatch_gui.captures import stage as stages
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.clouds import simulated
from hotpatch_gui.worker.operations import pauses
from hotpatch_gui.worker.reconcile import NotYet

from . import kills as killing

SPEED = 1200
TIMEOUT_S = 300.0
MACHINES = 150
"""More than a burst has operations (``busy.BURST``), as each goes to a machine of its own."""


def torture(folder: Path, kills: int, seed: int) -> killing.Outcome:
    """Kill the program ``kills`` times while it works, let it finish what it began, and judge."""
    data, state = folder / "data", folder / "azure.sqlite3"
    arguments = (
        "--speed",
        str(SPEED),
        "--machines",
        str(MACHINES),
        "--quota",
        "100000",
        "--seed",
        str(seed),
        "--state",
        str(state),
    )
    with simulate(*arguments) as azure:
        open_at = killing.kill_often(data, azure.endpoint, azure.subscription_id, kills, seed)
        target = simulated_target(simulated(azure.endpoint))
        patience, looks = stages.TIMEOUT_S, pauses.MAX_UNKNOWN_READS
        stages.TIMEOUT_S, pauses.MAX_UNKNOWN_READS = TIMEOUT_S, 3
        try:
            with Stage("light", folder=data, target=target) as stage:
                stage.start()
                stage.until(lambda: all_ended(stage))
                stage.idle()
        finally:
            stages.TIMEOUT_S, pauses.MAX_UNKNOWN_READS = patience, looks
    return killing.judge(data, state, open_at)


def all_ended(stage: Stage) -> bool:
    """Whether no operation and no change of a schedule is open, but for those that can't be determined anymore."""
    db = stage.app.source.db
    assert db is not None
    (left,) = db.execute(
        "SELECT count(*) FROM operations WHERE state IN ('queued', 'sent', 'running')"
        " OR (state='unknown' AND note NOT LIKE '%' || ? AND note NOT LIKE '%' || ?)",
        (NotYet.NO_TRACE.value, NotYet.NOT_REPORTED.value),
    ).fetchone()
    (waiting,) = db.execute(
        "SELECT count(*) FROM schedule_changes WHERE state IN ('queued', 'sent')"
    ).fetchone()
    return not left + waiting
