"""Values in Azure's JSON, which may be missing or have another type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")
MAX_TEXT = 1000


class UnreadableError(ValueError):
    """A row without required values."""


class MissingValueError(UnreadableError):
    """A required value is missing; ``name`` is its name in the row."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is missing")
        self.name = name


def remembered(read: Callable[..., T]) -> Callable[..., T]:
    """Cache ``read`` by its arguments, because machines share updates, settings and counts."""
    cached = lru_cache(maxsize=4096, typed=True)(read)  # 1 is not True

    def recall(*values: Any) -> T:
        try:
            return cached(*values)
        except TypeError:  # an unhashable value can't be cached
            return read(*values)

    return recall


def text(value: Any) -> str | None:
    """A short text; None for anything else."""
    if not isinstance(value, str) or not value:
        return None
    short = value[:MAX_TEXT]
    if "\x00" in short:  # SQLite's functions end a text there
        return text(short.replace("\x00", ""))
    if short.isascii():
        return short
    return short.encode("utf-8", "replace").decode()  # half a surrogate pair can't be stored


def required(value: Any, what: str) -> str:
    """A short text.

    Raises:
        MissingValueError: it is missing; ``what`` names it.
    """
    found = text(value)
    if found is None:
        raise MissingValueError(what)
    return found


def integer(value: Any) -> int | None:
    """A non-negative integer; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**31 else None


def flag(value: Any) -> bool | None:
    """True or False, also as text; None for anything else."""
    if isinstance(value, bool):
        return value
    return _FLAGS.get(value.strip().casefold()) if isinstance(value, str) else None


_FLAGS = {"true": True, "false": False}


def spelled(value: Any, known: Iterable[str]) -> str | None:
    """An enum value in its standard spelling, from any case; unknown values unchanged; None without a text."""
    given = text(value)
    folded = (given or "").casefold()
    return next((word for word in known if word.casefold() == folded), given)


def moment(value: Any) -> datetime | None:
    """An ISO time in UTC; None for anything else. Azure writes seven digits of a second."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return _moment(value) if isinstance(value, str) else None


@lru_cache(maxsize=4096)
def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def mapping(value: Any) -> Mapping[str, Any]:
    """A JSON object; empty for anything else."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """A JSON array; empty for anything else."""
    return value if isinstance(value, list) else []


def last_part(resource_id: Any) -> str | None:
    """The last part of a resource ID; None without a text."""
    found = text(resource_id)
    return found.rsplit("/", 1)[-1] if found else None


def error_list(error: Any) -> tuple[tuple[str, str], ...]:
    """ApiError or ErrorDetail as (code, message), summary first; empty for success."""
    if not error:
        return ()
    found = mapping(error)
    pairs = [(found.get("code"), found.get("message"))]
    pairs += [
        (mapping(d).get("code"), mapping(d).get("message")) for d in items(found.get("details"))
    ]
    kept = [(text(c) or "", text(m) or "") for c, m in pairs]
    return tuple((c, m) for c, m in kept if (c or m) and c.casefold() not in ("success", "0"))


def error_text(error: Any) -> str | None:
    """The error as one text; None without one."""
    found = error_list(error)
    return "; ".join(f"{m} ({c})" if m and c else m or c for c, m in found) or None
