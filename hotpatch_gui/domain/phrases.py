"""Parts of sentences."""

from __future__ import annotations

from datetime import datetime


def join(*sentences: str) -> str:
    """Join the non-empty sentences."""
    return " ".join(s for s in sentences if s)


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def days(then: datetime | None, now: datetime) -> str:
    """The number of days between two times, such as ``1 day``."""
    days = (now - then).days if then else 0
    return f"{days} day{'' if days == 1 else 's'}"


def number(count: int) -> str:
    """The count as a word up to nine, then as digits."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[count] if count < len(words) else str(count)


def lower(text: str) -> str:
    """The text with a lower-case first letter."""
    return text[0].lower() + text[1:]


def listed(words: tuple[str, ...]) -> str:
    """The words as ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
