"""The file: opening, migrating, refusing, setting aside; and the rules of its tables."""

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpers.machines import GOOD
from helpers.operations_queue import cancel, dismiss, put
from hotpatch_gui.domain.clouds import PUBLIC, US_GOVERNMENT
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.domain.operations import OperationKind, OperationState
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.problems import ProblemError
from hotpatch_gui.domain.records import Assessment, InstallationRun, RunStatus, RunUpdate
from hotpatch_gui.domain.rollout_progress import became_unhealthy
from hotpatch_gui.domain.updates import Classification, Update
from hotpatch_gui.models import operation_text
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.store import (
    additional_lists,
    assessments,
    connections,
    database,
    installations,
    lists,
    machine_columns,
    machines,
    operations,
    queue,
    releases,
    rollouts,
    run_checks,
    situations,
    sync_state,
)
from hotpatch_gui.store.migrations import SCHEMA_VERSION, migrations
from hotpatch_gui.store.operations import WrongTransitionError
from hotpatch_gui.store.timestamps import to_text
from hotpatch_gui.system import resources

AZURE = Connection("Contoso", PUBLIC, SignInMethod.BROWSER)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "hotpatch.sqlite3"


@pytest.fixture
def db(path: Path):
    connection, _ = database.prepare(path, "test")
    with database.transaction(connection):
        releases.save_calendar(connection, resources.calendar())
        connections.save(connection, AZURE)
        machines.save(connection, 1, [GOOD])
    yield connection
    connection.close()


def prepare_and_close(path: Path) -> Path | None:
    connection, aside = database.prepare(path, "test")
    connection.close()
    return aside


def test_only_the_owner_can_read_a_new_file(path: Path) -> None:
    assert prepare_and_close(path) is None
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
        assert plain.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_the_schema_version_counts_the_migrations() -> None:
    from sqlite_utils import Database

    assert len(migrations().pending(Database(memory=True))) == SCHEMA_VERSION


def test_a_file_of_the_first_version_is_brought_up_to_date_with_a_copy_kept(path: Path) -> None:
    from sqlite_utils import Database

    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as first:
        migrations().apply(Database(first), stop_before="m0002_indexes_for_many_rows")
        first.execute("PRAGMA user_version=1")
        first.execute("INSERT INTO world VALUES ('test')")
        first.execute("INSERT INTO sync_state (scope, finished_at) VALUES ('fleet', 't')")
        first.execute("INSERT INTO subscriptions VALUES ('s', 'Kept')")
        first.commit()
    assert prepare_and_close(path) is None
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT name FROM subscriptions").fetchall() == [("Kept",)]
        assert db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    copy = path.with_name(f"hotpatch.before-{SCHEMA_VERSION}-1.sqlite3")
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("PRAGMA user_version").fetchone()[0] == 1
        assert old.execute("SELECT name FROM subscriptions").fetchall() == [("Kept",)]


def test_a_file_of_one_cloud_becomes_one_of_connections(path: Path) -> None:
    """The connection of earlier command lines is stored with its machines, read-only."""
    from sqlite_utils import Database

    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as before:
        migrations().apply(Database(before), stop_before="m0006_connections")
        before.execute("PRAGMA user_version=5")
        before.execute("INSERT INTO world VALUES ('https://management.usgovcloudapi.net')")
        before.execute("INSERT INTO subscriptions VALUES ('s', 'Kept')")
        before.execute(
            "INSERT INTO sync_state (scope, finished_at, pass) VALUES ('fleet', '2026-08-20T09:00:00Z', 7)"
        )
        before.execute(
            "INSERT INTO machines (resource_id, azure_id, name, subscription_id, resource_group, location, power,"
            " fetched_at) VALUES ('/x', '/x', 'x', 's', 'g', 'l', 'running', '2026-08-20T09:00:00Z')"
        )
        before.commit()
    db, _ = database.prepare(path, "azure")
    with closing(db):
        (mine,) = connections.read_all(db)
        assert (mine.name, mine.cloud, mine.method) == (
            "Azure US Government",
            US_GOVERNMENT,
            SignInMethod.BROWSER,
        )
        assert not mine.changes_allowed
        assert connections.subscriptions(db, mine.id) == [("s", "Kept", True)]
        assert machines.present(db, mine.id) == [1]
        assert sync_state.sync_state(db).finished == datetime(2026, 8, 20, 9, tzinfo=UTC)
        with database.transaction(db):
            assert assessments.next_pass(db) == 8


def test_renamed_columns_keep_their_values_and_the_audit_log_stays_append_only(path: Path) -> None:
    from sqlite_utils import Database

    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as before:
        migrations().apply(Database(before), stop_before="m0016_one_term_for_one_thing")
        before.execute("PRAGMA user_version=15")
        before.executescript("""
            INSERT INTO world VALUES ('azure');
            INSERT INTO machines (id, resource_id, azure_id, name, subscription_id, resource_group, location, power, fetched_at,
                gone_at, licence, licence_error, unsaid, situation) VALUES (1, 'x', 'x', 'x', 's', 'g', 'l', 'running', 'f',
                '2026-08-20', 'Enabled', 'no', 'counts', 'No assessment known');
            INSERT INTO installations (machine_id, run_id, status, started_at, fetched_at, doubts)
                VALUES (1, 'r', 'Succeeded', 's', 'f', 'build');
            INSERT INTO operations (machine_id, kind, state, created_at, asked_by) VALUES (1, 'enrol', 'succeeded', 'c', 'ann'),
                (1, 'disenrol', 'failed', 'c', 'ann'), (1, 'install', 'failed', 'c', 'ann');
            INSERT INTO calls (at, connection, asked_by, kind, machine, resource_id, event)
                SELECT 'a', 'c', asked_by, kind, 'x', 'x', 'sending' FROM operations;
            INSERT INTO sync_state (scope, pass, whole_at) VALUES ('1', 7, '2026-08-19');
            """)
    db, _ = database.prepare(path, "azure")
    with closing(db):
        db.row_factory = None
        found = "SELECT deleted_at, license, license_error, unreported, situation FROM machines"
        kept = ("2026-08-20", "Enabled", "no", "counts", "Never assessed")
        assert db.execute(found).fetchall() == [kept]
        assert db.execute("SELECT discrepancies FROM installations").fetchall() == [("build",)]
        kinds = [("enroll", "ann"), ("unenroll", "ann"), ("install", "ann")]
        assert db.execute("SELECT kind, requested_by FROM operations").fetchall() == kinds
        assert db.execute("SELECT kind, requested_by FROM audit_log").fetchall() == kinds
        state = "SELECT pass_number, full_sync_at FROM sync_state"
        assert db.execute(state).fetchall() == [(7, "2026-08-19")]
        for change in ("UPDATE audit_log SET kind='install'", "DELETE FROM audit_log"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(change)


def test_a_machine_seen_by_two_connections_belongs_to_the_first(
    db: sqlite3.Connection,
) -> None:
    other = connections.save(db, AZURE._replace(name="Other"))
    machines.save(db, other, [GOOD])
    assert connections.of_machine(db, 1) == 1
    found = machines.unseen(db, other, frozenset(), {GOOD.subscription_id.lower()})
    assert found == ([], [], []), "the other's sync does not make it gone"
    connections.remove(db, 1, EPOCH)
    assert machines.present(db) == []
    machines.save(db, other, [GOOD])
    assert connections.of_machine(db, 1) == other
    assert machines.present(db) == [1]


def test_new_subscriptions_are_read_unless_some_were_picked(db: sqlite3.Connection) -> None:
    connections.save_subscriptions(db, 1, [("a", "A"), ("b", "B")])
    assert connections.read(db, 1).subscription_ids == (), "all, also those to come"
    connections.choose_subscriptions(db, 1, ["B"])
    connections.save_subscriptions(db, 1, [("a", "A"), ("b", "B"), ("c", "C")])
    assert connections.subscriptions(db, 1) == [
        ("a", "A", False),
        ("b", "B", True),
        ("c", "C", False),
    ]
    assert connections.read(db, 1).subscription_ids == ("b",)
    connections.choose_subscriptions(db, 1, [])
    assert all(chosen for *_, chosen in connections.subscriptions(db, 1))


def test_operations_of_a_removed_connection_end_or_become_unknown(
    db: sqlite3.Connection, path: Path
) -> None:
    (queued,) = put(db, OperationKind.ASSESS, [(1, None)], EPOCH)
    (sent,) = put(db, OperationKind.RESTART, [(1, None)], EPOCH)
    with database.transaction(db):
        assert operations.claim(db, sent, EPOCH, "")
        connections.remove(db, 1, EPOCH)
    states = [operations.read(db, i).state for i in (queued, sent)]
    assert states == [OperationState.CANCELED, OperationState.UNKNOWN]
    reported = [
        tuple(r)
        for r in db.execute("SELECT operation_id, event, connection, result FROM audit_log")
    ]
    assert reported == [
        (queued, "cancelled", "Contoso", "Canceled, because its connection was removed."),
        (sent, "answer lost", "Contoso", "Its connection was removed while it was in progress."),
    ]


def test_every_table_is_strict(db: sqlite3.Connection) -> None:
    loose = [
        r["name"]
        for r in db.execute("PRAGMA table_list")
        if not r["strict"] and not r["name"].startswith(("sqlite_", "_"))
    ]
    assert loose == []


def test_a_newer_file_is_rejected_and_not_changed(path: Path) -> None:
    prepare_and_close(path)
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(ProblemError, match="written by a newer version"):
        database.prepare(path, "test")
    assert path.read_bytes() == before
    assert database.open_reader(path) is None


@pytest.mark.parametrize("what", ["newer", "foreign", "of another origin"])
def test_a_rejected_file_keeps_its_write_ahead_log(path: Path, what: str) -> None:
    """As after a crash of the program that wrote it: closing a connection that may write would merge the log."""
    if what == "foreign":
        path.parent.mkdir()
        with closing(sqlite3.connect(path)) as made:
            made.execute("PRAGMA journal_mode=WAL")
            made.execute("CREATE TABLE t (x)")
    else:
        prepare_and_close(path)
    script = """
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("CREATE TABLE late (x)")
db.execute(f"PRAGMA user_version={sys.argv[2]}")
db.commit()
os._exit(0)
"""
    version = SCHEMA_VERSION + (what == "newer")
    subprocess.run([sys.executable, "-c", script, str(path), str(version)], check=True)
    log = path.with_name(path.name + "-wal")
    before = path.read_bytes(), log.read_bytes()
    with pytest.raises(database.UnusableFileError):
        database.prepare(path, "other" if what == "of another origin" else "test")
    assert (path.read_bytes(), log.read_bytes()) == before


@pytest.mark.parametrize("damage", [b"this is no database" * 100, b""], ids=["nonsense", "empty"])
def test_a_damaged_file_is_set_aside_and_never_deleted(path: Path, damage: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(damage)
    aside = prepare_and_close(path)
    if damage:
        assert aside is not None
        assert aside.read_bytes() == damage
    with closing(database.open_reader(path)) as reader:
        assert machines.present(reader) == [], "a new file was begun"


def test_a_file_with_torn_pages_is_set_aside(path: Path, db: sqlite3.Connection) -> None:
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    path.write_bytes(content)
    aside = prepare_and_close(path)
    assert aside is not None
    assert aside.read_bytes() == bytes(content)


def test_a_folder_that_cannot_be_created_is_reported_with_a_remedy(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(ProblemError) as caught:
        database.prepare(blocked / "data" / "x.sqlite3", "test")
    assert caught.value.problem.next_step


def test_a_file_locked_by_another_program_is_reported(path: Path, db: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        db.execute("PRAGMA busy_timeout=10")
        with pytest.raises(sqlite3.OperationalError) as caught, database.transaction(db):
            pass
    problem = database.store_problem(caught.value, path)
    assert "locked" in problem.sentence
    assert "Close the other window" in problem.next_step


@pytest.mark.parametrize("durable", [False, True])
def test_a_commit_that_fails_ends_its_transaction_with_its_own_error(
    path: Path, *, durable: bool
) -> None:
    """Without a write-ahead log, as on a network share, a reader delays the commit itself."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("CREATE TABLE t (x)")
        db.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
        db.execute("PRAGMA busy_timeout=10")
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT x FROM t").fetchone()
            with (
                pytest.raises(sqlite3.OperationalError) as caught,
                database.transaction(db, durable=durable),
            ):
                db.execute("INSERT INTO t VALUES (3)")
        assert "locked" in database.store_problem(caught.value, path).sentence
        assert not db.in_transaction
        with database.transaction(db, durable=durable):
            db.execute("INSERT INTO t VALUES (4)")
        assert [x for (x,) in db.execute("SELECT x FROM t ORDER BY x")] == [1, 2, 4]


def test_a_foreign_file_is_not_called_a_newer_version(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as foreign:
        foreign.execute("CREATE TABLE t (x)")
        foreign.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    with pytest.raises(ProblemError, match="isn't a file of Hotpatch Dashboard"):
        database.prepare(path, "test")


def test_a_full_disk_is_reported_and_keeps_stored_data(db: sqlite3.Connection, path: Path) -> None:
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count={pages}")
    many = [replace(GOOD, resource_id=f"{GOOD.resource_id}{n}", name=f"m{n}") for n in range(5000)]
    with pytest.raises(sqlite3.OperationalError) as caught, database.transaction(db):
        machines.save(db, 1, many)
    assert "disk" in database.store_problem(caught.value, path).sentence
    assert db.execute("SELECT count(*) FROM machines").fetchone()[0] == 1


def test_an_older_file_is_copied_before_it_is_migrated(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlite_utils.migrations import Migrations

    prepare_and_close(path)

    def two_steps() -> Migrations:
        steps = migrations()

        @steps()
        def m9999_more(more) -> None:
            more.execute("CREATE TABLE later (x INTEGER) STRICT")

        return steps

    newer = SCHEMA_VERSION + 1
    monkeypatch.setattr(database, "SCHEMA_VERSION", newer)
    monkeypatch.setattr(database, "migrations", two_steps)
    prepare_and_close(path)
    copy = path.with_name(f"hotpatch.before-{newer}-1.sqlite3")
    with closing(sqlite3.connect(copy)) as old, closing(sqlite3.connect(path)) as new:
        assert old.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
        assert new.execute("PRAGMA user_version").fetchone()[0] == newer
        assert new.execute("SELECT count(*) FROM later").fetchone()[0] == 0


def machine_id(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT id FROM machines").fetchone()[0])


def test_a_machine_comes_back_as_it_was_stored(db: sqlite3.Connection) -> None:
    stored = machines.read(db, machine_id(db))
    assert stored == replace(GOOD, image=GOOD.image)


def test_an_agents_state_that_resource_graph_does_not_know_is_kept(db: sqlite3.Connection) -> None:
    machines.save(db, 1, [replace(GOOD, agent_ready=None)])
    assert machines.read(db, machine_id(db)).agent_ready is True


def test_a_deleted_machine_keeps_its_history_and_can_reappear(db: sqlite3.Connection) -> None:
    number = machine_id(db)
    installations.save(db, [(number, InstallationRun("run", RunStatus.SUCCEEDED, EPOCH))], EPOCH)
    assert machines.unseen(db, 1, frozenset(), {"another subscription"}).unreadable == [number]
    assert machines.unseen(db, 1, frozenset(), {GOOD.subscription_id.lower()}).missing == [number]
    assert machines.unseen(db, 1, {GOOD.resource_id.lower()}, set()) == ([], [], [])
    machines.mark_deleted(db, [number], EPOCH)
    assert machines.present(db) == []
    assert db.execute("SELECT count(*) FROM installations").fetchone()[0] == 1
    machines.save(db, 1, [GOOD])
    assert machines.present(db) == [number]


def test_days_skip_missing_times(db: sqlite3.Connection) -> None:
    number = machine_id(db)
    for run in ("good", "bad"):
        installations.save(
            db, [(number, InstallationRun(run, RunStatus.SUCCEEDED, EPOCH, installed=2))], EPOCH
        )
    db.execute("UPDATE installations SET started_at='=cmd()' WHERE run_id='bad'")
    assert lists.by_day(db, lists.history_where()) == [("2026-08-20", 2, 0)]


def test_a_file_of_another_cloud_is_rejected(path: Path) -> None:
    prepare_and_close(path)
    with pytest.raises(ProblemError, match="contains data from test, not from elsewhere"):
        database.prepare(path, "elsewhere")


def assessment(status: RunStatus, hours: int, number: str = "a") -> Assessment:
    return Assessment(number, status, EPOCH + timedelta(hours=hours), error="It broke.")


def stand(db: sqlite3.Connection, number: int) -> sqlite3.Row:
    situations.derive_and_record(db, [number], resources.calendar(), EPOCH + timedelta(hours=9))
    row = machines.read_row(db, number)
    assert row is not None
    return row


def test_tags_with_commas_and_colons_are_distinguished(db: sqlite3.Connection) -> None:
    number = machine_id(db)
    machine = machines.read(db, number)
    assert machine is not None
    tags = (("a", "x, b:y"), ("c:d", "1"), ("legacy", ""))
    machines.save(db, 1, [replace(machine, tags=tags)])
    again = machines.read(db, number)
    assert again is not None
    assert again.tags == tags
    (row,) = machines.read_for_install(db, [number])
    assert dict(machine_columns.tags_of(row.tag_pairs)) == dict(tags)
    shown = machines.read_row(db, number)
    assert shown is not None
    assert shown.tags == "a:x, b:y, c:d:1, legacy"


def test_only_successful_assessments_count(db: sqlite3.Connection) -> None:
    number = machine_id(db)
    assessments.save(db, [(number, assessment(RunStatus.FAILED, 1))], EPOCH)
    row = stand(db, number)
    assert (row.assessed_at, row.assessment_error) == (None, "It broke.")
    assert row.situation == "Never assessed"
    assessments.save(db, [(number, assessment(RunStatus.SUCCEEDED, 2, "b"))], EPOCH)
    row = stand(db, number)
    assert row.assessed_at == to_text(EPOCH + timedelta(hours=2))
    assert row.assessment_error is None
    assessments.save(db, [(number, assessment(RunStatus.IN_PROGRESS, 3, "c"))], EPOCH)
    assert stand(db, number).assessed_at == to_text(EPOCH + timedelta(hours=2))


def test_a_slower_source_does_not_undo_an_end(db: sqlite3.Connection) -> None:
    number = machine_id(db)
    for status in (RunStatus.SUCCEEDED, RunStatus.IN_PROGRESS):
        assessments.save(db, [(number, assessment(status, 1))], EPOCH)
        installations.save(db, [(number, InstallationRun("run", status, EPOCH))], EPOCH)
    assert db.execute("SELECT status FROM assessments").fetchone()[0] == "Succeeded"
    assert db.execute("SELECT status FROM installations").fetchone()[0] == "Succeeded"


def test_passes_that_overlap_do_not_delete_what_the_other_saw(db: sqlite3.Connection) -> None:
    number = machine_id(db)
    fleet = assessments.next_pass(db)
    single = assessments.next_pass(db)
    assessments.save_updates(
        db, [(number, offer("KB5000001")), (number, offer("KB5000002"))], EPOCH, fleet
    )
    assessments.save_updates(db, [(number, offer("KB5000001"))], EPOCH, single)
    assessments.drop_unseen(db, [number], single)
    assessments.drop_unseen(db, [number], fleet)
    assert [u.kb for u in assessments.offered(db, number)] == ["KB5000001"]
    assert assessments.next_pass(db) > single


def test_an_operation_is_claimed_once(db: sqlite3.Connection, path: Path) -> None:
    (operation,) = put(db, OperationKind.ASSESS, [(machine_id(db), None)], EPOCH)
    with database.transaction(db, durable=True):
        assert operations.claim(db, operation, EPOCH, "")
    with database.transaction(db, durable=True):
        assert not operations.claim(db, operation, EPOCH, ""), (
            "another program must not send it too"
        )


def test_an_unknown_operation_can_be_dismissed(db: sqlite3.Connection, path: Path) -> None:
    (operation,) = put(db, OperationKind.RESTART, [(machine_id(db), None)], EPOCH)
    operations.claim(db, operation, EPOCH, "")
    assert not dismiss(db, operation, EPOCH), "it is on its way"
    operations.move(db, operation, OperationState.UNKNOWN)
    assert put(db, OperationKind.RESTART, [(machine_id(db), None)], EPOCH) == []
    assert not cancel(db, operation, EPOCH), "taking it back is something else"
    assert dismiss(db, operation, EPOCH)
    assert operations.read(db, operation).state is OperationState.DISMISSED, "never called failed"
    (line,) = db.execute("SELECT event, result FROM audit_log").fetchall()
    assert tuple(line) == ("dismissed", "Its result isn't known.")
    assert len(put(db, OperationKind.RESTART, [(machine_id(db), None)], EPOCH)) == 1
    assert not operations.move(db, operation, OperationState.UNKNOWN), "the end stays"


def offer(kb: str, restart: str = "NeverReboots", classification: str = "Security") -> Update:
    return Update.from_azure(
        patch_id=kb,
        name=kb,
        kb_id=kb,
        classification=classification,
        reboot_behavior=restart,
        published=EPOCH,
    )


NONE = dict.fromkeys((key for key, _ in assessments.COUNTS), 0)
"""An assessment that counted and found nothing."""


def test_counts_and_health_follow_the_rows(db: sqlite3.Connection) -> None:
    number = machine_id(db)
    found = Assessment("a1", RunStatus.SUCCEEDED, EPOCH, restart_pending=False, counts=NONE)
    with database.transaction(db):
        assessments.save(db, [(number, found)], EPOCH)
        assessments.set_in_graph(db, [number])
        assessments.save_updates(
            db,
            [
                (number, offer("KB5120708", "CanRequestReboot")),
                (number, offer("KB2267602", classification="Definition")),
                (number, offer("KB5120228", "AlwaysRequiresReboot")),
            ],
            EPOCH,
            1,
        )
        situations.derive_and_record(db, [number], resources.calendar(), EPOCH)
    row = machines.read_row(db, number)
    assert (row.updates, row.security) == (3, 2)
    assert (row.updates_may_restart, row.updates_restarting) == (1, 1)
    assert (row.hotpatch_status, row.situation) == ("Enabled", "Updates available")
    assessments.drop_unseen(db, [number], 2)
    situations.derive_and_record(db, [number], resources.calendar(), EPOCH)
    assert machines.read_row(db, number).situation == "Up to date"


def test_assessments_and_runs_are_kept_for_good_and_never_doubled(db: sqlite3.Connection) -> None:
    number = machine_id(db)
    for hours in range(3):
        found = Assessment(f"a{hours}", RunStatus.SUCCEEDED, EPOCH + timedelta(hours=hours))
        for _ in range(2):
            assessments.save(db, [(number, found)], EPOCH)
    assert db.execute("SELECT count(*) FROM assessments").fetchone()[0] == 3
    run = InstallationRun(
        "RUN",
        RunStatus.IN_PROGRESS,
        EPOCH,
        installed=0,
        restart_status="Required",
        errors=(("c", "m"),),
    )
    installations.save(db, [(number, run)], EPOCH)
    ended = InstallationRun("run", RunStatus.SUCCEEDED, EPOCH, installed=2)
    installations.save(db, [(number, ended)], EPOCH)
    row = db.execute("SELECT * FROM installations").fetchone()
    assert (row["status"], row["installed"], row["restart_status"]) == ("Succeeded", 2, "Required")


def test_assessments_are_forgotten_after_their_time_but_not_the_latest(
    db: sqlite3.Connection,
) -> None:
    ident = machine_id(db)
    days = {"ancient": 500, "old": 401, "kept": 399}
    ended = {
        a: Assessment(a, RunStatus.SUCCEEDED, EPOCH - timedelta(days=d)) for a, d in days.items()
    }

    def left(now: datetime = EPOCH) -> set[str]:
        with database.transaction(db):
            situations.derive_and_record(db, [ident], resources.calendar(), EPOCH)
            while assessments.forget_old(db, now, most=1):
                pass
        return {r[0] for r in db.execute("SELECT activity_id FROM assessments")}

    with database.transaction(db):
        assessments.save(db, [(ident, ended["ancient"]), (ident, ended["old"])], EPOCH)
        assessments.save(db, [(ident, Assessment("new", RunStatus.FAILED, EPOCH))], EPOCH)
    assert left() == {"old", "new"}, "the latest of a machine that counts is kept for good"
    with database.transaction(db):
        assessments.save(db, [(ident, ended["kept"])], EPOCH)
    assert left() == {"kept", "new"}
    assert left(EPOCH + timedelta(days=5000)) == {"kept", "new"}, "the clock may be wrong"


def test_an_update_of_a_run_keeps_its_newest_state(db: sqlite3.Connection) -> None:
    number = machine_id(db)
    installations.save(db, [(number, InstallationRun("run", RunStatus.IN_PROGRESS, EPOCH))], EPOCH)
    row = installations.run_row_ids(db, [(number, "run")])[number, "run"]
    for state in ("Pending", "Installed"):
        installations.save_updates(
            db,
            [(row, RunUpdate("p", "n", "KB5120228", Classification.SECURITY, "Security", state))],
        )
    assert [r.state for r in installations.results(db, row)] == ["Installed"]


def put_run(db: sqlite3.Connection, by: str, hours: int, *, state: str = "Installed") -> datetime:
    """A run with warnings of a Security update; when it started."""
    number, started = machine_id(db), EPOCH + timedelta(hours=hours)
    status = RunStatus.COMPLETED_WITH_WARNINGS
    run = InstallationRun(f"{by}{hours}", status, started, started_by=by)
    installations.save(db, [(number, run)], EPOCH)
    row = installations.run_row_ids(db, [(number, run.run_id)])[number, run.run_id.lower()]
    update = RunUpdate("p", "n", "KB5120228", Classification.SECURITY, "Security", state)
    installations.save_updates(db, [(row, update)])
    return started


def test_a_run_that_installed_nothing_does_not_count_as_patched(db: sqlite3.Connection) -> None:
    put_run(db, "Platform", 1, state="Failed")
    (facts,) = rollouts.read_facts(db, EPOCH)
    assert (facts.patched, facts.failed) == (None, EPOCH + timedelta(hours=1))


def test_an_automatic_run_is_not_blamed_for_an_earlier_fault(
    db: sqlite3.Connection,
) -> None:
    put_run(db, "User", 1)
    fault = EPOCH + timedelta(hours=2)
    own = GOOD.resource_id.lower()
    put_run(db, "Platform", 13)
    machines.save_resource_health(db, 1, [(own, "Unavailable", fault)], fault)
    (facts,) = rollouts.read_facts(db, EPOCH)
    assert facts.requested_by_user
    assert not became_unhealthy(facts)
    machines.save_resource_health(
        db, 1, [(own, "Unavailable", fault + timedelta(hours=12))], fault + timedelta(days=1)
    )
    (facts,) = rollouts.read_facts(db, EPOCH)
    assert became_unhealthy(facts)


def test_a_double_click_queues_once(db: sqlite3.Connection, path: Path) -> None:
    first = put(db, OperationKind.INSTALL, [(machine_id(db), "{}")] * 2, EPOCH)
    again = put(db, OperationKind.INSTALL, [(machine_id(db), "{}")], EPOCH)
    assert (len(first), again) == (1, [])
    assert cancel(db, first[0], EPOCH)
    assert not cancel(db, first[0], EPOCH)
    assert [tuple(r) for r in db.execute("SELECT event, result FROM audit_log")] == [
        ("cancelled", "Canceled before it was sent.")
    ]
    assert len(put(db, OperationKind.INSTALL, [(machine_id(db), "{}")], EPOCH)) == 1


def test_only_the_operation_of_that_machine_is_canceled(db: sqlite3.Connection) -> None:
    """Row IDs start over in another file; a machine's resource ID never means another machine."""
    (operation,) = put(db, OperationKind.INSTALL, [(machine_id(db), "{}")], EPOCH)
    with database.transaction(db):
        assert not queue.cancel(db, operation, "/subscriptions/other", EPOCH)
    assert operations.read(db, operation).state is OperationState.QUEUED


def test_an_operation_that_only_a_damaged_file_contains_is_not_resumed(
    db: sqlite3.Connection, path: Path
) -> None:
    (number,) = put(db, OperationKind.ASSESS, [(machine_id(db), None)], EPOCH)
    assert operations.open_ids(db, 1) == [number]
    for column in ("kind", "state"):
        with database.transaction(db):
            db.execute(f"UPDATE operations SET {column}='<b>x</b>'")
        assert operations.open_ids(db, 1) == []
    row = operations.read_row(db, number)
    assert row is not None
    assert operation_text.kind(row) == "<b>x</b>"
    assert operation_text.state(row) is OperationState.UNKNOWN


def test_an_operation_changes_state_only_by_the_rules_and_a_canceled_one_is_not_sent(
    db: sqlite3.Connection, path: Path
) -> None:
    (number,) = put(db, OperationKind.ASSESS, [(machine_id(db), None)], EPOCH)
    with pytest.raises(WrongTransitionError):
        operations.move(db, number, OperationState.SUCCEEDED, at=EPOCH)
    cancel(db, number, EPOCH)
    assert not operations.move(db, number, OperationState.SENT, at=EPOCH)
    assert operations.read(db, number).state is OperationState.CANCELED


def test_two_writers_wait_for_each_other(db: sqlite3.Connection, path: Path) -> None:
    with closing(database.open_writer(path)) as other:
        with database.transaction(db):
            machines.save(db, 1, [replace(GOOD, name="one")])
            other.execute("PRAGMA busy_timeout=1")
            with (
                pytest.raises(sqlite3.OperationalError, match="locked"),
                database.transaction(other),
            ):
                pass
        with database.transaction(other):
            machines.save(other, 1, [replace(GOOD, name="two")])
    assert db.execute("SELECT name FROM machines").fetchone()[0] == "two"


def test_a_run_is_compared_with_the_updates_of_its_own_machine(
    db: sqlite3.Connection,
) -> None:
    """With an index by KB, each of 10,000 machines would read the updates of the whole fleet."""
    plan = db.execute(f"EXPLAIN QUERY PLAN {run_checks._UNCHECKED}", ("[1]",)).fetchall()
    steps = [row["detail"] for row in plan]
    assert any("SEARCH iu" in step and "installation_id=?" in step for step in steps)
    assert not any("_by_kb" in step or step.startswith("SCAN i") for step in steps)


def test_work_in_progress_is_counted_without_reading_the_operations(
    db: sqlite3.Connection,
) -> None:
    """Queried at each change, with 10,000 open operations."""
    asked_for: list[str] = []
    (number,) = put(db, OperationKind.ASSESS, [(machine_id(db), None)], EPOCH)
    db.set_trace_callback(asked_for.append)
    found = operations.work(db)
    db.set_trace_callback(None)
    assert (found.total, dict(found.by_kind)) == (1, {"assess": 1})
    assert found.first is not None
    assert found.first.id == number
    counting, oldest = (
        [step["detail"] for step in db.execute(f"EXPLAIN QUERY PLAN {text}")] for text in asked_for
    )
    assert counting == [
        "SEARCH operations USING COVERING INDEX operations_open_by_state (kind=?)"
    ], "one pass over the index, in its order"
    assert oldest
    assert not any(step.startswith("SCAN") for step in oldest)


def test_an_update_that_is_offered_again_after_its_installation_is_named_once(
    db: sqlite3.Connection,
) -> None:
    """As KB5068966 was in November 2025; Defender's definitions come under the same number every day."""
    number, later = machine_id(db), EPOCH + timedelta(hours=1)
    run = InstallationRun(
        "r", RunStatus.SUCCEEDED, EPOCH, EPOCH + timedelta(minutes=9), installed=2
    )
    installations.save(db, [(number, run)], later)
    (row,) = installations.run_row_ids(db, [(number, "r")]).values()
    done = [
        RunUpdate(kb, kb, kb, kind, kind.value, "Installed", None)
        for kb, kind in (
            ("KB5068966", Classification.SECURITY),
            ("KB2267602", Classification.DEFINITION),
        )
    ]
    installations.save_updates(db, [(row, update) for update in done])
    assert not run_checks.check_runs(db, [number]), "no assessment followed yet"
    found = replace(assessment(RunStatus.SUCCEEDED, 1), restart_pending=False)
    assessments.save(db, [(number, found)], later)
    offered = [
        Update.from_azure(
            patch_id=u.patch_id,
            name=u.name,
            kb_id=u.kb,
            classification=u.classification_text,
            reboot_behavior="NeverReboots",
            published=EPOCH,
        )
        for u in done
    ]
    assessments.save_updates(db, [(number, update) for update in offered], later, 1)
    situations.derive_and_record(db, [number], resources.calendar(), later)
    assert run_checks.check_runs(db, [number])
    discrepancies = "SELECT discrepancies FROM installations"
    assert db.execute(discrepancies).fetchone()[0] == "offered-again:KB5068966"
    assert not run_checks.check_runs(db, [number]), (
        "each run is compared with the next assessment, once"
    )


def test_an_older_file_counts_updates_that_restart_apart_from_those_that_may(path: Path) -> None:
    from sqlite_utils import Database

    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as before:
        migrations().apply(Database(before), stop_before="m0025_updates_that_restart_and_that_may")
        before.execute("PRAGMA user_version=24")
        before.executescript("""
            INSERT INTO data_origin VALUES ('azure');
            INSERT INTO connections (id, name, cloud, endpoint, authority, audience, method)
                VALUES (1, 'Azure', 'public', 'e', '', '', 'browser');
            INSERT INTO machines (id, connection_id, resource_id, azure_id, name, subscription_id, resource_group, location,
                power, fetched_at, updates_that_restart)
                VALUES (1, 1, 'x', 'x', 'x', 's', 'g', 'l', 'running', 'f', 3), (2, 1, 'y', 'y', 'y', 's', 'g', 'l', 'running', 'f', 0);
            INSERT INTO updates (machine_id, patch_id, name, classification, restart, fetched_at, pass_number)
                VALUES (1, 'a', 'a', 's', 'AlwaysRequiresReboot', 'f', 1), (1, 'b', 'b', 's', 'CanRequestReboot', 'f', 1),
                (1, 'c', 'c', 's', 'Unknown', 'f', 1), (2, 'd', 'd', 's', 'NeverReboots', 'f', 1);
            INSERT INTO side_reads VALUES (1, 'schedules', '403', 't');
            """)
    db, _ = database.prepare(path, "azure")
    with closing(db):
        db.row_factory = None
        found = db.execute(
            "SELECT updates_restarting, updates_may_restart FROM machines ORDER BY id"
        )
        assert found.fetchall() == [(1, 2), (0, 0)]
        assert [unread.what for unread in additional_lists.missing(db)] == ["schedules"]


def test_each_upgrade_of_a_file_keeps_a_copy(path: Path) -> None:
    """Also of a copy that was put back and worked with."""
    from sqlite_utils import Database

    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as first:
        migrations().apply(Database(first), stop_before="m0002_indexes_for_many_rows")
        first.execute("PRAGMA user_version=1")
        first.execute("INSERT INTO world VALUES ('test')")
        first.commit()
    older = path.read_bytes()
    prepare_and_close(path)
    path.write_bytes(older)
    with closing(sqlite3.connect(path)) as again:
        again.execute("INSERT INTO subscriptions VALUES ('s', 'of the weeks after')")
        again.commit()
    prepare_and_close(path)
    copies = sorted(path.parent.glob("hotpatch.before-*.sqlite3"))
    assert [copy.name[-10:] for copy in copies] == ["-1.sqlite3", "-2.sqlite3"]
    with closing(sqlite3.connect(copies[1])) as kept:
        assert kept.execute("SELECT name FROM subscriptions").fetchall() == [
            ("of the weeks after",)
        ]


def test_the_counted_work_leaves_out_what_is_unknown(db: sqlite3.Connection) -> None:
    put(db, OperationKind.ASSESS, [(machine_id(db), None)], EPOCH)
    (lost,) = put(db, OperationKind.INSTALL, [(machine_id(db), "{}")], EPOCH)
    with database.transaction(db):
        db.execute("UPDATE operations SET state='unknown' WHERE id=?", (lost,))
    found = operations.work(db)
    assert (found.total, dict(found.by_kind), dict(found.unknown)) == (
        1,
        {"assess": 1},
        {"install": 1},
    )


def test_an_automatic_run_after_an_old_fault_is_not_called_a_users(db: sqlite3.Connection) -> None:
    put_run(db, "Platform", 13)
    own, fault = GOOD.resource_id.lower(), EPOCH - timedelta(days=40)
    for state in ("Degraded", "Unknown"):
        machines.save_resource_health(db, 1, [(own, state, fault)], EPOCH)
        (facts,) = rollouts.read_facts(db, EPOCH)
        assert not facts.requested_by_user, state


def reported(db: sqlite3.Connection) -> tuple[str | None, str | None]:
    row = db.execute("SELECT resource_health, resource_health_at FROM machines").fetchone()
    return row[0], row[1]


def test_a_fault_from_before_a_start_does_not_return(db: sqlite3.Connection) -> None:
    own, day = GOOD.resource_id.lower(), timedelta(days=1)
    stopped = replace(GOOD, power=PowerState.DEALLOCATED, fetched=EPOCH)
    machines.save(db, 1, [stopped])
    old = [(own, "Unavailable", EPOCH - day)]
    machines.save_resource_health(db, 1, old, EPOCH)
    assert reported(db)[0] == "Unavailable"
    machines.save(db, 1, [replace(GOOD, power=PowerState.RUNNING, fetched=EPOCH + day)])
    machines.save_resource_health(db, 1, old, EPOCH + day)
    assert reported(db)[0] is None, "Resource Health lags"
    machines.save_resource_health(db, 1, [(own, "Unavailable", EPOCH + day / 2)], EPOCH + day)
    assert reported(db)[0] == "Unavailable", "it began since the machine was last seen stopped"
    machines.save_resource_health(db, 1, (), EPOCH + day)
    assert reported(db) == (None, None)


def test_an_impossible_time_of_a_fault_is_not_known(db: sqlite3.Connection) -> None:
    far = datetime(9999, 12, 31, tzinfo=UTC)
    machines.save_resource_health(db, 1, [(GOOD.resource_id.lower(), "Degraded", far)], EPOCH)
    assert reported(db) == ("Degraded", None)


def test_a_migration_that_fails_again_makes_no_other_copy(path: Path) -> None:
    prepare_and_close(path)
    with closing(sqlite3.connect(path)) as plain, plain:  # the last step's table is in its way
        plain.execute(
            "DELETE FROM _sqlite_migrations WHERE name LIKE ?", (f"m{SCHEMA_VERSION:04}%",)
        )
        plain.execute(f"PRAGMA user_version={SCHEMA_VERSION - 1}")
    for _ in range(3):
        with pytest.raises(ProblemError):
            database.prepare(path, "test")
    assert len(list(path.parent.glob("*.before-*"))) == 1


def test_a_copy_that_a_kill_left_half_written_does_not_count_as_a_copy(path: Path) -> None:
    from sqlite_utils import Database

    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as first:
        first.execute("PRAGMA journal_mode=WAL")  # set by the attempt that was killed
        migrations().apply(Database(first), stop_before="m0002_indexes_for_many_rows")
        first.execute("PRAGMA user_version=1")
        first.execute("INSERT INTO world VALUES ('test')")
        first.commit()
    copy = path.with_name(f"hotpatch.before-{SCHEMA_VERSION}-1.sqlite3")
    part = copy.with_name(f"{copy.name}.part")
    part.write_bytes(b"half of a copy")
    prepare_and_close(path)
    assert not part.exists()
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("PRAGMA user_version").fetchone() == (1,)


def test_old_spellings_of_states_are_migrated(path: Path) -> None:
    from sqlite_utils import Database

    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as old:
        migrations().apply(Database(old), stop_before="m0029_names_and_spelling")
        old.execute("PRAGMA user_version=28")
        old.execute("INSERT INTO data_origin VALUES ('test')")
        old.execute(
            "INSERT INTO connections (id, name, cloud, endpoint, authority, audience, method, may_act)"
            " VALUES (1, 'Contoso', 'public', '', '', '', 'browser', 1)"
        )
        old.executemany(
            "INSERT INTO daily_counts (day, connection_id, situation, machines) VALUES (?, 1, ?, 2)",
            [
                ("2026-08-20", "Not available on this image"),
                ("2026-08-20", "Behind, nothing offered"),
            ],
        )
        old.execute(
            "INSERT INTO deployments (connection_id, resource_id, machine_id, subject, request, state,"
            " requested_by, created_at) VALUES (1, 'd', 'm', 'vm', '{}', 'cancelled', 'me', '')"
        )
        old.commit()
    prepare_and_close(path)
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("SELECT situation FROM daily_counts ORDER BY 1").fetchall()
        assert found == [("Behind, none available",), ("Hotpatch not available",)]
        states = db.execute("SELECT machine_resource_id, state FROM deployments").fetchall()
        assert states == [("m", OperationState.CANCELED.value)]
        assert db.execute("SELECT changes_allowed FROM connections").fetchall() == [(1,)]
