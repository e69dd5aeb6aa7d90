"""``--self-test`` passes on a complete installation and names what is missing."""

from __future__ import annotations

from pathlib import Path

from helpers.program import TOP, copied, run
from hotpatch_gui.self_test import STEPS


def test_the_self_test_passes_and_changes_no_user_data(tmp_path: Path) -> None:
    done = run(TOP, tmp_path / "home", "--self-test")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(":")[0].split()[1] for line in lines] == list(STEPS)
    assert all(line.startswith("ok ") for line in lines)
    assert not (tmp_path / "home").exists()


def test_missing_parts_are_named_and_the_others_tested(tmp_path: Path) -> None:
    program = copied(tmp_path / "program")
    (program / "resources" / "icons" / "tick-dark.svg").write_text("no picture")
    (program / "resources" / "kql" / "machines.kql").write_text("")
    done = run(program, tmp_path / "home", "--self-test")
    assert done.returncode == 1
    (resources,) = (line for line in done.stdout.splitlines() if " resources:" in line)
    assert resources.startswith("FAILED")
    assert "is empty or can't be read" in resources
    assert "FAILED  assessment" in done.stdout, "without its query nothing can be read"
    assert "ok      exports" in done.stdout
