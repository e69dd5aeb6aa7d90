"""Pauses and limits of operations, in seconds."""

from __future__ import annotations

from datetime import timedelta

FIRST_BACK_OFF_S, MAX_BACK_OFF_S = 2.0, 60.0
"""After trouble: doubled each time."""
TURN_S, BUSY_S = 30.0, 60.0
"""Between looks at whether a request may go, if nothing wakes it: after an earlier one of ours, and after what
others asked for."""
TRY_FOR_S = 600.0
"""How long a request that did not reach Azure is tried again; nobody expects one at a later hour."""
EXPIRES = timedelta(hours=1)
"""How old a request that waited while nothing could be sent may be to be sent still."""
LOOK_FOR = timedelta(hours=2)
"""How long Azure may fail to say how an operation goes before that is read from the machine."""
UNKNOWN_LOOKS = 30
"""How many answers without a trace of a lost request are enough, with growing pauses between them."""
