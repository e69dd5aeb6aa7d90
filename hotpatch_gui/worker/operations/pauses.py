"""Pauses and limits of operations, in seconds."""

from __future__ import annotations

from datetime import timedelta

FIRST_BACK_OFF_S, MAX_BACK_OFF_S = 2.0, 60.0
"""After problems, doubled each time."""
TURN_S, BUSY_S = 30.0, 60.0
"""Between checks for an operation's turn, after this program's operations and after others'."""
TRY_FOR_S = 600.0
"""How long an operation that couldn't be sent is retried."""
EXPIRES = timedelta(hours=1)
"""How long an operation may wait while nothing can be sent."""
SILENT_FOR = timedelta(hours=2)
"""How long Azure may fail to report progress before the machine is read."""
MAX_UNKNOWN_READS = 30
"""How often the machine is read without a trace of an operation, with growing pauses."""
