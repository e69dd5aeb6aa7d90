"""Helpers that several tests share."""

from pathlib import Path


def install_and_wait_path() -> Path:
    return Path(__file__).parent / "install_and_wait.py"
