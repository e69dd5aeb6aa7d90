"""Scenes: named states of the program, of which pictures are taken. Each is a function that brings a stage there."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QWidget

from hotpatch_gui.application import targets
from hotpatch_gui.captures.stage import Stage

from . import connections, data_ends, dialogs, machines, pages  # noqa: F401 - they register themselves
from .registry import SCENES, WITHOUT_DEMO, WORLDS


def set_up(name: str, theme: str) -> Stage:
    """The stage on which a scene plays."""
    target = targets.azure_target() if name in WITHOUT_DEMO else None
    return Stage(theme, story=WORLDS.get(name, "today"), target=target)


def play(name: str, stage: Stage) -> QWidget:
    """Bring ``stage`` to the scene; the widget to take a picture of."""
    return SCENES[name](stage)


def render(folder: Path, names: Sequence[str], themes: Sequence[str]) -> Iterator[Path]:
    """Pictures of the scenes in the themes, as ``<scene>-<theme>.png``; each path once it is written."""
    qInstallMessageHandler(_report)
    for name in names:
        for theme in themes:
            path = folder / f"{name}-{theme}.png"
            with set_up(name, theme) as stage:
                image = stage.grab(play(name, stage))
                if not image.save(str(path)):
                    raise OSError(f"{path} could not be written")
            yield path


def _report(_: QtMsgType, __: QMessageLogContext, text: str) -> None:
    """Qt's messages, but for what the offscreen platform says of every dialog."""
    if "propagateSizeHints" not in text:
        sys.stderr.write(f"{text}\n")
