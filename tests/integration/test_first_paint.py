"""The modules imported before the first paint, by name, because times differ between machines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hotpatch_gui.captures.stage import Stage

CHILD = Path(__file__).parents[1] / "benchmarks" / "children" / "program.py"
AFTERWARDS = (
    "azure",
    "numpy",
    "pyqtgraph",
    "requests",
    "sqlite_utils",
    "qtawesome",
    "hotpatch_gui.simulator",
    "hotpatch_gui.store.machines",
    "hotpatch_gui.store.releases",
    "hotpatch_gui.domain.evidence",
    "hotpatch_gui.domain.releases",
    "hotpatch_gui.domain.records",
)


@pytest.mark.skipif(sys.platform == "win32", reason="the child ends with os._exit")
def test_modules_that_the_first_paint_does_not_show_are_imported_after_it(
    qapp, tmp_path: Path
) -> None:
    with Stage("light", folder=tmp_path / "demo") as stage:
        stage.start()
    command = [sys.executable, "-X", "importtime", str(CHILD), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    names = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "hotpatch_gui.views.main_window" in names
    early = [n for n in names if any(n == a or n.startswith(f"{a}.") for a in AFTERWARDS)]
    assert sorted(early) == []
