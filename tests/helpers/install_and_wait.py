"""A program that starts an installation and then just runs on: to be killed in the middle of it.

Arguments: endpoint, _, folder, machine. Prints ``running`` once Azure accepted the request.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hotpatch_gui.captures import environment


def main() -> None:
    environment.prepare()
    from hotpatch_gui.application.targets import simulated_target
    from hotpatch_gui.captures.stage import Stage
    from hotpatch_gui.domain.clouds import simulated
    from hotpatch_gui.domain.installs import InstallRequest
    from hotpatch_gui.domain.operations import OperationState
    from hotpatch_gui.domain.updates import Classification

    endpoint, _, folder, machine = sys.argv[1:]
    target = simulated_target(simulated(endpoint))
    stage = Stage("light", folder=Path(folder), target=target)
    stage.start()
    db = stage.app.source.db
    assert db is not None
    (number,) = db.execute("SELECT id FROM machines WHERE name=?", (machine,)).fetchone()
    stage.request.install([number], InstallRequest(frozenset({Classification.SECURITY})))
    stage.until(lambda: stage.operation_states() == [OperationState.RUNNING])
    print("running", flush=True)
    stage.until(lambda: False)


main()
