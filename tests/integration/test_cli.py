"""The command line, as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from helpers.simulator import simulate
from hotpatch_gui import __version__
from hotpatch_gui.application.data_origins import reset_demo
from hotpatch_gui.captures import environment
from hotpatch_gui.domain.clouds import simulated
from hotpatch_gui.simulator.scenarios import SCENARIOS
from hotpatch_gui.system.display import NO_DISPLAY


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {
        k: v
        for k, v in os.environ.items()
        if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    return subprocess.run(
        [sys.executable, "-m", "hotpatch_gui", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=kept | variables,
        check=False,
    )


def test_help_lists_commands_and_version_prints_the_version() -> None:
    assert run("--version").stdout.strip() == f"hotpatch-gui {__version__}"
    text = run("--help", COLUMNS="500").stdout
    for word in (
        "simulate",
        "capture",
        "--endpoint",
        "--data-dir",
        "--reset-demo",
        "--demo",
        *SCENARIOS,
    ):
        assert word in text
    assert all(name in run("simulate", "--help", COLUMNS="500").stdout for name in SCENARIOS)


@pytest.mark.skipif(sys.platform != "linux", reason="only there Qt dies without a display")
def test_a_missing_display_is_reported_with_the_command_for_pictures() -> None:
    found = run()
    assert found.returncode == 2
    assert found.stderr.strip() == NO_DISPLAY
    assert "capture --out" in found.stderr


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "https://management.azure.com",
        "ftp://127.0.0.1",
        "127.0.0.1:80",
        "http://127.0.0.1:99999",
        "http://[::1",
    ],
)
def test_without_sign_in_only_loopback_addresses_are_accepted(url: str) -> None:
    found = run("--endpoint", url, QT_QPA_PLATFORM="offscreen")
    assert found.returncode == 2
    assert "isn't an address on this computer" in found.stderr
    with pytest.raises(ValueError, match="loopback"):
        simulated(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:5", "http://localhost:5/", "http://[::1]:5"])
def test_each_spelling_of_loopback_is_accepted(url: str) -> None:
    assert not simulated(url).needs_sign_in


def test_unknown_scenarios_are_rejected() -> None:
    found = run("--scenario", "tomorrow", QT_QPA_PLATFORM="offscreen")
    assert found.returncode == 2
    assert (
        "unknown scenario tomorrow; choose from today, before-upgrade, october-2025, bad-update"
        in found.stderr
    )


def test_scenes_are_listed_and_unknown_ones_are_rejected(tmp_path: Path) -> None:
    names = run("capture", "--list").stdout.split()
    assert {"fleet", "status-healthy", "install-review", "offline"} <= set(names)
    assert "no scene nope" in run("capture", "--out", str(tmp_path), "--scene", "nope").stderr


def test_the_environment_of_pictures_is_set_before_qt_or_not_at_all() -> None:
    with pytest.raises(RuntimeError, match="before Qt"):
        environment.prepare()


def test_simulate_serves_only_known_paths_on_loopback() -> None:
    with simulate("--machines", "3", "--seed", "5") as azure:
        assert azure.endpoint.startswith("http://127.0.0.1:")
        url = f"{azure.endpoint}/subscriptions/{azure.subscription_id}/providers/Microsoft.Compute/virtualMachines"
        with urllib.request.urlopen(f"{url}?api-version=2026-04-01") as response:
            assert response.status == 200
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(url)
        with missing.value as response:
            assert response.code == 400
            assert b"MissingApiVersionParameter" in response.read()


def test_resetting_the_demo_deletes_only_files_of_the_demo(tmp_path: Path) -> None:
    for name in (
        "simulated-azure.sqlite3",
        "hotpatch.sqlite3",
        "hotpatch.sqlite3-wal",
        "notes.txt",
        "settings.ini",
    ):
        (tmp_path / name).write_text("x")
    reset_demo(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notes.txt", "settings.ini"]


def test_pyside_does_not_release_none() -> None:
    """PySide6 6.12.0 on Python 3.11 loses one per void call and aborts after a few thousand."""
    script = (
        "import sys\nfrom PySide6.QtWidgets import QApplication, QLabel\n"
        "app = QApplication([])\nlabel = QLabel()\nbefore = sys.getrefcount(None)\n"
        "for n in range(20000): label.setText(str(n))\n"
        "assert sys.getrefcount(None) > before - 1000, 'references to None were lost'\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert found.returncode == 0, found.stderr


def test_the_program_starts_shows_its_window_and_exits(tmp_path: Path) -> None:
    """Start the real entry point offscreen: the demo opens, and its file contains the fleet."""
    import sqlite3
    import time
    from contextlib import closing

    command = [sys.executable, "-m", "hotpatch_gui", "--demo", "--data-dir", str(tmp_path)]
    message = tmp_path / "message.txt"
    with (
        message.open("w") as errors,
        subprocess.Popen(
            command, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, stderr=errors
        ) as process,
    ):
        deadline = time.monotonic() + 40
        machines = 0
        while machines < 16 and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.1)
            if (tmp_path / "demo" / "hotpatch.sqlite3").exists():
                with closing(sqlite3.connect(tmp_path / "demo" / "hotpatch.sqlite3")) as db:
                    try:
                        (machines,) = db.execute("SELECT count(*) FROM machines").fetchone()
                    except sqlite3.OperationalError:
                        continue
        time.sleep(2)  # icons, tabs and charts come after the first paint
        assert process.poll() is None, message.read_text()
        process.kill()
    assert message.read_text() == ""
    assert machines == 16
    assert (tmp_path / "demo" / "hotpatch.log").exists()
    assert (tmp_path / "demo" / "simulated-azure.sqlite3").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--data-dir", "", "--demo", "list"), "must name a folder"),
        (("--data-dir", "a" * 300, "--demo", "list"), "can't be the data folder"),
        (("simulate", "--port", "70000"), "must be a number from 0 to 65,535"),
        (("simulate", "--speed", "nan"), "must be a number from"),
        (("simulate", "--speed", "0"), "must be a number from"),
        (("simulate", "--machines", "0"), "must be a number from"),
        (("simulate", "--quota", "-1"), "must be a number from"),
        (("simulate", "--scenario", "bogus"), "Unknown scenario “bogus”"),
        (("simulate", "--state", "/"), "can't start"),
        (("capture", "--out", "/dev/null/x"), "can't be the folder for pictures"),
    ],
)
def test_invalid_arguments_are_rejected_with_a_reason(
    arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    found = run(*arguments, QT_QPA_PLATFORM="offscreen")
    assert found.returncode in (1, 2)
    assert message in found.stderr
    assert "Traceback" not in found.stderr


def test_commands_work_without_standard_output(tmp_path: Path) -> None:
    """As under a scheduler, or with pythonw."""
    requested = f"{sys.executable} -m hotpatch_gui --data-dir {tmp_path} --demo sync >&- 2>&-"
    assert subprocess.run(["sh", "-c", requested], check=False, timeout=60).returncode == 0


def test_an_output_without_a_character_gets_a_substitute(tmp_path: Path) -> None:
    assert run("--data-dir", str(tmp_path), "--demo", "sync").returncode == 0
    found = run("--data-dir", str(tmp_path), "--demo", "list", PYTHONIOENCODING="ascii")
    assert found.returncode == 0, found.stderr
    assert len(found.stdout.splitlines()) == 17


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_during_loading_exits_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    """An exception while Qt was loading aborted the process."""
    requested = [sys.executable, "-X", "importtime", "-m", "hotpatch_gui"]
    requested += ["--data-dir", str(tmp_path), "--demo", "list"]
    for wait_ms in range(20, 320, 50):
        with subprocess.Popen(
            requested, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            while "hotpatch_gui.cli" not in process.stderr.readline():
                pass  # before, Python itself is loaded
            process.stderr.readline()  # signals are prepared before main imports anything
            time.sleep(wait_ms / 1000)
            process.send_signal(number)
            _, message = process.communicate(timeout=20)
        assert "Traceback" not in message
        assert "Fatal" not in message
        # a command that is over, because Python restores the default handlers as it exits
        is_over = "No data has been read" in message
        assert process.returncode in ({1, -number} if is_over else {1})
