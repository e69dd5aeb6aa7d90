"""All settings of the interpreter: for the window's frames, and for trusted certificates."""

from __future__ import annotations

import gc
import sys

SWITCH_S = 0.0005
"""How long another thread may keep the interpreter; Python's 5 ms add up, because a frame requests it a thousand times."""
GC_THRESHOLDS = (20_000, 20, 20)


def shorten_switch_interval() -> None:
    """Switch threads more often, so that the window waits less."""
    sys.setswitchinterval(SWITCH_S)


def tune_garbage_collection() -> None:
    """Exclude the imported SDKs from garbage collection, and collect less often.

    They are half a million objects, and walking them stops the window for 100 ms. A sync creates as many temporary ones.
    """
    if gc.get_freeze_count() == 0:
        gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def use_system_certificates() -> None:
    """Use the system's root certificates for every call."""
    import truststore  # noqa: PLC0415 - with the SDKs

    truststore.inject_into_ssl()
