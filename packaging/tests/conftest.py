"""The modules of ``packaging/`` and the tests' helpers can be imported here."""

import sys
from pathlib import Path

PACKAGING = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PACKAGING), str(PACKAGING / "windows"), str(PACKAGING.parent / "tests")]
