"""Opening the file: checked, migrated with a copy kept, and readable only by its owner."""

from __future__ import annotations

import errno
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePath

from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.translation import translator

from .migrations import SCHEMA_VERSION, migrations

tr = translator("Database")

FILE_NAME = "hotpatch.sqlite3"
BUSY_TIMEOUT_MS = 5000
MIGRATIONS_TABLE = "_sqlite_migrations"
"""Where sqlite-utils records applied migrations; the first table of every file."""


def open_reader(path: Path) -> sqlite3.Connection | None:
    """A read-only connection to a file of the current schema; None if it is missing, unreadable or of another schema.

    It doesn't change the file, so the first paint can use it.
    """
    if not path.is_file():
        return None
    try:
        db = sqlite3.connect(file_uri(path, "ro"), uri=True, isolation_level=None)
    except sqlite3.Error:
        return None
    try:
        db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        db.execute("PRAGMA query_only=ON")
        if db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION:
            db.row_factory = sqlite3.Row
            return db
    except sqlite3.Error:
        pass
    db.close()
    return None


def must_be_readable(path: Path) -> None:
    """Check a file that ``open_reader`` doesn't open.

    Raises:
        ProblemError: the file can't be used. Nothing is raised for a missing, empty or older file.
    """
    if path.is_dir():
        raise ProblemError(
            _problem(
                tr("{path} is a folder and not a data file.", path=path),
                tr("Move it away, or start with --data-dir."),
            )
        )
    if path.is_file():
        with _store_problems(path), _open_read_only(path) as db:
            _refuse_foreign(db, path)
            _refuse_newer(db, path)


def _open_read_only(path: Path) -> closing[sqlite3.Connection]:
    """A connection that changes nothing in the file, not even by writing back its WAL."""
    return closing(sqlite3.connect(file_uri(path, "ro"), uri=True))


def is_of_earlier_version(path: Path) -> bool:
    """Whether an earlier version of this program wrote the file."""
    if not path.is_file():
        return False
    try:
        with _open_read_only(path) as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error:
        return False
    return 0 < int(version) < SCHEMA_VERSION


_ESCAPED = str.maketrans({"%": "%25", "?": "%3f", "#": "%23"})
"""Characters with a meaning in SQLite's URIs (sqlite.org/uri.html); urllib takes 2 ms to import."""


def file_uri(path: PurePath, mode: str) -> str:
    """SQLite's URI of a file.

    The URI of a network share has an empty host, because SQLite accepts no other.
    """
    plain = path.as_posix().translate(_ESCAPED)
    return f"file://{plain if plain.startswith('/') else f'/{plain}'}?mode={mode}"


def is_on_network(path: PurePath) -> bool:
    """Whether the file is on a network share: a UNC path or a mapped Windows drive."""
    if path.drive.startswith("\\\\"):
        return True
    if sys.platform == "win32" and path.drive:
        import ctypes  # noqa: PLC0415 - on Windows only

        kind = ctypes.windll.kernel32.GetDriveTypeW(f"{path.drive}\\")
        return bool(kind == _DRIVE_REMOTE)
    return False


_DRIVE_REMOTE = 4
"""GetDriveTypeW's DRIVE_REMOTE."""


def open_writer(path: Path) -> sqlite3.Connection:
    """Open an existing file for writing, without checks."""
    db = sqlite3.connect(file_uri(path, "rw"), uri=True, isolation_level=None)
    _configure(db, path)
    return db


def file_identity(path: Path) -> tuple[int, int] | None:
    """Identifies the file at ``path``; None if it is gone.

    SQLite would continue to write to a file that was removed or replaced.
    """
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def gone_problem(path: Path) -> Problem:
    """The problem that the file was removed or replaced."""
    return _problem(
        tr(
            "{name} in {parent} was moved, deleted or replaced.", name=path.name, parent=path.parent
        ),
        tr(
            "Nothing is sent until the file is restored. Put it back, or restart the program, "
            "which opens the file now at this path or creates a new one."
        ),
    )


def prepare(path: Path, data_origin: str) -> tuple[sqlite3.Connection, Path | None]:
    """Create, check or migrate the file and open it for the engine, on any thread.

    A damaged file is set aside and replaced, never deleted. A file of another data origin is rejected, because
    machines of two origins would mix.

    Returns:
        The connection, and where a damaged file was moved (None if it was intact).

    Raises:
        ProblemError: a newer file, one of another origin or program, a folder that can't be written, or a full disk.
    """
    with _store_problems(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_before_opening(path, data_origin)
        set_aside = _set_aside_if_damaged(path)
        created = not path.exists()
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            if created:
                path.chmod(0o600)
            _refuse_unusable(db, path, data_origin)
            _configure(db, path)
            _migrate(db, path)
            _store_origin(db, data_origin)
        except BaseException:
            db.close()
            raise
    return db, set_aside


class UnusableFileError(ProblemError):
    """The file is of a newer version, of other data or of another program, so retrying doesn't help."""


@contextmanager
def transaction(db: sqlite3.Connection, *, durable: bool = False) -> Iterator[None]:
    """The only way to write outside the engine and the migrations: an immediate transaction, so that two connections never deadlock.

    A ``durable`` one is on the disk when it ends, even after a power failure.
    """
    if durable:
        db.execute("PRAGMA synchronous=FULL")
    try:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.commit()
        except BaseException:
            db.rollback()
            raise
    finally:
        if durable:
            db.execute("PRAGMA synchronous=NORMAL")


def store_problem(error: sqlite3.Error | OSError, path: Path) -> Problem:
    """A failure of the file as a problem, by SQLite's or the system's code."""
    code, folder = _code_of(error), path.parent
    if code in _FULL:
        return _problem(
            tr("The disk that holds {folder} is full.", folder=folder),
            tr("Free some space; nothing stored is lost."),
        )
    if code in _LOCKED:
        return _problem(
            tr("Another program has locked {name}.", name=path.name),
            tr("Close the other window or tool that uses it. The program tries again."),
        )
    if code in _NO_PERMISSION:
        return _problem(
            tr("{folder} can't be written to.", folder=folder),
            tr("Change its permissions, or start with --data-dir."),
        )
    if code in _DAMAGED:
        return _problem(
            tr("The file {name} is damaged.", name=path.name),
            tr(
                "Close the program and start it again: the damaged file is set aside, and a new one "
                "is created."
            ),
        )
    return _problem(
        tr("The file {name} couldn't be used: {error}.", name=path.name, error=error),
        tr("Check {folder}; nothing was deleted.", folder=folder),
    )


def is_locked(error: sqlite3.Error) -> bool:
    """Whether another program currently locks the file."""
    return _code_of(error) in _LOCKED


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether the file's content is corrupt."""
    return _code_of(error) in _DAMAGED


_Code = tuple[str, int]
_FULL: frozenset[_Code] = frozenset(
    {("sqlite", sqlite3.SQLITE_FULL), ("system", errno.ENOSPC), ("system", errno.EDQUOT)}
)
_LOCKED: frozenset[_Code] = frozenset(
    {("sqlite", sqlite3.SQLITE_BUSY), ("sqlite", sqlite3.SQLITE_LOCKED), ("system", errno.EBUSY)}
)
_NO_PERMISSION: frozenset[_Code] = frozenset(
    {
        ("sqlite", sqlite3.SQLITE_READONLY),
        ("sqlite", sqlite3.SQLITE_PERM),
        ("sqlite", sqlite3.SQLITE_AUTH),
        ("system", errno.EACCES),
        ("system", errno.EPERM),
        ("system", errno.EROFS),
    }
)
_DAMAGED = frozenset({("sqlite", sqlite3.SQLITE_CORRUPT), ("sqlite", sqlite3.SQLITE_NOTADB)})


def _code_of(error: sqlite3.Error | OSError) -> _Code | None:
    """The source and the primary code of an error."""
    if isinstance(error, OSError):
        return ("system", error.errno) if error.errno is not None else None
    found = getattr(error, "sqlite_errorcode", None)
    return ("sqlite", found & 0xFF) if isinstance(found, int) else None


def _problem(sentence: str, step: str) -> Problem:
    return Problem(ProblemKind.STORE, sentence, step)


@contextmanager
def _store_problems(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise ProblemError(store_problem(error, path)) from error


def _configure(db: sqlite3.Connection, path: Path) -> None:
    """WAL, except on a network share, because its shared memory works on one computer only."""
    db.row_factory = sqlite3.Row
    db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    if is_on_network(path):
        db.execute("PRAGMA journal_mode=TRUNCATE")
    else:
        db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    db.execute("PRAGMA foreign_keys=ON")


def _new_name(path: Path, what: str) -> Path:
    """A name beside the file that isn't taken, such as ``hotpatch.damaged-2.sqlite3``."""
    number = 1
    while (made := path.with_name(f"{path.stem}.{what}-{number}{path.suffix}")).exists():
        number += 1
    return made


def _set_aside_if_damaged(path: Path) -> Path | None:
    if not path.exists():
        return None
    with closing(sqlite3.connect(path)) as db:
        try:
            sound = db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
        except sqlite3.DatabaseError as error:
            if not is_damaged(error):
                raise
            sound = False
    if sound:
        return None
    aside = _new_name(path, "damaged")
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        side = path.with_name(path.name + suffix)
        if side.exists():
            side.rename(aside.with_name(aside.name + suffix))
    return aside


def _check_before_opening(path: Path, data_origin: str) -> None:
    """Reject an unusable file before anything is changed in it.

    A file that is damaged, or that needs a rollback after a crash, can only be checked later.
    """
    if path.is_file():
        try:
            with _open_read_only(path) as db:
                _refuse_unusable(db, path, data_origin)
        except sqlite3.DatabaseError as error:
            if _code_of(error) not in _DAMAGED | {("sqlite", sqlite3.SQLITE_READONLY)}:
                raise


def _refuse_unusable(db: sqlite3.Connection, path: Path, data_origin: str) -> None:
    """Reject a foreign file, a newer one and one of another origin."""
    _refuse_foreign(db, path)
    _refuse_newer(db, path)
    _refuse_other_origin(db, path, data_origin)


def _refuse_foreign(db: sqlite3.Connection, path: Path) -> None:
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    if tables and MIGRATIONS_TABLE not in tables:
        raise UnusableFileError(
            _problem(
                tr(
                    "{name} in {parent} isn't a file of Hotpatch Dashboard.",
                    name=path.name,
                    parent=path.parent,
                ),
                tr(
                    "Move it to another folder, or start with --data-dir and another folder. The file wasn't touched."
                ),
            )
        )


def _refuse_newer(db: sqlite3.Connection, path: Path) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise UnusableFileError(
            _problem(
                tr(
                    "{name} was written by a newer version of this program (schema {version}, this one "
                    "knows {schema_version}).",
                    name=path.name,
                    version=version,
                    schema_version=SCHEMA_VERSION,
                ),
                tr(
                    "Update the program, or start with --data-dir and another folder. The file wasn't "
                    "touched."
                ),
            )
        )


def _refuse_other_origin(db: sqlite3.Connection, path: Path, data_origin: str) -> None:
    stored = _stored_origin(db)
    if stored is not None and stored != data_origin:
        raise UnusableFileError(
            _problem(
                tr(
                    "{parent} contains data from {stored}, not from {expected}.",
                    parent=path.parent,
                    stored=stored,
                    expected=data_origin,
                ),
                tr("Start with --data-dir and another folder. The file wasn't touched."),
            )
        )


def _stored_origin(db: sqlite3.Connection) -> str | None:
    """The origin of the file's data; None in a new file, and in one older than origins."""
    table = db.execute("SELECT 1 FROM sqlite_master WHERE name='data_origin'").fetchone()
    row = db.execute("SELECT name FROM data_origin").fetchone() if table else None
    return str(row[0]) if row else None


def _store_origin(db: sqlite3.Connection, data_origin: str) -> None:
    if _stored_origin(db) is None:
        with transaction(db):
            db.execute("INSERT INTO data_origin VALUES (?)", (data_origin,))


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == SCHEMA_VERSION:
        return
    from sqlite_utils import Database  # noqa: PLC0415 - 0.28 s, and only a migration needs it

    steps, file = migrations(), Database(db)
    is_interrupted = version and len(steps.applied(file)) > version
    what = f"before-{SCHEMA_VERSION}"
    # Otherwise the copy of the first attempt is the intact one.
    if version and not is_interrupted and not _is_copied(path, what):
        _keep_copy(db, _new_name(path, what))
    steps.apply(file)
    db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _is_copied(path: Path, what: str) -> bool:
    """Whether a copy is newer than the file, because an earlier attempt to migrate it failed."""
    made = [
        one.stat().st_mtime_ns for one in path.parent.glob(f"{path.stem}.{what}-*{path.suffix}")
    ]
    log = path.with_name(f"{path.name}-wal")
    written = [one.stat() for one in (path, log) if one.exists()]
    newest = max(one.st_mtime_ns for one in written if one.st_size)
    return max(made, default=0) > newest


def _keep_copy(db: sqlite3.Connection, copy: Path) -> None:
    part = copy.with_name(f"{copy.name}.part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(part)) as target:
        part.chmod(0o600)
        db.backup(target)
    part.replace(copy)
