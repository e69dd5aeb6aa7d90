"""Files are replaced atomically: the old one stays until the new one is complete."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from hotpatch_gui.models.export_writers import atomic_write


def test_an_error_while_writing_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text("old")

    def fill_the_disk() -> None:
        with atomic_write(path) as part:
            part.write_text("ha")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fill_the_disk()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["list.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="links and modes")
def test_symbolic_links_and_file_modes_are_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "real.json", tmp_path / "link.json"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    with atomic_write(link) as part:
        part.write_text("new")
    assert link.is_symlink()
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="devices")
def test_a_target_that_isnt_a_regular_file_is_written_in_place(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with atomic_write(pipe) as part:
        part.write_text("new")
    assert os.read(reader, 10) == b"new"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
