"""Killed in the middle of an installation, the program follows that very installation to its end."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from helpers import install_and_wait_path, sdk
from helpers.simulator import Simulated, simulate
from hotpatch_gui.application.targets import simulated_target
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.clouds import simulated
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.store.database import FILE_NAME


def runs(azure: Simulated, machine: str) -> list[dict]:
    """The runs that the simulated Azure reports through the SDK."""
    text = (
        "patchinstallationresources | where type == 'microsoft.compute/virtualmachines/patchinstallationresults'"
        f" | where id has '{machine}' and properties.startedBy == 'User' | project id, properties"
    )
    with sdk.graph(azure) as client:
        return [r["properties"] for r in sdk.query(client, azure, text).data]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_after_a_kill_the_running_installation_is_followed_to_its_end(qapp, tmp_path: Path) -> None:
    machine = "vm-app-01"
    with simulate("--speed", "120", "--quota", "500") as azure:
        before = len(runs(azure, machine))
        command = [
            sys.executable,
            str(install_and_wait_path()),
            azure.endpoint,
            azure.subscription_id,
            str(tmp_path),
            machine,
        ]
        environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=environment
        ) as victim:
            assert victim.stdout is not None
            assert victim.stdout.readline() == "running\n"
            victim.send_signal(signal.SIGKILL)
        with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            state, token = db.execute("SELECT state, token FROM operations").fetchone()
            assert state == "running"
            assert token
        assert any(r["status"] == "InProgress" for r in runs(azure, machine))

        target = simulated_target(simulated(azure.endpoint))
        with Stage("light", folder=tmp_path, target=target) as stage:
            assert stage.window.machines.model.rowCount() == 16, (
                "known data is shown before Azure answers"
            )
            stage.start()
            stage.until(lambda: stage.operation_states() == [OperationState.SUCCEEDED])
        found = runs(azure, machine)
        assert len(found) == before + 1, "Azure counts one installation"
        assert {r["status"] for r in found} == {"Succeeded"}
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        (status,) = db.execute(
            "SELECT i.status FROM operations o JOIN installations i ON i.run_id=o.run_id AND i.machine_id=o.machine_id"
        ).fetchone()
        assert status == "Succeeded"


def test_after_a_kill_before_the_response_the_request_is_not_sent_again(
    qapp, tmp_path: Path
) -> None:
    """A row that says *sent* without a token: Azure may have the request or not."""
    with simulate("--speed", "600", "--quota", "500") as azure:
        target = simulated_target(simulated(azure.endpoint))
        with Stage("light", folder=tmp_path, target=target) as stage:
            stage.start()
            sent_at = stage.app.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        with sdk.compute(azure) as client:
            body = {
                "rebootSetting": "IfRequired",
                "windowsParameters": {"classificationsToInclude": ["Security"]},
            }
            client.virtual_machines.begin_install_patches("rg-web", "vm-web-02", body).result()
        with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db, db:
            db.execute(
                "INSERT INTO operations (machine_id, kind, state, request, created_at, sent_at)"
                " SELECT id, 'install', 'sent', '{}', ?, ? FROM machines WHERE name='vm-web-02'",
                (sent_at, sent_at),
            )
        count = len(runs(azure, "vm-web-02"))
        with Stage("light", folder=tmp_path, target=target) as stage:
            stage.start()
            stage.until(lambda: stage.operation_states() == [OperationState.SUCCEEDED])
        assert len(runs(azure, "vm-web-02")) == count
