"""Tuning of the interpreter, in one place: for the window's frames, and for the trust of certificates."""

from __future__ import annotations

import gc
import sys

SWITCH_S = 0.0005
"""How long another thread may keep the window waiting for the interpreter; Python's own 5 ms add up to
visible stalls, as a frame asks for it a thousand times."""
GC_THRESHOLDS = (20_000, 20, 20)


def favour_the_window() -> None:
    """Have the window's thread wait less for others."""
    sys.setswitchinterval(SWITCH_S)


def spare_the_collector() -> None:
    """Once the SDKs are imported: half a million objects that stay, and a walk of the garbage collector
    through them holds the window still for 100 ms. A sync makes as many that are gone with their page, so
    it need not look as often either."""
    if gc.get_freeze_count() == 0:
        gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def trust_as_the_system_does() -> None:
    """Certificates are believed as the system believes them, for every call from here on."""
    import truststore  # noqa: PLC0415 - with the SDKs

    truststore.inject_into_ssl()
