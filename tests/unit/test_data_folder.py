"""The data folder in odd places: network shares, paths with any words in them, locks of the dead."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from helpers.commands import run
from hotpatch_gui.application.folder_lock import LOCK_FILE, lock, take_over, uncertain_owner
from hotpatch_gui.store import database
from hotpatch_gui.store.database import FILE_NAME, file_uri, is_on_network, open_reader, open_writer

WORLD = "https://azure.demo.invalid"


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (
            PureWindowsPath(r"\\server\share\Hotpatch\hotpatch.sqlite3"),
            "file:////server/share/Hotpatch/hotpatch.sqlite3?mode=ro",
        ),
        (
            PureWindowsPath(r"C:\Users\a b\#1\x.sqlite3"),
            "file:///C:/Users/a b/%231/x.sqlite3?mode=ro",
        ),
        (PurePosixPath("/home/a?b/x%y.sqlite3"), "file:///home/a%3fb/x%25y.sqlite3?mode=ro"),
    ],
)
def test_file_uris_are_accepted_by_sqlite(path: PureWindowsPath | PurePosixPath, uri: str) -> None:
    assert file_uri(path, "ro") == uri


def test_a_unc_path_is_a_network_share() -> None:
    assert is_on_network(PureWindowsPath(r"\\server\share\x"))
    assert not is_on_network(PurePosixPath("/home/x"))


@pytest.mark.parametrize("name", ["disk full", "locked", "readonly", "a?b#c%d", "<b>", "日本語"])
def test_paths_with_unusual_names_are_opened_read_and_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / FILE_NAME
    db, set_aside = database.prepare(path, WORLD)
    with closing(db):
        assert set_aside is None
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        reader = open_reader(path)
        assert reader is not None
        reader.close()
        open_writer(path).close()


def test_a_file_on_a_network_share_uses_no_wal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "is_on_network", lambda _: True)
    path = tmp_path / FILE_NAME
    db, _ = database.prepare(path, WORLD)
    with closing(db), closing(open_writer(path)) as writer:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "truncate"
        assert writer.execute("PRAGMA journal_mode").fetchone()[0] == "truncate"
        with database.transaction(db):
            db.execute("INSERT INTO release_documents VALUES ('2026-Nov', 'r', 'now')")
        reader = open_reader(path)
        assert reader is not None
        with closing(reader):
            assert reader.execute("SELECT count(*) FROM release_documents").fetchone()[0] == 1
        with database.transaction(writer, durable=True):
            writer.execute("DELETE FROM release_documents")
    assert not list(tmp_path.glob("*-wal"))


@pytest.mark.parametrize("folder", ["full", "locked and busy", "readonly", "disk is full"])
@pytest.mark.parametrize(
    ("code", "says"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EDQUOT, "is full"),
        (errno.EACCES, "can't be written to"),
        (errno.EROFS, "can't be written to"),
        (errno.EIO, "couldn't be used"),
    ],
)
def test_the_system_error_code_decides_and_not_the_path(
    tmp_path: Path, folder: str, code: int, says: str
) -> None:
    path = tmp_path / folder / FILE_NAME
    found = database.store_problem(OSError(code, os.strerror(code), str(path)), path)
    assert says in found.sentence.replace(str(path.parent), "FOLDER")


def test_the_sqlite_error_code_decides(tmp_path: Path) -> None:
    path = tmp_path / "full" / FILE_NAME
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA page_size=512")
        db.execute("CREATE TABLE t (x)")
        db.execute("PRAGMA max_page_count=3")
        with pytest.raises(sqlite3.OperationalError) as full:
            db.execute("INSERT INTO t VALUES (zeroblob(100000))")
    assert "The disk that holds" in database.store_problem(full.value, path).sentence
    with (
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db,
        pytest.raises(sqlite3.OperationalError) as refused,
    ):
        db.execute("CREATE TABLE u (x)")
    found = database.store_problem(refused.value, path).sentence
    assert found == f"{path.parent} can't be written to."
    with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(path, timeout=0)) as two:
        one.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError) as held:
            two.execute("CREATE TABLE u (x)")
    assert "locked" in database.store_problem(held.value, path).sentence
    odd = sqlite3.ProgrammingError("a disk full of locked words")
    assert "couldn't be used" in database.store_problem(odd, path).sentence


def lock_of(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LOCK_FILE).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "an unknown program"),
        ("4242\nhotpatch-gui\nADMIN-PC\n", "process 4242 on the computer ADMIN-PC"),
    ],
)
def test_a_lock_with_an_unknown_owner_can_be_taken_over(
    tmp_path: Path, text: str, named: str
) -> None:
    lock_of(tmp_path, text)
    assert lock(tmp_path) is None
    owner = uncertain_owner(tmp_path)
    assert owner is not None
    assert named in owner.text
    held = take_over(tmp_path)
    assert held is not None
    assert uncertain_owner(tmp_path) is None
    held.unlock()


def test_a_lock_of_a_running_program_is_never_taken_over(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom hotpatch_gui.application.folder_lock import lock\n"
        "held = lock(Path(sys.argv[1]))\nprint(held is not None, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        assert lock(tmp_path) is None
        assert uncertain_owner(tmp_path) is None
        assert take_over(tmp_path) is None
        other.kill()
    held = lock(tmp_path)
    assert held is not None, "it is dead now, and of this computer"
    held.unlock()


def test_a_command_names_the_owner_and_takes_over_on_request(tmp_path: Path) -> None:
    lock_of(tmp_path / "demo", "4242\nhotpatch-gui\nADMIN-PC\n")
    refused = run(tmp_path, "--demo", "sync")
    assert refused.returncode == 1
    assert "process 4242 on the computer ADMIN-PC" in refused.stderr
    assert "--take-over" in refused.stderr
    done = run(tmp_path, "--demo", "--take-over", "sync")
    assert done.returncode == 0, done.stderr


def test_the_window_asks_before_it_takes_over(
    qapp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QMessageBox

    from hotpatch_gui.application import run_window

    lock_of(tmp_path, "")
    seen: list[str] = []

    def response(button: str) -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        seen.append(box.text())
        assert box.defaultButton().text().replace("&", "") == "Cancel"
        next(b for b in box.buttons() if b.text().replace("&", "") == button).click()

    QTimer.singleShot(50, lambda: response("Cancel"))
    assert run_window.lock_for_window(tmp_path, takes_over=False) is None
    QTimer.singleShot(50, lambda: response("Take over"))
    held = run_window.lock_for_window(tmp_path, takes_over=False)
    assert held is not None
    held.unlock()
    assert "its lock file is empty" in seen[0]
    assert "a request could be sent twice" in seen[0]
