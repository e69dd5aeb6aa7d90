"""The short form of ``make torture``: a few kills at moments that a seed repeats."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from torture.disk import disk_faults
from torture.faults import storm
from torture.file_fuzz import fuzz_file
from torture.fuzz import fuzz
from torture.migrations import migrate_often
from torture.run import torture
from torture.schedules import schedules


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.expects_log
def test_repeated_kills_lose_and_duplicate_nothing(qapp, tmp_path: Path) -> None:
    outcome = torture(tmp_path, kills=6, seed=11)
    assert sum(outcome.operations.values()) >= 6, "it had something to lose"
    assert outcome.received.get("install", 0) > 0
    assert max(outcome.open_at) >= 50, "a kill fell into a burst"
    assert outcome.of_schedules.get("succeeded", 0) > 0


@pytest.mark.expects_log
def test_mutated_responses_are_read_or_rejected(tmp_path: Path) -> None:
    assert fuzz(tmp_path, responses=400, seed=7).endswith("refused")


@pytest.mark.expects_log
def test_files_with_invalid_values_can_be_viewed(qapp, tmp_path: Path) -> None:
    assert fuzz_file(tmp_path / "files", contents=60, seed=3).startswith("60 mutated")


@pytest.mark.skipif(sys.platform != "linux", reason="unshare")
def test_a_full_or_read_only_disk_is_reported_and_ends_in_a_true_state(tmp_path: Path) -> None:
    assert disk_faults(tmp_path).endswith("folder gone")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_migration_is_repeated(tmp_path: Path) -> None:
    assert migrate_often(tmp_path, kills=8, seed=2).startswith("8 kills")


@pytest.mark.expects_log
def test_random_faults_and_restarts_lose_and_duplicate_nothing(qapp, tmp_path: Path) -> None:
    assert schedules(tmp_path, count=3, seed=9).startswith("3 schedules of faults")


@pytest.mark.filterwarnings(
    # CPython's ssl leaves a socket, wrapped or not, to the garbage collector if the peer resets it before the handshake
    "ignore:.*unclosed <(truststore|socket):pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.expects_log
def test_socket_faults_end_in_a_true_state(qapp, tmp_path: Path) -> None:
    assert "faults on the socket" in storm(tmp_path / "faults", faults=60, seed=5)
