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
def test_killed_again_and_again_it_loses_and_doubles_nothing(qapp, tmp_path: Path) -> None:
    outcome = torture(tmp_path, kills=6, seed=11)
    assert sum(outcome.operations.values()) >= 6, "it had something to lose"
    assert outcome.received.get("install", 0) > 0
    assert max(outcome.open_at) >= 50, "a kill fell into a burst"
    assert outcome.of_schedules.get("succeeded", 0) > 0


@pytest.mark.expects_log
def test_answers_that_are_not_what_they_should_be_are_read_or_refused(tmp_path: Path) -> None:
    assert fuzz(tmp_path, responses=400, seed=7).endswith("refused")


@pytest.mark.expects_log
def test_files_with_odd_values_in_them_can_be_looked_through(qapp, tmp_path: Path) -> None:
    assert fuzz_file(tmp_path / "files", contents=60, seed=3).startswith("60 mutated")


@pytest.mark.skipif(sys.platform != "linux", reason="unshare")
def test_a_full_or_read_only_disk_is_reported_and_ends_in_a_true_state(tmp_path: Path) -> None:
    assert disk_faults(tmp_path).endswith("folder gone")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_migration_that_was_killed_is_taken_up_again(tmp_path: Path) -> None:
    assert migrate_often(tmp_path, kills=8, seed=2).startswith("8 kills")


@pytest.mark.expects_log
def test_random_schedules_of_faults_and_restarts_lose_and_double_nothing(
    qapp, tmp_path: Path
) -> None:
    assert schedules(tmp_path, count=3, seed=9).startswith("3 schedules of faults")


@pytest.mark.filterwarnings(
    # CPython's ssl leaves a socket, wrapped or not, to the garbage collector if the peer resets it before the handshake
    "ignore:.*unclosed <(truststore|socket):pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.expects_log
def test_on_a_socket_that_cannot_be_trusted_everything_ends_in_its_true_state(
    qapp, tmp_path: Path
) -> None:
    assert "faults on the socket" in storm(tmp_path / "faults", faults=60, seed=5)
