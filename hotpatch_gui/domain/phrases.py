"""Parts of sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hotpatch_gui.translation import translator

tr = translator("Phrases")


def join(*sentences: str) -> str:
    """Join the non-empty sentences."""
    return " ".join(s for s in sentences if s)


def days(then: datetime | None, now: datetime) -> str:
    """The number of days between two times, such as ``1 day``."""
    return tr("%n day(s)", (now - then).days if then else 0)


def machines(count: int) -> str:
    """The number of machines, such as ``1 machine``."""
    return tr("%n machine(s)", count)


def updates(count: int) -> str:
    """The number of updates, such as ``1 update``."""
    return tr("%n update(s)", count)


def some_names(names: Sequence[str], most: int) -> str:
    """At most ``most`` names, separated by commas; the others are counted."""
    shown, more = ", ".join(names[:most]), len(names) - most
    return tr("{shown} and %n more", more, shown=shown) if more > 0 else shown


def listed_some(items: Sequence[str], most: int) -> str:
    """The first items as ``a, b and 3 more``; all of them if there aren't more."""
    if len(items) <= most:
        return listed(items)
    return listed([*items[:most], tr("%n more", len(items) - most)])


def listed_or(items: Sequence[str]) -> str:
    """The items as ``a, b or c``."""
    if len(items) < 2:
        return "".join(items)
    return tr("{first} or {last}", first=", ".join(items[:-1]), last=items[-1])


def listed(items: Sequence[str]) -> str:
    """The items as ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return tr("{first} and {last}", first=", ".join(items[:-1]), last=items[-1])
