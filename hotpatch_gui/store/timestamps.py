"""Times in the file: UTC, ISO 8601, whole seconds, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from hotpatch_gui.domain.clock import YEARS

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@lru_cache(maxsize=4096)
def to_text(moment: datetime | None) -> str | None:
    """Encode a time; None for None."""
    return moment.astimezone(UTC).strftime(_FORMAT) if moment is not None else None


def from_text(text: str | None) -> datetime | None:
    """Decode a time; None for NULL and for invalid text, because the file may be damaged.

    Times at both ends of the calendar are invalid, because no day precedes or follows them.
    """
    try:
        moment = datetime.fromisoformat(text) if text else None
    except (ValueError, TypeError):
        return None
    if moment is None or moment.tzinfo is None or moment.year not in YEARS:
        return None
    return moment
