"""The modules of ``packaging/`` can be imported here, as its scripts import each other."""

import sys
from pathlib import Path

PACKAGING = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PACKAGING), str(PACKAGING / "windows")]
