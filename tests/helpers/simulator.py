"""A simulated Azure in a process of its own, as a user starts it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Simulated:
    endpoint: str
    subscription_id: str


@contextmanager
def simulate(*arguments: str) -> Iterator[Simulated]:
    """``hotpatch-gui simulate`` with these arguments; ended at the end."""
    command = [sys.executable, "-m", "hotpatch_gui", "simulate", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Simulated(**json.loads(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
