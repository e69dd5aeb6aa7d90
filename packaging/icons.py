"""The program's icon in each platform's sizes and formats, rendered from one SVG. The results aren't kept in git."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
"""Of the hicolor theme. Windows' icon holds those up to 256."""


def make(svg: Path, folder: Path) -> None:
    """``hotpatch-gui-<size>.png``, and ``hotpatch-gui.ico`` and ``.icns`` for Windows and macOS."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PIL import Image
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    application = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    assert application is not None
    renderer = QSvgRenderer(str(svg))
    assert renderer.isValid(), svg
    folder.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        image = QImage(size, size, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        assert image.save(str(folder / f"hotpatch-gui-{size}.png"))
    pictures = [Image.open(folder / f"hotpatch-gui-{size}.png") for size in SIZES]
    small = [p for p in pictures if p.width <= 256]
    small[-1].save(
        folder / "hotpatch-gui.ico", sizes=[p.size for p in small], append_images=small[:-1]
    )
    pictures[-1].save(folder / "hotpatch-gui.icns", append_images=pictures[:-1])


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
