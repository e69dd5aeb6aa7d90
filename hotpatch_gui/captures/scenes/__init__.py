"""Scenes: named states of the program for pictures. Each is a function that prepares a stage."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QWidget

from hotpatch_gui.application import targets
from hotpatch_gui.captures.stage import Stage

from . import connections, dialogs, horizon, machines, pages  # noqa: F401 - they register themselves
from .registry import SCENARIOS_BY_SCENE, SCENES, WITHOUT_DEMO


def set_up(name: str, theme: str) -> Stage:
    """A stage for a scene."""
    target = targets.azure_target() if name in WITHOUT_DEMO else None
    return Stage(theme, scenario=SCENARIOS_BY_SCENE.get(name, "today"), target=target)


def play(name: str, stage: Stage) -> QWidget:
    """Prepare ``stage`` for the scene; the widget to capture."""
    return SCENES[name](stage)


def render(folder: Path, names: Sequence[str], themes: Sequence[str]) -> Iterator[Path]:
    """Write pictures of the scenes in the themes as ``<scene>-<theme>.png``; yields each path."""
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
    """Report Qt's messages, except expected ones of the offscreen platform."""
    if "propagateSizeHints" not in text:
        sys.stderr.write(f"{text}\n")
