"""The Debian package, installed into a bare Debian 12, started there as an ordinary user, and removed again. As root."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from bare_root import BareRoot
from layout import DIST, VERSION, WORK

from helpers.screen import command, opened

USER, DISPLAY, PACKAGE = "alice", ":87", "hotpatch-gui"
SIZE = "1400x900"
PATIENCE_S = 60.0
DRAWN = 200
"""A window that was drawn has more colours; an empty screen has one."""


def package() -> Path:
    (found,) = DIST.glob(f"{PACKAGE}_{VERSION}_*.deb")
    return found


def test_lintian_and_the_validators_report_no_problem() -> None:
    found = subprocess.run(
        ["lintian", "--fail-on", "error,warning", "--allow-root", str(package())],
        check=False,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout
    share = WORK / "deb" / "usr" / "share"
    (metainfo,) = (share / "metainfo").glob("*.xml")
    subprocess.run(
        ["appstreamcli", "validate", "--no-net", "--pedantic", str(metainfo)], check=True
    )
    subprocess.run(
        ["desktop-file-validate", str(share / "applications" / f"{PACKAGE}.desktop")], check=True
    )


def test_the_package_is_installed_started_and_removed_in_a_bare_system() -> None:
    assert os.geteuid() == 0, "only root can enter a system in a folder"
    with BareRoot(WORK / "bare-root") as root:
        shutil.copy(package(), root.folder / "tmp")
        root.run("apt-get", "update", "-q")
        root.run(
            "apt-get", "install", "-q", "-y", "--no-install-recommends", f"/tmp/{package().name}"
        )
        root.run("useradd", "--create-home", USER)
        assert root.run(PACKAGE, "--version", user=USER).strip() == f"{PACKAGE} {VERSION}"
        tested = root.run(PACKAGE, "--self-test", user=USER)
        assert "FAILED" not in tested
        root.run("apt-get", "install", "-q", "-y", "--no-install-recommends", "xvfb")
        _start_and_look(root)
        data = root.folder / "home" / USER / ".local" / "share" / "HotpatchDashboard"
        kept = sorted(p.name for p in (data / "demo").iterdir())
        assert "hotpatch.sqlite3" in kept
        for installed in (
            "applications/hotpatch-gui.desktop",
            "icons/hicolor/48x48/apps/hotpatch-gui.png",
            "man/man1/hotpatch-gui.1.gz",
        ):
            assert (root.folder / "usr/share" / installed).exists(), installed
        root.run("apt-get", "purge", "-q", "-y", PACKAGE)
        left = [p for p in (root.folder / "usr").rglob("*hotpatch*") if "/proc/" not in str(p)]
        assert left == []
        assert sorted(p.name for p in (data / "demo").iterdir()) == kept, "the data is the user's"


def _start_and_look(root: BareRoot) -> None:
    """Start it as from the menu, wait until its window is drawn, and keep a picture of the screen."""
    folder = root.folder / "tmp" / "screen"
    folder.mkdir()
    folder.chmod(0o777)
    end = time.monotonic() + PATIENCE_S
    with root.running(*command(DISPLAY, SIZE, "/tmp/screen"), user=USER):
        screen = opened(folder)
        with root.running(PACKAGE, "--demo", user=USER, DISPLAY=DISPLAY) as program:
            while (seen := screen.colors) < DRAWN:
                assert time.monotonic() < end, f"a screen of {seen} colours"
                assert program.poll() is None, f"the program ended with {program.returncode}"
                time.sleep(0.2)
            time.sleep(
                5
            )  # let it read its machines and draw its charts, so that the picture shows them
            screen.picture().save(DIST / "debian-window.png")
        screen.close()
