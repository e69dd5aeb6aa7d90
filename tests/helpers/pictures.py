"""Comparing pictures to the pixel, and showing what differs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QImage, QPainter

UPDATE_VARIABLE = "HOTPATCH_UPDATE_PICTURES"
FORMAT = QImage.Format.Format_RGB32


class UpdateRefusedError(RuntimeError):
    """Baselines are not made in CI."""


@dataclass(frozen=True)
class Comparison:
    """``same`` only if nothing at all differs; ``why`` says what does."""

    same: bool
    why: str = ""


def compare(expected: QImage, actual: QImage, allowed_pixels: int = 0) -> Comparison:
    """Equal size, and no more than ``allowed_pixels`` pixels that differ in any channel."""
    if expected.size() != actual.size():
        return Comparison(
            False,
            f"size {actual.width()}x{actual.height()}, not {expected.width()}x{expected.height()}",
        )
    differing = len(different_pixels(expected, actual))
    if differing > allowed_pixels:
        return Comparison(False, f"{differing} pixels differ, {allowed_pixels} allowed")
    return Comparison(True)


def different_pixels(expected: QImage, actual: QImage) -> list[int]:
    """Positions (row by row) of the pixels that differ."""
    one, two = expected.convertToFormat(FORMAT), actual.convertToFormat(FORMAT)
    left, right = bytes(one.constBits()), bytes(two.constBits())
    if left == right:
        return []
    return [n // 4 for n in range(0, len(left), 4) if left[n : n + 3] != right[n : n + 3]]


def check(name: str, actual: QImage, baselines: Path, failures: Path) -> None:
    """Compare with the baseline ``name``; a missing one fails, unless baselines are being made.

    Raises:
        AssertionError: with the path of a side-by-side picture.
        UpdateRefusedError: an update was requested in CI.
    """
    path = baselines / f"{name}.png"
    if os.environ.get(UPDATE_VARIABLE):
        if os.environ.get("CI"):
            raise UpdateRefusedError("pictures are not updated in CI")
        actual.save(str(path))
        return
    assert path.exists(), (
        f"there is no picture {path.name}; look at the scene and make it with {UPDATE_VARIABLE}=1"
    )
    expected = QImage(str(path))
    found = compare(expected, actual)
    if not found.same:
        failures.mkdir(exist_ok=True)
        shown = failures / f"{name}.png"
        run_in_parallel(expected, actual).save(str(shown))
        raise AssertionError(f"{name}: {found.why}; expected, actual and difference: {shown}")


def run_in_parallel(expected: QImage, actual: QImage) -> QImage:
    width, height = max(expected.width(), actual.width()), max(expected.height(), actual.height())
    made = QImage(width * 3, height, FORMAT)
    made.fill(0xFF808080)
    painter = QPainter(made)
    painter.drawImage(0, 0, expected)
    painter.drawImage(width, 0, actual)
    painter.drawImage(width * 2, 0, actual)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Difference)
    painter.drawImage(width * 2, 0, expected)
    painter.end()
    return made
