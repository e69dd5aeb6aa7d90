"""``--self-test``: it passes where everything is there, and names what is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from hotpatch_gui.paths import program_dir
from hotpatch_gui.self_test import STEPS

TOP = program_dir()


def run(folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"XDG_DATA_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "hotpatch_gui", "--self-test"]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_it_passes_and_touches_nothing_of_the_users(tmp_path: Path) -> None:
    done = run(TOP, tmp_path / "home")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(":")[0].split()[1] for line in lines] == list(STEPS)
    assert all(line.startswith("ok ") for line in lines)
    assert not (tmp_path / "home").exists()


def test_what_is_missing_is_named_and_the_rest_is_tested(tmp_path: Path) -> None:
    program = tmp_path / "program"
    for part in ("hotpatch_gui", "resources"):
        shutil.copytree(TOP / part, program / part, ignore=shutil.ignore_patterns("__pycache__"))
    (program / "resources" / "icons" / "tick-dark.svg").write_text("no picture")
    (program / "resources" / "kql" / "machines.kql").write_text("")
    done = run(program, tmp_path / "home")
    assert done.returncode == 1
    (resources,) = (line for line in done.stdout.splitlines() if " resources:" in line)
    assert resources.startswith("FAILED")
    assert "is empty or cannot be read" in resources
    assert "FAILED  assessment" in done.stdout, "without its query nothing can be read"
    assert "ok      exports" in done.stdout
