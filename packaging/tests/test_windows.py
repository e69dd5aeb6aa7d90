"""The Windows installer's recipe: compiled against the layout of the bundle, and run by Wine if it is available.

The program itself isn't started: this system's bundle is installed under Windows' names.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from installer import build
from layout import BUNDLE, VERSION

PRODUCT = "{6E1B2B0C-6C5B-4E4B-9C55-2C1B8F0C7A41}"
KEY = rf"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\{PRODUCT}"
ERROR_OLD_WIN_VERSION = 1150
FOLDER = Path("drive_c/users") / os.environ.get("USER", "root") / "AppData/Local"


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle with the layout it has on Windows. Large files are truncated."""
    made = tmp_path_factory.mktemp("bundle") / "hotpatch-gui"
    for path in BUNDLE.rglob("*"):
        place = made / path.relative_to(BUNDLE)
        if path.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        elif not path.is_symlink():
            place.parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as whole:
                place.write_bytes(whole.read(1000))
    (made / "hotpatch-gui").rename(made / "hotpatch-gui.exe")
    return made


@pytest.fixture(scope="module")
def setup(layout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(layout, out=tmp_path_factory.mktemp("setup") / "hotpatch-gui-setup.exe")


def test_the_installer_has_the_version_and_is_64_bit(setup: Path) -> None:
    raw = setup.read_bytes()
    for name in ("ProductVersion", "FileVersion"):
        place = raw.find(name.encode("utf-16-le"))
        assert place > 0, name
        assert VERSION.encode("utf-16-le") in raw[place : place + 80]
    start = int.from_bytes(raw[0x3C:0x40], "little")
    assert raw[start : start + 6] == b"PE\0\0\x64\x86"


def test_a_bundle_without_a_program_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"hotpatch-gui\.exe"):
        build(tmp_path)


class Wine:
    def __init__(self, prefix: Path) -> None:
        self.prefix = prefix
        self._environment = os.environ | {
            "WINEPREFIX": str(prefix),
            "WINEDEBUG": "-all",
            "WINEARCH": "win64",
            "DISPLAY": "",
        }

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["wine", *command],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def value(self, name: str) -> str:
        """A value of the uninstaller's key; empty if there is none."""
        parts = self.run("reg", "query", KEY, "/v", name).stdout.split("REG_SZ")
        return parts[1].strip() if len(parts) > 1 else ""

    def end(self) -> None:
        subprocess.run(["wineserver", "-k"], env=self._environment, check=False)


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wine]:
    if shutil.which("wine") is None:
        pytest.skip("there is no Wine: apt install wine64 wine")
    made = Wine(tmp_path_factory.mktemp("wine"))
    made.run("wineboot", "--init")
    yield made
    made.end()


def test_silent_install_upgrade_and_removal_keep_the_data(
    wine: Wine, setup: Path, layout: Path
) -> None:
    local = wine.prefix / FOLDER
    program, data = local / "Programs" / "Hotpatch Dashboard", local / "HotpatchDashboard"
    files = {p.relative_to(layout) for p in layout.rglob("*") if p.is_file()}

    def installed() -> set[Path]:
        return {p.relative_to(program) for p in program.rglob("*") if p.is_file()}

    old = wine.run(str(setup), "/S")
    assert old.returncode == ERROR_OLD_WIN_VERSION & 0xFF, "Wine begins as Windows 7"
    assert not program.exists()
    assert wine.run("winecfg", "-v", "win10").returncode == 0
    assert wine.run(str(setup), "/S").returncode == 0
    assert installed() == files | {Path("uninstall.exe")}
    assert wine.value("DisplayVersion") == VERSION
    assert wine.value("InstallLocation").endswith(r"Programs\Hotpatch Dashboard")
    (start_menu,) = wine.prefix.rglob("Hotpatch Dashboard.lnk")
    data.mkdir()
    (data / "hotpatch.sqlite3").write_text("history")

    (program / "_internal" / "of-an-older-version.dll").write_text("old")
    (program / "mine.txt").write_text("beside the program")
    assert wine.run(str(setup), "/S").returncode == 0
    assert installed() == files | {Path("uninstall.exe"), Path("mine.txt")}, "upgraded in place"

    uninstall = program / "uninstall.exe"
    assert wine.run(str(uninstall), "/S", f"_?=Z:{program}").returncode == 0
    assert installed() <= {Path("uninstall.exe"), Path("mine.txt")}
    assert wine.value("DisplayVersion") == ""
    assert not start_menu.exists()
    assert (data / "hotpatch.sqlite3").read_text() == "history"

    assert wine.run(str(setup), "/S").returncode == 0
    assert wine.run(str(uninstall), "/S", "/DELETEDATA", f"_?=Z:{program}").returncode == 0
    assert not data.exists(), "asked to, it deletes the data, too"
