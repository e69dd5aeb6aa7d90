"""A marker beside the program makes it portable: its data stays there, or nowhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from helpers.program import copied, run
from hotpatch_gui.system.data_folder import (
    MARKER,
    PORTABLE_FOLDER,
    PortableError,
    portable_data_dir,
)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    made = copied(tmp_path / "stick")
    (made / MARKER).touch()
    return made


def test_the_data_is_beside_the_program(program: Path, tmp_path: Path) -> None:
    done = run(program, tmp_path / "home", "--demo", "sync")
    assert done.returncode == 0, done.stderr
    assert (program / PORTABLE_FOLDER / "demo" / "hotpatch.sqlite3").exists()
    assert not (tmp_path / "home").exists(), "and nowhere else"


def test_a_read_only_portable_folder_is_reported_without_writing_elsewhere(
    program: Path, tmp_path: Path
) -> None:
    (program / PORTABLE_FOLDER).write_text("a file where the folder should be")
    done = run(program, tmp_path / "home", "--demo", "sync")
    assert done.returncode == 1
    assert f"{program / PORTABLE_FOLDER} can't be written" in done.stderr
    assert "--data-dir" in done.stderr
    assert not (tmp_path / "home").exists()
    named = run(program, tmp_path / "home", "--demo", "--data-dir", str(tmp_path / "named"), "sync")
    assert named.returncode == 0, "a folder that is named counts"


def test_without_the_marker_the_program_is_not_portable(program: Path) -> None:
    assert portable_data_dir(program) == program / PORTABLE_FOLDER
    (program / MARKER).unlink()
    shutil.rmtree(program / PORTABLE_FOLDER)
    assert portable_data_dir(program) is None
    (program / MARKER).touch()
    (program / PORTABLE_FOLDER).write_text("")
    with pytest.raises(PortableError, match="Nothing was read or kept elsewhere"):
        portable_data_dir(program)
