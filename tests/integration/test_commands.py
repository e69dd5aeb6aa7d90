"""Commands without a window, as processes: their output, their exit codes, and one writer at a time."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from helpers.commands import Done, command, environment, run
from helpers.simulator import Simulated, simulate
from helpers.tls import CLIENT, TENANT, SecureAzure, secure_azure
from hotpatch_gui.application.folder_lock import lock
from hotpatch_gui.captures.stage import stopped_simulator
from hotpatch_gui.domain.machine_files import Format, encoded, written
from hotpatch_gui.domain.new_machine import NewMachine
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.store.migrations import SCHEMA_VERSION, migrations


@pytest.fixture(scope="module")
def azure() -> Iterator[Simulated]:
    with simulate("--speed", "3000", "--quota", "1000") as made:
        yield made


@pytest.fixture
def here(azure: Simulated, tmp_path: Path):
    """Runs a command against the simulated Azure on an empty folder."""
    return lambda *arguments: run(tmp_path, "--endpoint", azure.endpoint, *arguments)


@pytest.fixture
def own_here(tmp_path: Path):
    """Like ``here``, for tests that change schedules: against a simulated Azure of their own."""
    with simulate("--speed", "3000", "--quota", "1000") as azure:
        yield lambda *arguments: run(tmp_path, "--endpoint", azure.endpoint, *arguments)


def test_sync_prints_what_was_read_and_list_shows_it(here) -> None:
    missing = here("list")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "No data has been read from Azure yet" in missing.stderr
    synced = here("sync", "--json")
    assert synced.returncode == 0, synced.stderr
    (one,) = json.loads(synced.stdout)["connections"]
    assert (one["connection"], one["machines"], one["problem"]) == ("Simulated Azure", 16, "")
    listed = json.loads(here("list", "--json").stdout)
    assert len(listed["machines"]) == 16
    reported = {m["Machine"]: (m["Updates"], m["Restart pending"]) for m in listed["machines"]}
    assert reported["vm-new-01"] == (None, "Not known"), "never assessed is not 0"
    assert reported["vm-batch-01"] == (None, "Not known"), "assessed too long ago is not 0 either"
    assert reported["vm-web-01"] == (0, "No")
    assert listed["notes"][0] == "Demo, simulated Azure"
    table = here("list")
    assert table.stdout.splitlines()[0].split()[:2] == ["Machine", "Power"]
    assert len(table.stdout.splitlines()) == 17


def test_a_sync_finds_the_result_of_earlier_requests(here, tmp_path: Path) -> None:
    """A task that runs only ``sync``: operations that ended in the meantime don't stay in progress."""
    assert here("sync").returncode == 0
    requested = here("assess", "vm-web-02", "srv-hq-01", "vm-app-01", "--wait", "0", "--json")
    assert {o["state"] for o in json.loads(requested.stdout)["operations"]} <= {
        "running",
        "succeeded",
    }
    time.sleep(1.0)  # of which each second is 50 minutes there
    assert here("sync").returncode == 0
    with sqlite3.connect(next(tmp_path.rglob(FILE_NAME))) as db:
        states = {r[0] for r in db.execute("SELECT state FROM operations")}
    assert states == {"succeeded"}


def test_exit_codes_distinguish_done_partly_failed_and_usage(here) -> None:
    done = here("assess", "vm-web-02", "srv-hq-01", "--json")
    assert done.returncode == 0, done.stderr
    assert {o["state"] for o in json.loads(done.stdout)["operations"]} == {"succeeded"}
    partly = here("assess", "vm-web-02", "vm-dev-01")
    assert partly.returncode == 4
    assert "vm-dev-01: not requested. The machine is deallocated" in partly.stdout
    assert here("assess", "vm-dev-01").returncode == 1
    for wrong in (
        ("assess",),
        ("assess", "nobody"),
        ("assess", "vm-web-02", "--confirm", "3"),
        ("install", "vm-web-02", "--no-restarts", "--reboot", "Always"),
        ("assess", "vm-web-02", "--all"),
        ("install", "vm-web-02", "--include", "KB1"),
        ("install", "vm-web-02", "--minutes", "5"),
        ("install", "vm-web-02", "--classification", "Nice"),
        ("install", "vm-web-02", "--only", "KB5120708", "--classification", "Security"),
        ("install", "vm-web-02", "--only", "KB5120708", "--include", "KB5120708"),
        ("install", "vm-web-02", "--only", ""),
    ):
        found = here(*wrong)
        assert found.returncode == 2, wrong
        assert found.stderr


def test_an_installation_prints_what_restarts_and_is_sent_once(here, tmp_path: Path) -> None:
    dry = here("install", "vm-web-02", "--dry-run")
    assert dry.returncode == 0
    assert "The machine may restart for KB5120708." in dry.stderr
    assert "vm-web-02: updates: " in dry.stdout
    none = here("install", "vm-dc-01", "vm-web-02", "vm-dev-01", "--no-restarts", "--dry-run")
    assert none.returncode == 4, "one is deallocated"
    assert "vm-dc-01: updates: none. No restart" in none.stdout, "its restart is pending"
    (folder,) = (tmp_path / "simulated").iterdir()
    db = sqlite3.connect(folder / FILE_NAME)
    assert db.execute("SELECT count(*) FROM operations").fetchone() == (0,)
    sent = here(
        "install", "vm-web-02", "--classification", "Definition", "--reboot", "Never", "--json"
    )
    assert sent.returncode == 0, sent.stderr
    (one,) = json.loads(sent.stdout)["operations"]
    assert (one["operation"], one["state"]) == ("install", "succeeded")
    assert one["request_id"]
    (body,) = db.execute("SELECT request FROM operations").fetchone()
    assert json.loads(body)["rebootSetting"] == "Never"
    assert json.loads(body)["windowsParameters"]["classificationsToInclude"] == ["Definition"]
    db.close()


def test_a_dry_run_and_errors_are_printed_as_json(here, tmp_path: Path) -> None:
    here("sync")
    (folder,) = (tmp_path / "simulated").iterdir()
    with closing(sqlite3.connect(folder / FILE_NAME)) as db, db:
        db.execute(
            "INSERT INTO operations (machine_id, kind, state, created_at, batch_id)"
            " SELECT id, 'restart', 'queued', '2026-01-01T00:00:00Z', 7 FROM machines LIMIT 1"
        )
        db.execute(
            "INSERT INTO batches (id, kind, created_at, mode, size, stop_after)"
            " VALUES (7, 'restart', '2026-01-01T00:00:00Z', 'some', 1, 0)"
        )
    dry = here("install", "vm-web-02", "vm-new-01", "--dry-run", "--json")
    with closing(sqlite3.connect(folder / FILE_NAME)) as db:
        assert db.execute("SELECT state FROM operations").fetchall() == [("queued",)]
    found = json.loads(dry.stdout)
    assert found["operations"] == []
    planned = {one["machine"]: one for one in found["planned"]}
    assert "KB5120708" in {u["kb"] for u in planned["vm-web-02"]["updates"]}
    assert planned["vm-web-02"]["restart"] == "The machine may restart for KB5120708."
    assert planned["vm-new-01"]["updates"] is None, "never assessed is not nothing"
    everywhere = here("install", "--all", "--only", "KB5120708", "--dry-run", "--json")
    planned = {one["machine"]: one for one in json.loads(everywhere.stdout)["planned"]}
    assert {u["kb"] for u in planned["vm-web-02"]["updates"]} == {"KB5120708"}
    assert "1 machine left out; for example, vm-dev-01: " in everywhere.stderr
    assert everywhere.returncode == 0
    wrong = here("assess", "nobody", "--json")
    assert json.loads(wrong.stdout)["error"] == wrong.stderr.strip()


def _of_schema(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version={version}")


@pytest.mark.parametrize("name", [("list",), ("export", "--out", "x.json"), ("sync",)])
@pytest.mark.parametrize("what", ["newer", "damaged", "foreign"])
def test_an_unusable_file_is_reported_and_not_treated_as_empty(
    secure: SecureAzure, tmp_path: Path, name: tuple[str, ...], what: str
) -> None:
    data = tmp_path / "data"
    assert connect(data, secure, "Contoso").returncode == 0
    path = data / FILE_NAME
    if what == "newer":
        _of_schema(path, 999)
    else:
        path.write_bytes(b"\xfe" * 9000 if what == "damaged" else b"")
        for more in ("-wal", "-shm"):
            path.with_name(path.name + more).unlink(missing_ok=True)
    if what == "foreign":
        with closing(sqlite3.connect(path)) as db:
            db.execute("CREATE TABLE x (y)")
    found = run(data, *name)
    message = {
        "newer": "written by a newer version",
        "damaged": "If the connections can't be read, run hotpatch-gui connect.",
        "foreign": "isn't a file of Hotpatch Dashboard",
    }[what]
    assert message in found.stderr
    assert found.returncode == 1
    assert "no connection" not in found.stderr.lower()


def test_a_folder_with_the_name_of_the_file_is_reported(
    tmp_path: Path, secure: SecureAzure
) -> None:
    data = tmp_path / "data"
    assert connect(data, secure, "Contoso").returncode == 0
    for file in data.glob(f"{FILE_NAME}*"):
        file.unlink()
    (data / FILE_NAME).mkdir()
    found = run(data, "list")
    assert (found.returncode, found.stdout) == (1, "")
    assert "is a folder and not a data file" in found.stderr


def test_a_partly_damaged_file_is_reported_and_a_new_one_is_announced(
    secure: SecureAzure, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    assert connect(data, secure, "Contoso").returncode == 0
    path = data / FILE_NAME
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[3 * 4096 : 12 * 4096] = b"\xfe" * (9 * 4096)
    path.write_bytes(content)
    for more in ("-wal", "-shm"):
        path.with_name(path.name + more).unlink(missing_ok=True)
    for reads in (("list",), ("install", "--all", "--dry-run")):
        found = run(data, *reads, "--json")
        assert found.returncode == 1, reads
        assert "is damaged" in json.loads(found.stdout)["error"]
        assert "Traceback" not in found.stderr
    synced = run(data, "sync", "--json")
    assert "The data file was damaged. A new file was created" in synced.stderr
    assert Path(json.loads(synced.stdout)["damaged_file"]).exists()


def test_a_change_of_a_schedule_without_permission_has_its_own_exit_code(
    secure: SecureAzure, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    assert connect(data, secure, "Contoso", "--allow-changes").returncode == 0
    refused = Response(403, {"error": {"code": "AuthorizationFailed", "message": "No."}})
    secure.simulator.faults.append(lambda method, _: refused if method == "PUT" else None)
    found = run(data, "schedules", "assign", "files-saturdays", "vm-web-01")
    assert found.returncode == 3, found.stderr


def earlier(path: Path) -> None:
    """Make it again as the version before this one left it, with the same connections."""
    old = path.with_name("old")
    with closing(sqlite3.connect(old)) as db:
        last = migrations().pending(Database(db))[-1].name
        migrations().apply(Database(db), stop_before=last)
        db.execute(f"PRAGMA user_version={SCHEMA_VERSION - 1}")
        db.execute("ATTACH ? AS now", (str(path),))
        db.execute("INSERT INTO data_origin SELECT * FROM now.data_origin")
        db.execute("INSERT INTO connections SELECT * FROM now.connections")
        db.commit()
    for more in ("-wal", "-shm"):
        path.with_name(path.name + more).unlink(missing_ok=True)
    old.replace(path)


@pytest.mark.parametrize("name", ["list", "sync"])
def test_a_file_of_an_earlier_version_is_brought_up_to_date(
    secure: SecureAzure, tmp_path: Path, name: str
) -> None:
    """After an update of the program, a nightly sync kept reporting that there was no connection."""
    data = tmp_path / "data"
    assert connect(data, secure, "Contoso").returncode == 0
    earlier(data / FILE_NAME)
    found = run(data, name)
    assert found.returncode == 0, found.stderr
    with closing(sqlite3.connect(data / FILE_NAME)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_the_report_of_today_and_of_a_past_day_needs_no_display(here, tmp_path: Path) -> None:
    assert here("sync").returncode == 0
    for name in ("x.pdf", "x.html", "x.json"):
        found = here("export", "report", "audit", "--out", str(tmp_path / name))
        assert found.returncode == 0, found.stderr
    made = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert made["summary"]
    assert made["machines"]
    assert "audit" in made
    out = ("--out", str(tmp_path / "y.json"))
    for unknown in ("2026-01-31", "2126-01-31"):
        found = here("export", "report", "--day", unknown, *out)
        assert found.returncode == 2
        assert f"Nothing is known about {unknown}" in found.stderr
    assert not (tmp_path / "y.json").exists()
    for wrong in (
        ("report", "machines", *out),
        ("report", "--connection", "Contoso", *out),
        ("machines", "--day", "2026-01-31", *out),
        ("report", "--day", "31.1.2026", *out),
        ("report", "--day", "20260131", *out),
        ("report", "--out", str(tmp_path / "y.csv")),
    ):
        assert here("export", *wrong).returncode == 2, wrong


def test_exports_need_no_display(here, tmp_path: Path) -> None:
    assert here("sync").returncode == 0
    for name in ("report.xlsx", "report.json", "report.html", "report.pdf"):
        found = here("export", "--out", str(tmp_path / name))
        assert found.returncode == 0, found.stderr
        assert (tmp_path / name).stat().st_size > 1000
    one = here("export", "history", "--out", str(tmp_path / "history.csv"))
    assert one.returncode == 0
    assert (
        (tmp_path / "history.csv")
        .read_text(encoding="utf-8-sig")
        .startswith("Machine,Started (UTC),Status")
    )
    assert here("export", "--out", str(tmp_path / "all.csv")).returncode == 2, (
        "a CSV holds one table"
    )
    assert here("export", "weather", "--out", str(tmp_path / "x.json")).returncode == 2
    assert here("export", "--out", str(tmp_path / "x.doc")).returncode == 2
    assert here("export", "--out", str(tmp_path / "nowhere" / "x.json")).returncode == 1


def test_one_writer_and_concurrent_readers_share_a_folder(azure: Simulated, tmp_path: Path) -> None:
    def here(*arguments: str) -> Done:
        return run(tmp_path, "--endpoint", azure.endpoint, *arguments)

    assert here("sync").returncode == 0
    (folder,) = (tmp_path / "simulated").iterdir()
    held = lock(folder)
    assert held is not None
    try:
        refused = here("sync")
        assert refused.returncode == 1
        assert "is already using this data" in refused.stderr
        assert here("assess", "vm-web-02").returncode == 1
        assert here("list").returncode == 0
        assert here("export", "machines", "--out", str(tmp_path / "m.csv")).returncode == 0
    finally:
        held.unlock()


def test_many_machines_require_their_number(tmp_path: Path) -> None:
    with simulate("--speed", "3000", "--quota", "1000", "--machines", "40") as azure:
        requested = run(tmp_path, "--endpoint", azure.endpoint, "assess", "--all")
        assert requested.returncode == 2
        number = requested.stderr.rpartition("--confirm ")[2].strip()
        assert int(number) > 20
        wrong = run(tmp_path, "--endpoint", azure.endpoint, "assess", "--all", "--confirm", "21")
        assert wrong.returncode == (0 if number == "21" else 2)
        right = run(
            tmp_path, "--endpoint", azure.endpoint, "assess", "--all", "--confirm", number, "--json"
        )
        assert right.returncode == 0, right.stderr
        assert len(json.loads(right.stdout)["operations"]) == int(number)


def test_a_damaged_demo_is_named_with_the_next_step(tmp_path: Path) -> None:
    """Reported as the data file, the damage could not be repaired."""
    assert run(tmp_path, "--demo", "sync").returncode == 0
    world, kept = (tmp_path / "demo" / name for name in ("simulated-azure.sqlite3", FILE_NAME))
    world.write_bytes(b"nonsense " * 1000)
    world.with_name(f"{world.name}-wal").unlink(missing_ok=True)
    done = run(tmp_path, "--demo", "sync")
    assert done.returncode == 1
    assert done.stderr.startswith("The file simulated-azure.sqlite3 is damaged.")
    assert "--reset-demo" in done.stderr
    with closing(sqlite3.connect(kept)) as db:
        assert db.execute("SELECT count(*) FROM machines").fetchone() == (16,)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_an_output_that_cannot_be_written_is_reported(
    azure: Simulated, tmp_path: Path, form: tuple[str, ...]
) -> None:
    assert run(tmp_path, "--endpoint", azure.endpoint, "sync").returncode == 0
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            command(tmp_path, "--endpoint", azure.endpoint, "list", *form),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=100,
            env=environment(),
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "The output couldn't be written: No space left on device.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interrupted_command_reports_that_azure_continues(tmp_path: Path) -> None:
    with simulate("--speed", "1", "--quota", "1000") as azure:
        process = subprocess.Popen(
            command(tmp_path, "--endpoint", azure.endpoint, "assess", "vm-web-02"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        file = next(wait_for(lambda: list((tmp_path / "simulated").glob(f"*/{FILE_NAME}"))))

        def state():
            return sqlite3.connect(file).execute("SELECT state FROM operations").fetchall()

        next(wait_for(lambda: tables(file) and state() == [("running",)] and [1]))
        process.send_signal(signal.SIGINT)
        out, message = process.communicate(timeout=30)
        assert process.returncode == 5
        assert "vm-web-02: in progress." in out
        assert "Interrupted. Operations that Azure has accepted continue" in message
        assert state() == [("running",)], "the next one follows it"


def tables(file: Path) -> bool:
    return bool(
        sqlite3.connect(file)
        .execute("SELECT 1 FROM sqlite_master WHERE name='operations'")
        .fetchone()
    )


def wait_for(condition):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found = condition()
        if found:
            yield found[0]
            return
        time.sleep(0.1)
    raise TimeoutError


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecureAzure]:
    simulator = stopped_simulator(SteppedClock(EPOCH))
    with secure_azure(simulator, tmp_path / "keys") as made:
        monkeypatch.setenv("SSL_CERT_FILE", str(made.root))
        yield made
    simulator.cloud.close()


def connect(folder: Path, azure: SecureAzure, name: str, *more: str) -> Done:
    return run(
        folder,
        "connect",
        "--name",
        name,
        "--cloud",
        "custom",
        "--method",
        "certificate",
        "--endpoint",
        azure.cloud.endpoint,
        "--authority",
        f"https://{azure.cloud.authority}",
        "--tenant",
        TENANT,
        "--client-id",
        CLIENT,
        "--certificate",
        str(azure.certificate),
        *more,
    )


def test_without_a_connection_commands_report_that_there_is_none(tmp_path: Path) -> None:
    for name in (
        ("sync",),
        ("list",),
        ("assess", "--all"),
        ("export", "--out", str(tmp_path / "x.json")),
    ):
        found = run(tmp_path, *name)
        assert found.returncode == 2
        assert "There is no connection to Azure yet" in found.stderr


def test_a_service_principal_connects_and_is_not_permitted_to_act(
    secure: SecureAzure, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    made = connect(data, secure, "Contoso")
    assert made.returncode == 0, made.stderr
    assert "Contoso: 16 machines" in made.stdout
    off = run(data, "assess", "vm-web-02")
    assert off.returncode == 3
    assert "Changes are off for Contoso" in off.stdout
    assert connect(data, secure, "Contoso", "--allow-changes").returncode == 0, (
        "the same one, changed"
    )
    secure.simulator.cloud.grants = {"rg-web": ("*/read",)}
    refused = run(data, "assess", "vm-web-02", "--json")
    assert refused.returncode == 3, "what was known of its permissions is not a day old"
    assert json.loads(refused.stdout)["operations"][0]["code"] == "AuthorizationFailed"
    secure.simulator.cloud.clock.advance(hours=25)
    lacking = run(data, "assess", "vm-web-02")
    assert lacking.returncode == 3, lacking.stdout + lacking.stderr
    assert "Microsoft.Compute/virtualMachines/assessPatches/action is missing" in lacking.stdout
    assert "assess" not in secure.simulator.cloud.received
    kept = b"".join(p.read_bytes() for p in data.iterdir() if p.is_file())
    for token in secure.identity.given:
        assert token.encode() not in kept
    assert b"BEGIN PRIVATE KEY" not in kept


def test_a_missing_certificate_creates_no_connection(secure: SecureAzure, tmp_path: Path) -> None:
    data = tmp_path / "data"
    wrong = replace(secure, certificate=tmp_path / "nope.pem")
    made = connect(data, wrong, "Contoso")
    assert made.returncode == 2
    assert "There is no certificate file" in made.stderr
    assert not (data / FILE_NAME).exists()


def test_an_expired_sign_in_has_its_exit_code_and_one_of_two_is_partly_done(
    secure: SecureAzure, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    assert connect(data, secure, "Contoso").returncode == 0
    assert (
        connect(
            data, secure, "Fabrikam", "--subscription", "00000000-0000-4000-8000-00000000c0de"
        ).returncode
        == 0
    )
    with sqlite3.connect(data / FILE_NAME) as db:
        db.execute("UPDATE connections SET certificate='/nowhere.pem' WHERE name='Fabrikam'")
    db.close()
    both = run(data, "sync")
    assert both.returncode == 4
    assert "Fabrikam: The connection Fabrikam couldn't be set up" in both.stderr
    assert run(data, "sync", "--connection", "contoso").returncode == 0
    assert run(data, "sync", "--connection", "Nobody").returncode == 2
    secure.identity.refuses = "AADSTS700027"
    lapsed = run(data, "sync", "--connection", "Contoso")
    assert lapsed.returncode == 3
    assert "AADSTS700027" in lapsed.stderr


def test_a_change_on_a_connection_that_is_not_ready_ends_at_once(
    secure: SecureAzure, tmp_path: Path
) -> None:
    """As on a drive with the certificate that is missing: the command must not wait for what nobody stores."""
    data = tmp_path / "data"
    assert connect(data, secure, "Contoso", "--allow-changes").returncode == 0
    assert run(data, "sync").returncode == 0
    with closing(sqlite3.connect(data / FILE_NAME)) as db, db:
        db.execute("UPDATE connections SET certificate='/nowhere.pem'")
    found = run(data, "schedules", "assign", "files-saturdays", "vm-web-01")
    assert found.returncode == 1
    assert "The connection isn't ready, so nothing was requested." in found.stderr


def test_schedules_and_their_runs_are_listed_and_shown(here) -> None:
    assert here("sync").returncode == 0
    listed = json.loads(here("schedules", "--json").stdout)
    (one,) = listed["schedules"]
    assert (one["name"], one["machines"], one["unprepared_machines"], one["problems"]) == (
        "files-saturdays",
        1,
        0,
        [],
    )
    assert one["recurrence"] == "Weekly on Saturday, 22:00 (Eastern Standard Time)"
    assert len(one["next_windows"]) == 3
    assert all(w["opens"] < w["closes"] for w in one["next_windows"])
    assert listed["unread"] == ""
    shown = json.loads(here("schedules", "show", one["resource_id"].upper(), "--json").stdout)
    assert [f["machine"] for f in shown["assigned_machines"]] == ["vm-file-01"]
    runs = json.loads(here("schedules", "runs", "FILES-saturdays", "--json").stdout)["runs"]
    assert [r["id"] for r in runs] == [r["id"] for r in runs if r["id"].startswith("files-")]
    assert here("schedules", "list", "--json").stdout == here("schedules", "--json").stdout
    table = here("schedules").stdout.splitlines()
    assert table[0].split()[0] == "Schedule"
    assert table[1].startswith("files-saturdays")
    text = here("schedules", "show", "files-saturdays").stdout
    assert "vm-file-01" in text
    assert "Weekly on Saturday" in text
    unknown = here("schedules", "show", "nightly")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "No schedule is named “nightly”" in unknown.stderr


def test_a_schedule_is_saved_applied_and_assigned(own_here, tmp_path: Path) -> None:
    assert own_here("sync").returncode == 0
    saved = tmp_path / "saved.json"
    assert own_here("schedules", "save", "files-saturdays", "--out", str(saved)).returncode == 0
    body = json.loads(saved.read_text())
    assert body["type"] == "Microsoft.Maintenance/maintenanceConfigurations"
    bicep = tmp_path / "saved.bicep"
    assert own_here("schedules", "save", "files-saturdays", "--out", str(bicep)).returncode == 0
    assert "recurEvery: 'Week Saturday'" in bicep.read_text()
    odd = own_here("schedules", "save", "files-saturdays", "--out", str(tmp_path / "saved.txt"))
    assert odd.returncode == 2
    del body["id"]
    body["name"] = "from-file"
    window = body["properties"]["maintenanceWindow"]
    saved.write_text(json.dumps(body))
    past = own_here("schedules", "apply", str(saved), "--resource-group", "rg-web")
    assert past.returncode == 2
    assert "The start must be today or later" in past.stderr
    window["startDateTime"] = "2030-01-05 22:00"
    saved.write_text(json.dumps(body))
    homeless = own_here("schedules", "apply", str(saved))
    assert (homeless.returncode, "--resource-group" in homeless.stderr) == (2, True)
    made = own_here("schedules", "apply", str(saved), "--resource-group", "rg-web", "--json")
    assert made.returncode == 0, made.stderr
    (change,) = json.loads(made.stdout)["changes"]
    assert (change["change"], change["state"]) == ("create schedule", "succeeded")
    assert "Note:" in own_here("schedules", "show", "from-file").stdout
    (listed,) = [x for x in own_here("schedules").stdout.splitlines() if x.startswith("from-file")]
    assert listed.split()[-1] == "0", "notes don't ask for a check"
    given = own_here("schedules", "assign", "from-file", "vm-web-01", "vm-web-02")
    assert given.returncode == 0, given.stderr
    assert given.stdout.count("succeeded. Azure made the change.") == 2
    shown = json.loads(own_here("schedules", "show", "from-file", "--json").stdout)
    assert [f["machine"] for f in shown["assigned_machines"]] == ["vm-web-01", "vm-web-02"]
    again = own_here("schedules", "apply", str(saved), "--resource-group", "rg-web")
    assert (again.returncode, "already exists" in again.stderr) == (2, True)
    foreign = dict(body, id=f"{change['resource_id']}x", name="from-file")
    saved.write_text(json.dumps(foreign))
    wrong = own_here("schedules", "apply", str(saved))
    assert (wrong.returncode, "isn't that of the schedule" in wrong.stderr) == (2, True)
    nobody = own_here("schedules", "assign", "from-file", "vm-nobody")
    assert (nobody.returncode, "No machine is named" in nobody.stderr) == (2, True)
    saved.write_text('{"name": "x"}')
    nonsense = own_here("schedules", "apply", str(saved))
    assert nonsense.returncode == 2
    assert "isn't the JSON of a maintenance configuration" in nonsense.stderr


def test_the_file_of_a_new_machine_is_written_in_each_format(here, tmp_path: Path) -> None:
    usual = (
        *(
            "new-machine",
            "--name",
            "vm-new-09",
            "--resource-group",
            "rg-web",
            "--location",
            "westus2",
        ),
        *("--size", "Standard_D2s_v5", "--admin", "operator", "--zone", "2"),
    )
    machine = NewMachine("vm-new-09", "rg-web", "westus2", "Standard_D2s_v5", "operator", zone="2")
    for form in Format:
        path = tmp_path / form.file_name
        found = here(*usual, "--out", str(path), "--json")
        assert found.returncode == 0, found.stderr
        assert json.loads(found.stdout) == {"file": str(path)}
        assert path.read_bytes() == encoded(written(machine, form), form)
    out = ("--out", str(tmp_path / "other.bicep"))
    for wrong, words in (
        ((*usual, "--orchestration", "manual", *out), "Azure to orchestrate"),
        ((*usual, "--image", "2022-datacenter", *out), "isn't an image with hotpatch"),
        ((*usual, "--no-trusted-launch", *out), "Trusted launch"),
        ((*usual, "--out", str(tmp_path / "machine.yaml")), "isn't supported"),
    ):
        refused = here(*wrong)
        assert refused.returncode == 2
        assert words in refused.stderr
    assert here(*usual, "--out", str(tmp_path / "nowhere" / "x.tf")).returncode == 1
    assert not (tmp_path / "other.bicep").exists()


def test_stopping_an_update_names_what_is_not_stopped(own_here) -> None:
    planned = own_here("stop", "KB5120708", "--dry-run", "--json")
    assert planned.returncode == 0, planned.stderr
    said = json.loads(planned.stdout)
    assert "files-saturdays" in [one["name"] for one in said["schedules"]]
    assert (said["changes"], said["schedules_known"]) == ([], True)
    assert any(text.startswith("Azure may install it on") for text in said["not_stopped"])
    done = own_here("stop", "5120708")
    assert done.returncode == 0, done.stderr
    assert "Schedule files-saturdays (rg-files): succeeded. Azure made the change." in done.stdout
    again = own_here("stop", "KB5120708")
    assert again.returncode == 0
    assert again.stdout.startswith("No schedule or queued installation installs it.")
    assert own_here("stop", "none").returncode == 2


def test_coverage_and_rollout_are_exported(here, tmp_path: Path) -> None:
    assert here("sync").returncode == 0
    path = tmp_path / "both.json"
    assert here("export", "coverage", "rollout", "--out", str(path)).returncode == 0
    made = json.loads(path.read_text(encoding="utf-8"))
    assert {row["Machine"] for row in made["coverage"]} >= {"vm-legacy-01", "vm-web-01"}
    assert all(row["Path to hotpatch"] for row in made["coverage"])
    assert {row["Status"] for row in made["rollout"]}
