"""The registry of scenes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from hotpatch_gui.captures.stage import Stage

Scene = Callable[[Stage], QWidget]
SCENES: dict[str, Scene] = {}
SCENARIOS_BY_SCENE: dict[str, str] = {}
"""The scenario of scenes that don't use the default one."""
WITHOUT_DEMO: set[str] = set()
"""Scenes without a connection and a demo."""


def scene(play: Scene) -> Scene:
    """Register a scene under its function's name."""
    SCENES[name_of(play)] = play
    return play


def in_scenario(scenario: str) -> Callable[[Scene], Scene]:
    """Use another scenario of the demo for a scene."""

    def register(play: Scene) -> Scene:
        SCENARIOS_BY_SCENE[name_of(play)] = scenario
        return play

    return register


def without_demo(play: Scene) -> Scene:
    """Use no connection and no demo for a scene."""
    WITHOUT_DEMO.add(name_of(play))
    return play


def name_of(play: Scene) -> str:
    return play.__name__.replace("_", "-")
