"""Every package's version comes from ``hotpatch_gui/__init__.py``."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import hotpatch_gui

TOP = Path(hotpatch_gui.__file__).parents[1]
PACKAGING = TOP / "packaging"
TEMPLATES = ("control", "changelog", "hotpatch-gui.metainfo.xml")
VALUES = {"architecture": "amd64", "size_kib": "1", "depends": "libc6", "date": "2026-01-01"}


def tool(*arguments: str) -> str:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=TOP, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def layout(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """``packaging/layout.py`` as it is for a program of another version."""
    monkeypatch.syspath_prepend(str(PACKAGING))
    monkeypatch.setattr(hotpatch_gui, "__version__", "98.7.6")
    monkeypatch.delitem(sys.modules, "layout", raising=False)
    made = importlib.import_module("layout")
    monkeypatch.delitem(sys.modules, "layout")
    return made


def test_the_program_and_its_wheel_have_the_same_version() -> None:
    version = hotpatch_gui.__version__
    assert tool("hotpatch_gui", "--version").split() == ["hotpatch-gui", version]
    assert tool("hatchling", "version").strip() == version


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_debian_package_has_the_programs_version(layout: ModuleType, name: str) -> None:
    reported = layout.filled(PACKAGING / "debian" / name, **VALUES)
    assert "98.7.6" in reported
    assert hotpatch_gui.__version__ == "98.7.6"


def test_the_installers_name_has_the_programs_version(layout: ModuleType) -> None:
    installer = (PACKAGING / "windows" / "installer.nsi").read_text(encoding="utf-8")
    assert layout.VERSION == "98.7.6"
    for line in ('VIProductVersion "${VERSION}.0"', '"DisplayVersion" "${VERSION}"'):
        assert line in installer


def test_no_other_file_has_a_version_of_its_own() -> None:
    version = hotpatch_gui.__version__
    listed = subprocess.run(
        ["git", "ls-files", "packaging", "hotpatch_gui", ".github", "pyproject.toml", "Makefile"],
        cwd=TOP,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert len(listed) > 100
    own = {"hotpatch_gui/__init__.py"}
    others = {"packaging/requirements.lock"}
    """Versions of other programs."""
    found = {
        name for name in listed if name not in others and version in (TOP / name).read_text("utf-8")
    }
    assert found == own


def test_a_template_with_an_unknown_name_is_rejected(layout: ModuleType, tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.write_text("Version: @VERSION@\nDate: @WHENEVER@\n")
    with pytest.raises(ValueError, match="no value for @WHENEVER@"):
        layout.filled(template)
