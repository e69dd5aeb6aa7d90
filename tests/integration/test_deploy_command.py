"""``new-machine --check`` and ``--deploy`` as processes of their own, and a machine that is followed after kill -9."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from helpers import sdk
from helpers.commands import Done, command, environment, run
from helpers.simulator import Simulated, simulate
from hotpatch_gui.store.database import FILE_NAME

PASSPHRASE = "Correct-horse-1"


@pytest.fixture(scope="module")
def azure() -> Iterator[Simulated]:
    with simulate("--speed", "600", "--quota", "1000") as made:
        yield made


def arguments(azure: Simulated, name: str, *more: str, group: str = "rg-web") -> list[str]:
    of = {
        "--name": name,
        "--resource-group": group,
        "--location": "westus2",
        "--size": "Standard_D2s_v5",
        "--admin": "operator",
    }
    flat = [part for pair in of.items() for part in pair]
    return ["--endpoint", azure.endpoint, "new-machine", *flat, "--password-stdin", *more]


def call(azure: Simulated, folder: Path, name: str, *more: str, **of: str) -> Done:
    return run(folder, *arguments(azure, name, *more, **of), typed=f"{PASSPHRASE}\n")


def deployments(folder: Path) -> list[tuple[str, str]]:
    path = next(folder.rglob(FILE_NAME))
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute("SELECT state, note FROM deployments ORDER BY id").fetchall()


def test_a_check_prints_what_would_be_created_and_a_deployment_creates_it(
    azure: Simulated, tmp_path: Path
) -> None:
    checked = call(azure, tmp_path, "vm-cli-01", "--check")
    assert checked.returncode == 0, checked.stderr
    assert [line.split()[0] for line in checked.stdout.splitlines()] == [
        "Resource",
        "vm-cli-01-vnet",
        "vm-cli-01-nic",
        "vm-cli-01",
    ]
    assert checked.stdout.count("to be created") == 3
    assert deployments(tmp_path) == []
    made = call(azure, tmp_path, "vm-cli-01", "--deploy", "--json")
    assert made.returncode == 0, made.stderr
    said = json.loads(made.stdout)
    assert (said["state"], said["note"]) == ("succeeded", "Azure created vm-cli-01.")
    assert said["hotpatch"] == "Pending evaluation"
    assert {f["effect"] for f in said["changes"]} == {"Create"}
    again = call(azure, tmp_path, "vm-cli-01", "--deploy")
    assert again.returncode == 1
    assert (
        "may change existing resources: vm-cli-01-vnet, vm-cli-01-nic and vm-cli-01."
        in again.stderr
    )
    assert call(azure, tmp_path, "vm-cli-01", "--check").returncode == 1
    assert len(deployments(tmp_path)) == 1
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert PASSPHRASE.encode() not in file.read_bytes(), file


def test_errors_are_reported_before_the_password_is_requested(
    azure: Simulated, tmp_path: Path
) -> None:
    nothing = call(azure, tmp_path, "vm-cli-02")
    assert (nothing.returncode, "--deploy" in nothing.stderr) == (2, True)
    weak = run(tmp_path, *arguments(azure, "vm-cli-02", "--check"), typed="abc\n")
    assert (weak.returncode, "8 to 123 characters" in weak.stderr) == (2, True)
    silent = [a for a in arguments(azure, "vm-cli-02", "--check") if a != "--password-stdin"]
    without_password = run(tmp_path, *silent, typed="")
    assert (without_password.returncode, "--password-stdin" in without_password.stderr) == (2, True)
    elsewhere = call(azure, tmp_path, "vm-cli-02", "--check", group="rg-nowhere")
    assert elsewhere.returncode == 2
    assert "has a resource group named “rg-nowhere”" in elsewhere.stderr


def test_without_waiting_the_command_ends_once_azure_accepted_the_deployment(
    azure: Simulated, tmp_path: Path
) -> None:
    made = call(azure, tmp_path, "vm-cli-04", "--deploy", "--wait", "0", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["state"] in ("running", "succeeded")
    with sdk.compute(azure) as client:
        assert client.virtual_machines.get("rg-web", "vm-cli-04").name == "vm-cli-04"


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_after_a_kill_the_next_session_reports_the_result_of_the_deployment(
    azure: Simulated, tmp_path: Path
) -> None:
    wanted = command(tmp_path, *arguments(azure, "vm-cli-03", "--deploy"))
    with subprocess.Popen(
        wanted, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment(), text=True
    ) as victim:
        assert victim.stdin is not None
        victim.stdin.write(f"{PASSPHRASE}\n")
        victim.stdin.flush()
        end = time.monotonic() + 30
        while not _is_accepted(tmp_path) and time.monotonic() < end:
            time.sleep(0.02)
        victim.send_signal(signal.SIGKILL)
    assert [state for state, _ in deployments(tmp_path)] == ["running"]
    synced = run(tmp_path, "--endpoint", azure.endpoint, "sync")
    assert synced.returncode == 0, synced.stderr
    end = time.monotonic() + 60
    while deployments(tmp_path)[0][0] == "running" and time.monotonic() < end:
        run(tmp_path, "--endpoint", azure.endpoint, "sync")
    assert deployments(tmp_path) == [("succeeded", "Azure created vm-cli-03.")]
    with sdk.compute(azure) as client:
        assert client.virtual_machines.get("rg-web", "vm-cli-03").name == "vm-cli-03"


def _is_accepted(folder: Path) -> bool:
    try:
        return bool(deployments(folder)) and deployments(folder)[0][0] == "running"
    except (sqlite3.Error, StopIteration):  # the file doesn't exist yet
        return False
