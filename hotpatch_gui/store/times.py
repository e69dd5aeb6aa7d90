"""Times in the file: UTC, ISO 8601, whole seconds, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@lru_cache(maxsize=4096)
def to_text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime(_FORMAT) if moment is not None else None


def from_text(text: str | None) -> datetime | None:
    """None for NULL and for text that is not a time (a file may have been damaged)."""
    try:
        moment = datetime.fromisoformat(text) if text else None
    except (ValueError, TypeError):
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
