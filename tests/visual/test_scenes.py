"""Every scene in both themes, to the pixel; and proof that the comparison can fail."""

from __future__ import annotations

from pathlib import Path

import PySide6
import pytest
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from helpers import pictures
from helpers.layout import cut_off
from helpers.pictures import UPDATE_VARIABLE, UpdateRefusedError, check, compare
from hotpatch_gui.captures.scenes import play, set_up
from hotpatch_gui.captures.scenes.registry import SCENES

HERE = Path(__file__).parent
BASELINES, FAILURES = HERE / "baselines", HERE / "failures"
THEMES = ("light", "dark")
IN_HIGH_CONTRAST = ("overview", "status-off-train", "install-review")
PICTURES = [
    *((name, theme) for name in SCENES for theme in THEMES),
    *((name, f"contrast-{theme}") for name in IN_HIGH_CONTRAST for theme in THEMES),
]


@pytest.fixture(scope="session", autouse=True)
def _drawn_where_pictures_are_alike(qapp: QApplication) -> None:
    """Fails loudly where platform, screen or version differ from what the baselines were made with."""
    assert PySide6.__version__ == "6.11.3"
    assert QGuiApplication.platformName() == "offscreen"
    screen = QGuiApplication.primaryScreen()
    assert (screen.size().width(), screen.size().height(), screen.devicePixelRatio()) == (
        1920,
        1080,
        1.0,
    )
    assert screen.logicalDotsPerInch() == 96


@pytest.mark.parametrize(("name", "theme"), PICTURES, ids=["-".join(one) for one in PICTURES])
def test_scene(qapp: QApplication, name: str, theme: str) -> None:
    with set_up(name, theme) as stage:
        assert stage.app.theme.family == "Inter"
        shown = play(name, stage)
        image = stage.grab(shown)
        assert cut_off(shown) == []
    check(f"{name}-{theme}", image, BASELINES, FAILURES)


def test_every_picture_has_a_scene_and_every_scene_its_pictures() -> None:
    expected = {f"{name}-{theme}.png" for name, theme in PICTURES}
    assert {p.name for p in BASELINES.glob("*.png")} == expected


def plain(width: int = 20, height: int = 10) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#0078D4"))
    return image


def test_one_pixel_one_shade_and_one_row_are_found() -> None:
    assert compare(plain(), plain()).same
    changed = plain()
    changed.setPixelColor(19, 9, QColor("#0079D4"))
    assert compare(plain(), changed).why == "1 pixels differ, 0 allowed"
    assert compare(plain(), changed, allowed_pixels=1).same
    assert "size 20x11" in compare(plain(), plain(height=11)).why


def test_a_missing_baseline_fails_and_ci_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(UPDATE_VARIABLE, raising=False)
    with pytest.raises(AssertionError, match="there is no picture"):
        check("new", plain(), tmp_path, tmp_path / "f")
    monkeypatch.setenv(UPDATE_VARIABLE, "1")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(UpdateRefusedError):
        check("new", plain(), tmp_path, tmp_path / "f")
    monkeypatch.delenv("CI")
    check("new", plain(), tmp_path, tmp_path / "f")
    monkeypatch.delenv(UPDATE_VARIABLE)
    check("new", plain(), tmp_path, tmp_path / "f")


def test_a_failure_shows_expected_actual_and_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(UPDATE_VARIABLE, raising=False)
    plain().save(str(tmp_path / "x.png"))
    with pytest.raises(AssertionError, match="expected, actual and difference"):
        check("x", plain(width=21), tmp_path, tmp_path / "f")
    assert pictures.QImage(str(tmp_path / "f" / "x.png")).width() == 63
